"""Mode S and ADS-B, the octets that transponders send, and Beast, in which receivers pass them on.

columns  what a squitter or a reply may say: a table's columns, each with its range
encode   tables into messages
beast    messages into Beast frames
"""

from asman.wire.modes.beast import beast_frames
from asman.wire.modes.encode import encode_replies, encode_squitters

__all__ = ["beast_frames", "encode_replies", "encode_squitters"]
