"""Write Mode S messages: extended squitters (DF17, 18), all-call (DF11) and other replies (DF4, 5, 20, 21).

An extended squitter is 5 bits of format, 3 of capability, the address, 56 bits of message (ME) whose first 5
say its type, and the parity. Bits of ME are counted from 1, as the standards do. ADS-B is of version 2.

Sources: RTCA DO-260B (EUROCAE ED-102A), 2.2.3.2; ICAO Doc 9871 (2nd edition), appendix C; ICAO Annex 10 Vol
IV (5th edition), 3.1.2; J. Sun, "The 1090 Megahertz Riddle", 2nd edition.
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.kernels.cpr import BITS, BITS_SURFACE, encode_cpr
from asman.kernels.jit import kernel, part
from asman.kernels.modes_bits import (
    SHORT,
    Int,
    Octets,
    altitude_code,
    altitude_code_12,
    divide,
    identity_code,
    put,
)
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Kinds of squitter.
POSITION, SURFACE, VELOCITY, IDENTIFICATION, EMERGENCY, STATUS, ALL_CALL = range(7)
# Kinds of reply.
ALTITUDE_REPLY, IDENTITY_REPLY = range(2)

# Rows of a table of real numbers; NaN is "no information".
LAT, LON, PRESSURE, GEOMETRIC, VN, VE, CLIMB, TRACK = range(8)
FLOATS = 8
# Rows of a table of whole numbers; -1 is "no information".
KIND, ADDRESS, CONTROL, INTERROGATOR, GROUND, ODD, CALLSIGN, SET, CATEGORY = range(9)
MODE_3A, EMERGENCY_STATE, ALERT = range(9, 12)
NIC, NACP, NACV, SIL, GVA, SDA, NIC_BARO, TCAS, IFR, CLIMB_GEOMETRIC = range(12, 22)
INTS = 22

ADSB_VERSION = 2
#: Mode 3/A codes that raise the permanent alert (ICAO Doc 8168 Vol III).
HIJACK, RADIO, DISTRESS = 0o7500, 0o7600, 0o7700


@part
def known(value: Int) -> Int:
    """A whole number, 0 where there is none."""
    return max(value, 0)


@part
def air_type(nic: Int) -> Int:
    """Type code of an airborne position with barometric altitude, and NIC supplements A and B above it.

    returns  type code + 256 A + 512 B

    Source: DO-260B 2.2.3.2.3 and 2.2.3.2.7.2.6. NIC 6 is sent with A = B = 0 (0.5 NM), which no receiver that
    misses A takes for less.
    """
    supplements = 3 if nic in (9, 3) else 0
    if nic >= 9:
        code = 20 - nic if nic > 9 else 11
    elif nic >= 4:
        code = 19 - nic
    else:
        code = 16 if nic >= 2 else 18 - known(nic)
    return code + 256 * supplements


@part
def surface_type(nic: Int) -> Int:
    """Type code of a surface position, and NIC supplements A and C above it: type code + 256 A + 512 C.

    Source: DO-260B 2.2.3.2.4 and 2.2.3.2.7.2.6. NIC 6 is sent as 0.6 NM; less than 6 cannot be said: NIC 0.
    """
    if nic >= 8:
        return (16 - nic if nic > 9 else 7) + (256 if nic == 9 else 0)
    return 8 + (0 if nic < 6 else 512 if nic == 6 else 768)


@part
def counted(value: float, step: float, top: Int) -> Int:
    """Size in steps, 1 for 0 and at most `top`, under a sign bit; `top` is a mask too. 0 for NaN."""
    if math.isnan(value):
        return 0
    size = int(min(np.floor(abs(value) / step + 0.5) + 1.0, float(top)))
    # -0.0 keeps its sign: what was received can be sent on as it was.
    return (top + 1 | size) if math.copysign(1.0, value) < 0 else size


@part
def alert_status(mode_3a: Int, alert: Int) -> Int:
    """Surveillance status: as told; else 1, permanent alert, for the codes 7500, 7600 and 7700."""
    if alert >= 0:
        return alert
    return 1 if mode_3a in (HIJACK, RADIO, DISTRESS) else 0


@part
def position_me(f: Floats, n: Ints, i: Int) -> Int:
    """Airborne position: types 9 to 18, 20 to 22 with geometric altitude only, 0 without position.

    A geometric altitude has the same code in feet: the standard makes no difference, "The 1090 Megahertz
    Riddle" and pyModeS read it as plain metres. Source: DO-260B 2.2.3.2.3, Doc 9871 table C-2. 1-5 type,
    6-7 status, 8 supplement B, 9-20 altitude, 22 format, 23-56 CPR.
    """
    status = alert_status(n[MODE_3A, i], n[ALERT, i]) << 49
    pressure_m = f[PRESSURE, i]
    if math.isnan(f[LAT, i]) or math.isnan(f[LON, i]):
        return status | altitude_code_12(pressure_m) << 36
    typed = air_type(n[NIC, i])
    code, b = typed & 255, typed >> 9
    altitude_m = pressure_m
    if math.isnan(pressure_m) and not math.isnan(f[GEOMETRIC, i]):
        altitude_m = f[GEOMETRIC, i]
        code, b = max(20, min(31 - n[NIC, i], 22)), 0
    odd = known(n[ODD, i])
    place = encode_cpr(f[LAT, i], f[LON, i], odd, BITS)
    return code << 51 | status | b << 48 | altitude_code_12(altitude_m) << 36 | odd << 34 | place


@part
def movement(speed_kt: float) -> Int:
    """Ground speed in steps that grow with it; 1 stopped, 124 above 175 kt, 0 for NaN.

    Source: DO-260B 2.2.3.2.4.2, each step from above its lower to its upper bound.
    """
    if math.isnan(speed_kt):
        return 0
    if speed_kt > 175.0:
        return 124
    if speed_kt > 100.0:
        return 108 + math.ceil((speed_kt - 100.0) / 5.0)
    if speed_kt > 70.0:
        return 93 + math.ceil((speed_kt - 70.0) / 2.0)
    if speed_kt > 15.0:
        return 38 + math.ceil(speed_kt - 15.0)
    if speed_kt > 2.0:
        return 12 + math.ceil((speed_kt - 2.0) * 2.0)
    if speed_kt > 1.0:
        return 8 + math.ceil((speed_kt - 1.0) * 4.0)
    if speed_kt > 0.125:
        return 2 + math.ceil((speed_kt - 0.125) * 6.0 / 0.875)
    return 2 if speed_kt > 0.0 else 1


@part
def surface_me(f: Floats, n: Ints, i: Int) -> Int:
    """Surface position: types 5 to 8; all bits 0 without position.

    Source: DO-260B 2.2.3.2.4. 1-5 type, 6-12 movement, 13 track is known, 14-20 track, 22 format, 23-56 CPR.
    """
    if math.isnan(f[LAT, i]) or math.isnan(f[LON, i]):
        return 0
    vn, ve, track_deg = f[VN, i], f[VE, i], f[TRACK, i]
    speed_kt = math.sqrt(vn * vn + ve * ve) / KNOT_MPS
    if math.isnan(track_deg) and speed_kt > 0.0:
        track_deg = math.degrees(math.atan2(ve, vn))
    track = 0
    if math.isfinite(track_deg):
        track = 128 | (int(np.floor(track_deg * 128.0 / 360.0 + 0.5)) & 127)
    odd = known(n[ODD, i])
    place = encode_cpr(f[LAT, i], f[LON, i], odd, BITS_SURFACE)
    return (surface_type(n[NIC, i]) & 255) << 51 | movement(speed_kt) << 44 | track << 36 | odd << 34 | place


@part
def velocity_me(f: Floats, n: Ints, i: Int) -> Int:
    """Velocity over ground: type 19, subtype 1, or 2 (steps of 4 kt) where 1 cannot say it.

    Source: DO-260B 2.2.3.2.6. 6-8 subtype, 10 IFR (versions 0 and 1), 11-13 NACv, 14-24 east, 25-35 north,
    36 source of the vertical rate (1 barometric), 37-46 rate in 64 ft/min, 49-56 geometric less barometric
    altitude in 25 ft.
    """
    ve_kt, vn_kt = f[VE, i] / KNOT_MPS, f[VN, i] / KNOT_MPS
    fast = abs(ve_kt) >= 1021.5 or abs(vn_kt) >= 1021.5
    step = 4.0 if fast else 1.0
    over_ground = counted(ve_kt, step, 1023) << 32 | counted(vn_kt, step, 1023) << 21
    if math.isnan(ve_kt) or math.isnan(vn_kt):
        over_ground = 0
    rate = counted(f[CLIMB, i], 64.0 * FOOT_PER_MINUTE_MPS, 511)
    barometric = 0 if n[CLIMB_GEOMETRIC, i] == 1 else 1
    above = counted(f[GEOMETRIC, i] - f[PRESSURE, i], 25.0 * FOOT_M, 127)
    head = 19 << 51 | (2 if fast else 1) << 48 | known(n[IFR, i]) << 46 | known(n[NACV, i]) << 43
    return head | over_ground | barometric << 20 | rate << 10 | above


@part
def identification_me(n: Ints, i: Int) -> Int:
    """Identification and category: types 4 (set A) to 1 (set D), category, eight letters of six bits."""
    return (4 - known(n[SET, i])) << 51 | known(n[CATEGORY, i]) << 48 | known(n[CALLSIGN, i])


@part
def emergency_me(n: Ints, i: Int) -> Int:
    """Emergency state and Mode 3/A code: type 28, subtype 1; the state follows from the code unless told.

    Source: DO-260B 2.2.3.2.7.8.1. 9-11 state, 12-24 code.
    """
    state, code = n[EMERGENCY_STATE, i], n[MODE_3A, i]
    if state < 0:
        state = 5 if code == HIJACK else 4 if code == RADIO else 1 if code == DISTRESS else 0
    return 28 << 51 | 1 << 48 | state << 45 | identity_code(known(code)) << 32


@part
def status_me(n: Ints, i: Int) -> Int:
    """Operational status: type 31, subtype 0 in the air, 1 on the ground.

    Source: DO-260B 2.2.3.2.7.2. 11 TCAS (air); 17-19 NACv, 20 supplement C (ground); 31-32 SDA; 41-43
    version, 44 supplement A, 45-48 NACp, 49-50 GVA (air), 51-52 SIL, 53 NICbaro (air; ground 0: track).
    """
    common = ADSB_VERSION << 13 | known(n[NACP, i]) << 8 | known(n[SIL, i]) << 4 | known(n[SDA, i]) << 24
    if n[GROUND, i] == 1:
        typed = surface_type(n[NIC, i])
        ground = known(n[NACV, i]) << 37 | typed >> 9 << 36 | (typed >> 8 & 1) << 12
        return 31 << 51 | 1 << 48 | ground | common
    supplement_a = (air_type(n[NIC, i]) >> 8 & 1) << 12
    air = known(n[TCAS, i]) << 45 | known(n[GVA, i]) << 6 | known(n[NIC_BARO, i]) << 3
    return 31 << 51 | air | supplement_a | common


@part
def extended_me(f: Floats, n: Ints, i: Int) -> Int:
    """The 56 bits of any extended squitter."""
    kind = n[KIND, i]
    if kind == POSITION:
        return position_me(f, n, i)
    if kind == SURFACE:
        return surface_me(f, n, i)
    if kind == VELOCITY:
        return velocity_me(f, n, i)
    if kind == IDENTIFICATION:
        return identification_me(n, i)
    if kind == EMERGENCY:
        return emergency_me(n, i)
    return status_me(n, i)


@kernel
def write_squitters(f: Floats, n: Ints, out: Octets) -> None:
    """Write squitters; every number must be one that its field can say.

    f    (FLOATS, N)  degrees, metres, metres per second; NaN is none
    n    (INTS, N)    codes; -1 is none
    out  (N, 14)      filled; an all-call reply takes the first 7 octets, the others stay as they are
    """
    for i in range(n.shape[1]):
        kind = n[KIND, i]
        ground = n[GROUND, i] == 1 or (n[GROUND, i] < 0 and kind == SURFACE)
        capability = 4 if ground else 5
        if kind == ALL_CALL:
            head = (11 << 3 | capability) << 24 | n[ADDRESS, i]
            put(out, i, 0, head, 4)
            put(out, i, 4, divide(np.int64(0), head, 4) ^ known(n[INTERROGATOR, i]), 3)
            continue
        control = n[CONTROL, i]
        first = 17 << 3 | capability if control < 0 else 18 << 3 | control
        head = first << 24 | n[ADDRESS, i]
        me = extended_me(f, n, i)
        put(out, i, 0, head, 4)
        put(out, i, 4, me, 7)
        put(out, i, 11, divide(divide(np.int64(0), head, 4), me, 7), 3)


@part
def flight_status(ground: Int, alert: Int) -> Int:
    """Flight status of a reply (Annex 10 IV, 3.1.2.6.5.1) from the surveillance status of a squitter."""
    if alert == 3:
        return 5
    return (2 if alert else 0) + (1 if ground == 1 else 0)


@kernel
def write_replies(f: Floats, n: Ints, registers: Octets, out: Octets) -> None:
    """Write surveillance replies, altitude (DF4, DF20) and identity (DF5, DF21).

    f          (FLOATS, N)       PRESSURE is used
    n          (INTS, N)         KIND (ALTITUDE_REPLY or IDENTITY_REPLY), ADDRESS, GROUND, MODE_3A, ALERT
    registers  (N, 7) or (0, 7)  a Comm-B register for each reply, or none: short replies
    out        (N, 14)           filled; short replies take the first 7 octets, the others stay as they are
    """
    long = registers.shape[0] > 0
    for i in range(n.shape[1]):
        identity = n[KIND, i] == IDENTITY_REPLY
        alert = alert_status(n[MODE_3A, i], n[ALERT, i])
        status = flight_status(n[GROUND, i], alert)
        code = identity_code(known(n[MODE_3A, i])) if identity else altitude_code(f[PRESSURE, i])
        head = ((5 if identity else 4) + (16 if long else 0)) << 27 | status << 24 | code
        rest = divide(np.int64(0), head, 4)
        put(out, i, 0, head, 4)
        at = SHORT - 3
        if long:
            for k in range(7):
                out[i, 4 + k] = registers[i, k]
                rest = divide(rest, np.int64(registers[i, k]), 1)
            at += 7
        put(out, i, at, rest ^ n[ADDRESS, i], 3)
