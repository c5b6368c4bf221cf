"""The sky on which Asman and its peer are compared, and the plots as each is given them.

Made by asman.exercise: WGS-84, turning beams (a time for each plot), horizon, climbs, turns, Mode C.
What registration and clutter maps are for is turned off (systematic errors, refraction, standing clutter,
reflections, side lobes, splits): a textbook tracker does not claim to treat it. `whole` leaves it on.
"""

import tempfile
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import asman
from asman.model.sensor import Sensor, Sensors

Floats = NDArray[np.float64]
Level = Literal["mode_c", "echo", "codes"]

SECONDS: Final = 300
STEP_S: Final = 10
SETTLE_S: Final = 60
LAT_DEG: Final = 43.0
LON_DEG: Final = 75.0
#: What echoes are taken to fly at: the mean and spread of altitudes in this traffic.
ECHO_ALTITUDE_M: Final = 7_500.0
ECHO_SIGMA_M: Final = 3_000.0
EARTH_M: Final = 6_371_000.0
A_M: Final = 6_378_137.0
E2: Final = 0.00669437999014

_RADARS: Final = (
    ("NORTH", 44.3, 74.2, 600, 4.0),
    ("EAST", 43.2, 77.2, 800, 8.0),
    ("SOUTH", 41.8, 75.2, 900, 12.0),
    ("WEST", 43.0, 72.8, 700, 6.0),
)
_AIRPORTS: Final = (
    ("UCFM", 43.061, 74.478, 637), ("UAAA", 43.352, 77.041, 681), ("UADD", 42.854, 71.304, 666),
    ("UCFL", 42.588, 76.713, 1650), ("UAFN", 41.433, 76.0, 2050), ("UAAT", 45.05, 78.4, 500),
)  # fmt: skip
_OFF: Final = (
    "bias", "wobble", "clock", "site", "refraction", "clutter", "reflection", "ring-around", "split",
)  # fmt: skip


class Case(NamedTuple):
    """One sky.

    plots     PLOTS with everything in them
    aircraft  (P,) truth of each plot, -1: of nobody
    truth     TRUTH_TOLD each 5 s
    """

    plots: pa.Table
    aircraft: NDArray[np.int64]
    truth: pa.Table
    sensors: Sensors
    begin_ns: int


def toml(aircraft: int, whole: bool = False, radars: tuple[str, ...] = ()) -> str:
    """The scenario's text: a quarter of the airframes manoeuvre much of the time."""
    shares = {
        "airliners": 0.40, "overflights": 0.30, "circuits": 0.08, "helicopters": 0.06, "fast_jets": 0.10,
        "low_flyers": 0.06,
    }  # fmt: skip
    counts = {name: round(aircraft * share) for name, share in shares.items()}
    lines = [
        'name = "peer"', 'title = "Asman beside its peer"', "seed = 1", "begin = 2026-06-01T06:00:00Z",
        "area = { west_deg = 71.3, south_deg = 40.3, east_deg = 78.7, north_deg = 45.7 }",
        'member = [ { id = "KG", name = "KG", address_first = 0x601000, address_last = 0x601FFF, '
        'military = "BARS" } ]',
        'operator = [ { callsign = "MBB", address_first = 0x602000, address_last = 0x60FFFF } ]',
        "airport = [",
        *(
            f'  {{ icao = "{i}", lat_deg = {a}, lon_deg = {o}, elevation_m = {h}, base_of = "KG" }},'
            for i, a, o, h in _AIRPORTS
        ),
        "]", "[traffic]", *(f"{name} = {count}" for name, count in counts.items()),
        "mode_ac = 1.0", "ground_min_s = 120.0", "ground_max_s = 180.0",
    ]  # fmt: skip
    for number, (name, lat, lon, height, period) in enumerate(_RADARS):
        if not radars or name in radars:
            lines += [
                "[[sensor]]", f'id = "{name}"', 'member = "KG"', 'kind = "ssr"', f"lat_deg = {lat}",
                f"lon_deg = {lon}", f"height_m = {height}", f"period_s = {period}", "range_max_m = 300000",
                "sigma_range_m = 70", "sigma_azimuth_deg = 0.08", "pd = 0.9", "false_plots_per_scan = 35",
                "sac = 211", f"sic = {number + 1}",
            ]  # fmt: skip
    if not whole:
        lines += ["[effects.default]", f"off = {list(_OFF)}"]
    return "\n".join(lines) + "\n"


def make(aircraft: int, seed: int, whole: bool = False, radars: tuple[str, ...] = ()) -> Case:
    """Simulate a sky of so many airframes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peer.toml"
        path.write_text(toml(aircraft, whole, radars))
        made = asman.simulate(path, seconds=SECONDS, seed=seed, truth_every_s=5.0)
    begin = int(made.truth["time"].cast(pa.int64()).to_numpy().min())
    return Case(made.plots, _who(made.truth_index), made.truth, made.sensors, begin)


def _who(index: pa.Table) -> NDArray[np.int64]:
    return index["aircraft"].fill_null(-1).to_numpy().astype(np.int64)


def given(case: Case, level: Level) -> pa.Table:
    """The plots with no more in them than a level allows.

    mode_c   place and Mode C: Mode 3/A, address and callsign are taken out
    echo     place alone: slant range and azimuth
    codes    everything
    """
    names = {
        "mode_c": ("mode_3a", "address", "callsign", "mode_3a_valid"),
        "echo": (
            "mode_3a", "address", "callsign", "mode_3a_valid", "pressure_altitude_m", "altitude_valid",
        ),
        "codes": (),
    }[level]  # fmt: skip
    plots = case.plots
    for name in names:
        place = plots.schema.get_field_index(name)
        plots = plots.set_column(place, plots.schema.field(name), pa.nulls(plots.num_rows, plots[name].type))
    return plots


def oracle(case: Case) -> pa.Table:
    """Plots that tell whose they are by an address of their own; false plots bear one each."""
    plots = given(case, "mode_c")
    false = case.aircraft < 0
    known = {one: i + 1 for i, one in enumerate(np.unique(case.aircraft[~false]).tolist())}
    address = np.array([known.get(one, 0) for one in case.aircraft.tolist()], np.int32)
    address[false] = 8_000_000 + np.arange(int(false.sum()))
    place = plots.schema.get_field_index("address")
    return plots.set_column(place, plots.schema.field("address"), pa.array(address))


def only(plots: pa.Table, sensor: Sensor) -> pa.Table:
    """One radar's plots."""
    return plots.filter(pa.array(plots["sensor"].cast(pa.string()).to_numpy() == sensor.id))


def instants_ns(case: Case) -> NDArray[np.int64]:
    """When pictures are drawn."""
    return case.begin_ns + np.arange(STEP_S, SECONDS + 1, STEP_S) * 10**9


def for_peer(plots: pa.Table, case: Case) -> dict[str, Any]:
    """The plots as positions in one stereographic plane, each with its own covariance: not timed."""
    index = {sensor.id: i for i, sensor in enumerate(case.sensors)}
    sensor = np.array([index[name] for name in plots["sensor"].to_pylist()])
    good = plots["altitude_valid"].fill_null(True).to_numpy()
    altitude = plots["pressure_altitude_m"].to_numpy().astype(float)
    altitude = np.where(good, altitude, np.nan)
    unknown = np.isnan(altitude)
    altitude[unknown] = ECHO_ALTITUDE_M
    azimuth = np.radians(plots["azimuth_deg"].to_numpy())
    slant = plots["range_m"].to_numpy()
    site = np.array([[np.radians(s.lat_deg), np.radians(s.lon_deg), s.height_m] for s in case.sensors])
    lat, lon, ground = _placed(site[sensor], slant, azimuth, altitude)
    along, across = (
        np.array([(s.sigma_range_m, np.radians(s.sigma_azimuth_deg)) for s in case.sensors])[sensor, k]
        for k in (0, 1)
    )
    lean = np.where(unknown, ECHO_SIGMA_M, 0.0) * np.clip(altitude - site[sensor, 2], 0, None)
    radial = (along * slant / ground) ** 2 + (lean / ground) ** 2
    lateral = (across * ground) ** 2
    x, y = plane(lat, lon)
    # The plane's north differs from the radar's by the convergence of meridians.
    x0, y0 = plane(site[sensor, 0], site[sensor, 1])
    away = np.arctan2(x - x0, y - y0)
    s, c = np.sin(away), np.cos(away)
    noise = np.empty((slant.size, 2, 2))
    noise[:, 0, 0] = radial * s**2 + lateral * c**2
    noise[:, 1, 1] = radial * c**2 + lateral * s**2
    noise[:, 0, 1] = noise[:, 1, 0] = (radial - lateral) * s * c
    return {
        "t": (plots["time"].cast(pa.int64()).to_numpy() - case.begin_ns) / 1e9,
        "sensor": sensor,
        "places": np.stack([x, y], axis=1),
        "noise": noise,
        "instants": (instants_ns(case) - case.begin_ns) / 1e9,
    }


def _placed(site: Floats, slant: Floats, azimuth: Floats, height: Floats) -> tuple[Floats, Floats, Floats]:
    """Latitude and longitude [rad] of what is at a height, and how far it is along the ground [m].

    The elevation is found by Newton's method on the height of the ellipsoid, from the spherical answer.
    """
    lat, lon, h0 = site.T
    ecef0 = _ecef(lat, lon, h0)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)])
    north = np.cross(up.T, east.T).T
    level = np.sin(azimuth) * east + np.cos(azimuth) * north
    a, b = EARTH_M + h0, EARTH_M + np.maximum(height, h0 - 1000.0)
    sine = np.clip((b**2 - a**2 - slant**2) / (2.0 * a * slant), -1.0, 1.0)
    lat1, lon1 = lat, lon
    for _ in range(6):
        cosine = np.sqrt(np.maximum(1.0 - sine**2, 1e-6))
        lat1, lon1, h = _geodetic(ecef0 + slant * (sine * up + cosine * level))
        sine = np.clip(sine + (height - h) / slant, -0.999999, 0.999999)
    cosine = np.sqrt(1.0 - sine**2)
    return lat1, lon1, np.maximum(slant * cosine, 500.0)


def _ecef(lat: Floats, lon: Floats, h: Floats) -> Floats:
    n = A_M / np.sqrt(1.0 - E2 * np.sin(lat) ** 2)
    return np.stack(
        [(n + h) * np.cos(lat) * np.cos(lon), (n + h) * np.cos(lat) * np.sin(lon),
         (n * (1.0 - E2) + h) * np.sin(lat)]
    )  # fmt: skip


def _geodetic(p: Floats) -> tuple[Floats, Floats, Floats]:
    r = np.hypot(p[0], p[1])
    lat = np.arctan2(p[2], r * (1.0 - E2))
    for _ in range(4):
        n = A_M / np.sqrt(1.0 - E2 * np.sin(lat) ** 2)
        lat = np.arctan2(p[2] + E2 * n * np.sin(lat), r)
    n = A_M / np.sqrt(1.0 - E2 * np.sin(lat) ** 2)
    return lat, np.arctan2(p[1], p[0]), r / np.cos(lat) - n


def _radii() -> tuple[float, float]:
    s = np.sin(np.radians(LAT_DEG))
    w = 1.0 - E2 * s**2
    return float(A_M * (1.0 - E2) / w**1.5), float(A_M / np.sqrt(w))


def plane(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """East and north [m] in the stereographic plane about the middle, on the sphere that fits there."""
    radius = float(np.sqrt(np.prod(_radii())))
    f0, f, d = np.radians(LAT_DEG), lat, lon - np.radians(LON_DEG)
    k = 2.0 * radius / (1.0 + np.sin(f0) * np.sin(f) + np.cos(f0) * np.cos(f) * np.cos(d))
    return (
        k * np.cos(f) * np.sin(d),
        k * (np.cos(f0) * np.sin(f) - np.sin(f0) * np.cos(f) * np.cos(d)),
    )


def unplane(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Back: latitude and longitude [rad]."""
    radius = float(np.sqrt(np.prod(_radii())))
    f0, rho = np.radians(LAT_DEG), np.maximum(np.hypot(x, y), 1e-6)
    c = 2.0 * np.arctan2(rho, 2.0 * radius)
    lat = np.arcsin(np.cos(c) * np.sin(f0) + y * np.sin(c) * np.cos(f0) / rho)
    lon = np.radians(LON_DEG) + np.arctan2(
        x * np.sin(c), rho * np.cos(f0) * np.cos(c) - y * np.sin(f0) * np.sin(c)
    )
    return lat, lon
