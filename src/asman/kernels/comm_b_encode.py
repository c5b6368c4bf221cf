"""Comm-B registers: what a transponder keeps ready for Mode S radars, 56 bits each.

A value has a status bit before it (1: it is valid), then its sign where it has one, then its bits, two's
complement. NaN gives status 0 and value 0. What is beyond a field's range is sent as the field's end.
Bits are counted from 1, as the standard does.

Sources: ICAO Doc 9871 (2nd edition), appendix A (tables A-2-16, A-2-23, A-2-32, A-2-64, A-2-80, A-2-96); J.
Sun, "The 1090 Megahertz Riddle", 2nd edition, part on Mode S.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part
from asman.kernels.modes_bits import Int, Octets, put
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Octets of a register.
REGISTER: Final = 7
#: Registers in the order of BDS 1,7's first 24 bits, as two digits.
COMMON_USAGE: Final = (
    0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x20, 0x21, 0x40, 0x41, 0x42, 0x43,
    0x44, 0x45, 0x48, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x5F, 0x60,
)  # fmt: skip


@part
def field(value: float, step: float, status: Int, last: Int, signed: bool) -> Int:
    """A value with its status bit, in place: bits `status` to `last` of a register.

    A signed value has its sign in the first bit after the status.
    """
    if math.isnan(value):
        return 0
    width = last - status
    low = -float(1 << (width - 1)) if signed else 0.0
    high = float((1 << (width - 1 if signed else width)) - 1)
    steps = int(min(max(np.floor(value / step + 0.5), low), high))
    return (1 << width | (steps & ((1 << width) - 1))) << (56 - last)


@part
def angle(degrees: float, step: float, status: Int, last: Int) -> Int:
    """A direction in degrees, any turn of it, as `field` has it, signed: -180 to 180."""
    if not math.isfinite(degrees):
        return 0
    width = last - status
    steps = int(np.floor(degrees % 360.0 / step + 0.5))
    return (1 << width | (steps & ((1 << width) - 1))) << (56 - last)


@kernel
def register_20(callsigns: Ints) -> Octets:
    """BDS 2,0, aircraft identification.

    callsigns  (N,)    eight letters of six bits; -1 or 0 is none
    returns    (N, 7)
    """
    out = np.empty((callsigns.size, REGISTER), np.uint8)
    for i in range(callsigns.size):
        put(out, i, 0, np.int64(0x20) << 48 | max(callsigns[i], 0), REGISTER)
    return out


@kernel
def register_40(selected_m: Floats, managed_m: Floats, pressure_pa: Floats) -> Octets:
    """BDS 4,0, selected vertical intention.

    selected_m   (N,)  m   altitude selected at the panel (MCP, FCU); steps of 16 ft
    managed_m    (N,)  m   altitude selected by flight management; steps of 16 ft
    pressure_pa  (N,)  Pa  barometric setting; steps of 0.1 hPa from 800 hPa
    returns      (N, 7)
    """
    out = np.empty((selected_m.size, REGISTER), np.uint8)
    for i in range(selected_m.size):
        bits = (
            field(selected_m[i], 16.0 * FOOT_M, 1, 13, False)
            | field(managed_m[i], 16.0 * FOOT_M, 14, 26, False)
            | field(pressure_pa[i] - 80_000.0, 10.0, 27, 39, False)
        )
        put(out, i, 0, bits, REGISTER)
    return out


@kernel
def register_50(
    roll_deg: Floats, track_deg: Floats, ground_mps: Floats, turn_degps: Floats, airspeed_mps: Floats
) -> Octets:
    """BDS 5,0, track and turn.

    roll_deg      (N,)  deg    right wing down is positive; steps of 45/256
    track_deg     (N,)  deg    true track, any turn; steps of 90/512
    ground_mps    (N,)  m/s    ground speed; steps of 2 kt
    turn_degps    (N,)  deg/s  rate of the track, to the right positive; steps of 8/256
    airspeed_mps  (N,)  m/s    true airspeed; steps of 2 kt
    returns       (N, 7)
    """
    out = np.empty((roll_deg.size, REGISTER), np.uint8)
    for i in range(roll_deg.size):
        bits = (
            field(roll_deg[i], 45.0 / 256.0, 1, 11, True)
            | angle(track_deg[i], 90.0 / 512.0, 12, 23)
            | field(ground_mps[i], 2.0 * KNOT_MPS, 24, 34, False)
            | field(turn_degps[i], 8.0 / 256.0, 35, 45, True)
            | field(airspeed_mps[i], 2.0 * KNOT_MPS, 46, 56, False)
        )
        put(out, i, 0, bits, REGISTER)
    return out


@kernel
def register_60(
    heading_deg: Floats, airspeed_mps: Floats, mach: Floats, baro_mps: Floats, inertial_mps: Floats
) -> Octets:
    """BDS 6,0, heading and speed.

    heading_deg   (N,)  deg  magnetic heading, any turn; steps of 90/512
    airspeed_mps  (N,)  m/s  indicated airspeed; steps of 1 kt
    mach          (N,)  1    Mach number; steps of 0.004
    baro_mps      (N,)  m/s  barometric vertical rate; steps of 32 ft/min
    inertial_mps  (N,)  m/s  inertial vertical rate; steps of 32 ft/min
    returns       (N, 7)
    """
    out = np.empty((heading_deg.size, REGISTER), np.uint8)
    for i in range(heading_deg.size):
        bits = (
            angle(heading_deg[i], 90.0 / 512.0, 1, 12)
            | field(airspeed_mps[i], KNOT_MPS, 13, 23, False)
            | field(mach[i], 2.048 / 512.0, 24, 34, False)
            | field(baro_mps[i], 32.0 * FOOT_PER_MINUTE_MPS, 35, 45, True)
            | field(inertial_mps[i], 32.0 * FOOT_PER_MINUTE_MPS, 46, 56, True)
        )
        put(out, i, 0, bits, REGISTER)
    return out


@kernel
def register_10(
    identification: NDArray[np.bool_], common_usage: NDArray[np.bool_], acas: NDArray[np.bool_]
) -> Octets:
    """BDS 1,0, data link capability, of a transponder after Doc 9871's second edition (subnetwork version 5).

    It has surveillance identifiers and specific services, no extended length messages.

    identification  (N,)  it knows its callsign (bit 33)
    common_usage    (N,)  it reports in BDS 1,7 which registers are filled, and when that changed (bit 36)
    acas            (N,)  a collision avoidance system is in operation (bit 16)
    returns         (N, 7)
    """
    out = np.empty((identification.size, REGISTER), np.uint8)
    for i in range(identification.size):
        bits = np.int64(0x10) << 48 | np.int64(acas[i]) << 40 | 5 << 33 | 1 << 31 | 1 << 21
        put(out, i, 0, bits | np.int64(identification[i]) << 23 | np.int64(common_usage[i]) << 20, REGISTER)
    return out


@kernel
def register_17(filled: NDArray[np.bool_]) -> Octets:
    """BDS 1,7, which registers of common usage are filled.

    filled   (N, 24)  in the order of COMMON_USAGE
    returns  (N, 7)
    """
    out = np.empty((filled.shape[0], REGISTER), np.uint8)
    for i in range(filled.shape[0]):
        bits = np.int64(0)
        for k in range(filled.shape[1]):
            bits |= np.int64(filled[i, k]) << (55 - k)
        put(out, i, 0, bits, REGISTER)
    return out
