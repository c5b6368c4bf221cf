"""Delivery: late, lost, doubled and overtaking datagrams as set, and an exercise that runs past midnight."""

from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from tests.exercise.radar_scenes import SECOND, as_likely_as, changed, empty

from asman.exercise import emissions, start, sweep
from asman.exercise.radars import sector_time_ns
from asman.model.frames import Frames
from asman.sensing.plots import extract
from asman.sensing.timeline import TimelineState
from asman.wire.asterix.decode import decode
from asman.wire.asterix.encode import encode

SPAN_S = 400


def _sent(scenario, begin_s=0, span_s=SPAN_S):
    exercise = start(scenario)
    begin = exercise.sky.begin_ns + begin_s * SECOND
    return exercise, emissions(exercise, begin, begin + span_s * SECOND, encode)


@pytest.fixture(scope="module")
def silent_sky(plain):
    """Six quick radars under an empty sky: 32 sector messages and a north marker a turn, no plots."""
    effects = {"latency_s": 0.0, "latency_jitter_s": 0.0, "datagram_loss": 0.0, "datagram_twice": 0.0}
    return changed(empty(plain), {"period_s": 2.0}, effects, copies=6)


@pytest.fixture(scope="module")
def prompt(silent_sky):
    """Datagrams that nothing delays."""
    return _sent(silent_sky)


def test_without_delay_each_message_leaves_as_the_antenna_enters_its_sector(prompt):
    exercise, sent = prompt
    assert len(sent) > 6 * SPAN_S / 2 * 32 - 12
    for index in (0, 5):
        mine = np.array([one.time_ns for one in sent if one.feed == f"R{index}"]) - exercise.sky.begin_ns
        sectors = sector_time_ns(exercise.world.radars, index, np.arange(-1, 32 * (SPAN_S // 2 + 1)))
        assert np.isin(mine, sectors).all() and (np.diff(mine) > 0).all()


def test_latency_is_between_its_least_and_its_most_and_even_between(silent_sky, prompt):
    effects = {"latency_s": 0.08, "latency_jitter_s": 0.03}
    _, late = _sent(changed(silent_sky, effects=effects, copies=6))
    assert [one.time_ns for one in late] == sorted(one.time_ns for one in late)
    left = {(one.feed, one.octets): one.time_ns for one in prompt[1]}
    delay = np.array(
        [one.time_ns - left[one.feed, one.octets] for one in late if (one.feed, one.octets) in left]
    )
    assert delay.size > 0.99 * len(late)
    assert delay.min() >= 0.08 * SECOND - 1 and delay.max() <= 0.11 * SECOND + 1
    share = (delay / SECOND - 0.08) / 0.03
    assert abs(share.mean() - 0.5) < 4.0 / np.sqrt(12 * share.size)
    assert all(as_likely_as(share < p, p) for p in (0.1, 0.5, 0.9))


def _order_of_sending(sent, left):
    return np.array([left[one.feed, one.octets] for one in sent if (one.feed, one.octets) in left])


def test_datagrams_overtake_one_another_only_where_jitter_exceeds_what_is_between_them(silent_sky, prompt):
    left = {(one.feed, one.octets): one.time_ns for one in prompt[1]}
    for jitter_s, disturbed in ((0.0, False), (0.05, False), (0.3, True)):
        _, late = _sent(changed(silent_sky, effects={"latency_jitter_s": jitter_s}, copies=6))
        first = [one for one in late if one.feed == "R0"]
        # Sectors are 62.5 ms apart.
        assert (np.diff(_order_of_sending(first, left)) < 0).any() == disturbed


def test_the_share_set_is_lost_and_nothing_else_changes(silent_sky, prompt):
    _, whole = prompt
    _, part = _sent(changed(silent_sky, effects={"datagram_loss": 0.1}, copies=6))
    came = set(part)
    assert came <= set(whole)
    assert as_likely_as(np.array([one not in came for one in whole]), 0.1)


def test_the_share_set_comes_twice_with_a_delay_of_its_own(silent_sky, prompt):
    _, whole = prompt
    effects = {"datagram_twice": 0.1}
    _, more = _sent(changed(silent_sky, effects=effects, copies=6))
    assert set(more) == set(whole)
    assert as_likely_as(np.arange(len(whole)) < len(more) - len(whole), 0.1)
    _, late = _sent(changed(silent_sky, effects={**effects, "latency_jitter_s": 0.03}, copies=6))
    times = {}
    for one in late:
        times.setdefault((one.feed, one.octets), []).append(one.time_ns)
    twice = np.array([both[1] - both[0] for both in times.values() if len(both) == 2])
    assert twice.size > 1_000 and (twice > 0).mean() > 0.999 and twice.max() <= 0.03 * SECOND
    assert max(len(both) for both in times.values()) == 2


def test_the_losses_of_two_radars_are_independent(silent_sky):
    _, part = _sent(changed(silent_sky, effects={"datagram_loss": 0.3}, copies=6))
    # A third of each is lost: not of the same sectors of all, or their numbers of messages would agree.
    octets = [{one.octets[5:] for one in part if one.feed == f"R{i}"} for i in (0, 1)]
    both = len(octets[0] & octets[1]) / len(octets[0])
    assert len({len(one) for one in octets}) == 2 or both < 1.0


@pytest.fixture(scope="module")
def midnight(plain):
    """The plain sky, from two minutes before midnight, by a radar that speaks in CAT048's steps."""
    begin = datetime(2026, 12, 31, 23, 58, tzinfo=UTC)
    effects = {"quantised": True, "latency_s": 0.05, "latency_jitter_s": 0.02, "time_bias_s": 0.02}
    scene = msgspec.structs.replace(changed(plain, effects=effects), begin=begin)
    return _sent(scene, 0, 240)


def test_past_midnight_stamps_go_on_and_the_octets_begin_anew(midnight):
    exercise, sent = midnight
    begin = exercise.sky.begin_ns
    swept = sweep(exercise, begin, begin + 240 * SECOND)
    stamps = swept.plots["time"].cast("int64").to_numpy()
    assert np.abs(stamps - swept.crossing_ns - 0.02 * SECOND).max() <= 0.5 / 128 * SECOND + 1
    octets = b"".join(one.octets for one in sent)
    lengths = np.array([len(one.octets) for one in sent])
    frames = Frames(np.cumsum(lengths) - lengths, lengths, np.array([one.time_ns for one in sent]))
    decoded = decode(octets, frames)
    for category, item in (("CAT048", "I140_s"), ("CAT034", "I030_s")):
        day_s = decoded.tables[category][item].to_numpy()
        wraps = np.flatnonzero(np.diff(day_s) < -80_000.0)
        assert wraps.size >= 1 and day_s.max() < 86_400.0 and day_s.min() >= 0.0
        # The order of stamps within a sector is not strict; the wrap is over within one.
        assert wraps[-1] - wraps[0] < 40

    extracted = extract(
        decoded, exercise.scenario.sensor, TimelineState(), recording="r", date=date(2026, 12, 31)
    )[0]
    times = extracted.plots["time"].cast("int64").to_numpy()
    midnight_ns = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * SECOND
    assert (times < midnight_ns).sum() > 500 and (times >= midnight_ns).sum() > 500
    assert extracted.ignored == {}
    # Every plot comes back at the time it was stamped with; the last sector is still on its way.
    said, back = np.sort(stamps), np.sort(times)
    came = back[back >= said[0]]
    assert came.size > 0.98 * said.size and (came == said[: came.size]).all()
