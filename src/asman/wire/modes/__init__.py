"""Mode S and ADS-B, the octets that transponders send, and the forms in which receivers pass them on.

columns    what a squitter or a reply may say: a table's columns, each with its range
encode     tables into messages
beast      messages into Beast frames
recognise  which form a recording has
decode     Beast, AVR and lines of text into tables
sbs        BaseStation's text into a table
readsb     aircraft.json into a table
tables     the columns of what was decoded
clock      what a receiver's time stamps count
"""

from asman.wire.modes.beast import beast_frames
from asman.wire.modes.encode import encode_replies, encode_squitters

__all__ = ["beast_frames", "encode_replies", "encode_squitters"]
