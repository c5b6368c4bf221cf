"""What sensors say about themselves: north marks, sector crossings, rotation, status.

They carry timing (a sector crossing says how far all plots before it are complete) and health. They are no
plots and never become any.

Source: EUROCONTROL-SPEC-0149, parts 2b (CAT034 and, before it, CAT002), 7 (CAT010), 16 (CAT023) and 18
(CAT019), item I000.
"""

from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.plots import NAME, TIME
from asman.sensing.arrow import to_floats
from asman.sensing.records import Records

SERVICES: Final[pa.Schema] = pa.schema(
    [
        pa.field("time", TIME, metadata={"meaning": "time of the message"}),
        pa.field(
            "sensor", NAME, metadata={"meaning": "sensor id; null where no sensor of that source is known"}
        ),
        pa.field("sac", pa.int16(), metadata={"meaning": "system area code of the source"}),
        pa.field("sic", pa.int16(), metadata={"meaning": "system identification code of the source"}),
        pa.field("kind", NAME, metadata={"meaning": "north, sector, south, cycle, status or other"}),
        pa.field("azimuth_deg", pa.float64(), metadata={"meaning": "where the antenna's new sector begins"}),
        pa.field(
            "period_s", pa.float64(), metadata={"meaning": "antenna rotation period as the sensor says it"}
        ),
        pa.field("category", pa.int16(), metadata={"meaning": "ASTERIX category of the record"}),
        pa.field("recording", NAME, metadata={"meaning": "name of the recording or feed"}),
        pa.field("offset", pa.int64(), metadata={"meaning": "byte offset of the record in the recording"}),
    ]
)

KINDS: Final = ("north", "sector", "south", "cycle", "status", "other")
_NORTH, _SECTOR, _SOUTH, _CYCLE, _STATUS, _OTHER = range(len(KINDS))

#: Table -> I000 -> kind. CAT010's target reports (1) are no service messages.
_MESSAGES: Final[dict[str, dict[int, int]]] = {
    "CAT002": {1: _NORTH, 2: _SECTOR, 3: _SOUTH},
    "CAT034": {1: _NORTH, 2: _SECTOR},
    "CAT010": {2: _CYCLE, 3: _STATUS, 4: _STATUS},
    "CAT019": {1: _CYCLE, 2: _STATUS, 3: _STATUS},
    "CAT023": {1: _STATUS, 2: _STATUS, 3: _STATUS},
}
#: Table -> time of day.
_STAMPS: Final = {
    "CAT002": "I030", "CAT034": "I030", "CAT010": "I140", "CAT019": "I140", "CAT023": "I070",
}  # fmt: skip


class Messages(msgspec.Struct, frozen=True):
    """A category's service messages.

    rows       (M,)  which records of the table are service messages
    source     (M,)  SAC * 256 + SIC, -1 unknown
    stamp_s    (M,)  s    time of day, NaN where not said
    packet_ns  (M,)  ns   arrival
    offset     (M,)       octet in the recording
    kind       (M,)       index into KINDS
    azimuth_deg, period_s  (M,) NaN where not said
    """

    category: int
    source: NDArray[np.int64]
    stamp_s: NDArray[np.float64]
    packet_ns: NDArray[np.int64]
    offset: NDArray[np.int64]
    kind: NDArray[np.int32]
    azimuth_deg: NDArray[np.float64]
    period_s: NDArray[np.float64]


def messages(name: str, table: pa.Table) -> Messages | None:
    """The service messages of one decoded table; None where its category has none."""
    if name not in _MESSAGES or table.num_rows == 0:
        return None
    records = Records(int(name[3:]), table)
    words = np.full(256, _OTHER, np.int32)
    for code, kind in _MESSAGES[name].items():
        words[code] = kind
    codes = records.integer(pa.int32(), "I000")
    kind = words[np.nan_to_num(to_floats(codes)).astype(np.int64) & 0xFF]
    rows = ~records.is_in("I000", (1,)) if name == "CAT010" else np.ones(records.rows, np.bool_)
    return Messages(
        category=records.category,
        source=records.source[rows],
        stamp_s=records.floats(_STAMPS[name])[rows],
        packet_ns=records.packet_ns[rows],
        offset=records.offset.to_numpy(zero_copy_only=False)[rows],
        kind=kind[rows],
        azimuth_deg=records.floats("I020")[rows],
        period_s=records.floats("I041")[rows],
    )


def is_service(name: str) -> bool:
    """Tell whether a table holds service messages and nothing else."""
    return name in _MESSAGES and name != "CAT010"
