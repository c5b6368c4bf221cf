"""Memory that tells when somebody reads or writes beside what is theirs.

`Guarded` puts octets directly before a page that nobody may touch: a kernel that reads one octet too far
kills the process. `canaries` lays marked octets around every array that the wire's modules make for kernels:
one that is written to is found at the end of the batch.
"""

import ctypes
import mmap
import sys
from typing import Any

import numpy as np

_MARK = 0xA5
_BESIDE = 64


class Guarded:
    """Octets with a page behind them that nobody may touch."""

    def __init__(self, size: int = 1 << 22) -> None:
        self.size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(-1, self.size + mmap.PAGESIZE)
        self._whole = np.frombuffer(self._memory, np.uint8)
        address = ctypes.c_void_p(self._whole.ctypes.data + self.size)
        if ctypes.CDLL(None, use_errno=True).mprotect(address, ctypes.c_size_t(mmap.PAGESIZE), 0):
            raise OSError(ctypes.get_errno(), "mprotect")

    def put(self, octets: bytes) -> np.ndarray:
        """A view of the octets; the one before it is spent."""
        if len(octets) > self.size:
            return np.frombuffer(octets, np.uint8)
        view = self._whole[self.size - len(octets) : self.size]
        view[:] = np.frombuffer(octets, np.uint8)
        return view


class Canaries:
    """Stands in for numpy in a module: arrays of `empty` and `zeros` have marks on either side."""

    def __init__(self) -> None:
        self._made: list[np.ndarray] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any = float) -> np.ndarray:
        return self._array(np.empty, shape, dtype)

    def zeros(self, shape: Any, dtype: Any = float) -> np.ndarray:
        return self._array(np.zeros, shape, dtype)

    def _array(self, make: Any, shape: Any, dtype: Any) -> np.ndarray:
        kind = np.dtype(dtype)
        sizes = shape if isinstance(shape, tuple) else (shape,)
        size = int(np.prod(sizes, dtype=np.int64)) * kind.itemsize
        whole = make(size + 2 * _BESIDE, np.uint8)
        whole[:_BESIDE] = whole[_BESIDE + size :] = _MARK
        self._made.append(whole)
        return whole[_BESIDE : _BESIDE + size].view(kind).reshape(sizes)

    def check(self) -> None:
        """Fail when a mark was overwritten; forget the arrays."""
        made, self._made = self._made, []
        for whole in made:
            if not ((whole[:_BESIDE] == _MARK).all() and (whole[-_BESIDE:] == _MARK).all()):
                raise AssertionError(f"an array of {whole.size - 2 * _BESIDE} octets was written beside")


def canaries() -> Canaries:
    """Lay canaries in every module of the wire that is loaded."""
    made = Canaries()
    for name, module in sorted(sys.modules.items()):
        if name.startswith("asman.wire") and getattr(module, "np", None) is np:
            module.np = made  # pyright: ignore[reportAttributeAccessIssue]
    return made
