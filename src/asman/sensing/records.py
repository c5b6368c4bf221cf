"""A decoded category's table, read by the specification's own names and given out in SI.

The decoder names a column by its path and its unit (`I040/RHO_NM`). A path is asked for here without the
unit, because the unit differs between categories and editions (CAT010 has metres); the factor follows the
name. A column that the recording never fills is all null: missing is the normal case, never an error.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.sensing.arrow import column as as_column
from asman.sensing.arrow import pc, split, to_floats
from asman.units import FLIGHT_LEVEL_M, FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, NAUTICAL_MILE_M

#: Unit at the end of a column's name -> factor to metres, seconds, metres per second; angles stay degrees.
FACTORS: Final[dict[str, float]] = {
    "": 1.0,
    "m": 1.0,
    "s": 1.0,
    "mps": 1.0,
    "deg": 1.0,
    "NM": NAUTICAL_MILE_M,
    "ft": FOOT_M,
    "FL": FLIGHT_LEVEL_M,
    "kt": KNOT_MPS,
    "NMps": NAUTICAL_MILE_M,
    "ftpmin": FOOT_PER_MINUTE_MPS,
}


class Records:
    """One category's records, in SI by path.

    category  e.g. 48
    rows      how many records
    """

    def __init__(self, category: int, table: pa.Table) -> None:
        self.category = category
        self.rows = table.num_rows
        self._table = table
        self._names: dict[str, tuple[str, float]] = {}
        for name in table.column_names:
            if pa.types.is_null(table.schema.field(name).type):
                continue
            stem, _, unit = name.rpartition("_")
            if stem and unit in FACTORS:
                self._names[stem] = (name, FACTORS[unit])
            self._names[name] = (name, 1.0)

    def has(self, path: str) -> bool:
        """Tell whether any record fills this leaf."""
        return path in self._names

    def column(self, path: str) -> pa.Array | None:
        """The leaf as decoded, in one piece; None when no record fills it."""
        if path not in self._names:
            return None
        column = self._table.column(self._names[path][0])
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def number(self, *paths: str) -> pa.Array:
        """The first of these leaves that is filled, row by row, in SI (float64, null where none is)."""
        found: list[pa.Array] = []
        for path in paths:
            column = self.column(path)
            if column is not None:
                values, valid = split(column)
                factor = self._names[path][1]
                found.append(as_column(values.astype(np.float64) * factor, pa.float64(), valid))
        return self._first(found, pa.float64())

    def integer(self, kind: pa.DataType, *paths: str) -> pa.Array:
        """The first of these leaves that is filled, as an integer of a type, null where none is."""
        found = [column.cast(kind) for path in paths if (column := self.column(path)) is not None]
        return self._first(found, kind)

    def text(self, path: str) -> pa.Array:
        """A leaf of characters, null where there is none."""
        column = self.column(path)
        return pa.nulls(self.rows, pa.string()) if column is None else column.cast(pa.string())

    def flag(self, path: str, value: int = 1) -> pa.Array:
        """Whether a leaf has a value (bool, null where it is not filled)."""
        column = self.column(path)
        if column is None:
            return pa.nulls(self.rows, pa.bool_())
        values, valid = split(column)
        return as_column(values == value, pa.bool_(), valid)

    def is_in(self, path: str, values: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether a leaf is filled and has one of some values."""
        column = self.column(path)
        found = np.zeros(self.rows, np.bool_)
        if column is not None:
            codes, valid = split(column)
            for value in values:
                found |= codes == value
            if valid is not None:
                found &= valid
        return found

    def floats(self, *paths: str) -> NDArray[np.float64]:
        """As `number`, with NaN for null."""
        return to_floats(self.number(*paths))

    @property
    def offset(self) -> pa.Array:
        """Octet in the recording where each record begins."""
        column = self.column("offset")
        assert column is not None, "a decoded table without offsets"
        return column

    @property
    def packet_ns(self) -> NDArray[np.int64]:
        """When each record's packet arrived, ns since 1970 UTC; the least int64 where nobody knows."""
        column = self.column("time")
        unknown = np.iinfo(np.int64).min
        if column is None or column.null_count == self.rows:
            return np.full(self.rows, unknown, np.int64)
        values, valid = split(column)
        return values if valid is None else np.where(valid, values, unknown)

    @property
    def source(self) -> NDArray[np.int64]:
        """SAC * 256 + SIC of every record, -1 where none is said.

        In CAT001 a record without I010 is of the source of the record before it in the same data block; no
        other category may leave it out, so this holds for all.
        """
        sac, sic = self.column("I010/SAC"), self.column("I010/SIC")
        if sac is None or sic is None:
            return np.full(self.rows, -1, np.int64)
        high, said = split(sac)
        values = high.astype(np.int64) * 256 + split(sic)[0]
        if said is None:
            return values
        latest = np.maximum.accumulate(np.where(said, np.arange(self.rows), -1))
        block = self.column("block")
        blocks = np.zeros(self.rows, np.int64) if block is None else block.to_numpy(zero_copy_only=False)
        inherits = (latest >= 0) & (blocks[latest] == blocks)
        return np.where(inherits, values[latest], -1)

    def _first(self, found: list[pa.Array], kind: pa.DataType) -> pa.Array:
        if not found:
            return pa.nulls(self.rows, kind)
        return found[0] if len(found) == 1 else pc.coalesce(*found)
