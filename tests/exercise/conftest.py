"""The shipped scenario, and skies small enough to reason about."""

from importlib.resources import files

import msgspec
import pytest

from asman.exercise import CATALOGUE, Exercise, Scenario, parse_scenario, start
from asman.exercise.elements import Traffic
from asman.model.sensor import RADAR_KINDS, Sensor


@pytest.fixture(scope="session")
def kant_text() -> str:
    return files("asman.exercise").joinpath("scenarios/kant.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def kant(kant_text: str) -> Scenario:
    """Its sky and its radars, without what happens there: tests bring their own sensors and events."""
    whole = parse_scenario(kant_text, "kant.toml")
    radars = tuple(sensor for sensor in whole.sensor if sensor.kind in RADAR_KINDS)
    return msgspec.structs.replace(whole, sensor=radars, receivers={}, border=(), flight=(), event=())


@pytest.fixture(scope="session")
def exercise(kant: Scenario) -> Exercise:
    return start(kant)


@pytest.fixture(scope="session")
def plain(kant: Scenario) -> Scenario:
    """A Mode S radar at Bishkek without a fault of any kind, under airliners and overflights."""
    radar = Sensor(
        id="R", member="KG", kind="modes", lat_deg=43.0, lon_deg=74.5, height_m=700.0, period_s=5.0,
        range_max_m=400_000.0, sigma_range_m=0.0, sigma_azimuth_deg=0.0, pd=1.0, false_plots_per_scan=0.0,
        sac=1, sic=2,
    )  # fmt: skip
    perfect = {
        key: value
        for effect in CATALOGUE
        if effect.name not in ("horizon", "cone")
        for key, value in effect.without.items()
    }
    return msgspec.structs.replace(
        kant,
        sensor=(radar,),
        effects={"default": perfect},
        traffic=Traffic(
            airliners=60,
            overflights=60,
            mode_ac=0.0,
            duplicate_address=0.0,
            duplicate_code=0.0,
            code_change=0.0,
        ),
    )
