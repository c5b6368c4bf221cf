"""Cleaning a recorded reference: each fault is found under its name, and good reports stay."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scoring.adsb import EARTH_M, FAULTS, SIGMAS_M, plots, transmitted
from tests.scoring.scenes import BEGIN_NS

from asman.errors import InputError
from asman.kernels import scoring_reference as kernel
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor
from asman.scoring.config import ReferenceConfig, ScoreConfig
from asman.scoring.observable import observable
from asman.scoring.reference import Cleaned, clean
from asman.scoring.reference_checks import (
    DISORDERED,
    FEW,
    GROUND,
    INACCURATE,
    JUMP,
    LATE,
    MONITOR,
    NAMELESS,
    SIMULATED,
    STALE,
    TWICE,
    UNSAFE,
    UNSAID,
)
from asman.scoring.score import score_tables

COUNT = 60
CAN = kernel.Physics(700.0, math.radians(3.0), 5.0, 10.0, 5.0, 600.0)


def flight(lat0: float = 43.0, lon0: float = 74.0, ve: float = 200.0, **columns: object) -> dict[str, object]:
    """Columns of one aircraft that flies east, a report a second."""
    seconds = np.arange(COUNT, dtype=float)
    lon = lon0 + np.degrees(ve * seconds / EARTH_M / math.cos(math.radians(lat0)))
    made: dict[str, object] = {
        "time": pa.array(BEGIN_NS + (seconds * 1e9).astype(np.int64), PLOTS.field("time").type),
        "lat_deg": np.full(COUNT, lat0), "lon_deg": (lon + 180.0) % 360.0 - 180.0,
        "address": np.full(COUNT, 0x4CA123), "sigma_m": np.full(COUNT, 12.0), "vn_mps": np.zeros(COUNT),
        "ve_mps": np.full(COUNT, ve), "containment_m": np.full(COUNT, 75.0),
    }  # fmt: skip
    return {**made, **columns}


def cleaned(columns: dict[str, object], kind: str = "adsb", **settings_: object) -> Cleaned:
    return clean(plots(COUNT, **columns), kind, ReferenceConfig(**settings_), 30.0)


def moved(values: object, row: int, by: float) -> np.ndarray:
    changed = np.array(values, float)
    changed[row] += by
    return changed


def marked(row: int) -> np.ndarray:
    return np.arange(COUNT) == row


def instead(row: int, value: float, usual: float) -> np.ndarray:
    return np.where(marked(row), value, usual)


def later(by_s: float) -> pa.Array:
    ns = BEGIN_NS + np.arange(COUNT) * 10**9 + (marked(20) * by_s * 1e9).astype(np.int64)
    return pa.array(ns, PLOTS.field("time").type)


def repeated(column: str) -> np.ndarray:
    values = np.array(flight()[column], float)
    values[20] = values[19]
    return values


FAULTY = {
    "simulated": (SIMULATED, {"simulated": marked(20)}),
    "a field monitor": (MONITOR, {"field_monitor": marked(20)}),
    "without address": (NAMELESS, {"address": instead(20, np.nan, 0x4CA123)}),
    "on the ground": (GROUND, {"on_ground": marked(20)}),
    "without accuracy": (UNSAID, {"sigma_m": instead(20, np.nan, 12.0)}),
    "of bad accuracy": (INACCURATE, {"sigma_m": instead(20, 185.2 / 2.4477, 12.0)}),
    "of bad integrity": (UNSAFE, {"containment_m": instead(20, math.inf, 75.0)}),
    "stale": (STALE, {"lon_deg": repeated("lon_deg")}),
    "far away": (JUMP, {"lat_deg": moved(flight()["lat_deg"], 20, 0.05)}),
    "half a kilometre beside": (JUMP, {"lat_deg": moved(flight()["lat_deg"], 20, 0.0045)}),
    "almost two seconds late": (LATE, {"time": later(1.9)}),
    "of a clock that leaps ahead": (DISORDERED, {"time": later(8.4)}),
    "of a clock that goes back": (DISORDERED, {"time": later(-7.5)}),
}


@pytest.mark.parametrize("name", FAULTY)
def test_one_faulty_report_is_left_out_under_its_own_name_and_no_other(name: str):
    step, change = FAULTY[name]
    found = cleaned(flight(**change))
    assert np.flatnonzero(found.reason >= 0).tolist() == [20]
    assert found.reason[20] == step
    assert found.about.steps[step].count == 1
    assert found.about.used == COUNT - 1


def test_in_an_exercise_everything_is_simulated_and_can_be_used():
    found = cleaned(flight(simulated=np.full(COUNT, True)))
    assert found.about.used == COUNT
    assert "exercise" in found.about.steps[SIMULATED].limit


def test_a_flight_without_fault_stays_whole_even_in_a_turn_of_three_degrees_a_second():
    angle = np.radians(3.0) * np.arange(COUNT)
    radius = 200.0 / math.radians(3.0)
    lat = 43.0 + np.degrees(radius * np.sin(angle) / EARTH_M)
    lon = 74.0 + np.degrees(radius * (1.0 - np.cos(angle)) / EARTH_M / math.cos(math.radians(43.0)))
    turn = flight(lat_deg=lat, lon_deg=lon, vn_mps=200.0 * np.cos(angle), ve_mps=200.0 * np.sin(angle))
    for said in (True, False):
        silence = {} if said else {"vn_mps": np.full(COUNT, np.nan), "ve_mps": np.full(COUNT, np.nan)}
        assert cleaned({**turn, **silence}).about.used == COUNT


def test_the_same_message_heard_by_two_stations_counts_once():
    first = plots(COUNT, **flight())
    ns = first["time"].cast(pa.int64()).to_numpy() + 8_000_000
    second = first.set_column(0, PLOTS.field(0), pa.array(ns, PLOTS.field(0).type))
    heard = pa.concat_tables([first, second]).sort_by("time")
    found = clean(heard, "adsb", ReferenceConfig(), 30.0)
    assert found.about.used == COUNT
    assert found.about.steps[TWICE].count == COUNT


def test_a_parked_aircraft_repeats_its_place_rightly():
    assert cleaned(flight(ve=0.0, ve_mps=np.zeros(COUNT))).about.used == COUNT


def test_an_aircraft_of_few_reports_is_left_out_but_excuses_a_track_on_it():
    few = plots(COUNT, **flight()).slice(0, 8)
    other = plots(COUNT, **flight(lat0=44.0, address=np.full(COUNT, 0x4CA999)))
    found = clean(pa.concat_tables([few, other]), "adsb", ReferenceConfig(), 30.0)
    assert (found.reason[:8] == FEW).all() and found.about.aircraft == 1 and found.about.excused == 8
    excused = found.truth.filter(~found.truth["observable"].to_numpy(zero_copy_only=False))
    assert set(excused["aircraft"].to_pylist()) == {"4CA123 (not judged)"}


def test_velocities_that_contradict_the_places_of_a_whole_flight_are_not_used_but_the_places_are():
    found = cleaned(flight(ve_mps=np.full(COUNT, -200.0)))
    assert found.about.used == COUNT and found.about.mute == 1
    assert found.truth["ve_mps"].null_count == COUNT


def test_multilateration_need_not_say_its_accuracy_and_ads_b_need_not_if_told_so():
    silent = flight(sigma_m=np.full(COUNT, np.nan))
    assert cleaned(silent, "mlat").about.used == COUNT
    assert cleaned(silent, unqualified=True).about.used == COUNT
    with pytest.raises(InputError, match="none of 60 reports can serve as truth: 60 accuracy not said"):
        cleaned(silent)


def test_the_ground_is_used_when_asked_for():
    taxiing = flight(on_ground=np.full(COUNT, True), ve=8.0, ve_mps=np.full(COUNT, 8.0))
    assert cleaned(taxiing, ground=True).about.used == COUNT
    with pytest.raises(InputError, match="--ground"):
        cleaned(taxiing)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([-180.0, 179.99, 74.0, 0.0, -0.01]), st.sampled_from([0.0, 43.0, -60.0, 84.0]),
    st.integers(5, 50), st.floats(0.05, 40.0), st.booleans(),
)  # fmt: skip
def test_the_date_line_and_high_latitudes_are_places_like_any_other(
    lon0: float, lat0: float, row: int, off_deg: float, north: bool
):
    columns = flight(lat0=lat0, lon0=lon0)
    columns["lat_deg"] = np.clip(moved(columns["lat_deg"], row, off_deg if north else -off_deg), -89.0, 89.0)
    found = cleaned(columns)
    assert np.flatnonzero(found.reason >= 0).tolist() == [row]
    assert found.reason[row] == JUMP


def circling(aircraft: int, seconds: int, chance: np.random.Generator) -> pa.Table:
    """Truth of flights that go straight, then turn, then straight, a row a second."""
    rows = []
    for a in range(aircraft):
        speed, heading = chance.uniform(60.0, 250.0), chance.uniform(0.0, 2.0 * np.pi)
        turn = np.radians(chance.uniform(-3.0, 3.0))
        rate = np.where((np.arange(seconds) // 60) % 2 == 1, turn, 0.0)
        course = heading + np.concatenate([[0.0], np.cumsum(rate)[:-1]])
        vn, ve = speed * np.cos(course), speed * np.sin(course)
        north = np.concatenate([[0.0], np.cumsum((vn[1:] + vn[:-1]) / 2)])
        east = np.concatenate([[0.0], np.cumsum((ve[1:] + ve[:-1]) / 2)])
        lat = chance.uniform(41.0, 44.0) + np.degrees(north / EARTH_M)
        lon = chance.uniform(70.0, 78.0) + np.degrees(east / EARTH_M / np.cos(np.radians(lat)))
        rows.append((np.full(seconds, a), np.arange(seconds), lat, lon, vn, ve))
    who, time, lat, lon, vn, ve = (np.concatenate(column) for column in zip(*rows, strict=True))
    return pa.table(
        {"time": pa.array(BEGIN_NS + time * 10**9, PLOTS.field("time").type), "aircraft": who, "lat_deg": lat,
         "lon_deg": lon, "vn_mps": vn, "ve_mps": ve, "altitude_m": np.full(who.size, 9000.0)}
    )  # fmt: skip


def found_of(found: Cleaned, fault: np.ndarray) -> tuple[dict[str, float], float]:
    """Share of each fault that was left out, and share of good reports that were."""
    out = found.reason >= 0
    shares = {
        name: float(out[fault == k].mean()) for k, name in enumerate(FAULTS) if k and (fault == k).any()
    }
    return shares, float(out[fault == 0].mean())


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("share", [0.02, 0.15])
def test_faults_are_found_and_good_reports_stay(seed: int, share: float):
    chance = np.random.default_rng(seed)
    table, fault = transmitted(circling(60, 400, chance), chance, share)
    found = clean(table, "adsb", ReferenceConfig(), 30.0)
    shares, lost = found_of(found, fault)
    assert len(shares) == len(FAULTS) - 1
    assert min(shares.values()) >= 0.95, shares
    assert lost <= 0.005


def test_the_scatter_of_the_reference_is_told_without_its_lasting_offset():
    chance = np.random.default_rng(5)
    table, _ = transmitted(circling(40, 300, chance), chance, 0.0)
    found = clean(table, "adsb", ReferenceConfig(), 30.0)
    # 3 m of noise and 5 m steps in each of two axes; the 8 m that last cannot be seen.
    true_m = math.sqrt(2.0 * (3.0**2 + 5.0**2 / 12.0))
    assert found.about.random_m == pytest.approx(true_m, rel=0.35)
    assert found.about.claimed_m == pytest.approx(SIGMAS_M[1] * 2.4477, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_the_chain_is_the_longest_there_is(seed: int, count: int):
    chance = np.random.default_rng(seed)
    time = np.sort(chance.uniform(0.0, 40.0, count))
    place = np.zeros((count, 3))
    place[:, 0] = 6_378_137.0
    place[:, 1] = 200.0 * time + np.where(chance.random(count) < 0.5, chance.uniform(-30e3, 30e3, count), 0.0)
    velocity = np.zeros((count, 3))
    velocity[:, 1] = 200.0
    velocity[chance.random(count) < 0.3] = np.nan
    sigma = np.full(count, 10.0)
    start = np.array([0, count])

    def can_follow(rows: tuple[int, ...]) -> bool:
        for i, j in itertools.pairwise(rows):
            dt = time[j] - time[i]
            gap = place[j] - place[i]
            slack = 5.0 * math.sqrt(200.0)
            if np.linalg.norm(gap) > 700.0 * dt + slack:
                return False
            if not np.isnan(velocity[[i, j]]).any():
                turn = 200.0 * (math.radians(3.0) * dt) ** 2 * dt / 12.0
                if np.linalg.norm(gap - velocity[i] * dt) > slack + 10.0 * dt + turn:
                    return False
        return True

    best = max(
        size for size in range(1, count + 1)
        if any(can_follow(rows) for rows in itertools.combinations(range(count), size))
    )  # fmt: skip
    keep = kernel.longest_chain(start, time, place, velocity, sigma, CAN)
    assert int(keep.sum()) == best
    assert can_follow(tuple(np.flatnonzero(keep)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=10))
def test_the_run_in_order_is_the_longest_there_is(times: list[int]):
    off = kernel.out_of_order(np.array([0, len(times)]), np.array(times, np.int64))
    best = max(
        size
        for size in range(1, len(times) + 1)
        if any(list(some) == sorted(some) for some in itertools.combinations(times, size))
    )
    # Who is off by nothing fits between those around it in the run.
    assert int((off == 0).sum()) == best
    assert (off == 0).all() == (times == sorted(times))


def test_what_the_others_say_is_the_least_squares_of_them():
    chance = np.random.default_rng(3)
    count = 12
    time = np.cumsum(chance.uniform(0.5, 4.0, count))
    sigma = chance.uniform(8.0, 40.0, count)
    place = np.zeros((count, 3))
    place[:, 0], place[:, 1] = 6_378_137.0, 200.0 * time + chance.normal(0.0, 20.0, count)
    velocity = np.full((count, 3), np.nan)
    velocity[::3] = [0.0, 203.0, 0.0]
    keep = np.ones(count, bool)
    keep[5] = False
    found = kernel.predict_others(np.array([0, count]), time, place, velocity, sigma, keep, CAN)
    for i in range(count):
        rows, right = [], []

        def add(row: dict[int, float], value: float, weight: float, rows=rows, right=right) -> None:
            line = np.zeros(2 * count)
            for at, factor in row.items():
                line[at] = factor
            rows.append(line * weight)
            right.append(value * weight)

        for k in range(count):
            if k != i and keep[k]:
                add({2 * k: 1.0}, place[k, 1], 1.0 / sigma[k])
                if not np.isnan(velocity[k, 1]):
                    add({2 * k + 1: 1.0}, velocity[k, 1], 1.0 / CAN.velocity_mps)
        for k in range(count - 1):
            dt = time[k + 1] - time[k]
            q = CAN.noise_m2ps3 * np.array([[dt**3 / 3.0, dt**2 / 2.0], [dt**2 / 2.0, dt]])
            root = np.linalg.cholesky(np.linalg.inv(q)).T
            for line in root:
                add({2 * k: -line[0], 2 * k + 1: -line[0] * dt - line[1], 2 * k + 2: line[0],
                     2 * k + 3: line[1]}, 0.0, 1.0)  # fmt: skip
        matrix = np.array(rows)
        covariance = np.linalg.inv(matrix.T @ matrix)
        state = covariance @ (matrix.T @ np.array(right))
        # The filters begin with a weak prior on velocity, least squares with none.
        assert found.pp[i] == pytest.approx(covariance[2 * i, 2 * i], rel=0.02)
        assert found.place[i, 1] == pytest.approx(state[2 * i], abs=0.05 * sigma[i])


def as_tracks(found: Cleaned, number: int, north_m: float, **columns: object) -> pa.Table:
    """A track beside the aircraft, as seen by somebody else."""
    rows = found.truth
    lat = rows["lat_deg"].to_numpy() + np.degrees(north_m / EARTH_M)
    made = {"time": rows["time"], "track": np.full(COUNT, number), "lat_deg": lat, "lon_deg": rows["lon_deg"]}
    return pa.table({**made, "address": pa.array([None] * COUNT, pa.int32()), **columns})


def test_a_track_on_nobody_that_the_reference_knows_is_not_judged_unless_it_bears_a_known_address():
    found = cleaned(flight())
    mine = as_tracks(found, 1, 50.0)
    stranger = as_tracks(found, 2, 20_000.0)
    swapped = as_tracks(found, 3, 40_000.0, address=pa.array([0x4CA123] * COUNT, pa.int32()))
    both = pa.concat_tables([mine, stranger])
    report = score_tables(found.truth, both, ScoreConfig(every_s=10.0), reference=found.about)
    assert report.reference is not None and report.reference.strangers == 1
    assert report.gospa.false_share == 0.0 and report.about.tracks == 1
    strict = ScoreConfig(every_s=10.0, reference=ReferenceConfig(strangers_false=True))
    assert score_tables(found.truth, both, strict, reference=found.about).gospa.false_share == 0.5
    three = pa.concat_tables([both, swapped])
    report = score_tables(found.truth, three, ScoreConfig(every_s=10.0), reference=found.about)
    assert report.about.tracks == 2 and report.gospa.false_share == 0.5


def test_a_track_that_goes_on_where_the_reference_falls_silent_is_not_false():
    found = cleaned(flight())
    whole = as_tracks(found, 1, 50.0)
    short = found.truth.slice(0, 35)
    longer = cleaned(flight(lat0=45.0, address=np.full(COUNT, 0x4CA999))).truth
    both = pa.concat_tables([short, longer]).unify_dictionaries()
    report = score_tables(both, whole, ScoreConfig(every_s=5.0), reference=found.about)
    assert report.gospa.false_share == 0.0
    assert report.reference is not None and report.reference.strangers == 0
    assert report.reference.beyond == COUNT - 35


def test_a_track_that_leaves_its_aircraft_while_the_reference_sees_that_is_false():
    found = cleaned(flight())
    rows = as_tracks(found, 1, 50.0)
    lat = rows["lat_deg"].to_numpy() + np.where(np.arange(COUNT) > 40, 1.0, 0.0)
    report = score_tables(
        found.truth,
        rows.set_column(2, "lat_deg", pa.array(lat)),
        ScoreConfig(every_s=5.0),
        reference=found.about,
    )
    assert report.gospa.false_share == pytest.approx(3 / 12)


def test_the_horizon_is_that_of_four_thirds_of_the_earth():
    radar = Sensor(id="R", lat_deg=0.0, lon_deg=0.0, height_m=0.0, range_max_m=1e6)
    lon = np.radians([3.65, 3.75])  # 406 and 417 km; from 10 km of height the horizon is 412 km away
    seen = observable(np.zeros(2), lon, np.full(2, 10_000.0), np.zeros(2, bool), (radar,))
    assert seen.tolist() == [True, False]
    low = observable(np.zeros(2), lon, np.full(2, 1_000.0), np.zeros(2, bool), (radar,))
    assert not low.any()


def test_range_limits_and_a_surface_radar_sees_the_ground_alone():
    surface = Sensor(id="S", kind="psr", lat_deg=0.0, lon_deg=0.0, height_m=30.0, range_max_m=5_000.0)
    lon = np.radians([0.03, 0.03, 0.06])
    seen = observable(np.zeros(3), lon, np.full(3, 20.0), np.array([True, False, True]), (surface,))
    assert seen.tolist() == [True, False, False]
