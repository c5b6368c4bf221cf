"""Kernels of reports: steps, probabilities, and the same numbers without the compiler."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from asman.kernels import navigation as nav
from asman.kernels import reports as rep
from asman.kernels.jit import kernel
from asman.kernels.radar import OF_GHOST, OF_REPORT, OF_SPOOF, OF_STALE

TINY = """
import warnings; warnings.simplefilter("ignore")  # uint64 is meant to wrap
import msgspec
from importlib.resources import files
from asman.exercise import parse_scenario
from asman.exercise.elements import ScriptedFlight, Traffic, Waypoint
from asman.exercise.events import Ghost, GnssJamming, SpoofCircle
from asman.exercise.reports import report
from asman.exercise.sky import make_sky
from asman.exercise.squitters import squitters
from asman.model.sensor import Sensor
kant = parse_scenario(files("asman.exercise").joinpath("scenarios/kant.toml").read_text(encoding="utf-8"))
places = ((43.5, 74.5, 900.), (42.5, 74.5, 900.), (43., 75.2, 900.), (43., 73.8, 900.))
where = dict(member="KG", lat_deg=43.0, lon_deg=74.5, height_m=1200., range_max_m=2e6, period_s=1., sac=1)
scenario = msgspec.structs.replace(
    kant,
    sensor=(Sensor(id="A", kind="adsb", sic=1, **where), Sensor(id="M", kind="mlat", sic=2, **where)),
    receivers={"M": places},
    effects={"default": {"horizon": False, "stale": 0.2, "dropout": 0.1}},
    traffic=Traffic(overflights=6, airliners=4, adsb=1.0),
    event=(
        GnssJamming(lat_deg=43.0, lon_deg=74.5, radius_m=2e5),
        SpoofCircle(lat_deg=45.0, lon_deg=79.0, radius_m=5e5, to_lat_deg=43.0, to_lon_deg=70.0),
        Ghost(flight=ScriptedFlight(id="g", waypoint=(Waypoint(43.0, 74.0), Waypoint(43.0, 76.0)))),
    ),
)
sky = make_sky(scenario)
said = report(scenario, sky, sky.begin_ns, sky.begin_ns + 6 * 10**9)
heard = squitters(scenario, sky, sky.begin_ns, sky.begin_ns + 3 * 10**9)
names = ("lat_deg", "lon_deg", "vn_mps", "pressure_altitude_m", "sigma_m", "callsign")
print(sorted(set(said.cause.tolist())), said.at_ns.tolist(), said.plots.select(names).to_pydict())
print(heard.at_ns.tolist(), heard.messages.select(["kind", "lat_deg", "ve_mps"]).to_pydict())
"""


def _run(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TINY],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_tiny_case_is_the_same_without_the_compiler():
    plain = _run(NUMBA_DISABLE_JIT="1")
    for cause in (OF_REPORT, OF_STALE, OF_SPOOF, OF_GHOST):
        assert str(cause) in plain.split("]")[0]
    assert plain == _run()


@kernel
def _steps(values: np.ndarray, step: float) -> np.ndarray:
    out = np.empty(values.size)
    for i in range(values.size):
        out[i] = rep.stepped(values[i], step)
    return out


def test_steps_are_the_nearest_ones():
    values = np.array([-1.26, -1.24, 0.0, 1.24, 1.26])
    assert _steps(values, 0.5).tolist() == pytest.approx([-1.5, -1.0, 0.0, 1.0, 1.5])


@kernel
def _velocities(north: float, east: float) -> tuple[float, float]:
    return rep.velocity(north, east, True)


@pytest.mark.parametrize("course", range(0, 360, 15))
def test_a_velocity_is_of_whole_knots_in_steps_of_speed_and_track(course):
    north, east = 231.7 * math.cos(math.radians(course)), 231.7 * math.sin(math.radians(course))
    said = _velocities(north, east)
    knots = [round(one / rep.KNOT_MPS) * rep.KNOT_MPS for one in (north, east)]
    assert said == pytest.approx(knots, abs=rep.SPEED_STEP_MPS / 2 + 231.7 * rep.TRACK_STEP / 2)
    assert math.hypot(*said) / rep.SPEED_STEP_MPS == pytest.approx(
        round(math.hypot(*said) / rep.SPEED_STEP_MPS)
    )


@kernel
def _chances(listener: np.ndarray, distances: np.ndarray) -> np.ndarray:
    out = np.empty(distances.size)
    for i in range(distances.size):
        out[i] = nav.probability(listener, distances[i])
    return out


def test_detection_is_whole_to_seven_tenths_half_at_the_rim_and_nothing_beyond():
    listener = np.zeros(nav.LISTENER_COLUMNS)
    listener[[nav.RANGE_MAX, nav.PD]] = 100e3, 0.9
    chances = _chances(listener, np.array([0.0, 70e3, 85e3, 100e3, 100.001e3, np.inf]))
    assert chances.tolist() == pytest.approx([0.9, 0.9, 0.9 * 0.875, 0.45, 0.0, 0.0])
