"""What a Mode S message may say: the columns of a table of messages, each with the range its field has.

Null, NaN and a missing column mean "no information", and are sent as the standard has that. A value outside
its column's range is refused with its row.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels import modes_encode as to
from asman.kernels.modes_letters import pack_letters


class Column(NamedTuple):
    """A column of numbers, and the row of the kernel's table that takes it."""

    name: str
    row: int
    low: float
    high: float


_ANY: Final = float("inf")
#: Real numbers. Heights and speeds without limits: the codes have their own ways to say "more" or "none".
REAL: Final = (
    Column("lat_deg", to.LAT, -90.0, 90.0),
    Column("lon_deg", to.LON, -180.0, 180.0),
    Column("pressure_altitude_m", to.PRESSURE, -_ANY, _ANY),
    Column("geometric_altitude_m", to.GEOMETRIC, -_ANY, _ANY),
    Column("vn_mps", to.VN, -_ANY, _ANY),
    Column("ve_mps", to.VE, -_ANY, _ANY),
    Column("climb_mps", to.CLIMB, -_ANY, _ANY),
    Column("track_deg", to.TRACK, -360.0, 360.0),
)
#: Whole numbers, and truths as 0 and 1.
WHOLE: Final = (
    Column("address", to.ADDRESS, 0, 0xFFFFFF),
    Column("control_field", to.CONTROL, 0, 6),
    Column("interrogator", to.INTERROGATOR, 0, 79),
    Column("on_ground", to.GROUND, 0, 1),
    Column("odd", to.ODD, 0, 1),
    Column("category", to.CATEGORY, 0, 7),
    Column("mode_3a", to.MODE_3A, 0, 0o7777),
    Column("emergency", to.EMERGENCY_STATE, 0, 7),
    Column("surveillance_status", to.ALERT, 0, 3),
    Column("nic", to.NIC, 0, 11),
    Column("nacp", to.NACP, 0, 11),
    Column("nacv", to.NACV, 0, 4),
    Column("sil", to.SIL, 0, 3),
    Column("gva", to.GVA, 0, 2),
    Column("sda", to.SDA, 0, 3),
    Column("nic_baro", to.NIC_BARO, 0, 1),
    Column("tcas", to.TCAS, 0, 1),
    Column("ifr", to.IFR, 0, 1),
    Column("climb_geometric", to.CLIMB_GEOMETRIC, 0, 1),
)
#: Columns of words.
KIND, CALLSIGN, SET = "kind", "callsign", "category_set"
SETS: Final = ("A", "B", "C", "D")
#: Columns that say nothing to a transponder, and are passed over.
BESIDE: Final = frozenset(("time", "sensor", "receiver", "aircraft", "simulated", "signal_dbfs"))
_KNOWN: Final = (KIND, CALLSIGN, SET, *(column.name for column in (*REAL, *WHOLE)))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def numbers(table: pa.Table, kinds: tuple[str, ...], item: str) -> tuple[Floats, Ints]:
    """Turn a table into what the kernels take: (FLOATS, N), NaN is none, and (INTS, N), -1 is none.

    kinds  what the column `kind` may say; the kernel gets the place in the tuple
    item   what errors are to name

    Raises InputError for an unknown column, a value outside its range, a row without kind or address.
    """
    for name in table.column_names:
        if name not in _KNOWN and name not in BESIDE:
            raise InputError(f"{item}: {name}", "no such column", nearest(name, _KNOWN))
    real = np.full((to.FLOATS, table.num_rows), np.nan)
    whole = np.full((to.INTS, table.num_rows), -1, np.int64)
    for column in REAL:
        if column.name in table.column_names:
            real[column.row] = _real(table[column.name], f"{item}: {column.name}", column)
    for column in WHOLE:
        if column.name in table.column_names:
            whole[column.row] = _whole(table[column.name], f"{item}: {column.name}", column)
    whole[to.KIND] = _words(table, KIND, kinds, item)
    whole[to.SET] = _words(table, SET, SETS, item)
    if CALLSIGN in table.column_names:
        whole[to.CALLSIGN] = letters(table[CALLSIGN], f"{item}: {CALLSIGN}")
    _demand(
        whole[to.KIND] >= 0, f"{item}: {KIND}", "is needed, and is null", f"Give one of {', '.join(kinds)}."
    )
    _demand(whole[to.ADDRESS] >= 0, f"{item}: address", "is needed, and is null", "Give the 24-bit address.")
    return real, whole


def _demand(good: NDArray[np.bool_], item: str, problem: str, mend: str) -> None:
    if not good.all():
        raise InputError(f"{item}, row {int(np.argmin(good))}", problem, mend)


def _within(bad: NDArray[np.bool_], item: str, column: Column, array: pa.ChunkedArray) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{item}, row {row}",
            f"{array[row].as_py()} is outside {column.low:g} to {column.high:g}",
            "Correct the value, or make it null to leave it out.",
        )


def _cast(array: pa.ChunkedArray, kind: pa.DataType, item: str) -> pa.Array:
    try:
        return array.combine_chunks().cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(item, f"needs {kind}: {error}", "Convert the column first.") from error


def _real(array: pa.ChunkedArray, item: str, column: Column) -> Floats:
    values = _cast(array, pa.float64(), item).to_numpy(zero_copy_only=False)
    if column.high < _ANY:
        _within((values < column.low) | (values > column.high), item, column, array)
    return values


def _whole(array: pa.ChunkedArray, item: str, column: Column) -> Ints:
    # Arrow knows no way from a truth to 64 bits but over fewer.
    kind = pa.int8() if pa.types.is_boolean(array.type) else pa.int64()
    plain = _cast(array, kind, item).cast(pa.int64())
    valid = plain.is_valid().to_numpy(zero_copy_only=False) if plain.null_count else True
    values = plain.fill_null(-1).to_numpy(zero_copy_only=False)
    _within(((values < column.low) | (values > column.high)) & valid, item, column, array)
    return values


def _words(table: pa.Table, name: str, known: tuple[str, ...], item: str) -> Ints | Any:
    """Places of words among those known; -1 for null and for a column that is missing."""
    if name not in table.column_names or pa.types.is_null(table[name].type):
        return -1
    array = table[name]
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    one = array.unify_dictionaries().combine_chunks()
    words = one.dictionary.to_pylist()
    places = np.array([known.index(word) if word in known else -2 for word in words] + [-1], np.int64)
    codes = places[one.indices.cast(pa.int64()).fill_null(len(words)).to_numpy(zero_copy_only=False)]
    unknown = codes == -2
    if unknown.any():
        row = int(np.argmax(unknown))
        word = str(array[row].as_py())
        raise InputError(f"{item}: {name}, row {row}", f"'{word}' is none that we know", nearest(word, known))
    return codes


def letters(array: pa.ChunkedArray, item: str) -> Ints:
    """Callsigns as eight letters of six bits, blanks behind; -1 for null.

    Raises InputError for what is longer than eight letters or has other than capitals, digits and blanks
    (ICAO Annex 10 IV, table 3-9).
    """
    if pa.types.is_dictionary(array.type):
        one = array.unify_dictionaries().combine_chunks()
        indices = one.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        codes, bad = _pack(one.dictionary, item)
        codes, bad = np.r_[codes, -1][indices], np.r_[bad, False][indices]
    else:
        codes, bad = _pack(array.combine_chunks(), item)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{item}, row {row}",
            f"'{array[row].as_py()}' is not at most eight capitals, digits and blanks",
            "Mend it, or make it null to leave it out.",
        )
    return codes


def _pack(words: pa.Array, item: str) -> tuple[Ints, NDArray[np.bool_]]:
    """Codes of words, and which words have none."""
    plain = _cast(pa.chunked_array([words]), pa.string(), item)
    _, places, data = plain.buffers()
    octets = np.frombuffer(data or b"\0", np.uint8)
    edges = np.frombuffer(places or bytes(4), np.int32)[plain.offset :][: len(plain) + 1]
    codes = pack_letters(edges, octets)
    bad = codes == -2
    valid = plain.is_valid().to_numpy(zero_copy_only=False)
    return np.where(valid, codes, -1), bad & valid
