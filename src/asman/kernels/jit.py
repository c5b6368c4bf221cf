"""How every kernel is compiled: cached, never `fastmath`, so that two machines give the same bits.

`fastmath` reorders sums and bought 10 % in our measurements at the price of different bits between CPU
models; a replay that is not bit-identical is no evidence. `error_model="numpy"` makes 1/0 an infinity
rather than an exception, as arrays have it.

numba's cache does not notice that a function imported from *another* file changed. So `apps` names the
cache folder after a digest of all kernel sources, and a topic's kernels live in one file where they can.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


#: The same for every kernel. `Any`: numba's own types do not know all of its options.
_OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "nogil": True}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
#: Without reference counts on the arrays that it is lent: they were a quarter of the tracker's time.
_LENT: dict[str, Any] = {**_INNER, "_nrt": False}


def kernel(function: F) -> F:
    """Compile `function` to machine code at its first call, and keep it on disk."""
    return cast(F, njit(cache=True, **_OPTIONS)(function))


def inline(function: F) -> F:
    """Compile a small helper that is always folded into the kernel that calls it."""
    return cast(F, njit(cache=True, inline="always", **_OPTIONS)(function))


def part(function: F) -> F:
    """Compile a piece of kernels that is never called from Python.

    It is folded into its callers by the optimiser, has no entry from Python and no place in the cache, so it
    costs a fraction of a `kernel` to compile, and of an `inline` where pieces nest.
    """
    return cast(F, njit(forceinline=True, **_INNER)(function))


def rare(function: F) -> F:
    """Compile a piece of a kernel, as `part`, but leave it a function of its own: seldom called, or large."""
    return cast(F, njit(**_INNER)(function))


def lent(function: F) -> F:
    """Compile a piece of a kernel, as `rare`, that works on arrays lent to it and makes none.

    Its caller holds the arrays, so it counts no references: each count is an atomic instruction, and a piece
    that reads many arrays by name spends more time on counting than on numbers. It cannot make an array, and
    what it returns must hold none, but to another that is lent: a kernel would give back a count never taken.
    """
    return cast(F, njit(**_LENT)(function))


def small(function: F) -> F:
    """Compile a piece of a kernel, as `part`, that works on arrays lent to it and makes none, as `lent`."""
    return cast(F, njit(forceinline=True, **_LENT)(function))
