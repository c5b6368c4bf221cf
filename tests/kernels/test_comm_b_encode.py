"""Comm-B registers: registers of the literature, and every register read and written again."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes.reader import FOOT, FPM, KNOT, bits

from asman.kernels import comm_b_encode as comm_b

#: Register -> of each value: status bit, last bit, has a sign, step, value of 0; in the units of the kernels.
LAYOUT = {
    "40": [(1, 13, False, 16 * FOOT, 0), (14, 26, False, 16 * FOOT, 0), (27, 39, False, 10, 80_000)],
    "50": [
        (1, 11, True, 45 / 256, 0),
        (12, 23, True, 90 / 512, 0),
        (24, 34, False, 2 * KNOT, 0),
        (35, 45, True, 8 / 256, 0),
        (46, 56, False, 2 * KNOT, 0),
    ],
    "60": [
        (1, 12, True, 90 / 512, 0),
        (13, 23, False, KNOT, 0),
        (24, 34, False, 0.004, 0),
        (35, 45, True, 32 * FPM, 0),
        (46, 56, True, 32 * FPM, 0),
    ],
}


def write(register: str, *values: float) -> bytes:
    return getattr(comm_b, f"register_{register}")(*(np.array([value]) for value in values))[0].tobytes()


def read(register: str, octets: bytes) -> list[float]:
    """Values of a register, NaN where its status bit is 0."""
    values = []
    for status, last, signed, step, zero in LAYOUT[register]:
        size = bits(octets, status + 1, last)
        if signed and bits(octets, status + 1, status + 1):
            size -= 1 << (last - status)
        values.append(size * step + zero if bits(octets, status, status) else math.nan)
    return values


def tidy(register: str, octets: bytes) -> bytes:
    """The register with 0 where it says nothing: reserved bits, and values whose status bit is 0."""
    kept = 0
    for status, last, *_ in LAYOUT[register]:
        if bits(octets, status, status):
            kept |= ((1 << (last - status + 1)) - 1) << (56 - last)
    return (int.from_bytes(octets) & kept).to_bytes(7)


def test_registers_of_the_literature():
    """Those of A000029C, A0001393, A0000412 and A000083E in "The 1090 Megahertz Riddle", 2nd edition."""
    assert write("40", 3008 * FOOT, 3008 * FOOT, 102_000.0).hex().upper() == "85E42F31300000"
    values = 2.109375, 114.2578125, 438 * KNOT, 0.125, 424 * KNOT
    assert write("50", *values).hex().upper() == "81951536E024D4"
    values = 42.71484375, 252 * KNOT, 0.42, -1920 * FPM, -1920 * FPM
    assert write("60", *values).hex().upper() == "8F39F91A7E27C4"
    # "KLM1017 "
    callsign = np.array([int("202CC371C31DE0", 16) & ((1 << 48) - 1)])
    assert comm_b.register_20(callsign)[0].tobytes().hex().upper() == "202CC371C31DE0"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(LAYOUT)), st.binary(min_size=7, max_size=7))
def test_any_register_read_and_written_again_is_the_same(register: str, octets: bytes):
    assert write(register, *read(register, octets)) == tidy(register, octets)


@pytest.mark.parametrize("register", sorted(LAYOUT))
def test_what_is_beyond_a_field_is_its_end_and_nothing_is_nothing(register: str):
    count = len(LAYOUT[register])
    assert write(register, *[math.nan] * count) == bytes(7)
    for sign in (1, -1):
        for huge in (1e9, math.inf):
            found = read(register, write(register, *[sign * huge] * count))
            for value, (status, last, signed, step, zero) in zip(found, LAYOUT[register], strict=True):
                width = last - status
                top = (1 << (width - signed)) - 1
                low = -(1 << (width - 1)) if signed else 0
                if step in (90 / 512,):  # a direction turns, and has no end
                    continue
                assert value == pytest.approx((top if sign > 0 else low) * step + zero)


@given(st.floats(-720, 720))
def test_directions_turn(degrees: float):
    track = read("50", write("50", math.nan, degrees, math.nan, math.nan, math.nan))[1]
    assert abs((track - degrees + 180) % 360 - 180) <= 90 / 1024 + 1e-9
    heading = read("60", write("60", degrees, math.nan, math.nan, math.nan, math.nan))[0]
    assert heading == track


def test_capabilities():
    yes, no = np.array([True]), np.array([False])
    full = comm_b.register_10(yes, yes, yes)[0].tobytes()
    assert (bits(full, 1, 8), bits(full, 16, 16), bits(full, 17, 23), bits(full, 25, 25)) == (0x10, 1, 5, 1)
    assert (bits(full, 33, 33), bits(full, 35, 35), bits(full, 36, 36), bits(full, 37, 56)) == (1, 1, 1, 0)
    bare = comm_b.register_10(no, no, no)[0].tobytes()
    assert (bits(bare, 16, 16), bits(bare, 33, 33), bits(bare, 36, 36)) == (0, 0, 0)
    filled = np.array([[name in (0x05, 0x20, 0x60) for name in comm_b.COMMON_USAGE]])
    common = comm_b.register_17(filled)[0].tobytes()
    assert [k for k in range(1, 57) if bits(common, k, k)] == [1, 7, 24]
