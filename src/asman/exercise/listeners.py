"""Who listens to aircraft, who leads them astray, and who is not there: scenarios as numbers for kernels."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.exercise.effects import Effects
from asman.exercise.elements import AircraftKind, ScriptedFlight
from asman.exercise.events import Ghost, GnssJamming, SpoofCircle, SpoofDrift, lasts
from asman.exercise.identities import resolve
from asman.exercise.routes import place
from asman.exercise.scenario import Scenario, check_code
from asman.exercise.scripted import scripted
from asman.exercise.sky import Sky
from asman.kernels import multilateration as mlat
from asman.kernels import navigation as nav
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.motion import LINES_MAX, MEAN_RADIUS_M, PIECE_COLUMNS, lay_lines
from asman.model.sensor import Sensor
from asman.units import SPEED_OF_LIGHT_MPS

Floats = NDArray[np.float64]

#: What a ghost says of itself where its flight does not.
_GHOST_ADDRESS: Final = 0xF00001
_GHOST_CODE: Final = 0o2000
_FOR_EVER: Final = 1e12


class Ghosts(msgspec.Struct, frozen=True):
    """G aircraft that exist in ADS-B only.

    lines      as a sky's; their numbers begin behind all real ones
    kinds      (G,)  of `elements.AircraftKind`
    address    (G,)  ICAO 24-bit
    callsign   (G,)
    mode_3a    (G,)
    begin_s, end_s  (G,)  s   the event's; a ghost is gone at its end, wherever its flight is then
    """

    lines: nav.Lines
    kinds: tuple[AircraftKind, ...]
    address: NDArray[np.int64]
    callsign: tuple[str, ...]
    mode_3a: NDArray[np.int64]
    begin_s: Floats
    end_s: Floats


def lines_of(sky: Sky) -> nav.Lines:
    """The sky as the kernels of reports take it."""
    return nav.Lines(sky.pieces, sky.first, sky.cycle_s, sky.phase_s, 0)


def listeners(scenario: Scenario, kind: str) -> tuple[Floats, Floats]:
    """Rows (S, LISTENER_COLUMNS) of the sensors of a kind, and their receivers (N, RECEIVER_COLUMNS)."""
    rows: list[Floats] = []
    receivers: list[Floats] = []
    for index, sensor in enumerate(scenario.sensor):
        if sensor.kind != kind:
            continue
        effects = scenario.effects_of(sensor.id)
        row = _listener(index, sensor, effects)
        row[nav.RECEIVERS_FROM] = len(receivers)
        for lat_deg, lon_deg, height_m in scenario.receivers.get(sensor.id, ()):
            where = lla_to_ecef(math.radians(lat_deg), math.radians(lon_deg), height_m)
            receivers.append(np.array([*where, height_m - effects.mast_m]))
        row[nav.RECEIVERS_TO] = len(receivers)
        rows.append(row)
    return (
        np.array(rows).reshape(-1, nav.LISTENER_COLUMNS),
        np.array(receivers).reshape(-1, mlat.RECEIVER_COLUMNS),
    )


def _listener(index: int, sensor: Sensor, effects: Effects) -> Floats:
    x, y, z = lla_to_ecef(math.radians(sensor.lat_deg), math.radians(sensor.lon_deg), sensor.height_m)
    values = {
        nav.X: x, nav.Y: y, nav.Z: z,
        nav.GROUND: sensor.height_m - effects.mast_m, nav.MAST: effects.mast_m,
        nav.EARTH: effects.horizon_k * MEAN_RADIUS_M if effects.horizon else 0.0,
        nav.INDEX: index, nav.PERIOD: sensor.period_s, nav.RANGE_MAX: sensor.range_max_m, nav.PD: sensor.pd,
        nav.SIGMA: effects.gnss_sigma_m, nav.SIGMA_PERIOD: max(effects.gnss_period_s, 1.0),
        nav.POOR: effects.gnss_poor, nav.LATENCY: effects.report_latency_s,
        nav.STALE: effects.stale, nav.STALE_AGE: effects.stale_s,
        nav.DROPOUT: effects.dropout, nav.DROPOUT_LENGTH: max(effects.dropout_s, 0.1),
        nav.QUANTISED: effects.quantised,
        nav.ARRIVAL: effects.mlat_time_ns * 1e-9 * SPEED_OF_LIGHT_MPS,
        nav.RECEIVERS_FROM: 0, nav.RECEIVERS_TO: 0,
    }  # fmt: skip
    return np.array([float(values[column]) for column in range(nav.LISTENER_COLUMNS)])


def interference(scenario: Scenario, sky: Sky) -> nav.Interference:
    """The scenario's jammers and spoofers of satellite navigation. Raises InputError for an unknown `who`."""
    areas: list[list[float]] = []
    drifts: list[list[float]] = []
    for event in scenario.event:
        begin, end = lasts(event)
        end = min(end, _FOR_EVER)
        if isinstance(event, GnssJamming):
            centre = place(event.lat_deg, event.lon_deg)
            areas.append([nav.JAMMED, begin, end, *centre.tolist(), event.radius_m, 0.0, 0.0])
        elif isinstance(event, SpoofCircle):
            centre = place(event.lat_deg, event.lon_deg)
            to = (math.radians(event.to_lat_deg), math.radians(event.to_lon_deg))
            areas.append([nav.CIRCLING, begin, end, *centre.tolist(), event.radius_m, *to])
        elif isinstance(event, SpoofDrift):
            who = resolve(event.who, sky)
            drifts.append([who.line, who.flight, begin, end, event.east_mps, event.north_mps])
    return nav.Interference(
        np.array(areas).reshape(-1, nav.AREA_COLUMNS), np.array(drifts).reshape(-1, nav.DRIFT_COLUMNS)
    )


def ghosts(scenario: Scenario) -> Ghosts:
    """Lay the flights that false ADS-B messages claim."""
    events = [event for event in scenario.event if isinstance(event, Ghost)]
    flights = [event.flight for event in events]
    begins = np.array([event.begin_s for event in events])
    addresses = [_GHOST_ADDRESS + i if f.address is None else f.address for i, f in enumerate(flights)]
    codes = [_GHOST_CODE if f.mode_3a is None else check_code(f.mode_3a, f.id) for f in flights]
    return Ghosts(
        lines=_laid(flights, begins + np.array([flight.begin_s for flight in flights])),
        kinds=tuple(flight.kind for flight in flights),
        address=np.array(addresses, np.int64),
        callsign=tuple(f.callsign or f"GST{i + 1:03d}" for i, f in enumerate(flights)),
        mode_3a=np.array(codes, np.int64),
        begin_s=begins,
        end_s=np.array([min(lasts(event)[1], _FOR_EVER) for event in events]),
    )


def _laid(flights: Sequence[ScriptedFlight], begins: Floats) -> nav.Lines:
    """Lines of one flight each, the first of which begins at `begins` [s]."""
    pieces = np.zeros((0, PIECE_COLUMNS))
    if not flights:
        return nav.Lines(pieces, np.zeros(1, np.int64), np.zeros(0), np.zeros(0), LINES_MAX)
    made = [scripted(flight).flights[0] for flight in flights]
    width = max(len(flight.waypoints) for flight in made)
    waypoints = np.zeros((len(made), width, 3))
    for i, flight in enumerate(made):
        waypoints[i, : len(flight.waypoints)] = flight.waypoints
    counts = np.array([len(flight.waypoints) for flight in made], np.int64)
    plans = np.array([flight.plan for flight in made])
    pieces = np.zeros((int((2 * counts + 8).sum()) + 1, PIECE_COLUMNS))
    ground = np.array([flight.ground_s for flight in made])
    first, cycle = lay_lines(waypoints, counts, plans, ground, 1, pieces)
    return nav.Lines(pieces, first, cycle, -begins, LINES_MAX)
