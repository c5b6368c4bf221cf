"""Contributions: what members send each other of what their own sensors and people made."""

import msgspec
import pyarrow as pa

from asman.model.agreement import DataClass


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What came in one batch, once it was admitted.

    origin    member whose it is, and who signed it
    via       member that passed it on verbatim; the origin itself where it came straight
    sequence  number of the batch on the origin's stream
    sent_ns   ns since 1970 UTC, by the origin's clock
    what      data class; None: a sign of life, `table` has no rows
    table     rows of that class
    """

    origin: str
    via: str = ""
    sequence: int
    sent_ns: int
    what: DataClass | None
    table: pa.Table | None = None
