"""Which register a Comm-B reply carries, and what it says: nothing in the reply names it.

Each register has bits that must be 0, values that must be 0 where their status bit is 0, and values that no
flight has. How well 56 bits fit is a weight: a bit that a register fixes and that is right counts double for
it (random bits would be right half of the time), values inside their range and in agreement with each other
and with what the aircraft broadcasts of itself count for it, others against it or rule it out. The weights,
against that of a register that we do not know, give each a probability; the likeliest is told with it.

Sources: ICAO Doc 9871 (2nd edition), appendix A and D (registers 1,0 1,7 2,0 3,0 4,0 4,4 4,5 5,0 6,0); J. Sun
et al., "Large-scale aircraft parameters from Mode S Comm-B", 2019, and "The 1090 Megahertz Riddle", part on
BDS.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import lent, small
from asman.kernels.modes_bits import Int
from asman.kernels.modes_codes import bits, is_callsign
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS

#: Registers in the order of their weights.
BDS: Final = (0x10, 0x17, 0x20, 0x30, 0x40, 0x44, 0x45, 0x50, 0x60)
B10, B17, B20, B30, B40, B44, B45, B50, B60 = range(9)
REGISTERS: Final = 9
_BDS: Final = np.array(BDS, np.int64)

# Values of a register; NaN is none.
SELECTED, MANAGED, BARO = range(3)
ROLL, TRACK, SPEED, TURN, TRUE_AIRSPEED = range(3, 8)
HEADING, AIRSPEED, MACH, CLIMB_BARO, CLIMB_INERTIAL = range(8, 13)
WIND_SPEED, WIND_FROM, TEMPERATURE, PRESSURE_PA, HUMIDITY, RADIO_HEIGHT = range(13, 19)
VALUES: Final = 19
# Whole numbers of a register; -1 is none.
TURBULENCE, WIND_SHEAR, MICROBURST, ICING, WAKE, CAPABILITY_17, OVERLAY, SUBNETWORK, THREAT = range(9)
CODES: Final = 9

#: Weight of a register that we do not read, whose bits might be any.
_UNKNOWN: Final = 1.0
#: Values of one flight that do not agree are so much less likely than random ones: sensors fail, too.
_QUITE_WRONG: Final = 0.02

Reals = NDArray[np.float64]
Wholes = NDArray[np.int32]


@small
def held(mb: Int, status: Int, first: Int, last: Int) -> tuple[bool, float]:
    """Whether a value may stand under its status, and the bits that this fixed."""
    if bits(mb, 56, status, status):
        return True, 0.0
    return bits(mb, 56, first, last) == 0, float(last - first + 1)


@small
def number(mb: Int, status: Int, first: Int, last: Int, step: float) -> float:
    """A value without sign; NaN where its status is 0."""
    return bits(mb, 56, first, last) * step if bits(mb, 56, status, status) else np.nan


@small
def signed(mb: Int, status: Int, sign: Int, last: Int, step: float) -> float:
    """A value in two's complement, its sign bit first; NaN where its status is 0."""
    if not bits(mb, 56, status, status):
        return np.nan
    value = bits(mb, 56, sign, last)
    if bits(mb, 56, sign, sign):
        value -= 1 << (last - sign + 1)
    return value * step


@small
def within(value: float, low: float, high: float) -> bool:
    """Whether a value is possible; NaN is."""
    return math.isnan(value) or low <= value <= high


@small
def agree(a: float, b: float, usual: float, span: float) -> float:
    """How much likelier two values are as one flight's than as random bits; 1 where one of them is NaN.

    usual  standard deviation of their difference in flight
    span   what random bits would spread over
    """
    if math.isnan(a) or math.isnan(b):
        return 1.0
    return max(0.4 * span / usual * math.exp(-0.5 * ((a - b) / usual) ** 2), _QUITE_WRONG)


@small
def turn_deg(degrees: float) -> float:
    """A direction from 0 to below 360."""
    return degrees - 360.0 * np.floor(degrees / 360.0)


@small
def nearest_turn(degrees: float, to_deg: float) -> float:
    """A direction, whole turns added so that it is near another."""
    return degrees - 360.0 * np.floor((degrees - to_deg) / 360.0 + 0.5)


@small
def weight_10(mb: Int) -> float:
    """Data link capability: number 1,0, five reserved bits, a subnetwork version that fits its overlay."""
    if bits(mb, 56, 1, 8) != 0x10 or bits(mb, 56, 10, 14) != 0:
        return 0.0
    version = bits(mb, 56, 17, 23)
    if bits(mb, 56, 15, 15) != (1 if version >= 5 else 0) and version != 0:
        return 2.0**6
    return 2.0**14


@small
def weight_17(mb: Int) -> float:
    """Common usage capability: register 2,0 is filled, and the last 28 bits are reserved."""
    if bits(mb, 56, 29, 56) != 0 or bits(mb, 56, 7, 7) != 1:
        return 0.0
    return 2.0**29


@small
def weight_20(mb: Int) -> float:
    """Identification: number 2,0 and eight letters."""
    if bits(mb, 56, 1, 8) != 0x20:
        return 0.0
    name = mb & ((1 << 48) - 1)
    return 2.0**20 if is_callsign(name) else 2.0**6 if name == 0 else 0.0


@small
def weight_30(mb: Int) -> float:
    """Resolution advisory: number 3,0, a threat type and an advisory that there are."""
    if bits(mb, 56, 1, 8) != 0x30 or bits(mb, 56, 29, 30) == 3 or bits(mb, 56, 16, 22) >= 48:
        return 0.0
    return 2.0**9


@lent
def weight_40(mb: Int) -> float:
    """Selected vertical intention: ten reserved bits; altitudes that are flown, settings that there are."""
    if bits(mb, 56, 40, 47) != 0 or bits(mb, 56, 52, 53) != 0:
        return 0.0
    a, fixed_a = held(mb, 1, 2, 13)
    b, fixed_b = held(mb, 14, 15, 26)
    c, fixed_c = held(mb, 27, 28, 39)
    d, fixed_d = held(mb, 48, 49, 51)
    e, fixed_e = held(mb, 54, 55, 56)
    if not (a and b and c and d and e):
        return 0.0
    fixed = 10.0 + fixed_a + fixed_b + fixed_c + fixed_d + fixed_e
    selected, managed = number(mb, 1, 2, 13, 16.0), number(mb, 14, 15, 26, 16.0)
    setting = number(mb, 27, 28, 39, 0.1)
    if not (within(selected, 0.0, 50_000.0) and within(managed, 0.0, 50_000.0)):
        return 0.0
    likely = 1.0
    if not math.isnan(setting):
        likely *= 8.0 if 150.0 <= setting <= 260.0 else _QUITE_WRONG
    # Selected altitudes are whole hundreds, rounded to 16 ft.
    for value in (selected, managed):
        if not math.isnan(value):
            off = value - 100.0 * np.floor(value / 100.0 + 0.5)
            likely *= 4.0 if abs(off) <= 8.0 else 0.3
    return 2.0**fixed * likely


@lent
def weight_44(mb: Int) -> float:
    """Meteorological routine report: source of the data, then wind, temperature, pressure, humidity."""
    if bits(mb, 56, 1, 4) > 4 or bits(mb, 56, 1, 4) == 0:
        return 0.0
    a, fixed_a = held(mb, 5, 6, 23)
    b, fixed_b = held(mb, 35, 36, 46)
    c, fixed_c = held(mb, 47, 48, 49)
    d, fixed_d = held(mb, 50, 51, 56)
    if not (a and b and c and d) or not bits(mb, 56, 5, 5):
        return 0.0
    wind_kt, degrees_c = bits(mb, 56, 6, 14), bits(mb, 56, 24, 34) * 1.0
    if bits(mb, 56, 24, 24):
        degrees_c -= 2048.0
    degrees_c *= 0.25
    pressure = number(mb, 35, 36, 46, 1.0)
    if wind_kt > 250 or not -80.0 <= degrees_c <= 60.0 or not within(pressure, 100.0, 1100.0):
        return 0.0
    if degrees_c == 0.0 and wind_kt == 0:
        return 0.0
    return 2.0 ** (2.0 + fixed_a + fixed_b + fixed_c + fixed_d) * 0.5


@lent
def weight_45(mb: Int) -> float:
    """Meteorological hazard report: five levels, temperature, pressure, radio height; five reserved bits."""
    if bits(mb, 56, 52, 56) != 0:
        return 0.0
    fixed = 5.0
    for status in (1, 4, 7, 10, 13):
        good, fix = held(mb, status, status + 1, status + 2)
        if not good:
            return 0.0
        fixed += fix
    a, fixed_a = held(mb, 16, 17, 26)
    b, fixed_b = held(mb, 27, 28, 38)
    c, fixed_c = held(mb, 39, 40, 51)
    if not (a and b and c):
        return 0.0
    degrees_c = signed(mb, 16, 17, 26, 0.25)
    pressure = number(mb, 27, 28, 38, 1.0)
    if not (within(degrees_c, -80.0, 60.0) and within(pressure, 100.0, 1100.0)):
        return 0.0
    # Few aircraft fill it.
    return 2.0 ** (fixed + fixed_a + fixed_b + fixed_c) * 1e-4


@lent
def weight_50(mb: Int, ground_mps: float, track_deg: float) -> float:
    """Track and turn: bank, track, speeds and rate that one flight has at once."""
    a, fixed_a = held(mb, 1, 2, 11)
    b, fixed_b = held(mb, 12, 13, 23)
    c, fixed_c = held(mb, 24, 25, 34)
    d, fixed_d = held(mb, 35, 36, 45)
    e, fixed_e = held(mb, 46, 47, 56)
    if not (a and b and c and d and e):
        return 0.0
    roll, rate = signed(mb, 1, 2, 11, 45.0 / 256.0), signed(mb, 35, 36, 45, 8.0 / 256.0)
    track = signed(mb, 12, 13, 23, 90.0 / 512.0)
    speed, true = number(mb, 24, 25, 34, 2.0), number(mb, 46, 47, 56, 2.0)
    if not (within(roll, -50.0, 50.0) and within(speed, 0.0, 700.0) and within(true, 0.0, 600.0)):
        return 0.0
    if not within(rate, -8.0, 8.0) or (
        not math.isnan(speed) and not within(true, speed - 250.0, speed + 250.0)
    ):
        return 0.0
    likely = agree(speed, true, 60.0, 2046.0)
    if not (math.isnan(roll) or math.isnan(rate) or math.isnan(true)) and true > 50.0:
        # A coordinated turn: rate = g tan(bank) / v.
        expected = math.degrees(9.80665 * math.tan(math.radians(roll)) / (true * KNOT_MPS))
        likely *= agree(rate, expected, 0.4, 32.0)
    elif math.isnan(track) and math.isnan(speed) and math.isnan(true):
        # A bank angle alone: no transponder in operation sends that.
        likely *= 0.01
    if not math.isnan(roll):
        likely *= 2.0 if abs(roll) <= 35.0 else 0.2
    likely *= agree(speed * KNOT_MPS, ground_mps, 8.0, 1050.0)
    likely *= agree(nearest_turn(track, track_deg), track_deg, 6.0, 360.0)
    return 2.0 ** (fixed_a + fixed_b + fixed_c + fixed_d + fixed_e) * likely


@small
def speed_of_sound_share(airspeed_kt: float, pressure_m: float) -> float:
    """Mach number of an indicated airspeed at a pressure altitude (standard atmosphere); NaN for NaN."""
    if math.isnan(airspeed_kt) or math.isnan(pressure_m):
        return np.nan
    if pressure_m < 11_000.0:
        ratio = (1.0 - 2.25577e-5 * max(pressure_m, -400.0)) ** 5.25588
    else:
        ratio = 0.22336 * math.exp(-(pressure_m - 11_000.0) / 6341.62)
    impact = (1.0 + 0.2 * (airspeed_kt / 661.47) ** 2) ** 3.5 - 1.0
    return math.sqrt(5.0 * ((impact / ratio + 1.0) ** (2.0 / 7.0) - 1.0))


@lent
def weight_60(mb: Int, pressure_m: float, climb_mps: float) -> float:
    """Heading and speed: airspeed and Mach number that go together at the altitude, rates that agree."""
    a, fixed_a = held(mb, 1, 2, 12)
    b, fixed_b = held(mb, 13, 14, 23)
    c, fixed_c = held(mb, 24, 25, 34)
    d, fixed_d = held(mb, 35, 36, 45)
    e, fixed_e = held(mb, 46, 47, 56)
    if not (a and b and c and d and e):
        return 0.0
    airspeed, mach = number(mb, 13, 14, 23, 1.0), number(mb, 24, 25, 34, 2.048 / 512.0)
    baro, inertial = signed(mb, 35, 36, 45, 32.0), signed(mb, 46, 47, 56, 32.0)
    if not (within(airspeed, 0.0, 500.0) and within(mach, 0.0, 1.05)):
        return 0.0
    if not (within(baro, -7000.0, 7000.0) and within(inertial, -7000.0, 7000.0)):
        return 0.0
    likely = agree(baro, inertial, 500.0, 32_768.0)
    expected = speed_of_sound_share(airspeed, pressure_m)
    if not math.isnan(expected):
        likely *= agree(mach, expected, 0.04, 4.092)
    elif not (math.isnan(airspeed) or math.isnan(mach)):
        likely *= 4.0 if 200.0 * mach < airspeed < 700.0 * mach else _QUITE_WRONG
    likely *= agree(inertial * FOOT_PER_MINUTE_MPS, climb_mps, 3.0, 166.0)
    return 2.0 ** (fixed_a + fixed_b + fixed_c + fixed_d + fixed_e) * likely


@lent
def infer(
    mb: Int, ground_mps: float, track_deg: float, climb_mps: float, pressure_m: float, weights: Reals
) -> tuple[Int, float]:
    """Which register it is, and how sure: index into BDS, -1 for none that we know; its probability.

    ground_mps, track_deg, climb_mps  what the aircraft broadcast of itself lately; NaN where it did not
    pressure_m  altitude in the same reply; NaN where it has none
    weights     (REGISTERS,)  filled
    """
    weights[B10] = weight_10(mb)
    weights[B17] = weight_17(mb)
    weights[B20] = weight_20(mb)
    weights[B30] = weight_30(mb)
    weights[B40] = weight_40(mb)
    weights[B44] = weight_44(mb)
    weights[B45] = weight_45(mb)
    weights[B50] = weight_50(mb, ground_mps, track_deg)
    weights[B60] = weight_60(mb, pressure_m, climb_mps)
    total, best = _UNKNOWN, -1
    for k in range(REGISTERS):
        total += weights[k]
        if weights[k] > 0.0 and (best < 0 or weights[k] > weights[best]):
            best = k
    if best < 0 or weights[best] / total < 0.5:
        return -1, 0.0 if best < 0 else weights[best] / total
    return best, weights[best] / total


@lent
def read_register(mb: Int, register: Int, r: Reals, base: Int, w: Wholes, base_w: Int, i: Int) -> None:
    """Write the values of a register to rows from `base` on of `r` and from `base_w` on of `w`."""
    if register == B10:
        w[base_w + OVERLAY, i], w[base_w + SUBNETWORK, i] = bits(mb, 56, 15, 15), bits(mb, 56, 17, 23)
    elif register == B17:
        w[base_w + CAPABILITY_17, i] = bits(mb, 56, 1, 24)
    elif register == B30:
        w[base_w + THREAT, i] = bits(mb, 56, 29, 30)
    elif register == B40:
        r[base + SELECTED, i] = number(mb, 1, 2, 13, 16.0 * FOOT_M)
        r[base + MANAGED, i] = number(mb, 14, 15, 26, 16.0 * FOOT_M)
        if bits(mb, 56, 27, 27):
            r[base + BARO, i] = 80_000.0 + bits(mb, 56, 28, 39) * 10.0
    elif register == B44:
        r[base + WIND_SPEED, i] = number(mb, 5, 6, 14, KNOT_MPS)
        r[base + WIND_FROM, i] = number(mb, 5, 15, 23, 180.0 / 256.0)
        value = bits(mb, 56, 24, 34)
        r[base + TEMPERATURE, i] = (value - 2048 if value >= 1024 else value) * 0.25
        r[base + PRESSURE_PA, i] = number(mb, 35, 36, 46, 100.0)
        r[base + HUMIDITY, i] = number(mb, 50, 51, 56, 100.0 / 64.0)
        if bits(mb, 56, 47, 47):
            w[base_w + TURBULENCE, i] = bits(mb, 56, 48, 49)
    elif register == B45:
        for k in range(5):
            if bits(mb, 56, 1 + 3 * k, 1 + 3 * k):
                w[base_w + TURBULENCE + k, i] = bits(mb, 56, 2 + 3 * k, 3 + 3 * k)
        r[base + TEMPERATURE, i] = signed(mb, 16, 17, 26, 0.25)
        r[base + PRESSURE_PA, i] = number(mb, 27, 28, 38, 100.0)
        r[base + RADIO_HEIGHT, i] = number(mb, 39, 40, 51, 16.0 * FOOT_M)
    elif register == B50:
        r[base + ROLL, i] = signed(mb, 1, 2, 11, 45.0 / 256.0)
        r[base + TRACK, i] = turn_deg(signed(mb, 12, 13, 23, 90.0 / 512.0))
        r[base + SPEED, i] = number(mb, 24, 25, 34, 2.0 * KNOT_MPS)
        r[base + TURN, i] = signed(mb, 35, 36, 45, 8.0 / 256.0)
        r[base + TRUE_AIRSPEED, i] = number(mb, 46, 47, 56, 2.0 * KNOT_MPS)
    elif register == B60:
        r[base + HEADING, i] = turn_deg(signed(mb, 1, 2, 12, 90.0 / 512.0))
        r[base + AIRSPEED, i] = number(mb, 13, 14, 23, KNOT_MPS)
        r[base + MACH, i] = number(mb, 24, 25, 34, 2.048 / 512.0)
        r[base + CLIMB_BARO, i] = signed(mb, 35, 36, 45, 32.0 * FOOT_PER_MINUTE_MPS)
        r[base + CLIMB_INERTIAL, i] = signed(mb, 46, 47, 56, 32.0 * FOOT_PER_MINUTE_MPS)
