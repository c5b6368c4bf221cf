"""A small sky for the tracker's tests: exact WGS-84 aircraft, rotating radars, noise, misses, false plots.

Independent of `asman.exercise` on purpose: the tracker's oracle must not share code with what feeds the demo.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from asman.kernels.geodesy import lla_to_polar_array
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor

EPOCH_S = 1_700_000_000


@dataclass
class Sky:
    """Truth on a grid of one second: arrays (aircraft, second)."""

    lat: np.ndarray
    lon: np.ndarray
    altitude: np.ndarray
    vn: np.ndarray
    ve: np.ndarray
    begin_s: np.ndarray
    end_s: np.ndarray
    address: np.ndarray
    mode_3a: np.ndarray
    callsign: list[str] = field(default_factory=list)

    def at(self, which: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        i = np.clip(t.astype(int), 0, self.lat.shape[1] - 2)
        f = t - i
        return tuple((1 - f) * a[which, i] + f * a[which, i + 1] for a in (self.lat, self.lon, self.altitude))


def fly(
    rng: np.random.Generator,
    count: int,
    seconds: int,
    *,
    lat_deg: float = 43.0,
    lon_deg: float = 75.0,
    spread_m: float = 150_000.0,
    turning: bool = True,
    speed_mps: tuple[float, float] = (120.0, 260.0),
    turn_degps: float = 1.5,
) -> Sky:
    """Aircraft that cruise, turn now and then, climb now and then."""
    n = seconds + 30
    lat = np.empty((count, n))
    lon, alt, vn, ve = np.empty_like(lat), np.empty_like(lat), np.empty_like(lat), np.empty_like(lat)
    dn, de = rng.uniform(-spread_m, spread_m, (2, count))
    la = math.radians(lat_deg) + dn / 6.371e6
    lo = math.radians(lon_deg) + de / 6.371e6 / np.cos(la)
    h = rng.uniform(2_000, 11_000, count)
    speed = rng.uniform(*speed_mps, count)
    heading = rng.uniform(0, 2 * np.pi, count)
    turn = np.zeros(count)
    climb = np.zeros(count)
    for t in range(n):
        lat[:, t], lon[:, t], alt[:, t] = la, lo, h
        vn[:, t], ve[:, t] = speed * np.cos(heading), speed * np.sin(heading)
        if turning:
            change = rng.random(count)
            turn = np.where(
                change < 1 / 120,
                rng.uniform(-1, 1, count) * np.radians(turn_degps),
                np.where(change < 1 / 60, 0.0, turn),
            )
            rise = rng.random(count)
            climb = np.where(rise < 1 / 150, rng.uniform(-12, 12, count), np.where(rise < 1 / 75, 0.0, climb))
        climb = np.where((h > 12_000) & (climb > 0) | (h < 1_500) & (climb < 0), 0.0, climb)
        # Midpoint rule: half a second on the old heading, half on the new.
        middle = heading + turn / 2
        w2 = 1 - 0.00669437999014 * np.sin(la) ** 2
        prime = 6378137.0 / np.sqrt(w2)
        meridian = prime * (1 - 0.00669437999014) / w2
        la = la + speed * np.cos(middle) / (meridian + h)
        lo = lo + speed * np.sin(middle) / ((prime + h) * np.cos(la))
        h = h + climb
        heading = heading + turn
    code = rng.choice(
        np.setdiff1d(np.arange(1, 4096), [0o1000, 0o2000, 0o7000, 0o1200]), count, replace=count > 4000
    )
    return Sky(
        lat, lon, alt, vn, ve, np.zeros(count), np.full(count, float(seconds)),
        rng.choice(0xFFFFFF, count, replace=False).astype(np.int64), code,
        [f"ASM{i:04d}" for i in range(count)],
    )  # fmt: skip


def radar(name: str, lat_deg: float, lon_deg: float, **changes) -> Sensor:
    values = {
        "period_s": 4.0,
        "range_max_m": 250_000.0,
        "sigma_range_m": 60.0,
        "sigma_azimuth_deg": 0.07,
        "pd": 0.93,
        "false_plots_per_scan": 4.0,
    }
    return Sensor(id=name, lat_deg=lat_deg, lon_deg=lon_deg, height_m=800.0, **(values | changes))


def observe(rng: np.random.Generator, sky: Sky, sensor: Sensor, seconds: int) -> dict[str, np.ndarray]:
    """Plots of one rotating radar, each at the moment when its beam passes; `truth` -1 = false."""
    parts = []
    site = math.radians(sensor.lat_deg), math.radians(sensor.lon_deg), sensor.height_m
    phase = rng.uniform(0, sensor.period_s)
    everyone = np.arange(sky.lat.shape[0])
    for scan in range(-1, int(seconds / sensor.period_s) + 1):
        begin = scan * sensor.period_s + phase
        t = np.full(everyone.size, begin + sensor.period_s / 2)
        for _ in range(3):
            rho, theta, elevation = lla_to_polar_array(*sky.at(everyone, np.maximum(t, 0)), *site)
            t = begin + theta / (2 * np.pi) * sensor.period_s
        seen = (rho < sensor.range_max_m) & (elevation > -0.002) & (rng.random(everyone.size) < sensor.pd)
        seen &= (t >= np.maximum(0, sky.begin_s)) & (t < np.minimum(seconds, sky.end_s))
        who = everyone[seen]
        false = rng.poisson(sensor.false_plots_per_scan)
        az = rng.uniform(0, 2 * np.pi, false)
        range_m = np.r_[
            rho[seen] + rng.normal(0, sensor.sigma_range_m, who.size),
            rng.uniform(3e3, sensor.range_max_m, false),
        ]
        azimuth = (
            np.r_[np.degrees(theta[seen]) + rng.normal(0, sensor.sigma_azimuth_deg, who.size), np.degrees(az)]
            % 360
        )
        _, _, altitude = sky.at(who, t[seen])
        flight_level = np.round(altitude / 0.3048 / 25) * 25 * 0.3048
        parts.append(
            {
                "t": np.r_[t[seen], begin + az / (2 * np.pi) * sensor.period_s],
                "range_m": range_m,
                "azimuth_deg": azimuth,
                "altitude": np.r_[flight_level, np.full(false, np.nan)],
                "truth": np.r_[who, np.full(false, -1)],
            }
        )
    columns = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}
    keep = (columns["t"] >= 0) & (columns["t"] < seconds)
    return {key: value[keep] for key, value in columns.items()} | {"sensor": np.full(keep.sum(), sensor.id)}


def plots_table(
    parts: list[dict[str, np.ndarray]], sky: Sky, *, identity: str = "modes"
) -> tuple[pa.Table, np.ndarray]:
    """PLOTS sorted by time, and the aircraft behind each; identity: "modes", "ssr" or "psr"."""
    columns = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}
    order = np.argsort(columns["t"], kind="stable")
    columns = {key: value[order] for key, value in columns.items()}
    truth = columns["truth"].astype(int)
    real = truth >= 0
    size = truth.size
    none = ~real

    def column(values, hidden):
        return pa.array(values, mask=hidden)

    dark = np.ones(size, bool)
    ssr = none if identity in ("modes", "ssr") else dark
    modes = none if identity == "modes" else dark
    data = {
        "time": pa.array(((EPOCH_S + columns["t"]) * 1e9).astype(np.int64)).cast(
            pa.timestamp("ns", tz="UTC")
        ),
        "sensor": pa.array(columns["sensor"]).dictionary_encode(),
        "range_m": pa.array(columns["range_m"]),
        "azimuth_deg": pa.array(columns["azimuth_deg"]),
        "pressure_altitude_m": column(np.nan_to_num(columns["altitude"]), ssr),
        "mode_3a": column(sky.mode_3a[truth].astype(np.int16), ssr),
        "address": column(sky.address[truth].astype(np.int32), modes),
        "callsign": column(np.array(sky.callsign)[truth], modes),
    }
    arrays = [data[f.name].cast(f.type) if f.name in data else pa.nulls(size, f.type) for f in PLOTS]
    return pa.Table.from_arrays(arrays, schema=PLOTS), truth


def metres(lat_deg, lon_deg, lat0, lon0):
    """East and north of points (deg) from others (rad), near each other."""
    return (
        (np.radians(lon_deg) - lon0) * 6.378e6 * np.cos(lat0) * (1 + 0.00335 * np.sin(lat0) ** 2),
        (np.radians(lat_deg) - lat0) * 6.3568e6 * (1 + 0.0101 * np.sin(lat0) ** 2 - 0.0034),
    )
