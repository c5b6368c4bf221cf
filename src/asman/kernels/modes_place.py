"""Where an aircraft is, message by message, with the tests that a position must pass.

A first position needs a message of each format, at most 10 s apart (on the ground 25 s, 50 s when slow), so
that neither zone can be mistaken. From then on each message is read with the last position, and must lie
within what the standard holds reasonable of it: 6 NM in the air, 0.75 NM on the ground, 2.5 NM from one to
the other, for messages at most 30 s apart. A second pair of which both messages are newer must give the same
place as that; if it does not, neither is believed and the search begins anew, as it does after three misses
in a row.

Messages without any time cannot be tested for their age: they are taken to follow each other closely.

Sources: RTCA DO-260B (EUROCAE ED-102A), A.1.7.7 to A.1.7.10 and 2.2.10.6; ICAO Doc 9871 (2nd edition), C.2.6.
"""

from typing import Final

import numpy as np

from asman.kernels.cpr_read import apart_m, cpr_global, cpr_global_surface, cpr_local
from asman.kernels.jit import lent, small
from asman.kernels.modes_aircraft import (
    CODE,
    CODE_AT,
    CODE_GROUND,
    FRESH,
    HAS_PLACE,
    MISSES,
    PLACE_LAT,
    PLACE_LON,
    PLACED,
    PLACED_AT,
    PLACED_GROUND,
    SURE,
    Aircraft,
    since,
    stamp,
)
from asman.kernels.modes_bits import Int
from asman.units import NAUTICAL_MILE_M, SECOND_NS

#: How a position was found, or why there is none.
NOT_YET, GLOBAL, LOCAL, FAR_OFF, CONTRADICTED, OTHER_ZONE, NO_PLACE_NEAR, OUT_OF_RANGE = range(8)

PAIR_AIR_NS: Final = 10 * SECOND_NS
PAIR_GROUND_NS: Final = 25 * SECOND_NS
PAIR_SLOW_NS: Final = 50 * SECOND_NS
#: A last position serves for so long.
SERVES_NS: Final = 30 * SECOND_NS
REASONABLE_AIR_M: Final = 6.0 * NAUTICAL_MILE_M
REASONABLE_GROUND_M: Final = 0.75 * NAUTICAL_MILE_M
REASONABLE_BETWEEN_M: Final = 2.5 * NAUTICAL_MILE_M
#: No receiver hears farther.
RANGE_MAX_M: Final = 500.0 * NAUTICAL_MILE_M
MISSES_MAX: Final = 3


@lent
def pair(
    aircraft: Aircraft, row: Int, odd: Int, ground: Int, near_lat: float, near_lon: float
) -> tuple[float, float]:
    """Position of the latest message by the pair that it makes with the last of the other format."""
    even_code, odd_code = aircraft.whole[row, CODE], aircraft.whole[row, CODE + 1]
    if ground:
        return cpr_global_surface(even_code, odd_code, odd, near_lat, near_lon)
    return cpr_global(even_code, odd_code, odd)


@small
def reasonable_m(before: Int, now: Int) -> float:
    """How far from the last position the next may lie."""
    if before != now:
        return REASONABLE_BETWEEN_M
    return REASONABLE_GROUND_M if now else REASONABLE_AIR_M


@lent
def locate(
    aircraft: Aircraft,
    row: Int,
    code: Int,
    odd: Int,
    ground: Int,
    slow: bool,
    now_ns: Int,
    near_lat: float,
    near_lon: float,
) -> tuple[Int, float, float]:
    """Position of a message, and how it was found; NaN where there is none or it is not believed.

    code                34 bits of CPR
    near_lat, near_lon  deg  where the receiver stands; NaN where unknown
    """
    whole, real = aircraft.whole, aircraft.real
    other = 1 - odd
    limit_ns = PAIR_AIR_NS if not ground else PAIR_SLOW_NS if slow else PAIR_GROUND_NS
    paired = (
        whole[row, CODE + other] >= 0
        and whole[row, CODE_GROUND + other] == ground
        and since(now_ns, whole[row, CODE_AT + other]) <= limit_ns
    )
    whole[row, CODE + odd], whole[row, CODE_AT + odd] = code, stamp(now_ns)
    whole[row, CODE_GROUND + odd] = ground
    if whole[row, PLACED] == 1 and since(now_ns, whole[row, PLACED_AT]) <= SERVES_NS:
        last_lat, last_lon = real[row, PLACE_LAT], real[row, PLACE_LON]
        lat, lon = cpr_local(code, odd, ground == 1, last_lat, last_lon)
        limit_m = reasonable_m(whole[row, PLACED_GROUND], ground)
        if not apart_m(lat, lon, last_lat, last_lon) <= limit_m:
            whole[row, MISSES] += 1
            if whole[row, MISSES] >= MISSES_MAX:
                whole[row, PLACED] = 0
            return FAR_OFF, np.nan, np.nan
        whole[row, FRESH] |= 1 << odd
        if whole[row, SURE] == 0 and whole[row, FRESH] == 3 and paired:
            again_lat, again_lon = pair(aircraft, row, odd, ground, lat, lon)
            if not np.isnan(again_lat):
                if apart_m(lat, lon, again_lat, again_lon) > limit_m:
                    whole[row, PLACED] = 0
                    return CONTRADICTED, np.nan, np.nan
                whole[row, SURE] = 1
        how = LOCAL
    else:
        whole[row, PLACED] = 0
        if not paired:
            return NOT_YET, np.nan, np.nan
        by_lat, by_lon = near_lat, near_lon
        if not np.isnan(real[row, PLACE_LAT]):
            by_lat, by_lon = real[row, PLACE_LAT], real[row, PLACE_LON]
        elif np.isnan(near_lat) and aircraft.counts[HAS_PLACE]:
            by_lat, by_lon = aircraft.place[0], aircraft.place[1]
        if ground and np.isnan(by_lat):
            return NO_PLACE_NEAR, np.nan, np.nan
        lat, lon = pair(aircraft, row, odd, ground, by_lat, by_lon)
        if np.isnan(lat):
            return OTHER_ZONE, np.nan, np.nan
        if ground and apart_m(lat, lon, by_lat, by_lon) > RANGE_MAX_M:
            return NO_PLACE_NEAR, np.nan, np.nan
        if not np.isnan(near_lat) and apart_m(lat, lon, near_lat, near_lon) > RANGE_MAX_M:
            return OUT_OF_RANGE, np.nan, np.nan
        whole[row, SURE] = whole[row, FRESH] = 0
        how = GLOBAL
    whole[row, PLACED], whole[row, PLACED_AT], whole[row, PLACED_GROUND] = 1, stamp(now_ns), ground
    whole[row, MISSES] = 0
    real[row, PLACE_LAT], real[row, PLACE_LON] = lat, lon
    if not ground:
        aircraft.counts[HAS_PLACE] = 1
        aircraft.place[0], aircraft.place[1] = lat, lon
    return how, lat, lon
