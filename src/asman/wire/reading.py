"""Any recording to tables, by what it holds: Mode S in one of its forms, SAPIENT, else ASTERIX."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from asman.model.decoded import REJECTED, Decoded
from asman.wire import sapient
from asman.wire.asterix.decode import decode as decode_asterix
from asman.wire.framing import Framed, find
from asman.wire.modes import decode as modes
from asman.wire.modes.recognise import NONE, recognise


def read(
    octets: Any,
    *,
    editions: Mapping[str, str] | None = None,
    near_deg: tuple[float, float] | None = None,
    correct: bool = False,
) -> Decoded:
    """Recognise and decode.

    editions  ASTERIX: category -> edition that is not to be detected
    near_deg  Mode S: where the receiver stands, for positions on the ground
    correct   Mode S: put single wrong bits right

    Bad octets are rows of `rejected`. Raises InputError when `editions` names what there is not.
    """
    form = recognise(octets)
    if form != NONE:
        return modes.decode(octets, form, near_deg=near_deg, correct=correct)
    if sapient.recognise(octets):
        return sapient.decode(octets)
    framed = find(octets)
    decoded = decode_asterix(octets, framed.frames, editions=editions, framing=framed.name)
    if not framed.rejected:
        return decoded
    rejected = with_lost(framed, decoded.rejected)
    return Decoded(decoded.tables, rejected, decoded.editions, decoded.framing, decoded.octets)


def with_lost(framed: Framed, rejected: pa.Table) -> pa.Table:
    """Add what the framing could not use to what the decoder could not read."""
    offsets = pa.array(np.array([one.offset for one in framed.rejected], np.int64))
    lengths = pa.array(np.array([one.length for one in framed.rejected], np.int64))
    nothing = pa.nulls(len(framed.rejected), pa.int16())
    reasons = pa.array([one.reason for one in framed.rejected])
    lost = pa.table([offsets, offsets, nothing, lengths, reasons], schema=REJECTED)
    return pa.concat_tables([lost, rejected]).sort_by([("block", "ascending"), ("offset", "ascending")])
