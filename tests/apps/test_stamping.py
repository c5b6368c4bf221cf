"""Times of day are moved from the exercise's clock to the wall clock, and left alone where both are one."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.apps.stamping import Anchor, Stamps, anchor, moved
from asman.errors import AsmanError
from asman.units import DAY_S, SECOND_NS

NOON_NS = 1_780_000_000_000_000_000 // (DAY_S * SECOND_NS) * DAY_S * SECOND_NS + DAY_S // 2 * SECOND_NS


def plots(*seconds: float | None) -> pa.Table:
    return pa.table({"I140_s": pa.array(seconds, pa.float64()), "I040/RHO_NM": [1.0] * len(seconds)})


def told(table: pa.Table) -> list[float | None]:
    return table["I140_s"].to_pylist()


def test_a_pause_moves_stamps_by_as_much_as_it_lasted():
    here = anchor(NOON_NS, NOON_NS + 60 * SECOND_NS, 1.0)
    assert told(moved(plots(43_200.0, 43_201.5, None), 48, here)) == [43_260.0, 43_261.5, None]


def test_twice_as_fast_halves_the_time_between_stamps():
    here = anchor(NOON_NS, NOON_NS, 2.0)
    assert told(moved(plots(43_200.0, 43_204.0), 48, here)) == [43_200.0, 43_202.0]


def test_midnight_lies_between():
    here = anchor(NOON_NS, NOON_NS + 12 * 3600 * SECOND_NS, 1.0)
    assert told(moved(plots(43_199.0, 43_200.0, 43_201.0), 48, here)) == [86_399.0, 0.0, 1.0]


def test_clocks_that_are_one_to_the_step_of_a_stamp_move_nothing():
    seen: list[pa.Table] = []

    def encode(table: pa.Table, category: int, edition: str, *, groups, max_block_octets):
        seen.append(table)

    stamps = Stamps(encode, anchor(NOON_NS, NOON_NS + 1_000, 1.0))
    given_ = plots(1.0)
    stamps(given_, 48, "1.32", groups=np.zeros(1, np.int64), max_block_octets=1400)
    assert seen[0] is given_
    stamps.meet(anchor(NOON_NS, NOON_NS + SECOND_NS, 1.0))
    stamps(given_, 48, "1.32", groups=np.zeros(1, np.int64), max_block_octets=1400)
    assert told(seen[1]) == [2.0]


def test_a_category_whose_times_are_not_known_is_not_sent_with_wrong_ones():
    with pytest.raises(AsmanError, match="CAT062"):
        moved(plots(1.0), 62, Anchor(0, SECOND_NS))


@given(
    step=st.integers(0, DAY_S * 128 - 1),
    exercise_s=st.integers(0, 10**9),
    wall_s=st.integers(0, 10**9),
    odd_ns=st.integers(0, SECOND_NS - 1),
)
def test_whole_steps_stay_whole_steps(step, exercise_s, wall_s, odd_ns):
    here = anchor(exercise_s * SECOND_NS, wall_s * SECOND_NS + odd_ns, 1.0)
    (found,) = told(moved(plots(step / 128), 48, here))
    assert 0.0 <= found < DAY_S or found == pytest.approx(DAY_S)
    off = found * 128 - round(found * 128)
    assert abs(off) < 1e-4
    assert abs(here.wall_ns - wall_s * SECOND_NS - odd_ns) <= SECOND_NS / 256
