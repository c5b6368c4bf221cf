"""Answers with the right address at the wrong place: one alone is not believed, two in a row are."""

import numpy as np
import pyarrow as pa
import pytest
from tests.tracking.sky import EPOCH_S, fly, metres, observe, plots_table, radar

from asman import tracking

S = 10**9
SITES = (
    radar("A", 43.0, 75.0, pd=1.0, false_plots_per_scan=0.0),
    radar("B", 43.4, 75.6, false_plots_per_scan=0.0),
)
SECONDS = 120


def flight(seed):
    rng = np.random.default_rng(seed)
    sky = fly(rng, 1, SECONDS, spread_m=60_000.0, turning=False)
    plots, _ = plots_table([observe(rng, sky, s, SECONDS) for s in SITES], sky)
    return sky, plots


def moved(plots, rows, by_m):
    """The plots, some of them so much farther from their radar."""
    ranges = plots["range_m"].to_numpy().copy()
    ranges[rows] += by_m
    at = plots.schema.get_field_index("range_m")
    return plots.set_column(at, plots.schema.field(at), pa.array(ranges))


def of_one(plots):
    """Its track at the end, and how many outliers were counted, alone and again."""
    tracker = tracking.advance(tracking.start(SITES, origin="KG"), plots, (EPOCH_S + SECONDS) * S)
    picture = tracking.picture(tracker, (EPOCH_S + SECONDS) * S, confirmed_only=True)
    (row,) = picture.drop_columns(["time", "last_plot_time"]).to_pylist()
    counted = tracking.counters(tracker)
    return row, counted["outlier"], counted["stretched"]


def error_m(row, sky):
    return float(np.hypot(*metres(row["lat_deg"], row["lon_deg"], sky.lat[0, SECONDS], sky.lon[0, SECONDS])))


@pytest.mark.parametrize(
    ("seed", "by_m"), [(0, 800.0), (1, 1_000.0), (2, 800.0), (25, 1_000.0), (36, 1_000.0)]
)
def test_one_false_answer_carries_nobody_away(seed, by_m):
    """So far off that no turn leads there, and so near that it is given to the track."""
    sky, plots = flight(seed)
    sound, *none = of_one(plots)
    row, *one = of_one(moved(plots, [plots.num_rows - 1], by_m))
    assert none == [0, 0]
    assert one == [1, 0]
    assert error_m(sound, sky) < 150.0
    assert error_m(row, sky) < 250.0
    assert np.hypot(row["ve_mps"] - sound["ve_mps"], row["vn_mps"] - sound["vn_mps"]) < 15.0


@pytest.mark.parametrize("seed", range(4))
def test_who_answers_from_elsewhere_time_after_time_is_followed_under_its_number(seed):
    """As where a radar's north slips: no model foresaw it, and it stays so."""
    sky, plots = flight(seed)
    late = np.flatnonzero(plots["time"].cast(pa.int64()).to_numpy() > (EPOCH_S + 60) * S)
    sound, *_ = of_one(plots)
    row, *_ = of_one(moved(plots, late, 1_000.0))
    assert row["track"] == sound["track"]
    assert 700.0 < error_m(row, sky) < 1_300.0
