"""What is wrong all along: each sensor's share in a place, and what that makes of many sensors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernels.rows import no_tracks

from asman.kernels.considering import ERRORS_ALIKE, reconsider
from asman.kernels.jit import kernel


@kernel
def considered(track, slots, weights, wrong):
    """Reckon with plots one after another: of the sensor in a slot, of a weight, wrong by a covariance."""
    for i in range(track.heard.size):
        track.heard[i].sensor = -1
    for i in range(slots.size):
        entry = track.heard[slots[i]]
        if entry.sensor < 0:
            entry.sensor = slots[i]
            entry.share = entry.hee = entry.hen = entry.hnn = 0.0
        reconsider(track, slots[i], weights[i], wrong[i, 0], wrong[i, 1], wrong[i, 2])


def after(slots, weights, wrong):
    track = no_tracks(1).row[0]
    considered(track, np.array(slots), np.array(weights, float), np.array(wrong, float))
    return np.array(track.consider), np.array(
        [entry["share"] for entry in track.heard if entry["sensor"] >= 0]
    )


def test_of_one_sensor_no_number_of_plots_averages_anything_out():
    wrong = [400.0, 50.0, 900.0]
    for plots in (1, 2, 30):
        found, shares = after([0] * plots, [1.0] + [0.3] * (plots - 1), [wrong] * plots)
        assert found == pytest.approx(wrong)
        assert shares.sum() == pytest.approx(1.0)


def test_many_sensors_average_out_what_they_do_not_have_in_common():
    # Turn by turn, each weighed so that all have the same share in the end.
    for count in (2, 5, 10):
        weights = [1.0 / (1 + i) for i in range(count)]
        found, shares = after(range(count), weights, [[900.0, 0.0, 900.0]] * count)
        assert shares == pytest.approx(np.full(count, 1.0 / count))
        assert found[0] == pytest.approx(900.0 * (ERRORS_ALIKE + (1.0 - ERRORS_ALIKE) / count))


def test_who_says_it_far_better_takes_the_place_over():
    found, _ = after([0, 1], [1.0, 0.999], [[10_000.0, 0.0, 10_000.0], [9.0, 0.0, 9.0]])
    assert found[0] < 15.0


@given(
    st.lists(
        st.tuples(st.integers(0, 15), st.floats(1e-3, 1.0), st.floats(0.0, 1e6), st.floats(0.0, 1e6)),
        min_size=1,
        max_size=60,
    )
)
def test_it_is_never_more_than_the_worst_nor_less_than_nothing(plots):
    slots, weights, ee, nn = zip(*plots, strict=True)
    wrong = np.stack([ee, np.zeros(len(ee)), nn], axis=1)
    found, shares = after(slots, [1.0, *weights[1:]], wrong)
    assert shares.sum() == pytest.approx(1.0)
    assert 0.0 <= found[0] <= max(ee) * (1 + 1e-9) and 0.0 <= found[2] <= max(nn) * (1 + 1e-9)
