"""Arithmetic: a fingerprint of the functions whose last bit is the machine's affair.

Sums, products, quotients and square roots are rounded as IEEE 754 says, on every machine alike. Sine, cosine,
exponential, logarithm and arc tangent come from the C library, which may choose code by what the processor
can do (fused multiply-add or not), and so may differ in the last bit. Where the fingerprint is the same, the
same plots give the same bits.
"""

import math
from typing import Final

import numpy as np

from asman.kernels.jit import kernel

#: Points at which each function is asked; one in a thousand differs where an implementation does.
POINTS: Final = 10_000
#: The prime of the hash FNV-1a, 64 bits.
PRIME: Final = np.uint64(0x100000001B3)
BASIS: Final = np.uint64(0xCBF29CE484222325)


@kernel
def fingerprint() -> np.uint64:
    """A hash of the bits that the functions give at some points."""
    hashed = BASIS
    values = np.empty(5)
    bits = values.view(np.uint64)
    for i in range(1, POINTS + 1):
        x = i * 6.2345e-4
        values[0] = math.sin(x)
        values[1] = math.cos(x)
        values[2] = math.exp(-x)
        values[3] = math.log(x)
        values[4] = math.atan2(x, 1.0 - x)
        for word in bits:
            hashed = (hashed ^ word) * PRIME
    return hashed
