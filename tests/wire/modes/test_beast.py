"""Messages to Beast frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.wire.modes import beast_frames
from asman.wire.modes.beast import signal_levels, ticks_12mhz

LENGTHS = {"1": 2, "2": 7, "3": 14}
MESSAGE = bytes.fromhex("8D4840D6202CC371C32CE0576098")


def frames(rows: list[tuple[bytes, int, int]]) -> bytes:
    messages = np.array([list(octets.ljust(14, b"\0")) for octets, _, _ in rows], np.uint8).reshape(-1, 14)
    lengths = np.array([len(octets) for octets, _, _ in rows], np.int64)
    ticks = np.array([tick for _, tick, _ in rows], np.int64)
    return beast_frames(messages, lengths, ticks, np.array([level for _, _, level in rows], np.uint8))


def read(stream: bytes) -> list[tuple[bytes, int, int]]:
    """Frames read octet by octet, as the format's description has it."""
    found, at = [], 0
    while at < len(stream):
        assert stream[at] == 0x1A
        length, at = LENGTHS[chr(stream[at + 1])], at + 2
        octets = []
        while len(octets) < 7 + length:
            if stream[at] == 0x1A:
                assert stream[at + 1] == 0x1A
                at += 1
            octets.append(stream[at])
            at += 1
        found.append((bytes(octets[7:]), int.from_bytes(octets[:6]), octets[6]))
    return found


def test_a_frame_by_its_octets():
    assert frames([(MESSAGE, 0x0102030405, 0x7F)]) == b"\x1a3\x00\x01\x02\x03\x04\x05\x7f" + MESSAGE
    assert frames([(MESSAGE[:7], 0x1A, 0x1A)]) == b"\x1a2" + bytes(5) + b"\x1a\x1a\x1a\x1a" + MESSAGE[:7]
    assert frames([(b"\x77\x00", 0, 1)]) == b"\x1a1" + bytes(6) + b"\x01\x77\x00"
    assert frames([]) == b""


OCTETS = st.sampled_from((0x00, 0x1A, 0x31, 0x33, 0xFF))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((2, 7, 14)).flatmap(
                lambda n: st.lists(OCTETS, min_size=n, max_size=n).map(bytes)
            ),
            st.integers(0, (1 << 48) - 1) | st.just(0x1A1A1A1A1A1A),
            st.integers(0, 255),
        ),
        max_size=20,
    )
)
def test_whatever_is_framed_is_found_again(rows):
    assert read(frames(rows)) == rows


def test_the_clock_runs_over_after_48_bits():
    assert read(frames([(MESSAGE, (1 << 48) + 5, 0)]))[0][1] == 5


@given(st.integers(0, 2**62))
def test_ticks_are_whole_twelfths_of_a_microsecond(time_ns: int):
    assert ticks_12mhz(np.array([time_ns]))[0] == time_ns * 12 // 1000


def test_the_level_is_the_amplitude():
    levels = signal_levels(np.array([0.0, -6.0, -20.0, -90.0, 3.0, np.nan]))
    assert levels.tolist() == [255, 128, 26, 0, 255, 0]


@pytest.mark.parametrize(
    ("lengths", "ticks", "levels", "words"),
    [
        ([14, 8], [0, 0], [0, 0], "lengths, row 1"),
        ([14, 7], [0, -1], [0, 0], "ticks_12mhz, row 1"),
        ([14, 7], [0, 0], [0, 256], "signal, row 1"),
        ([14], [0, 0], [0, 0], "1 lengths"),
    ],
)
def test_what_cannot_be_framed_is_refused(lengths, ticks, levels, words):
    with pytest.raises(InputError, match=words):
        beast_frames(np.zeros((2, 14), np.uint8), np.array(lengths), np.array(ticks), np.array(levels))
