"""Small bridges between Arrow columns and numpy: null on one side, NaN on the other."""

from importlib import import_module
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: pyarrow makes its compute functions while it is imported, where no type checker can see them.
pc: Final[Any] = import_module("pyarrow.compute")


def split(numbers: pa.Array) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """An Arrow column of numbers or timestamps as numpy, without copying, and which rows are not null.

    None for the latter says that all are valid. Where a row is null its number is anything.
    """
    kind = numbers.type
    width = np.dtype(np.int64) if pa.types.is_timestamp(kind) else np.dtype(kind.to_pandas_dtype())
    bitmap, data = numbers.buffers()
    values: NDArray[Any] = np.frombuffer(data, width)[numbers.offset : numbers.offset + len(numbers)]
    if bitmap is None or numbers.null_count == 0:
        return values, None
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    return values, bits[numbers.offset : numbers.offset + len(numbers)].view(np.bool_)


def to_floats(numbers: pa.Array) -> NDArray[np.float64]:
    """An Arrow column of numbers as float64, NaN for null; the caller owns it."""
    if numbers.null_count == len(numbers):
        return np.full(len(numbers), np.nan)
    values, valid = split(numbers)
    floats = values.astype(np.float64)
    if valid is not None:
        floats[~valid] = np.nan
    return floats


def column(values: NDArray[Any], kind: pa.DataType, valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """A numpy column as an Arrow column of a type with the same width, null where not valid.

    Straight from the memory: `pa.array` looks for pandas at every call, and where there is none that costs
    more than all the rest of a small batch.
    """
    data = (
        np.packbits(values, bitorder="little") if values.dtype == np.bool_ else np.ascontiguousarray(values)
    )
    bitmap = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(kind, values.size, [bitmap, pa.py_buffer(data)])


def from_floats(values: NDArray[np.float64]) -> pa.Array:
    """Float64 as an Arrow column, null for NaN."""
    return column(values, pa.float64(), ~np.isnan(values))


def dictionary(index: NDArray[np.signedinteger[Any]], words: list[str]) -> pa.Array:
    """Indices into words as a dictionary column; a negative index is null."""
    codes = column(np.maximum(index, 0).astype(np.int32), pa.int32(), index >= 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))
