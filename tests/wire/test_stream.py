"""The stream's frames: columns to octets and back, and what is sent as a delta."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import FeedError
from asman.wire import stream
from asman.wire.stream import COLUMNS, Picture


def a_picture(numbers: list[int], plots: list[int] | None = None) -> Picture:
    columns = {name: np.zeros(len(numbers), kind) for name, kind in COLUMNS}
    columns["track"] = np.array(numbers, "<f8")
    columns["plots"] = np.array(plots or [1] * len(numbers), "<u4")
    columns["callsign"] = np.array([f"CS{n}" for n in numbers], "S8")
    return Picture(**columns)


def test_a_frame_is_laid_out_as_the_reference_says():
    picture = a_picture([7])._replace(
        lat_e7=np.array([428530000], "<i4"),
        altitude_m=np.array([np.nan], "<f4"),
        address=np.array([stream.NO_ADDRESS], "<u4"),
        mode_3a=np.array([0o7700], "<u2"),
    )
    octets = stream.encode_picture(picture, 12.5, removed=np.array([3.0]), simulated=True, sequence=9)
    assert octets[:4] == b"ASMN"
    assert struct.unpack_from("<HBBdIIII", octets, 4) == (1, 1, 1, 12.5, 9, 1, 1, 0)
    assert struct.unpack_from("<dd", octets, 40) == (7.0, 3.0)  # track, then what is removed
    assert struct.unpack_from("<i", octets, 56)[0] == 428530000
    assert np.isnan(struct.unpack_from("<f", octets, 64)[0])
    assert octets[-9:] == b"CS7\0\0\0\0\0\0"
    assert len(octets) == 40 + 8 + stream.ROW_OCTETS


numbers = st.lists(st.integers(1, 2**53), unique=True, max_size=20).map(sorted)


@settings(deadline=None)
@given(numbers, st.floats(0, 4e9), st.integers(0, 2**32 - 1), numbers)
def test_what_was_written_is_read_again(tracks, time_s, sequence, gone):
    picture = a_picture(tracks)
    octets = stream.encode_picture(
        picture, time_s, kind=stream.DELTA, removed=np.array(gone, "<f8"), sequence=sequence
    )
    frame = stream.decode(octets)
    assert (frame.kind, frame.time_s, frame.sequence) == (stream.DELTA, time_s, sequence)
    assert frame.removed.tolist() == [float(n) for n in gone]
    for name, column in zip(Picture._fields, frame.picture, strict=True):
        assert column.tolist() == getattr(picture, name).tolist(), name


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_octets_that_are_no_frame_are_refused(octets):
    with pytest.raises(FeedError):
        stream.decode(octets)


@settings(deadline=None)
@given(numbers, st.integers(0, 300))
def test_a_frame_that_was_cut_is_refused(tracks, cut):
    octets = stream.encode_picture(a_picture(tracks), 1.0)
    if cut < len(octets):
        with pytest.raises(FeedError):
            stream.decode(octets[:cut])


def test_trails_are_written_and_read():
    trails = stream.Trails(
        np.array([4.0, 9.0]),
        np.array([0, 2], "<u4"),
        np.array([1, 2, 3], "<i4"),
        np.array([4, 5, 6], "<i4"),
        np.array([20, 10, 10], "<f4"),
    )
    frame = stream.decode(stream.numbered(stream.encode_trails(trails, 5.0), 3))
    assert (frame.kind, frame.sequence) == (stream.TRAILS, 3)
    for before, after in zip(trails, frame.trails, strict=True):
        assert before.tolist() == after.tolist()


def test_a_delta_holds_new_plots_and_other_flags_only():
    before = a_picture([1, 2, 3, 5], plots=[4, 4, 4, 4])
    now = a_picture([2, 3, 4, 5], plots=[5, 4, 1, 4])
    now.flags[3] = stream.COASTING
    fresh, gone = stream.changed(before, now)
    assert fresh.track.tolist() == [2, 4, 5]
    assert gone.tolist() == [1]


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 30), st.integers(1, 5), max_size=15), max_size=6))
def test_a_client_that_applies_every_delta_holds_the_picture(pictures):
    held: dict[float, int] = {}
    before = stream.EMPTY
    for tracks in pictures:
        now = a_picture(sorted(tracks), [tracks[n] for n in sorted(tracks)])
        fresh, gone = stream.changed(before, now)
        for number in gone.tolist():
            del held[number]
        held |= dict(zip(fresh.track.tolist(), fresh.plots.tolist(), strict=True))
        assert held == dict(zip(now.track.tolist(), now.plots.tolist(), strict=True))
        before = now
