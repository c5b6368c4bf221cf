"""Chance without state: every draw is a hash of who asks for what, so the same question has the same answer.

A key is made of the seed, what it is for, and up to three numbers (sensor, aircraft, scan); its draws are
numbered. Nothing is consumed, so draws do not depend on the order in which, or how often, they are asked for.

Source: S. Vigna, splitmix64 (public domain), prng.di.unimi.it; Box and Muller, Annals of Mathematical
Statistics 29, 1958.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part

TURN: Final = 2.0 * math.pi

#: What the second part of a key says that its draws are for.
(
    FOR_AIRCRAFT, FOR_FALSE_COUNT, FOR_FALSE_PLOT, FOR_SPOT, FOR_REFLECTION, FOR_RING, FOR_WEATHER,
    FOR_STROBE, FOR_REPORT, FOR_DROPOUT, FOR_GNSS, FOR_MLAT, FOR_DATAGRAM, FOR_SQUITTER, FOR_SPLIT,
    FOR_CODE, FOR_REGISTER,
) = range(1, 18)  # fmt: skip


@kernel
def mix(z: np.uint64) -> np.uint64:
    """Scramble 64 bits (splitmix64's finaliser)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def key_of(seed: int, kind: int, a: int, b: int, c: int) -> np.uint64:
    """One key of a seed, what it is for, and up to three numbers."""
    key = mix(np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(kind))
    key = mix(key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(a + 1))
    key = mix(key + np.uint64(0xD1B54A32D192ED03) * np.uint64(b + 1))
    return mix(key + np.uint64(0x8CB92BA72F3D8DD7) * np.uint64(c + 1))


@kernel
def uniform(key: np.uint64, index: int) -> float:
    """The `index`-th draw of a key, uniform in (0, 1)."""
    bits = mix(key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(index + 1))
    return (float(bits >> np.uint64(11)) + 0.5) * 1.1102230246251565e-16


@part
def chance(key: np.uint64) -> np.int64:
    """24 bits of a key for whoever needs some later."""
    return np.int64(mix(key) >> np.uint64(40))


@kernel
def poisson(mean: float, u: float) -> int:
    """A Poisson number by inversion of one uniform draw; `mean` up to a few hundred."""
    term = math.exp(-mean)
    total = term
    k = 0
    while u > total and k < 10_000:
        k += 1
        term *= mean / k
        total += term
    return k


@part
def normal_pair(key: np.uint64, index: int) -> tuple[float, float]:
    """Two independent standard normal numbers of the draws `index` and `index + 1` (Box and Muller)."""
    spread = math.sqrt(-2.0 * math.log(uniform(key, index)))
    angle = TURN * uniform(key, index + 1)
    return spread * math.cos(angle), spread * math.sin(angle)


@kernel
def draws(seed: int, kind: int, numbers: NDArray[np.int64], index: int) -> NDArray[np.float64]:
    """One draw, uniform in (0, 1), of each number (N,), for what `kind` says."""
    out = np.empty(numbers.size)
    for i in range(numbers.size):
        out[i] = uniform(key_of(seed, kind, numbers[i], 0, 0), index)
    return out
