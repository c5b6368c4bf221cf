"""`asman decode` and `asman.decode`: ASTERIX recordings to tables, NDJSON, Parquet or Arrow."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np
import pyarrow as pa

from asman.errors import InputError
from asman.model.decoded import REJECTED, Decoded
from asman.wire.framing import Framed

Source = str | PathLike[str] | bytes | bytearray | memoryview


def decode(source: Source, *, editions: Mapping[str, str] | None = None) -> Decoded:
    """Decode a recording.

    source    a path, or the octets themselves: data blocks, pcap or pcapng
    editions  category ("48") -> edition ("1.32"); what is not named is detected

    Bad octets are rows of `.rejected`, never an exception. Raises InputError when the file cannot be read,
    when it is empty, or when `editions` names what there is not.
    """
    from asman.wire.asterix import decode as decode_octets
    from asman.wire.framing import find

    octets = source if isinstance(source, bytes | bytearray | memoryview) else read_file(Path(source))
    framed = find(octets)
    decoded = decode_octets(octets, framed.frames, editions=editions, framing=framed.name)
    if not framed.rejected:
        return decoded
    lost = pa.concat_tables([_lost(framed), decoded.rejected]).sort_by(
        [("block", "ascending"), ("offset", "ascending")]
    )
    return Decoded(decoded.tables, lost, decoded.editions, decoded.framing, decoded.octets)


def read_file(path: Path) -> bytes:
    """Read a recording. Raises InputError when it cannot be read, or holds nothing."""
    if not path.exists():
        raise InputError(str(path), "there is no such file")
    if path.is_dir():
        raise InputError(str(path), "is a folder, not a recording", "Name the files in it")
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    if not octets:
        raise InputError(str(path), "is empty")
    return octets


def _lost(framed: Framed) -> pa.Table:
    offsets = np.array([one.offset for one in framed.rejected], np.int64)
    lengths = np.array([one.length for one in framed.rejected], np.int64)
    reasons = [one.reason for one in framed.rejected]
    categories = pa.nulls(len(reasons), pa.int16())
    return pa.table(
        [pa.array(offsets), pa.array(offsets), categories, pa.array(lengths), reasons], schema=REJECTED
    )
