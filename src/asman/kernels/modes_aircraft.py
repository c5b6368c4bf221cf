"""What was heard of each aircraft, as later messages need it: positions, velocity, callsign, status.

A table with open addressing, keyed by address and doubled when it is half full, up to a bound. Beyond that,
aircraft that were not heard for long make room; the rest of the world is counted and not remembered. So
memory is bounded whatever is sent, and what is found does not depend on how a stream is cut.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import Int

NO_TIME: Final = np.iinfo(np.int64).min
NO_ONE: Final = -1
#: First size, and the bound: twice as many places as aircraft.
PLACES_FIRST: Final = 1024
PLACES_MAX: Final = 131_072

# Columns of `whole`.
PROVEN, HEARD_AT = 0, 1
CODE, CODE_AT, CODE_GROUND = 2, 4, 6  # two each: even, odd
PLACED, PLACED_AT, PLACED_GROUND, SURE, FRESH, MISSES = range(8, 14)
VERSION, NIC_A, NIC_C, NACP, SIL, STATUS_AT = range(14, 20)
VELOCITY_AT, NAME, NAME_AT, CODE_3A, CODE_3A_AT, EMERGENCY, EMERGENCY_AT, NACV = range(20, 28)
WHOLES: Final = 28
# Columns of `real`.
PLACE_LAT, PLACE_LON, NORTH, EAST, UP, ABOVE = range(6)
REALS: Final = 6
# Of the receiver as a whole: entries of `counts` and `place`.
KNOWN, FORGOTTEN, NO_ROOM, HAS_PLACE = range(4)

Ints = NDArray[np.int64]


class Aircraft(NamedTuple):
    """The table.

    key    (P,)          address, NO_ONE where nobody is
    whole  (P, WHOLES)   whole numbers; times in ns, NO_TIME where never
    real   (P, REALS)    degrees, m/s, m; NaN where not known
    counts (4,)          KNOWN aircraft, how many were FORGOTTEN, NO_ROOM; whether there is a place to go by
    place  (2,)          latitude and longitude of the latest position in the air of anybody
    """

    key: Ints
    whole: Ints
    real: NDArray[np.float64]
    counts: Ints
    place: NDArray[np.float64]


def nobody(places: int = PLACES_FIRST) -> Aircraft:
    """An empty table."""
    return Aircraft(
        np.full(places, NO_ONE, np.int64),
        np.full((places, WHOLES), NO_TIME, np.int64),
        np.full((places, REALS), np.nan),
        np.zeros(4, np.int64),
        np.full(2, np.nan),
    )


def copied(aircraft: Aircraft) -> Aircraft:
    """A table that nothing done to the first one changes."""
    key, whole, real, counts, place = aircraft
    return Aircraft(key.copy(), whole.copy(), real.copy(), counts.copy(), place.copy())


@small
def slot(address: Int, places: Int) -> Int:
    """Where the search for an address begins."""
    return (address * 0x9E3779B1 & 0xFFFFFFFF) >> 7 & (places - 1)


@small
def find(aircraft: Aircraft, address: Int) -> Int:
    """Row of an aircraft, or of the empty place where it would stand."""
    places = aircraft.key.size
    row = slot(address, places)
    while aircraft.key[row] != NO_ONE and aircraft.key[row] != address:
        row = (row + 1) & (places - 1)
    return row


@small
def meet(aircraft: Aircraft, row: Int, address: Int) -> None:
    """Put an aircraft into an empty place."""
    aircraft.key[row] = address
    aircraft.counts[KNOWN] += 1
    for k in range(WHOLES):
        aircraft.whole[row, k] = NO_TIME
    whole = aircraft.whole
    whole[row, PROVEN] = 0
    whole[row, PLACED] = whole[row, SURE] = whole[row, MISSES] = whole[row, FRESH] = 0
    for k in (VERSION, NIC_A, NIC_C, NACP, SIL, NAME, CODE_3A, EMERGENCY, NACV, CODE, CODE + 1):
        whole[row, k] = -1
    for k in range(REALS):
        aircraft.real[row, k] = np.nan


@small
def since(now_ns: Int, then_ns: Int) -> Int:
    """Nanoseconds between two times, either way; 0 where nobody knows the time, the longest where never."""
    if then_ns == NO_TIME:
        return np.iinfo(np.int64).max
    if now_ns == NO_TIME or then_ns == NO_TIME + 1:
        return np.int64(0)
    return abs(now_ns - then_ns)


@small
def stamp(now_ns: Int) -> Int:
    """A time to remember: one that nobody knows is told from never."""
    return now_ns if now_ns != NO_TIME else np.int64(NO_TIME + 1)


@kernel
def moved(old: Aircraft, new: Aircraft, now_ns: Int, memory_ns: Int) -> None:
    """Move aircraft into an empty table; those that were not heard for `memory_ns` are forgotten."""
    for k in range(old.counts.size):
        new.counts[k] = old.counts[k]
    new.counts[KNOWN] = 0
    new.place[:] = old.place
    for row in range(old.key.size):
        if old.key[row] == NO_ONE:
            continue
        if since(now_ns, old.whole[row, HEARD_AT]) > memory_ns:
            new.counts[FORGOTTEN] += 1
            continue
        at = find(new, old.key[row])
        new.key[at] = old.key[row]
        new.counts[KNOWN] += 1
        for k in range(WHOLES):
            new.whole[at, k] = old.whole[row, k]
        for k in range(REALS):
            new.real[at, k] = old.real[row, k]
