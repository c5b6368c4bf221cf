"""Recordings made up of ways that are known exactly, and the faults that archives have."""

import math

import numpy as np
import pyarrow as pa

from asman.model.trajectories import TRAJECTORIES

BEGIN_NS = 1_700_000_000 * 10**9
RADIUS_M = 6_371_008.8


def table(flight="F", **columns) -> pa.Table:
    """TRAJECTORIES rows of seconds (`s`) and whatever other columns are given."""
    count = len(columns["s"])
    given = {
        "time": BEGIN_NS + np.round(np.asarray(columns.pop("s")) * 1e9).astype(np.int64),
        "flight": [flight] * count,
        **columns,
    }
    arrays = []
    for field in TRAJECTORIES:
        values = given.get(field.name)
        if values is None:
            arrays.append(pa.nulls(count, field.type))
        elif isinstance(values, np.ndarray) and values.dtype.kind == "f":
            arrays.append(pa.array(values, field.type, mask=np.isnan(values)))
        elif field.name == "time":
            arrays.append(pa.array(values).cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=TRAJECTORIES)


def racetrack(seconds, speed_mps=120.0, radius_m=6_000.0, leg_m=20_000.0, lat_deg=47.0, lon_deg=8.0):
    """Latitude, longitude, speed and track [deg, m/s] of a holding pattern, on the sphere, near enough."""
    lap = 2.0 * leg_m + 2.0 * math.pi * radius_m
    way = np.mod(np.asarray(seconds) * speed_mps, lap)
    bend = math.pi * radius_m
    north = np.where(way < leg_m, way, leg_m)
    east = np.zeros_like(way)
    track = np.zeros_like(way)
    first = (way >= leg_m) & (way < leg_m + bend)
    turn = (way - leg_m) / radius_m
    north = np.where(first, leg_m + radius_m * np.sin(turn), north)
    east = np.where(first, radius_m * (1.0 - np.cos(turn)), east)
    track = np.where(first, turn, track)
    back = (way >= leg_m + bend) & (way < 2.0 * leg_m + bend)
    north = np.where(back, leg_m - (way - leg_m - bend), north)
    east = np.where(back, 2.0 * radius_m, east)
    track = np.where(back, math.pi, track)
    last = way >= 2.0 * leg_m + bend
    turn = (way - 2.0 * leg_m - bend) / radius_m
    north = np.where(last, -radius_m * np.sin(turn), north)
    east = np.where(last, radius_m * (1.0 + np.cos(turn)), east)
    track = np.where(last, math.pi + turn, track)
    lat = np.radians(lat_deg) + north / RADIUS_M
    lon = np.radians(lon_deg) + east / (RADIUS_M * math.cos(math.radians(lat_deg)))
    return np.degrees(lat), np.degrees(lon), np.full(way.size, speed_mps), np.degrees(track)


def holding(seconds, flight="F", **changes) -> pa.Table:
    """A racetrack that climbs at 5 m/s from 1,000 m."""
    seconds = np.asarray(seconds, float)
    lat, lon, speed, track = racetrack(seconds)
    columns = {
        "s": seconds, "lat_deg": lat, "lon_deg": lon, "altitude_m": 1_000.0 + 5.0 * seconds,
        "speed_mps": speed, "track_deg": track, "climb_mps": np.full(seconds.size, 5.0),
        "address": [0x4B1815] * seconds.size, "callsign": ["SWR8"] * seconds.size, **changes,
    }  # fmt: skip
    return table(flight, **columns)


def apart_m(lat_a, lon_a, lat_b, lon_b):
    """Distances on the sphere, small ones well."""
    half = 0.5 * np.pi / 180.0
    s = np.sin((lat_b - lat_a) * half) ** 2
    s = s + np.cos(lat_a * 2 * half) * np.cos(lat_b * 2 * half) * np.sin((lon_b - lon_a) * half) ** 2
    return 2.0 * RADIUS_M * np.arcsin(np.sqrt(s))
