"""Scenes of ADS-B receivers and multilateration, and where aircraft truly were, by other code than theirs."""

import msgspec
import numpy as np

from asman.exercise.effects import CATALOGUE
from asman.exercise.elements import Atmosphere, Traffic
from asman.exercise.sky import FLIGHTS, line_of, make_sky
from asman.kernels.geodesy import lla_to_enu
from asman.kernels.motion import states_at
from asman.model.sensor import Sensor

SECOND = 10**9

#: A receiver that hears all of Central Asia, so that statistics need few seconds.
EVERYWHERE = Sensor(
    id="A", member="KG", kind="adsb", lat_deg=43.0, lon_deg=74.5, height_m=1_200.0, period_s=1.0,
    range_max_m=9_000_000.0, pd=1.0, sac=1, sic=1,
)  # fmt: skip
#: A system of five receivers, forty to sixty kilometres from its middle.
SYSTEM = Sensor(
    id="M", member="KG", kind="mlat", lat_deg=43.0, lon_deg=74.5, height_m=1_200.0, period_s=1.0,
    range_max_m=250_000.0, pd=1.0, sac=1, sic=2,
)  # fmt: skip
RECEIVERS = (
    (43.5, 74.5, 900.0), (42.5, 74.5, 900.0), (43.0, 75.2, 900.0), (43.0, 73.8, 900.0),
    (43.05, 74.55, 1_500.0),
)  # fmt: skip
NOTHING = {key: value for effect in CATALOGUE for key, value in effect.without.items()}


def scene(kant, *sensors, traffic=None, event=(), **effects):
    """Kant's airspace with these sensors, every effect off but those that are given."""
    return msgspec.structs.replace(
        kant,
        sensor=sensors or (EVERYWHERE,),
        receivers={one.id: RECEIVERS for one in sensors if one.kind == "mlat"},
        effects={"default": {**NOTHING, **effects}},
        traffic=traffic
        or Traffic(overflights=300, mode_ac=0.0, adsb=1.0, duplicate_address=0.0, code_change=0.0),
        event=tuple(event),
        # Heights are pressure altitudes, so that truth needs no model of the air.
        atmosphere=Atmosphere(),
    )


def skies(scenario):
    """The scenario's sky, and ns UTC of its begin."""
    sky = make_sky(scenario)
    return sky, sky.begin_ns


def truly(sky, aircraft, at_ns):
    """True lat, lon [rad], height [m], velocity north, east, up [m/s] of aircraft at times: (N, 6)."""
    out = np.full((aircraft.size, 6), np.nan)
    line = line_of(aircraft)
    for one in np.unique(line).tolist():
        rows = np.flatnonzero(line == one)
        seconds = (at_ns[rows] - sky.begin_ns) / SECOND
        states = np.empty((rows.size, 9))
        count = states_at(
            sky.pieces, sky.first[one : one + 2], sky.cycle_s[one : one + 1], sky.phase_s[one : one + 1],
            FLIGHTS, seconds, states,
        )  # fmt: skip
        out[rows[states[:count, 0].astype(int)]] = states[:count, 2:8]
    return out


def errors(said, sky):
    """Error of each report's position, east and north [m]; and the truth, as of `truly`."""
    true = truly(sky, said.aircraft, said.at_ns)
    lat = np.radians(said.plots["lat_deg"].to_numpy())
    lon = np.radians(said.plots["lon_deg"].to_numpy())
    error = np.array(
        [lla_to_enu(a, o, t[2], t[0], t[1], t[2])[:2] for a, o, t in zip(lat, lon, true, strict=True)]
    ).reshape(-1, 2)
    return error, true
