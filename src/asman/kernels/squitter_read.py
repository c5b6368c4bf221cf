"""Read the 56 bits of an extended squitter: position, velocity, identification, emergency, status, intention.

One message is one row. What a message means may depend on what the aircraft said before: the integrity of a
position on the version and supplements of its last status, the place on its last position. That memory is the
table of `modes_aircraft`.

Sources: RTCA DO-260B (EUROCAE ED-102A), 2.2.3.2 (layouts), 2.2.8.1 (NIC by version, table N-11); ICAO Doc
9871 (2nd edition), appendix C; versions 0 and 1: its appendices A and B.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import modes_aircraft as of
from asman.kernels.jit import lent, small
from asman.kernels.modes_aircraft import Aircraft, since, stamp
from asman.kernels.modes_bits import Int
from asman.kernels.modes_codes import bits, is_callsign, read_altitude_12, read_identity
from asman.kernels.modes_encode import EMERGENCY as EMERGENCY_KIND
from asman.kernels.modes_encode import IDENTIFICATION, POSITION, STATUS, SURFACE, VELOCITY
from asman.kernels.modes_place import GLOBAL, LOCAL, locate
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, SECOND_NS

#: Kinds beside those that are encoded.
TARGET, RESOLUTION, OTHER = 7, 8, 9

# Whole numbers of a row; -1 is none.
DF, ADDRESS, CONTROL, CAPABILITY, TYPE, SUBTYPE, KIND, GROUND, CORRECTED = range(9)
ODD, CPR_LAT, CPR_LON, HOW, SURVEILLANCE, NIC, NUCP = range(9, 16)
NACV, CLIMB_GEOMETRIC, AIRSPEED_TRUE, IFR = range(16, 20)
SET, CATEGORY, EMERGENCY, MODE_3A = range(20, 24)
VERSION, NACP, SIL, SIL_SAMPLE, GVA, SDA, NIC_BARO, TCAS = range(24, 32)
SELECTED_FMS, AUTOPILOT, VNAV, ALTITUDE_HOLD, APPROACH, LNAV = range(32, 38)
LAST_MODE_3A, LAST_EMERGENCY, LAST_NACP, LAST_SIL, LAST_VERSION, LAST_NACV = range(38, 44)
CONFIRMED: Final = 44
WHOLES: Final = 45
# Real numbers of a row; NaN is none.
LAT, LON, PRESSURE, GEOMETRIC, CONTAINMENT, VN, VE, CLIMB, ABOVE = range(9)
SPEED, TRACK, HEADING, AIRSPEED = range(9, 13)
SELECTED, SELECTED_HEADING, BARO = range(13, 16)
LAST_VN, LAST_VE, LAST_CLIMB, LAST_ABOVE = range(16, 20)
REALS: Final = 20
# Callsigns of a row, 48 bits; -1 is none.
CALLSIGN, LAST_CALLSIGN = range(2)
NAMES: Final = 2

Wholes = NDArray[np.int32]
Reals = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The same position within so much is one message, heard by two receivers.
TWICE_NS: Final = 50_000_000
TWICE: Final = 8
#: How long what an aircraft said counts beside a later position.
VELOCITY_NS: Final = 10 * SECOND_NS
CODE_NS: Final = 60 * SECOND_NS
STATUS_NS: Final = 120 * SECOND_NS
NAME_NS: Final = 900 * SECOND_NS

#: Containment radius [m] by NIC 0 to 11; NIC 6 has 0.6 NM unless a supplement says less.
RADIUS_M: Final = np.array(
    [np.inf, 37_040.0, 14_816.0, 7408.0, 3704.0, 1852.0, 1111.2, 370.4, 185.2, 75.0, 25.0, 7.5]
)
#: The same by NUCp 0 to 9 of version 0 (DO-260, 2.2.3.2.7.1; HPL).
RADIUS_FIRST_M: Final = np.array([np.inf, 37_040.0, 18_520.0, 3704.0, 1852.0, 926.0, 370.4, 185.2, 25.0, 7.5])


@small
def first_class(code: Int) -> Int:
    """NUCp of a type code, version 0; -1 for none."""
    if 5 <= code <= 8:
        return 14 - code
    if 9 <= code <= 18:
        return 18 - code
    if 20 <= code <= 22:
        return 29 - code if code < 22 else 0
    return -1


@small
def integrity(code: Int, version: Int, a: Int, b: Int, c: Int) -> tuple[Int, float]:
    """NIC of a type code and supplements (1: set), versions 1 and 2, and the radius that it contains [m]."""
    if code in (9, 20, 5):
        return 11, RADIUS_M[11]
    if code in (10, 21, 6):
        return 10, RADIUS_M[10]
    both = a == 1 and (b == 1 or version == 1)
    nic = -1
    if code == 7:
        nic = 9 if a == 1 else 8
    elif code == 8:
        nic = 0
        if version >= 2 and a == 1:
            nic = 7 if c == 1 else 6
            if nic == 6:
                return 6, 555.6
        elif version >= 2 and c == 1:
            nic = 6
    elif code == 11:
        nic = 9 if both else 8
    elif code == 12:
        nic = 7
    elif code == 13:
        if version >= 2:
            return 6, 1111.2 if a == 1 else 555.6 if b == 1 else 926.0
        return 6, 1111.2 if a == 1 else 926.0
    elif code in (14, 15):
        nic = 19 - code
    elif code == 16:
        nic = 3 if both else 2
    elif code == 17:
        nic = 1
    elif code in (18, 22):
        nic = 0
    return nic, RADIUS_M[max(nic, 0)] if nic >= 0 else np.nan


@small
def ground_speed_kt(movement: Int) -> float:
    """Middle of a step of ground speed; NaN for none. Above 175 kt it is 175."""
    if movement == 0 or movement > 124:
        return np.nan
    if movement == 1:
        return 0.0
    if movement == 2:
        return 0.0625
    if movement <= 8:
        return 0.125 + (movement - 2.5) * 0.875 / 6.0
    if movement <= 12:
        return 1.0 + (movement - 8.5) * 0.25
    if movement <= 38:
        return 2.0 + (movement - 12.5) * 0.5
    if movement <= 93:
        return 15.0 + (movement - 38.5)
    if movement <= 108:
        return 70.0 + (movement - 93.5) * 2.0
    if movement <= 123:
        return 100.0 + (movement - 108.5) * 5.0
    return 175.0


@small
def signed_steps(sign: Int, size: Int, step: float) -> float:
    """A size counted from 1 under a sign; NaN for 0."""
    if size == 0:
        return np.nan
    value = (size - 1) * step
    return -value if sign else value


@lent
def remembered(aircraft: Aircraft, a: Int, w: Wholes, r: Reals, names: Ints, i: Int, now_ns: Int) -> None:
    """Put beside a position what the aircraft said lately."""
    whole, real = aircraft.whole, aircraft.real
    if since(now_ns, whole[a, of.VELOCITY_AT]) <= VELOCITY_NS:
        r[LAST_VN, i], r[LAST_VE, i] = real[a, of.NORTH], real[a, of.EAST]
        r[LAST_CLIMB, i], r[LAST_ABOVE, i] = real[a, of.UP], real[a, of.ABOVE]
        w[LAST_NACV, i] = whole[a, of.NACV]
    if since(now_ns, whole[a, of.NAME_AT]) <= NAME_NS:
        names[LAST_CALLSIGN, i] = whole[a, of.NAME]
    if since(now_ns, whole[a, of.CODE_3A_AT]) <= CODE_NS:
        w[LAST_MODE_3A, i] = whole[a, of.CODE_3A]
    if since(now_ns, whole[a, of.EMERGENCY_AT]) <= CODE_NS:
        w[LAST_EMERGENCY, i] = whole[a, of.EMERGENCY]
    w[LAST_VERSION, i] = whole[a, of.VERSION]
    if since(now_ns, whole[a, of.STATUS_AT]) <= STATUS_NS:
        w[LAST_NACP, i], w[LAST_SIL, i] = whole[a, of.NACP], whole[a, of.SIL]


@small
def is_copy(place: Int, now_ns: Int, last: Int, last_ns: Int) -> Any:
    """Whether a position is the last one of its format over again, a moment later."""
    timed = now_ns != of.NO_TIME and last_ns > of.NO_TIME + 1
    return timed and place == last and abs(now_ns - last_ns) <= TWICE_NS


@lent
def read_position(
    aircraft: Aircraft, a: Int, me: Int, code: Int, w: Wholes, r: Reals, i: Int, now_ns: Int, near: Reals
) -> None:
    """Types 5 to 8 on the ground, 9 to 18 and 20 to 22 in the air, 0 without position."""
    ground = 1 if 5 <= code <= 8 else 0
    w[KIND, i] = SURFACE if ground else POSITION
    slow = True
    b = -1
    if ground:
        w[GROUND, i] = 1
        speed_kt = ground_speed_kt(bits(me, 56, 6, 12))
        slow = not speed_kt > 25.0
        r[SPEED, i] = speed_kt * KNOT_MPS
        if bits(me, 56, 13, 13):
            r[TRACK, i] = bits(me, 56, 14, 20) * 360.0 / 128.0
    else:
        w[SURVEILLANCE, i] = bits(me, 56, 6, 7)
        b = bits(me, 56, 8, 8)
        altitude_m = read_altitude_12(bits(me, 56, 9, 20))
        if code >= 20:
            r[GEOMETRIC, i] = altitude_m
        else:
            r[PRESSURE, i] = altitude_m
    if code == 0:
        return
    version = aircraft.whole[a, of.VERSION]
    if version >= 1:
        nic, radius = integrity(code, version, aircraft.whole[a, of.NIC_A], b, aircraft.whole[a, of.NIC_C])
        w[NIC, i], r[CONTAINMENT, i] = nic, radius
    else:
        nucp = first_class(code)
        w[NUCP, i] = nucp
        if nucp >= 0:
            r[CONTAINMENT, i] = RADIUS_FIRST_M[nucp]
    odd = bits(me, 56, 22, 22)
    place = me & ((1 << 34) - 1)
    w[ODD, i], w[CPR_LAT, i], w[CPR_LON, i] = odd, place >> 17, place & 0x1FFFF
    if is_copy(place, now_ns, aircraft.whole[a, of.CODE + odd], aircraft.whole[a, of.CODE_AT + odd]):
        w[HOW, i] = TWICE
        return
    how, lat, lon = locate(aircraft, a, place, odd, ground, slow, now_ns, near[0], near[1])
    w[HOW, i] = how
    if how in (GLOBAL, LOCAL):
        w[CONFIRMED, i] = aircraft.whole[a, of.SURE]
    r[LAT, i], r[LON, i] = lat, lon


@lent
def read_velocity(aircraft: Aircraft, a: Int, me: Int, w: Wholes, r: Reals, i: Int, now_ns: Int) -> None:
    """Type 19: over ground (subtypes 1 and 2), or heading and airspeed (3, 4); even ones in 4 kt."""
    kind = bits(me, 56, 6, 8)
    w[SUBTYPE, i] = kind
    if not 1 <= kind <= 4:
        w[KIND, i] = OTHER
        return
    w[KIND, i] = VELOCITY
    step = KNOT_MPS if kind in (1, 3) else 4.0 * KNOT_MPS
    w[IFR, i], w[NACV, i] = bits(me, 56, 10, 10), bits(me, 56, 11, 13)
    w[CLIMB_GEOMETRIC, i] = 1 - bits(me, 56, 36, 36)
    r[CLIMB, i] = signed_steps(bits(me, 56, 37, 37), bits(me, 56, 38, 46), 64.0 * FOOT_PER_MINUTE_MPS)
    r[ABOVE, i] = signed_steps(bits(me, 56, 49, 49), bits(me, 56, 50, 56), 25.0 * FOOT_M)
    aircraft.real[a, of.UP], aircraft.real[a, of.ABOVE] = r[CLIMB, i], r[ABOVE, i]
    aircraft.real[a, of.NORTH], aircraft.real[a, of.EAST] = np.nan, np.nan
    aircraft.whole[a, of.VELOCITY_AT], aircraft.whole[a, of.NACV] = stamp(now_ns), w[NACV, i]
    if kind >= 3:
        if bits(me, 56, 14, 14):
            r[HEADING, i] = bits(me, 56, 15, 24) * 360.0 / 1024.0
        w[AIRSPEED_TRUE, i] = bits(me, 56, 25, 25)
        r[AIRSPEED, i] = signed_steps(np.int64(0), bits(me, 56, 26, 35), step)
        return
    ve = signed_steps(bits(me, 56, 14, 14), bits(me, 56, 15, 24), step)
    vn = signed_steps(bits(me, 56, 25, 25), bits(me, 56, 26, 35), step)
    if not (math.isnan(ve) or math.isnan(vn)):
        r[VE, i], r[VN, i] = ve, vn
        aircraft.real[a, of.NORTH], aircraft.real[a, of.EAST] = vn, ve


@lent
def read_status(aircraft: Aircraft, a: Int, me: Int, w: Wholes, i: Int, now_ns: Int) -> None:
    """Type 31: which version the aircraft speaks, and how good its position is."""
    kind = bits(me, 56, 6, 8)
    w[SUBTYPE, i] = kind
    if kind > 1:
        w[KIND, i] = OTHER
        return
    w[KIND, i], w[GROUND, i] = STATUS, kind
    version = bits(me, 56, 41, 43)
    w[VERSION, i] = version
    whole = aircraft.whole
    whole[a, of.VERSION] = version
    if version == 0:
        return
    w[NACP, i], w[SIL, i] = bits(me, 56, 45, 48), bits(me, 56, 51, 52)
    whole[a, of.NACP], whole[a, of.SIL] = w[NACP, i], w[SIL, i]
    whole[a, of.NIC_A], whole[a, of.STATUS_AT] = bits(me, 56, 44, 44), stamp(now_ns)
    if kind == 0:
        tcas = bits(me, 56, 11, 11)
        w[TCAS, i] = tcas if version >= 2 else 1 - tcas
        w[NIC_BARO, i] = bits(me, 56, 53, 53)
    if version >= 2:
        w[SDA, i], w[SIL_SAMPLE, i] = bits(me, 56, 31, 32), bits(me, 56, 55, 55)
        if kind == 0:
            w[GVA, i] = bits(me, 56, 49, 50)
        else:
            w[NACV, i] = bits(me, 56, 17, 19)
            whole[a, of.NIC_C] = bits(me, 56, 20, 20)


@lent
def read_target(aircraft: Aircraft, a: Int, me: Int, w: Wholes, r: Reals, i: Int, now_ns: Int) -> None:
    """Type 29, subtype 1: what is selected in the cockpit (version 2)."""
    w[SUBTYPE, i] = bits(me, 56, 6, 7)
    if bits(me, 56, 6, 7) != 1:
        w[KIND, i] = OTHER
        return
    w[KIND, i] = TARGET
    w[SIL_SAMPLE, i], w[SELECTED_FMS, i] = bits(me, 56, 8, 8), bits(me, 56, 9, 9)
    r[SELECTED, i] = signed_steps(np.int64(0), bits(me, 56, 10, 20), 32.0 * FOOT_M)
    if bits(me, 56, 21, 29):
        r[BARO, i] = 80_000.0 + (bits(me, 56, 21, 29) - 1) * 80.0
    if bits(me, 56, 30, 30):
        r[SELECTED_HEADING, i] = bits(me, 56, 31, 39) * 180.0 / 256.0
    w[NACP, i], w[NIC_BARO, i] = bits(me, 56, 40, 43), bits(me, 56, 44, 44)
    w[SIL, i] = bits(me, 56, 45, 46)
    aircraft.whole[a, of.NACP], aircraft.whole[a, of.SIL] = w[NACP, i], w[SIL, i]
    aircraft.whole[a, of.STATUS_AT] = stamp(now_ns)
    w[TCAS, i] = bits(me, 56, 53, 53)
    if bits(me, 56, 47, 47):
        w[AUTOPILOT, i], w[VNAV, i] = bits(me, 56, 48, 48), bits(me, 56, 49, 49)
        w[ALTITUDE_HOLD, i], w[APPROACH, i] = bits(me, 56, 50, 50), bits(me, 56, 52, 52)
        w[LNAV, i] = bits(me, 56, 54, 54)


@lent
def read_extended(
    aircraft: Aircraft, a: Int, me: Int, w: Wholes, r: Reals, names: Ints, i: Int, now_ns: Int, near: Reals
) -> None:
    """Fill a row from the 56 bits of an extended squitter of the usual layouts."""
    code = bits(me, 56, 1, 5)
    w[TYPE, i] = code
    if 1 <= code <= 4:
        w[KIND, i], w[SET, i] = IDENTIFICATION, 4 - code
        w[CATEGORY, i] = bits(me, 56, 6, 8)
        name = me & ((1 << 48) - 1)
        if is_callsign(name):
            names[CALLSIGN, i] = name
            aircraft.whole[a, of.NAME], aircraft.whole[a, of.NAME_AT] = name, stamp(now_ns)
    elif code == 0 or 5 <= code <= 18 or 20 <= code <= 22:
        read_position(aircraft, a, me, code, w, r, i, now_ns, near)
        if w[HOW, i] in (GLOBAL, LOCAL):
            remembered(aircraft, a, w, r, names, i, now_ns)
    elif code == 19:
        read_velocity(aircraft, a, me, w, r, i, now_ns)
    elif code == 28 and bits(me, 56, 6, 8) == 1:
        w[KIND, i], w[SUBTYPE, i] = EMERGENCY_KIND, 1
        w[EMERGENCY, i], w[MODE_3A, i] = bits(me, 56, 9, 11), read_identity(bits(me, 56, 12, 24))
        whole = aircraft.whole
        whole[a, of.EMERGENCY], whole[a, of.EMERGENCY_AT] = w[EMERGENCY, i], stamp(now_ns)
        whole[a, of.CODE_3A], whole[a, of.CODE_3A_AT] = w[MODE_3A, i], stamp(now_ns)
    elif code == 28 and bits(me, 56, 6, 8) == 2:
        w[KIND, i], w[SUBTYPE, i] = RESOLUTION, 2
    elif code == 29:
        read_target(aircraft, a, me, w, r, i, now_ns)
    elif code == 31:
        read_status(aircraft, a, me, w, i, now_ns)
    else:
        w[KIND, i] = OTHER
