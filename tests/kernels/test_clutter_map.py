"""The clutter map: what stays is remembered where it is, what moves on is not."""

import numpy as np

from asman.kernels.clutter_map import (
    MEMORY_TURNS,
    clutter_density,
    empty_map,
    larger_clutter,
    learn,
    learn_block,
)
from asman.kernels.jit import kernel
from asman.kernels.placing import PLOT, SENSOR

SECOND = 10**9


@kernel
def feed(cells, plots, sensors, densities):
    """Ask, then learn, plot by plot; return how often a cell had to make room."""
    crowded = 0
    for i in range(plots.size):
        densities[i] = clutter_density(cells, plots[i], sensors[plots[i].sensor])
        crowded += learn(cells, plots[i], sensors[plots[i].sensor])
    return crowded


def _sensors():
    sensors = np.zeros(1, SENSOR).view(np.recarray)
    sensors.period_ns, sensors.sigma_range_m, sensors.sigma_azimuth = 6 * SECOND, 70.0, np.radians(0.12)
    return sensors


def _plots(range_m, azimuth, every_s=6.0):
    plots = np.zeros(len(range_m), PLOT).view(np.recarray)
    plots.range_m, plots.azimuth = range_m, azimuth
    plots.time_ns = (np.arange(len(range_m)) * every_s * SECOND).astype(np.int64)
    return plots


def _densities(plots, cells=None):
    out = np.zeros(plots.size)
    crowded = feed(cells or empty_map(), plots, _sensors(), out)
    return out, crowded


def test_an_echo_that_stays_becomes_dense_and_one_that_passes_never():
    rng = np.random.default_rng(1)
    stays, _ = _densities(
        _plots(60e3 + 70.0 * rng.standard_normal(60), 1.0 + 0.002 * rng.standard_normal(60))
    )
    passes, _ = _densities(_plots(60e3 + 1_200.0 * np.arange(60), np.full(60, 1.0)))
    cell_m2 = 280.0 * 60e3 * np.radians(0.5)
    assert stays[0] == 0.0
    # Twenty turns of memory: after sixty, 95 % of an echo a turn is known.
    assert 0.8 / cell_m2 < stays[-1] < 1.05 / cell_m2
    assert passes.max() == 0.0


def test_it_forgets_what_no_longer_answers():
    plots = _plots(np.full(40, 60e3), np.full(40, 1.0))
    plots.time_ns[-1] += int(2 * MEMORY_TURNS * 6 * SECOND)
    densities, _ = _densities(plots)
    assert abs(densities[-1] / densities[-2] - np.exp(-2.0)) < 0.03


def test_north_is_a_place_like_any_other():
    azimuth = np.where(np.arange(60) % 2 == 0, 0.0005, 2 * np.pi - 0.0005)
    densities, _ = _densities(_plots(np.full(60, 60e3), azimuth))
    there, _ = _densities(_plots(np.full(60, 60e3), azimuth + 1.0))
    assert densities[-1] > 0.5 * there[-1] > 0.0


def test_more_cells_than_it_holds_are_counted():
    rng = np.random.default_rng(2)
    rows = empty_map().key.size
    count = 3 * rows
    plots = _plots(rng.uniform(5e3, 400e3, count), rng.uniform(0.0, 2 * np.pi, count), every_s=1e-5)
    _, crowded = _densities(plots)
    assert crowded > rows / 2


def test_a_larger_table_knows_what_the_smaller_knew():
    rng = np.random.default_rng(3)
    plots = _plots(rng.uniform(5e3, 400e3, 500), rng.uniform(0.0, 2 * np.pi, 500), every_s=1e-5)
    small = empty_map()
    _densities(plots, small)
    large = larger_clutter(small)
    assert large.key.size == 4 * small.key.size
    assert large.used[0] == small.used[0] == np.count_nonzero(large.key >= 0)
    again = _plots(plots.range_m, plots.azimuth, every_s=1e-5)
    assert np.array_equal(_densities(again, small)[0], _densities(again, large)[0])


@kernel
def feed_blocks(cells, plots, sensors):
    """Let the coarse layer learn."""
    for i in range(plots.size):
        learn_block(cells, plots[i], sensors[plots[i].sensor])


def test_a_region_that_answers_from_somewhere_in_it_is_known_as_a_whole():
    rng = np.random.default_rng(4)
    count = 400
    town = _plots(rng.uniform(60e3, 64e3, count), rng.uniform(1.0, 1.04, count), every_s=0.6)
    cells = empty_map()
    feed_blocks(cells, town, _sensors())
    ask = _plots(np.array([62e3, 90e3]), np.array([1.02, 1.02]))
    ask.time_ns = town.time_ns[-1]
    inside, outside = _densities(ask, cells)[0]
    # Ten a turn over 4 km by 0.04 rad at 62 km.
    truth = 10.0 / (4e3 * 0.04 * 62e3)
    assert 0.4 * truth < inside < 1.6 * truth
    assert outside == 0.0


def test_the_strays_of_one_aircraft_make_no_region_of_clutter():
    cells = empty_map()
    flight = _plots(60e3 + 900.0 * np.arange(5), np.full(5, 1.0))
    feed_blocks(cells, flight, _sensors())
    assert _densities(flight, cells)[0][0] == 0.0
