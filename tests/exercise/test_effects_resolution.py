"""Resolution: what is too near together becomes one plot where the parts of its radar say so; some split."""

import numpy as np
import pytest
from tests.exercise.radar_scenes import (
    apart_deg,
    around,
    as_likely_as,
    changed,
    column,
    empty,
    kept,
    keys,
    normal,
    only,
    straight,
    swept_of,
)

from asman.kernels import radar as rad
from asman.kernels.motion import LINES_MAX

PSR, SSR, MODES = {"kind": "psr"}, {"kind": "ssr"}, {"kind": "modes"}


def pairs(plain, kinds, behind_m, aside_deg=0.0, rcs_m2=(5.0, 5.0), count=12):
    """Pairs that fly away from the radar, the second `behind_m` farther, and beside the first."""
    flights = [
        straight(
            f"{i}{one}", around(30.0 * i + 3.0 + one * aside_deg, 50e3 + one * behind_m),
            30.0 * i + 3.0 + one * aside_deg, 200e3, speed_mps=200.0, altitude_m=8_000.0,
            transponder=kind, mode_3a=f"{i + 10:02o}0{one}", rcs_m2=rcs_m2[one],
        )
        for i in range(count)
        for one, kind in enumerate(kinds)
    ]  # fmt: skip
    return empty(plain, *flights)


def both(scene, sensor, effects=None, span_s=60.0):
    """What four radars say without and with merging: all plots whose pair was met whole, then the merged."""
    sensor = {"period_s": 2.0, **sensor}
    _, apart = swept_of(changed(scene, sensor, effects, copies=4), span_s)
    _, merged = swept_of(changed(scene, sensor, {**(effects or {}), "merge": True}, copies=4), span_s)
    return apart, merged


def others(swept):
    """Row of the other of a pair in the same turn of the same radar; -1 for a pair cut by the span's ends."""
    pair = swept.aircraft % LINES_MAX // 2
    order = np.lexsort((swept.crossing_ns, pair, swept.radar))
    a, b = order[:-1], order[1:]
    joint = (swept.radar[a] == swept.radar[b]) & (pair[a] == pair[b])
    joint &= np.abs(swept.crossing_ns[a] - swept.crossing_ns[b]) < 3e8
    out = np.full(order.size, -1)
    out[a[joint]], out[b[joint]] = b[joint], a[joint]
    return out


def merged_rows(apart, merged):
    """Plots that came of whole pairs: rows in `merged`, in `apart`, and of the other in `apart`."""
    place = {key: row for row, key in enumerate(keys(apart))}
    mine = np.array([place[key] for key in keys(merged)])
    other = others(apart)[mine]
    rows = np.flatnonzero(other >= 0)
    return rows, mine[rows], other[rows]


def offset(merged, rows, apart, base):
    """Range [m] and azimuth [deg] of merged plots from others."""
    return (
        column(merged, "range_m")[rows] - column(apart, "range_m")[base],
        apart_deg(column(merged, "azimuth_deg")[rows], column(apart, "azimuth_deg")[base]),
    )


@pytest.mark.parametrize(
    ("behind_m", "aside_deg", "rcs_m2"),
    [
        (150.0, 0.0, (5.0, 5.0)), (-200.0, 0.1, (20.0, 2.0)), (80.0, 1.0, (1.0, 4.0)),
        (10.0, -1.2, (3.0, 3.0)),
    ],
)  # fmt: skip
def test_echoes_in_one_cell_are_one_plot_at_their_weighted_centre(plain, behind_m, aside_deg, rcs_m2):
    apart, merged = both(pairs(plain, ("none", "none"), behind_m, aside_deg, rcs_m2), PSR)
    rows, mine, other = merged_rows(apart, merged)
    assert rows.size > 1_000 and 2 * rows.size == (others(apart) >= 0).sum()
    weight = np.array(rcs_m2)[apart.aircraft % LINES_MAX % 2] / column(apart, "range_m") ** 4
    # The plot is of the stronger: cross-section over the fourth power of range.
    assert (weight[mine] >= weight[other]).all()
    share = weight[other] / (weight[mine] + weight[other])
    in_range, in_azimuth = offset(merged, rows, apart, mine)
    all_range, all_azimuth = offset(apart, other, apart, mine)
    assert np.abs(in_range - share * all_range).max() < 1e-3
    assert np.abs(in_azimuth - share * all_azimuth).max() < 1e-6


@pytest.mark.parametrize(("behind_m", "aside_deg"), [(260.0, 0.0), (0.0, 1.6), (260.0, 1.6)])
@pytest.mark.parametrize("sensor", [PSR, SSR])
def test_what_is_in_two_cells_stays_two(plain, behind_m, aside_deg, sensor):
    apart, merged = both(pairs(plain, ("mode_ac", "mode_ac"), behind_m, aside_deg), sensor, span_s=20.0)
    assert len(apart.aircraft) > 500 and merged.plots.equals(apart.plots)


def test_mode_ac_replies_in_one_cell_are_one_plot_between_them(plain):
    apart, merged = both(pairs(plain, ("mode_ac", "mode_ac"), 90.0, 0.2), SSR)
    rows, mine, other = merged_rows(apart, merged)
    assert rows.size > 1_000 and 2 * rows.size == (others(apart) >= 0).sum()
    for said, whole in zip(offset(merged, rows, apart, mine), offset(apart, other, apart, mine), strict=True):
        assert np.abs(said - 0.5 * whole).max() < 1e-3
    # Outside their own cell they stay two, though one primary cell would hold both.
    apart, merged = both(pairs(plain, ("mode_ac", "mode_ac"), 150.0), SSR, span_s=20.0)
    assert merged.plots.equals(apart.plots)


@pytest.mark.parametrize("sensor", [MODES, SSR])
def test_a_mode_s_pair_stays_two_where_each_is_asked_by_its_address(plain, sensor):
    apart, merged = both(pairs(plain, ("mode_s", "mode_s"), 60.0, 0.1), sensor, span_s=20.0)
    assert merged.plots.equals(apart.plots) == (sensor is MODES)


def test_a_mode_s_pair_shares_one_echo_and_keeps_both_places(plain):
    effects = {"psr": True, "pd_psr": 1.0}
    apart, merged = both(pairs(plain, ("mode_s", "mode_s"), 60.0, 0.1), MODES, effects, 20.0)
    assert keys(merged) == keys(apart)
    assert merged.plots["range_m"].equals(apart.plots["range_m"])
    assert merged.plots["azimuth_deg"].equals(apart.plots["azimuth_deg"])
    whole = others(apart) >= 0
    said = np.array(merged.plots["detection"].to_pylist())[whole]
    assert set(apart.plots["detection"].to_pylist()) == {"modes+psr"}
    assert (said == "modes").sum() == (said == "modes+psr").sum() == said.size // 2


@pytest.mark.parametrize("rcs_m2", [(5.0, 5.0), (20.0, 2.0), (2.0, 20.0)])
def test_a_plot_of_both_parts_stays_between_its_pair(plain, rcs_m2):
    """Merged by the primary and the secondary part, it is not moved twice."""
    scene = pairs(plain, ("mode_ac", "mode_ac"), 90.0, 0.2, rcs_m2)
    apart, merged = both(scene, SSR, {"psr": True, "pd_psr": 1.0})
    rows, mine, other = merged_rows(apart, merged)
    said = np.array(merged.plots["detection"].to_pylist())[rows]
    for name, index in (("range", 0), ("azimuth", 1)):
        share = offset(merged, rows, apart, mine)[index] / offset(apart, other, apart, mine)[index]
        assert share.min() > -1e-6 and share.max() < 1.0 + 1e-6, name
        # Where there is a reply, the reply says the place.
        assert np.abs(share[said != "psr"] - 0.5).max() < 1e-3


def test_a_detection_that_is_missed_does_not_draw_the_other(plain):
    scene = pairs(plain, ("none", "none"), 120.0, 0.0)
    exercise, merged = swept_of(
        changed(scene, {"period_s": 2.0, "kind": "psr", "pd": 0.5}, {"merge": True}, copies=4), 120.0
    )
    _, apart = swept_of(changed(scene, {"period_s": 2.0, "kind": "psr", "pd": 0.5}, copies=4), 120.0)
    alone = others(apart) < 0
    place = {key: row for row, key in enumerate(keys(merged))}
    rows = np.array([place[key] for key, one in zip(keys(apart), alone, strict=True) if one])
    assert rows.size > 1_000 and exercise.world.radars[0, rad.MERGE] == 1.0
    assert (column(merged, "range_m")[rows] == column(apart, "range_m")[alone]).all()


def test_plots_split_as_often_and_as_far_as_set(plain):
    scene = changed(plain, copies=2)
    _, right = swept_of(scene, 300.0)
    _, swept = swept_of(changed(scene, effects={"split": 0.1, "split_deg": 1.5}, copies=2), 300.0)
    more = swept.cause == rad.OF_SPLIT
    assert only(swept, ~more).plots.equals(right.plots)
    name = {key[:3]: row for row, key in enumerate(keys(right))}
    rows = np.array([name[key[:3]] for key in keys(only(swept, more))])
    split = np.zeros(len(right.aircraft), bool)
    split[rows] = True
    assert rows.size == split.sum() and as_likely_as(split, 0.1)
    aside = apart_deg(column(swept, "azimuth_deg")[more], column(right, "azimuth_deg")[rows])
    assert np.abs(np.abs(aside) - 1.5).max() < 1e-6 and as_likely_as(aside > 0.0, 0.5)
    assert (column(swept, "range_m")[more] == column(right, "range_m")[rows]).all()
    assert (column(swept, "address")[more] == column(right, "address")[rows]).all()


def test_the_two_of_a_split_are_measured_each_for_itself(plain):
    scene = changed(plain, {"sigma_range_m": 50.0, "sigma_azimuth_deg": 0.1}, copies=2)
    _, swept = swept_of(changed(scene, effects={"split": 0.3}, copies=2), 300.0)
    more = swept.cause == rad.OF_SPLIT
    first, copy = only(swept, ~more), only(swept, more)
    name = {key[:3]: row for row, key in enumerate(keys(first))}
    rows = np.array([name[key[:3]] for key in keys(copy)])
    apart_m = column(copy, "range_m") - column(first, "range_m")[rows]
    assert rows.size > 1_000 and normal(apart_m, 0.0, 50.0 * np.sqrt(2.0))
    assert kept(first, only(swept, ~more)).all()
