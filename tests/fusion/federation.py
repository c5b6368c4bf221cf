"""A small federation for tests: straight flights, members' filters, contributions as rows."""

import math

import numpy as np
import pyarrow as pa

from asman.fusion import constant_velocity, equivalent_measurement, predict
from asman.fusion.equivalent import as_linear
from asman.fusion.estimate import Estimate
from asman.fusion.rows import TERMS, UPPER
from asman.kernels.geodesy import enu_to_lla, lla_to_enu
from asman.model.contribution import CONTRIBUTED

S = 10**9
BEGIN = 1_700_000_000 * S
LAT, LON = 43.0, 75.0
NOISE = 0.5


def place(e_m, n_m, lat=LAT, lon=LON):
    """Latitude and longitude of a place near the origin of a plane."""
    up = -(e_m * e_m + n_m * n_m) / 2.0 / 6.371e6
    there = enu_to_lla(e_m, n_m, up, math.radians(lat), math.radians(lon), 0.0)
    return math.degrees(there[0]), math.degrees(there[1])


def plane(lat_deg, lon_deg, lat=LAT, lon=LON):
    """East and north of a place: the inverse."""
    there = lla_to_enu(
        math.radians(lat_deg), math.radians(lon_deg), 0.0, math.radians(lat), math.radians(lon), 0.0
    )
    return np.array(there[:2])


def row(
    second, track=1, *, e_m=0.0, n_m=0.0, ve=100.0, vn=50.0, sigma_m=40.0, sigma_mps=3.0, lat=LAT, **more
):
    """A contributed row: a place east and north of 43 N 75 E at a second, moving on by itself."""
    time_ns = BEGIN + round(second * S)
    lat_deg, lon_deg = place(e_m + ve * second, n_m + vn * second, lat)
    plain = {
        "time": time_ns, "track": track, "lat_deg": lat_deg, "lon_deg": lon_deg,
        "altitude_m": 9_000.0, "altitude_sigma_m": 20.0, "vn_mps": vn, "ve_mps": ve, "climb_mps": 0.0,
        "geometric_altitude_m": None, "geometric_sigma_m": None,
        "existence": 0.99, "confirmed": True, "mode_3a": 0o1234,
        "address": 0x601000 + track, "callsign": "KGZ1",
        "contributors": ["r1"], "origin": "", "label": "", "last_plot_time": time_ns, "plots": 9,
        "on_ground": False, "simulated": False, "position_doubted": False,
        "var_e_m2": sigma_m**2, "var_n_m2": sigma_m**2, "cov_en_m2": 0.0, "var_ve_m2ps2": sigma_mps**2,
        "var_vn_m2ps2": sigma_mps**2, "cov_e_ve_m2ps": 0.0, "cov_e_vn_m2ps": 0.0, "cov_n_ve_m2ps": 0.0,
        "cov_n_vn_m2ps": 0.0, "cov_ve_vn_m2ps2": 0.0, "since": time_ns - S, "about": [0.0] * 4,
        "information": [0.0] * 10,
    }  # fmt: skip
    return {**plain, **more}


def table(*rows):
    """CONTRIBUTED of rows."""
    return pa.Table.from_pylist(list(rows), schema=CONTRIBUTED)


class Member:
    """One member's filter of one aircraft on a plane, fed with places; it tells what it learned."""

    def __init__(self, rng, truth, sigma_m):
        self.rng, self.sigma_m = rng, sigma_m
        start = truth + np.concatenate([rng.normal(0, sigma_m, 2), rng.normal(0, 5.0, 2)])
        self.estimate = Estimate(0, start, np.diag([sigma_m**2, sigma_m**2, 25.0, 25.0]))
        self.told = None

    def hear(self, second, truth):
        """Measure at a second, and tell: a row about the truth's plane at its own place."""
        motion = constant_velocity(second - self.estimate.time_ns / S, NOISE)
        before = predict(self.estimate, motion, second * S)
        seen = truth[:2] + self.rng.normal(0, self.sigma_m, 2)
        h = np.eye(2, 4)
        spread = h @ before.covariance @ h.T + self.sigma_m**2 * np.eye(2)
        gain = before.covariance @ h.T @ np.linalg.inv(spread)
        covariance = (np.eye(4) - gain @ h) @ before.covariance
        mean = before.mean + gain @ (seen - before.mean[:2])
        after = Estimate(second * S, mean, 0.5 * (covariance + covariance.T))
        learned = equivalent_measurement(self.estimate, after, motion)
        linear = as_linear(learned)
        off = linear.value - linear.matrix @ learned.reference
        about = learned.reference + np.linalg.pinv(linear.matrix) @ off
        self.estimate = after
        return after, about - after.mean, learned.information


def row_of(second, track, member, truth, **more):
    """A member's contribution after hearing the aircraft once more; `truth` in the plane at `lat`."""
    after, about, information = member.hear(second, truth)
    e, n, ve, vn = after.mean.tolist()
    told = row(second, track, e_m=e - ve * second, n_m=n - vn * second, ve=ve, vn=vn, altitude_m=0.0, **more)
    told |= {name: float(after.covariance[p, q]) for name, (p, q) in TERMS.items()}
    told |= {"about": about.tolist(), "information": information[UPPER].tolist(),
             "since": BEGIN + (second - 1) * S}  # fmt: skip
    return told
