"""How every kernel is compiled: cached, never `fastmath`, so that two machines give the same bits.

`fastmath` reorders sums and bought 10 % in our measurements at the price of different bits between CPU
models; a replay that is not bit-identical is no evidence. `error_model="numpy"` makes 1/0 an infinity
rather than an exception, as arrays have it.

numba's cache does not notice that a function imported from *another* file changed. So a topic's
kernels live in one file, and `apps` names the cache folder after a digest of all kernel sources.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` to machine code at its first call, and keep it on disk."""
    return cast(F, njit(cache=True, fastmath=False, error_model="numpy", nogil=True)(function))


def inline(function: F) -> F:
    """Compile a small helper that is always folded into the kernel that calls it."""
    return cast(
        F, njit(cache=True, fastmath=False, error_model="numpy", nogil=True, inline="always")(function)
    )
