"""Plots and octets made of one look at the sky are those that are made of two."""

import numpy as np
import pytest

from asman.apps.scenarios import begin, find
from asman.exercise import emissions, sweep, sweep_and_emissions
from asman.wire.asterix.encode import encode

SECOND = 10**9


@pytest.mark.parametrize(
    ("scenario", "low_s", "high_s"),
    [
        ("kant", 0.0, 7.0),
        ("kant", 3.3, 3.4),
        ("kant", 100.0, 125.0),
        ("jammed", 299.9, 306.1),
        ("dark", 0.0, 0.01),
    ],
)
def test_together_is_one_after_the_other_bit_for_bit(scenario, low_s, high_s):
    exercise = begin(find(scenario))
    span = [exercise.sky.begin_ns + round(seconds * SECOND) for seconds in (low_s, high_s)]
    swept, sent = sweep_and_emissions(exercise, *span, encode)
    alone = sweep(exercise, *span)
    assert sent == emissions(exercise, *span, encode)
    assert swept.plots.equals(alone.plots)
    for one, two in zip(swept[1:], alone[1:], strict=True):
        assert np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
