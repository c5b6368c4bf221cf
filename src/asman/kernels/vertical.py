"""Vertical filter: altitude and climb rate from reported pressure altitudes in steps of 25 or 100 ft.

A Kalman filter of its own, because altitudes come quantised, sometimes garbled, and from some sensors
only. An aircraft that begins to climb leaves the gate of a quiet filter within two or three reports; the
filter then opens its climb rate instead of following noise all the time. A single wild altitude is a
garble: it is kept as a doubt and believed only when the next report stands by it.

One row of `vertical` (T, 7): 0 altitude m, 1 climb m/s, 2..4 variances aa, ac, cc, 5 doubted altitude m,
6 time of the doubt as seconds before the filter's time (negative when none is held). NaN altitude: none yet.

Source: Bar-Shalom, Li, Kirubarajan 2001, section 6.3.2 (white-noise acceleration), 11.2 (adaptive noise).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small

Floats = NDArray[np.float64]

FIELDS: Final = 7
#: Steps of 25 ft err by 2.2 m, encoders and their installation by more (ICAO Annex 10: 125 ft, 95 %).
SIGMA_M: Final = 10.0
#: m²/s³: light turbulence in level flight; a climb that begins is caught by the gate.
NOISE_M2PS3: Final = 0.3
#: m/s: climb rates of airliners stay below 20, of fighters below 120 for long.
CLIMB_SIGMA_MPS: Final = 12.0
CLIMB_MAX_MPS: Final = 150.0
#: Normalised innovation beyond which the filter opens its climb rate.
OPEN: Final = 4.0


@kernel
def begin_vertical(k: int, altitude: float, vertical: Floats) -> None:
    """Start the filter of track `k`; a NaN altitude leaves it empty."""
    vertical[k, 0] = altitude
    vertical[k, 1] = 0.0
    vertical[k, 2] = SIGMA_M * SIGMA_M
    vertical[k, 3] = 0.0
    vertical[k, 4] = CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS
    vertical[k, 5] = math.nan
    vertical[k, 6] = -1.0


@kernel
def predict_vertical(k: int, dt: float, vertical: Floats) -> None:
    """Carry the filter on by `dt` seconds."""
    ac, cc = vertical[k, 3], vertical[k, 4]
    vertical[k, 0] += dt * vertical[k, 1]
    vertical[k, 2] += dt * (2.0 * ac + dt * cc) + NOISE_M2PS3 * dt * dt * dt / 3.0
    vertical[k, 3] = ac + dt * cc + NOISE_M2PS3 * dt * dt / 2.0
    # Coasting must not open without end: no climb lasts at more than the usual rates.
    vertical[k, 4] = min(cc + NOISE_M2PS3 * dt, CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS * 4.0)
    if vertical[k, 6] >= 0.0:
        vertical[k, 6] += dt


@small
def altitude_fits(k: int, ahead: float, altitude: float, vertical: Floats) -> float:
    """Likelihood [1/m] of an altitude, `ahead` seconds on; garbles are the caller's to weigh in."""
    s = vertical[k, 2] + ahead * (2.0 * vertical[k, 3] + ahead * vertical[k, 4]) + SIGMA_M * SIGMA_M
    # A climb that is just beginning must not look like another aircraft.
    s += 900.0
    d = altitude - vertical[k, 0] - ahead * vertical[k, 1]
    return math.exp(-0.5 * d * d / s) / math.sqrt(2.0 * math.pi * s)


@kernel
def update_vertical(k: int, altitude: float, vertical: Floats) -> bool:
    """Take in an altitude at the filter's time; False when it is doubted as a garble."""
    if math.isnan(vertical[k, 0]):
        begin_vertical(k, altitude, vertical)
        return True
    s = vertical[k, 2] + SIGMA_M * SIGMA_M
    d = altitude - vertical[k, 0]
    if d * d > OPEN * OPEN * s:
        # More than a level-off or a new climb explains: garbled, unless the doubt before it says the same.
        room = 4.0 * math.sqrt(s) + 150.0
        if abs(d) > room:
            held = vertical[k, 6]
            near = held >= 0.0 and abs(altitude - vertical[k, 5]) < 50.0 + held * CLIMB_MAX_MPS * 0.5
            if near:
                climb = vertical[k, 1]
                begin_vertical(k, altitude, vertical)
                vertical[k, 1] = climb
                return True
            vertical[k, 5] = altitude
            vertical[k, 6] = 0.0
            return False
        vertical[k, 2] += d * d
        vertical[k, 4] += 25.0
        s = vertical[k, 2] + SIGMA_M * SIGMA_M
    elif d * d > 4.0 * s:
        vertical[k, 4] += 4.0
    gain_a = vertical[k, 2] / s
    gain_c = vertical[k, 3] / s
    vertical[k, 0] += gain_a * d
    vertical[k, 1] = min(max(vertical[k, 1] + gain_c * d, -CLIMB_MAX_MPS), CLIMB_MAX_MPS)
    vertical[k, 4] -= gain_c * vertical[k, 3]
    vertical[k, 3] -= gain_a * vertical[k, 3]
    vertical[k, 2] -= gain_a * vertical[k, 2]
    vertical[k, 6] = -1.0
    return True
