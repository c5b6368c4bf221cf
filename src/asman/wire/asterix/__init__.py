"""ASTERIX, the octets that radars, multilateration and ADS-B stations send (EUROCONTROL-SPEC-0149).

specification   the published specifications as a tree (data file, made by tools/compile_asterix.py)
layout          an edition's tree flattened into the program that the kernel reads by, and its columns
work, batches   records into columns, batch by batch;  segment: columns into Arrow
decode          all of it: octets and frames -> Decoded
"""

from asman.wire.asterix.decode import decode

__all__ = ["decode"]
