"""A collage: copies keep every shape, speed and height, at other places and times."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.recordings import holding, racetrack

from asman.errors import InputError
from asman.exercise.recorded import lay_flights, lay_recorded
from asman.exercise.recorded_copies import REST_S, frame
from asman.kernels.recorded_path import strains

SECONDS = np.arange(0.0, 600.0, 2.0)


def recording():
    """Two flights that see each other, the second 100 s later and beside the first."""
    lat, lon, _, _ = racetrack(SECONDS, lat_deg=47.2, lon_deg=8.3)
    other = holding(SECONDS + 100.0, "G", lat_deg=lat, lon_deg=lon, callsign=["AAA1"] * SECONDS.size)
    return pa.concat_tables([holding(SECONDS), other])


def collage(seed=5, **changes):
    wanted = {
        "copies": 4, "anchors": [(43.0, 74.5), (-30.0, 179.9)], "spread_m": 200e3, "turn": True,
        "repeat_s": 1_200.0, **changes,
    }  # fmt: skip
    return lay_recorded(recording(), rng=np.random.default_rng(seed), **wanted)


def test_without_anchors_the_first_copy_is_the_recording():
    laid, traffic = lay_flights(recording()), collage(copies=1, anchors=(), repeat_s=None)
    assert traffic.callsign == ("SWR8", "AAA1") and traffic.address == (0x4B1815, 0x4B1815)
    for line in range(2):
        own = laid.pieces[laid.first[line] : laid.first[line + 1]]
        its = traffic.pieces[traffic.first[line] : traffic.first[line + 1]]
        assert np.abs(its[:-1] - own).max() < 1e-12
        assert its[-1, 11] == -1.0 and its[-1, 0] == laid.seconds[line]
    # All of it flies once in the time that it took, and the rest after it.
    assert traffic.cycle_s.tolist() == [698.0 + REST_S] * 2
    assert traffic.phase_s.tolist() == [0.0, 698.0 + REST_S - 100.0]


@given(seed=st.integers(0, 2**32 - 1), spread_m=st.floats(0.0, 2e6), turn=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_copy_keeps_speeds_heights_turns_and_distances(seed, spread_m, turn):
    traffic = collage(seed, spread_m=spread_m, turn=turn)
    own = traffic.pieces[: traffic.first[2]]
    for copy in range(1, 4):
        its = traffic.pieces[traffic.first[2 * copy] : traffic.first[2 * copy + 2]]
        assert np.array_equal(own[:, [0, 7, 8, 9, 10, 11]], its[:, [0, 7, 8, 9, 10, 11]])
        assert np.abs(own[:, 1:4] @ own[0, 1:4] - its[:, 1:4] @ its[0, 1:4]).max() < 1e-12
        assert np.abs(strains(own) - strains(its))[:-1].max() < 1e-3


def test_copies_come_to_their_anchors_by_turns():
    traffic = collage(spread_m=0.0, turn=False, copies=5)
    laid = lay_flights(recording())
    home = frame(laid.centre, 0.0)
    for copy, (lat, lon) in enumerate([(43.0, 74.5), (-30.0, 179.9)] * 2 + [(43.0, 74.5)]):
        p, q = np.radians(lat), np.radians(lon)
        there = np.array((np.cos(p) * np.cos(q), np.cos(p) * np.sin(q), np.sin(p)))
        first = traffic.pieces[traffic.first[2 * copy], 1:4]
        wanted = frame(there, 0.0) @ home.T @ laid.pieces[0, 1:4]
        assert np.abs(first - wanted).max() < 1e-12


def test_a_spread_is_kept_to_and_filled():
    traffic = collage(copies=400, anchors=(), spread_m=300e3, turn=False)
    begins = traffic.pieces[traffic.first[:-1:2], 1:4]
    far = 6_371_008.8 * np.arccos(np.clip(begins @ begins[0], -1.0, 1.0))
    assert far.max() < 1.02 * 300e3
    # Equally dense over the disc: half of them beyond 0.7 of the radius.
    assert 0.4 < np.mean(far > 300e3 / np.sqrt(2.0)) < 0.6


def test_a_flight_shows_again_after_the_time_asked_for_or_a_multiple_of_it():
    traffic = collage(repeat_s=500.0, copies=2)
    # 598 s of flight and 120 s of rest need two periods.
    assert traffic.cycle_s.tolist() == [1_000.0] * 4
    # The second flight of a copy begins 100 s after the first, whatever the copy's shift.
    apart = np.mod(traffic.phase_s[::2] - traffic.phase_s[1::2], 1_000.0)
    assert apart == pytest.approx([100.0, 100.0])


def test_the_same_seed_gives_the_same_collage_and_switches_move_nothing_else():
    one, again, other = collage(5), collage(5), collage(6)
    assert np.array_equal(one.pieces, again.pieces) and np.array_equal(one.phase_s, again.phase_s)
    assert not np.array_equal(one.pieces, other.pieces)
    assert np.array_equal(one.phase_s, collage(5, turn=False, spread_m=0.0).phase_s)
    fewer = collage(5, copies=2)
    assert np.array_equal(one.pieces[: len(fewer.pieces)], fewer.pieces)


@pytest.mark.parametrize(("key", "value"), [("copies", 0), ("spread_m", -1.0), ("repeat_s", 5.0)])
def test_a_number_without_sense_is_named(key, value):
    with pytest.raises(InputError, match=key):
        collage(**{key: value})
