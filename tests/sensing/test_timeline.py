"""Times of day become instants: midnight goes over, small steps back do not."""

import itertools
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.kernels.timeline import LEAPED, NO_TIME, STAMPED, UNTIMED
from asman.sensing.timeline import NO_DATE, Stamps, TimelineState, absolute

DAY = 86_400.0
SECOND = 1_000_000_000
MAY_2 = date(2023, 5, 2)
MAY_2_NS = 1_682_985_600 * SECOND


def _stamps(stamp_s, source=1, packet_ns=None, wrap_s=86_400) -> Stamps:
    count = len(stamp_s)
    return Stamps(
        source=np.broadcast_to(np.asarray(source, np.int64), count).copy(),
        stamp_s=np.asarray(stamp_s, np.float64),
        wrap_s=np.broadcast_to(np.asarray(wrap_s, np.int64), count).copy(),
        packet_ns=np.full(count, NO_TIME) if packet_ns is None else np.asarray(packet_ns, np.int64),
    )


def _seconds(instants: np.ndarray) -> list[float]:
    return ((instants - MAY_2_NS) / SECOND).tolist()


def test_midnight_goes_over_to_the_next_day_and_small_steps_back_do_not():
    instants, verdicts, _ = absolute(
        TimelineState(), _stamps([86_399.0, 86_398.9921875, 86_399.5, 0.25, 86_399.9, 1.0]), MAY_2
    )
    assert _seconds(instants) == [86_399.0, 86_398.9921875, 86_399.5, DAY + 0.25, 86_399.9, DAY + 1.0]
    assert (verdicts == STAMPED).all()


def test_a_source_that_is_first_heard_after_midnight_is_not_put_a_day_back():
    instants, _, _ = absolute(TimelineState(), _stamps([86_399.0, 2.0, 86_399.2], source=[1, 2, 1]), MAY_2)
    assert _seconds(instants) == [86_399.0, DAY + 2.0, 86_399.2]


def test_without_packets_and_without_a_day_the_day_is_plainly_not_real():
    instants, _, state = absolute(TimelineState(), _stamps([10.0]), None)
    assert instants.astype("datetime64[ns]")[0] == np.datetime64(f"{NO_DATE}T00:00:10")
    assert state.newest_ns == instants[0]


def test_packets_say_the_day_and_the_nearest_one_is_taken():
    just_after_midnight = MAY_2_NS + 86_401 * SECOND
    instants, _, _ = absolute(TimelineState(), _stamps([86_399.5], packet_ns=[just_after_midnight]), None)
    assert _seconds(instants) == [86_399.5]


def test_a_given_day_overrules_packets_of_a_later_replay_and_goes_on_with_them():
    replayed = [MAY_2_NS + (400 * 86_400 + second) * SECOND for second in (0, 60_000, 100_000)]
    stamps = _stamps([50_000.0, 110_000.0 - DAY, 150_000.0 - DAY], packet_ns=replayed)
    instants, _, _ = absolute(TimelineState(), stamps, MAY_2)
    assert _seconds(instants) == [50_000.0, 110_000.0, 150_000.0]


def test_timed_packets_carry_a_clock_through_a_silence_of_days():
    packets = [MAY_2_NS + second * SECOND for second in (0, 3 * 86_400 + 7_200)]
    instants, _, _ = absolute(TimelineState(), _stamps([0.0, 7_200.0], packet_ns=packets), None)
    assert _seconds(instants) == [0.0, 3 * DAY + 7_200.0]


def test_another_recording_may_begin_at_any_hour_and_takes_the_nearest_day():
    _, _, state = absolute(TimelineState(), _stamps([28_800.0, 36_000.0]), MAY_2)
    instants, verdicts, _ = absolute(state.reopened(), _stamps([28_800.0, 28_801.0]), MAY_2)
    assert (verdicts == STAMPED).all()
    assert _seconds(instants) == [28_800.0, 28_801.0]
    _, _, state = absolute(TimelineState(), _stamps([86_398.0]), MAY_2)
    instants, _, _ = absolute(state.reopened(), _stamps([5.0]), MAY_2)
    assert _seconds(instants) == [DAY + 5.0]
    assert TimelineState().reopened() == TimelineState()


def test_one_stamp_that_leaps_is_not_believed_but_three_are_a_gap():
    stamps = [100.0, 50_000.0, 101.0, 20_000.0, 20_001.0, 20_002.0, 20_003.0]
    instants, verdicts, _ = absolute(TimelineState(), _stamps(stamps), MAY_2)
    expected = [STAMPED, LEAPED, STAMPED, LEAPED, LEAPED, STAMPED, STAMPED]
    assert verdicts.tolist() == expected
    assert instants[1] == NO_TIME
    assert _seconds(instants[[0, 2, 5, 6]]) == [100.0, 101.0, 20_002.0, 20_003.0]


def test_a_record_without_a_stamp_takes_its_packet_or_its_sources_latest_time():
    nan = float("nan")
    packets = [MAY_2_NS, MAY_2_NS + 2 * SECOND]
    instants, verdicts, _ = absolute(TimelineState(), _stamps([0.5, nan], packet_ns=packets), None)
    assert _seconds(instants) == [0.5, 2.5]
    instants, verdicts, _ = absolute(TimelineState(), _stamps([nan, 7.0, nan]), MAY_2)
    assert verdicts.tolist() == [UNTIMED, STAMPED, STAMPED]
    assert _seconds(instants[1:]) == [7.0, 7.0]


def test_the_truncated_time_of_cat001_follows_the_sector_messages_of_its_radar():
    # 40,000 s is 64 s into the stretch of 512 s that begins at 39,936 s. A plot comes first.
    stamps = _stamps([60.0, 40_000.0, 66.0, 500.0, 1.0], wrap_s=[512, 86_400, 512, 512, 512])
    instants, verdicts, _ = absolute(TimelineState(), stamps, MAY_2)
    assert _seconds(instants) == [39_996.0, 40_000.0, 40_002.0, 39_924.0, 39_937.0]
    assert (verdicts == STAMPED).all()


def test_the_truncated_time_alone_gives_no_instant():
    _, verdicts, _ = absolute(TimelineState(), _stamps([60.0, 61.0], wrap_s=512), MAY_2)
    assert (verdicts == UNTIMED).all()


def test_the_truncated_time_of_cat001_starts_anew_at_midnight():
    # The last stretch of 512 s begins at 86,016 s and is cut short at midnight.
    stamps = _stamps([86_390.0, 380.0, 3.0, 383.0], wrap_s=[86_400, 512, 512, 512])
    instants, _, _ = absolute(TimelineState(), stamps, MAY_2)
    assert _seconds(instants) == [86_390.0, 86_396.0, DAY + 3.0, 86_399.0]


def test_twenty_five_o_clock_is_not_believed():
    _, verdicts, _ = absolute(TimelineState(), _stamps([100.0, 90_000.0, 101.0]), MAY_2)
    assert verdicts.tolist() == [STAMPED, LEAPED, STAMPED]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    begin=st.integers(0, 86_399),
    rows=st.integers(1, 400),
    step_max_s=st.sampled_from([0.01, 4.0, 600.0]),
    timed=st.booleans(),
    batches=st.integers(1, 6),
)
def test_jittered_sequences_over_midnights_are_told_in_truth(seed, begin, rows, step_max_s, timed, batches):
    """However records jitter, however sources mix, and however the stream is cut into batches."""
    draw = np.random.default_rng(seed)
    sent = begin + np.cumsum(draw.uniform(0, step_max_s, rows))
    truth = np.maximum(np.round((sent + draw.uniform(-8, 8, rows)) * 128) / 128, begin)
    truth[0] = begin
    packets = MAY_2_NS + ((sent + 0.4) * SECOND).astype(np.int64)
    sources = draw.integers(0, 5, rows)
    cuts = np.unique([0, rows, *draw.integers(0, rows, batches)])

    state, found = TimelineState(), []
    for low, high in itertools.pairwise(cuts):
        packet_ns = packets[low:high] if timed else None
        batch = _stamps(truth[low:high] % DAY, sources[low:high], packet_ns)
        instants, verdicts, state = absolute(state, batch, MAY_2)
        assert (verdicts == STAMPED).all()
        found += _seconds(instants)
    assert found == pytest.approx(truth.tolist(), abs=1e-6)
