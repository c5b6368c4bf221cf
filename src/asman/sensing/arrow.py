"""Small bridges between Arrow columns and numpy: null on one side, NaN on the other."""

from importlib import import_module
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: pyarrow makes its compute functions while it is imported, where no type checker can see them.
pc: Final[Any] = import_module("pyarrow.compute")


def to_floats(column: pa.Array) -> NDArray[np.float64]:
    """An Arrow column of numbers as float64, NaN for null; the caller owns it."""
    column = column.cast(pa.float64())
    if column.null_count:
        column = pc.fill_null(column, float("nan"))
    return np.array(column.to_numpy(zero_copy_only=False))


def from_floats(values: NDArray[np.float64]) -> pa.Array:
    """Float64 as an Arrow column, null for NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)


def dictionary(index: NDArray[np.signedinteger[Any]], words: list[str]) -> pa.Array:
    """Indices into words as a dictionary column; a negative index is null."""
    codes = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))
