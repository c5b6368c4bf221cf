"""Every scenario that ships parses, starts, is seen, and holds what its head promises."""

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from asman.apps.scenarios import Found, airframes, begin, find, shipped
from asman.errors import InputError
from asman.exercise import Exercise, start, sweep, truth
from asman.exercise.events import Ghost
from asman.exercise.reports import report
from asman.exercise.sky import line_of
from asman.kernels import motion
from asman.kernels.radar import OF_GHOST, OF_SPOOF
from asman.model.sensor import RADAR_KINDS
from asman.model.trajectories import TRAJECTORIES
from asman.units import SECOND_NS

ROOT = Path(__file__).resolve().parent.parent.parent

#: name -> airframes, radars, other sensors, members
PROMISED = {
    "kant": (223, 8, 4, "KG RU KZ"),
    "continental": (20_000, 64, 4, "KG KZ RU UZ TJ"),
    "dense": (2_000, 8, 2, "UZ KZ KG TJ"),
    "dark": (238, 8, 0, "KG KZ RU"),
    "formations": (126, 7, 0, "KG RU KZ"),
    "biased": (238, 8, 3, "KG RU KZ UZ"),
    "jammed": (179, 6, 4, "KG RU KZ"),
    "border": (149, 8, 2, "KG RU KZ"),
    "recorded": (18, 9, 2, "KG RU KZ UZ"),
}


class World:
    """Scenarios, found and laid out once each."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {name: find(name) for name in shipped()}
        self._running: dict[str, Exercise] = {}

    def running(self, name: str) -> Exercise:
        if name not in self._running:
            found = self.found[name]
            told = {"trajectories": _flights()} if name == "recorded" else {}
            self._running[name] = start(found.scenario, **told)
        return self._running[name]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def _flights() -> pa.Table:
    """Six straight flights of ten minutes, seen every 4 s over the North Sea."""
    seconds = np.arange(0.0, 600.0, 4.0)
    rows: list[dict[str, Any]] = []
    for flight in range(6):
        rows += [
            {
                "time": int(1e18) + int(s) * SECOND_NS, "flight": f"F{flight}", "address": 0x400000 + flight,
                "callsign": f"EXS{flight}", "lat_deg": 55.0 + 0.1 * flight,
                "lon_deg": 3.0 + s * 200.0 / 63.8e3, "altitude_m": 9_000.0,
                "speed_mps": None, "track_deg": None, "climb_mps": None, "on_ground": False,
            }
            for s in seconds.tolist()
        ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=TRAJECTORIES)


def _at(exercise: Exercise, *seconds: float) -> pa.Table:
    times = exercise.sky.begin_ns + (np.array(seconds) * SECOND_NS).astype(np.int64)
    return truth(exercise, times)


class Scripted:
    """Where the scripted flights of an exercise are at some times."""

    def __init__(self, exercise: Exercise, seconds: np.ndarray) -> None:
        table = _at(exercise, *seconds.tolist())
        self._line = line_of(table["aircraft"].to_numpy())
        self._at_s = (table["time"].cast("int64").to_numpy() - exercise.sky.begin_ns) / SECOND_NS
        self._where = np.stack(
            [table[name].to_numpy() for name in ("lat_deg", "lon_deg", "altitude_m")], axis=1
        )
        self._scripts = exercise.sky.scripts

    def apart_m(self, one: str, other: str, at_s: float) -> float:
        a, b = (self._where[(self._line == self._scripts[n]) & (self._at_s == at_s)][0] for n in (one, other))
        north, east = (a[0] - b[0]) * 111.1e3, (a[1] - b[1]) * 111.3e3 * np.cos(np.radians(a[0]))
        return float(np.hypot(north, east))

    def height_m(self, name: str, at_s: float) -> float:
        return float(self._where[(self._line == self._scripts[name]) & (self._at_s == at_s)][0, 2])


def test_those_that_the_issue_asks_for_ship():
    assert set(shipped()) == set(PROMISED)


@pytest.mark.parametrize("name", PROMISED)
def test_a_scenario_is_as_large_as_promised(world: World, name: str):
    scenario = world.found[name].scenario
    kinds = [sensor.kind in RADAR_KINDS for sensor in scenario.sensor]
    ids = [member.id for member in scenario.member]
    assert (airframes(scenario), kinds.count(True), kinds.count(False), " ".join(ids)) == PROMISED[name]
    assert scenario.name == name
    assert scenario.title
    assert 600.0 <= scenario.duration_s <= 1200.0
    assert {sensor.member for sensor in scenario.sensor} == set(ids)


@pytest.mark.parametrize("name", PROMISED)
def test_every_flight_of_it_stays_on_the_earth_to_its_end(world: World, name: str):
    """A radar measures the place, truth tells its direction: of a normal not of length one they differ."""
    pieces = world.running(name).sky.pieces
    normals = pieces[:, motion.NORMAL : motion.NORMAL + 3]
    assert np.abs(np.linalg.norm(normals, axis=1) - 1.0).max() * motion.MEAN_RADIUS_M < 1e-3


@pytest.mark.parametrize("name", PROMISED)
def test_its_head_says_what_is_real_and_what_is_not(world: World, name: str):
    head = world.found[name].text.split("\nname = ")[0]
    assert head.startswith(f"# {name.title()}")
    assert "real" in head.lower()
    assert "illustrative" in head.lower()


@pytest.mark.parametrize("name", PROMISED)
def test_nobody_shares_between_kyrgyzstan_and_kazakhstan(world: World, name: str):
    scenario = world.found[name].scenario
    assert not any({"KG", "KZ"} <= set(agreement.parties) for agreement in scenario.agreement)


@pytest.mark.parametrize("name", PROMISED)
def test_all_its_sensors_see_something_within_two_turns(world: World, name: str):
    exercise = world.running(name)
    first = exercise.sky.begin_ns
    swept = sweep(exercise, first, first + (6 if name == "continental" else 24) * SECOND_NS)
    heard = np.bincount(swept.radar, minlength=len(exercise.scenario.sensor))
    period = np.array([sensor.period_s for sensor in exercise.scenario.sensor])
    # The recording in these tests is too small for everybody to hear somebody.
    many = name != "recorded"
    assert (heard[period < 6.0] > 0).all() if many else (heard > 0).sum() > 8
    false = np.mean(swept.aircraft < 0)
    assert (0.2 if name == "dark" else 0.0) < false < (0.6 if name in ("dark", "recorded") else 0.25)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("kant", 0.6, 1.0), ("continental", 0.8, 0.95), ("dense", 0.95, 1.0), ("dark", 0.95, 1.0),
     ("formations", 0.95, 1.0), ("biased", 0.85, 1.0), ("jammed", 0.85, 1.0), ("border", 0.85, 1.0)],
)  # fmt: skip
def test_as_much_of_it_can_be_seen_as_is_fair(world: World, name: str, least: float, most: float):
    told = _at(world.running(name), *((60.0,) if name == "continental" else (60.0, 300.0, 540.0)))
    assert least <= np.mean(told["observable"].to_numpy(zero_copy_only=False)) <= most
    assert told.num_rows > 0.85 * airframes(world.found[name].scenario)


def test_continental_spans_3000_km_and_its_radars_are_of_all_sorts(world: World):
    scenario = world.found["continental"].scenario
    area, radars = scenario.area, [one for one in scenario.sensor if one.kind in RADAR_KINDS]
    assert (area.north_deg - area.south_deg) * 111.2 > 2_500.0
    assert (area.east_deg - area.west_deg) * 111.2 * np.cos(np.radians(48.0)) > 2_800.0
    assert all(4.0 <= one.period_s <= 12.0 and 250e3 <= one.range_max_m <= 470e3 for one in radars)
    assert {one.kind for one in radars} == set(RADAR_KINDS)
    assert sum(scenario.effects_of(one.id).psr for one in radars) > 10
    # Where a radar stands, no other is beside it, as a rule.
    lat, lon = np.array([(one.lat_deg, one.lon_deg) for one in radars]).T
    apart = np.hypot(np.subtract.outer(lat, lat), np.subtract.outer(lon, lon) * np.cos(np.radians(48.0)))
    np.fill_diagonal(apart, np.inf)
    assert np.median(apart.min(axis=0)) * 111.2 > 100.0


@pytest.mark.parametrize("tool", ["lay_continental", "lay_flights"])
def test_what_is_laid_out_by_a_tool_is_what_the_tool_lays_out(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    module, folder = _tool(tool), tmp_path
    ships = ROOT / "src" / "asman" / "exercise" / "scenarios"
    names = ("continental",) if tool == "lay_continental" else ("formations", "dense")
    for name in names:
        (folder / f"{name}.toml").write_bytes((ships / f"{name}.toml").read_bytes())
    monkeypatch.setattr(module, "OUT", folder / "continental.toml", raising=False)
    monkeypatch.setattr(module, "FOLDER", folder, raising=False)
    module.main()
    for name in names:
        mend = f"Run .venv/bin/python tools/{tool}.py"
        assert (folder / f"{name}.toml").read_text() == (ships / f"{name}.toml").read_text(), mend


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_dense_holds_2000_aircraft_on_600_km_and_its_stacks_hold(world: World):
    exercise = world.running("dense")
    told = _at(exercise, 300.0)
    lat, lon = told["lat_deg"].to_numpy(), told["lon_deg"].to_numpy()
    inside = (np.abs(lat - 41.55) < 2.75) & (np.abs(lon - 69.75) < 3.65)
    assert inside.sum() > 1_750
    flights = Scripted(exercise, np.arange(0.0, 600.0, 60.0))
    for stack in ("TASHKENT", "FERGANA", "SHYMKENT", "SAMARKAND"):
        for level in range(1, 5):
            low, high = f"HOLD-{stack}-{level}", f"HOLD-{stack}-{level + 1}"
            for at_s in (0.0, 240.0, 540.0):
                assert flights.height_m(high, at_s) - flights.height_m(low, at_s) == pytest.approx(
                    304.8, abs=1.0
                )
                assert flights.apart_m(low, high, at_s) < 35e3


def test_in_dark_three_of_four_have_no_transponder_and_most_radars_are_primary(world: World):
    told = _at(world.running("dark"), 60.0, 450.0, 840.0)
    assert 0.7 < told["mode_3a"].null_count / told.num_rows < 0.85
    assert sum(one.kind == "psr" for one in world.found["dark"].scenario.sensor) == 6


def test_formations_hold_together_split_merge_cross_and_overtake(world: World):
    flights = Scripted(world.running("formations"), np.arange(0.0, 720.0, 20.0))
    for at_s in (0.0, 300.0, 700.0):
        assert flights.apart_m("PAIR-1", "PAIR-2", at_s) == pytest.approx(200.0, rel=0.03)
        assert flights.apart_m("FOUR-1", "FOUR-2", at_s) == pytest.approx(400.0, rel=0.03)
        assert flights.apart_m("FIVE-1", "FIVE-3", at_s) == pytest.approx(550.0, rel=0.03)
        assert flights.apart_m("SIX-LEFT-1", "SIX-LEFT-2", at_s) == pytest.approx(700.0, rel=0.03)
    apart = [flights.apart_m("SIX-LEFT-1", "SIX-RIGHT-1", at_s) for at_s in (200.0, 360.0, 560.0, 700.0)]
    assert apart == [pytest.approx(700.0, abs=30.0), pytest.approx(11.6e3, rel=0.1),
                     pytest.approx(700.0, abs=50.0), pytest.approx(700.0, abs=50.0)]  # fmt: skip
    assert flights.apart_m("MERGE-LEFT", "MERGE-RIGHT", 0.0) > 15e3
    assert flights.apart_m("MERGE-LEFT", "MERGE-RIGHT", 400.0) == pytest.approx(300.0, abs=20.0)
    assert flights.apart_m("THREE-1", "FOUR-1", 300.0) < 50.0
    assert flights.apart_m("SHALLOW-A-1", "SHALLOW-B-1", 360.0) < 50.0
    assert flights.apart_m("SLOW", "FAST", 200.0) == pytest.approx(250.0, abs=60.0)
    assert flights.apart_m("FAN-1", "FAN-2", 380.0) < 310.0 < 5e3 < flights.apart_m("FAN-1", "FAN-2", 480.0)


def test_formations_of_the_traffic_hold_together(world: World):
    exercise = world.running("formations")
    told = _at(exercise, *np.arange(0.0, 900.0, 60.0).tolist())
    line, at = line_of(told["aircraft"].to_numpy()), told["time"].cast("int64").to_numpy()
    lat, lon = told["lat_deg"].to_numpy(), told["lon_deg"].to_numpy()
    first = exercise.sky.kinds.index("formation")
    spread = 500.0
    for leader in range(first, first + 28, 4):
        for wing in (1, 2, 3):
            both, a, b = np.intersect1d(at[line == leader], at[line == leader + wing], return_indices=True)
            assert both.size == np.sum(line == leader)
            north = (lat[line == leader][a] - lat[line == leader + wing][b]) * 111.1e3
            east = (
                (lon[line == leader][a] - lon[line == leader + wing][b]) * 111.3e3 * np.cos(np.radians(43.0))
            )
            assert (np.hypot(north, east) < 1.1 * wing * spread).all()


def test_biased_radars_are_as_wrong_as_promised_and_their_owners_know_nothing(world: World):
    scenario = world.found["biased"].scenario
    radars = [one for one in scenario.sensor if one.kind in RADAR_KINDS]
    wrong = [scenario.effects_of(one.id) for one in radars]
    assert all(40.0 <= abs(one.range_bias_m or 0.0) <= 120.0 for one in wrong)
    assert all(0.05 <= abs(one.azimuth_bias_deg or 0.0) <= 0.15 for one in wrong)
    assert sorted(one.time_bias_s for one in wrong if one.time_bias_s is not None) == [-0.2, 0.2, 0.2]
    assert sum(one.range_gain is not None for one in wrong) == 3
    assert all((one.bias.range_m, one.bias.azimuth_deg, one.bias.time_s) == (0.0, 0.0, 0.0) for one in radars)
    assert any(one.kind == "adsb" for one in scenario.sensor)


def test_jammed_has_every_trouble_and_each_comes_to_pass(world: World):
    exercise = world.running("jammed")
    kinds = {type(event).__name__ for event in exercise.scenario.event}
    assert kinds == {
        "GnssJamming", "SpoofDrift", "SpoofCircle", "Ghost", "RadarJamming", "Weather", "Outage",
        "TransponderLost",
    }  # fmt: skip
    assert sum(isinstance(event, Ghost) for event in exercise.scenario.event) == 5
    first = exercise.sky.begin_ns
    said = report(exercise.scenario, exercise.sky, first + 400 * SECOND_NS, first + 410 * SECOND_NS)
    assert (said.cause == OF_SPOOF).any()
    assert (said.aircraft[said.cause == OF_GHOST] == -1).all()
    ghosts = said.plots.filter(pa.array(said.cause == OF_GHOST))["address"].unique()
    assert len(ghosts) >= 4
    assert 0x601077 in ghosts.to_pylist()  # which is a real aircraft's, too
    # All who are led astray around Taraz seem to be at Balkhash.
    lat = said.plots["lat_deg"].to_numpy()[said.cause == OF_SPOOF]
    assert (np.abs(lat - 46.89) < 0.3).any()


def _beyond_km(lat: np.ndarray, lon: np.ndarray, line: tuple[tuple[float, float], ...]) -> np.ndarray:
    """How far right of a line each place is [km]; negative on its left."""
    k, c = 111.2, np.cos(np.radians(43.0))
    x, y, nearest_km = lon * k * c, lat * k, np.full(lat.shape, np.inf)
    beyond = np.zeros(lat.shape)
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(line):
        ax, ay, dx, dy = lon_a * k * c, lat_a * k, (lon_b - lon_a) * k * c, (lat_b - lat_a) * k
        share = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        away = np.hypot(x - ax - share * dx, y - ay - share * dy)
        side = np.sign((x - ax) * dy - (y - ay) * dx)
        beyond = np.where(away < nearest_km, away * side, beyond)
        nearest_km = np.minimum(nearest_km, away)
    return beyond


@pytest.mark.parametrize("name", ["border", "kant"])
def test_approaches_turn_before_the_line_and_violations_cross_it(world: World, name: str):
    exercise = world.running(name)
    told = _at(exercise, *np.arange(0.0, 2.5 * 3600.0, 20.0 if name == "kant" else 15.0).tolist())
    line = line_of(told["aircraft"].to_numpy())
    lat, lon = told["lat_deg"].to_numpy(), told["lon_deg"].to_numpy()
    borders = exercise.scenario.border
    comers = sum(border.approaches + border.violations for border in borders)
    first = len(exercise.sky.kinds) - len(exercise.sky.scripts) - comers
    for border in borders:
        for number in range(border.approaches + border.violations):
            rows = line == first + number
            deepest = _beyond_km(lat[rows], lon[rows], border.line).max()
            if number < border.approaches:
                assert -16.0 < deepest < -1.5
            else:
                assert 8.0 < deepest < 41.0
        first += border.approaches + border.violations


def test_both_sides_of_the_border_are_approached_dark_and_lit(world: World):
    exercise = world.running("border")
    borders = exercise.scenario.border
    assert borders[0].line == borders[1].line[::-1]
    assert all(border.approaches > 5 and border.violations >= 5 for border in borders)
    comers = sum(border.approaches + border.violations for border in borders)
    kinds = exercise.sky.kinds[: len(exercise.sky.kinds) - len(exercise.sky.scripts)][-comers:]
    assert 0.3 < kinds.count("dark") / comers < 0.75
    codes = _codes(exercise, 500.0)
    assert {"DISTRESS": 0o7700, "NO-RADIO": 0o7600, "SEIZED": 0o7500}.items() <= codes.items()
    assert codes["SILENT"] is None
    assert codes["ANGLER"] is None


def _codes(exercise: Exercise, at_s: float) -> dict[str, int | None]:
    """Mode 3/A code of each scripted flight that flies; None without a transponder."""
    told = _at(exercise, at_s)
    names = {line: name for name, line in exercise.sky.scripts.items()}
    pairs = zip(line_of(told["aircraft"].to_numpy()).tolist(), told["mode_3a"].to_pylist(), strict=True)
    return {names[line]: code for line, code in pairs if line in names}


def test_who_watches_kant_sees_what_its_head_promises(world: World):
    exercise = world.running("kant")
    assert _codes(exercise, 140.0)["DISTRESS"] != 0o7700
    assert _codes(exercise, 160.0)["DISTRESS"] == 0o7700
    assert _codes(exercise, 290.0)["SILENT"] is not None
    assert _codes(exercise, 310.0)["SILENT"] is None
    assert _codes(exercise, 490.0)["SILENT"] is not None
    first = exercise.sky.begin_ns
    swept = sweep(exercise, first + 300 * SECOND_NS, first + 480 * SECOND_NS)
    silent = line_of(swept.aircraft) == exercise.sky.scripts["SILENT"]
    assert (silent & (swept.aircraft >= 0)).sum() > 20  # by primary radars
    taraz = [sensor.id for sensor in exercise.scenario.sensor].index("KZ-TARAZ")
    at_s = (swept.crossing_ns - first) / SECOND_NS
    assert not ((swept.radar == taraz) & (at_s > 390.0) & (at_s < 450.0)).any()


def test_kant_has_the_two_agreements_and_every_member_hears_ads_b(world: World):
    scenario = world.found["kant"].scenario
    said = {agreement.id: agreement.parties for agreement in scenario.agreement}
    assert said == {"kg-ru-2023": ("KG", "RU"), "ru-kz": ("RU", "KZ")}
    assert {one.member for one in scenario.sensor if one.kind == "adsb"} == {"KG", "RU", "KZ"}
    assert [one.id for one in scenario.sensor if one.kind == "mlat"] == list(scenario.receivers)


def test_recorded_flights_fly_four_times_about_their_anchors(world: World):
    exercise = world.running("recorded")
    assert len(exercise.sky.kinds) == 18 + 4 * 6
    told = _at(exercise, *np.arange(0.0, 3600.0, 300.0).tolist())
    lat, lon = told["lat_deg"].to_numpy(), told["lon_deg"].to_numpy()
    assert ((lat > 39.0) & (lat < 46.0) & (lon > 67.0) & (lon < 80.0)).all()


def test_recorded_without_a_recording_says_how_to_give_one(world: World):
    with pytest.raises(InputError, match=r"recorded\.toml: recorded\.file.*--recorded FILE"):
        begin(world.found["recorded"])


def test_recorded_flies_a_real_recording(world: World, shared_data: Path):
    exercise = begin(
        world.found["recorded"], recorded=shared_data / "trajectories" / "zurich_airport.json.gz"
    )
    assert len(exercise.sky.kinds) > 18
    first = exercise.sky.begin_ns
    assert (sweep(exercise, first, first + 20 * SECOND_NS).aircraft >= 0).sum() > 100
