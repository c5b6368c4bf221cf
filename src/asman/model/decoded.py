"""Decoded: the records of a recording as scaled columns, and what could not be read, with reasons."""

import msgspec
import pyarrow as pa

REJECTED: pa.Schema = pa.schema(
    [
        pa.field("offset", pa.int64(), metadata={"meaning": "octet in the recording where reading failed"}),
        pa.field("block", pa.int64(), metadata={"meaning": "octet where the data block begins"}),
        pa.field("category", pa.int16(), metadata={"meaning": "null where not even that was readable"}),
        pa.field("length", pa.int64(), metadata={"meaning": "octets that were given up"}),
        pa.field("reason", pa.string(), metadata={"meaning": "why, in words"}),
    ]
)


class Judged(msgspec.Struct, frozen=True):
    """How the records of one source look in the edition that they were read with.

    records    that were judged; of what cannot be read at all, blocks
    plausible  of them, those whose values are possible but for one at most
    refusal    why they were not read with it, in words; empty: they were
    """

    edition: str
    records: int
    plausible: int
    refusal: str = ""


class EditionChoice(msgspec.Struct, frozen=True):
    """Which edition a category was read with, and why.

    edition    e.g. "1.32"
    pinned     True when configuration or the user named it
    scores     edition -> plausible share, 0 to 1, of the octets tried; empty when nothing was tried
    records    records that were judged, as this edition reads them
    plausible  of them, those whose values are possible but for one at most
    sources    "SAC/SIC" -> edition, of sources that write another one, or whose own was named
    judged     "SAC/SIC" -> how it fits them, of the same sources
    """

    edition: str
    pinned: bool
    scores: dict[str, float]
    records: int = 0
    plausible: int = 0
    sources: dict[str, str] = {}
    judged: dict[str, Judged] = {}


class Decoded(msgspec.Struct, frozen=True):
    """What `decode` gives.

    tables    "CAT048" -> records as an Arrow table, in file order
    rejected  REJECTED rows: what was given up, where and why
    editions  "CAT048" -> the edition that was used; "CAT048 RE" -> that of its Reserved Expansion field
    framing   "raw", "pcap", "gps", "beast" ...: how the octets were wrapped
    octets    how many octets were read
    notes     what was done beside to read them, in words
    """

    tables: dict[str, pa.Table]
    rejected: pa.Table
    editions: dict[str, EditionChoice]
    framing: str
    octets: int
    notes: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """How many records were read, over all categories."""
        return sum(table.num_rows for table in self.tables.values())
