"""Where a multilateration system finds aircraft: by the times at which its receivers hear one message.

Receiver i hears at |x - r_i| / c + b + noise, b being the unknown time of sending. With the height known from
Mode C, the information that the times hold on the place east and north, b eliminated, is

    M = Σ (u_i - ū)(u_i - ū)ᵀ / (c σ)²

with u_i the horizontal part of the direction to receiver i, seen from the aircraft, and ū their mean. The
error is drawn from M⁻¹: a few metres inside the ring of receivers, growing with the square of the distance
outside. Where the geometry magnifies the error of a range a hundred times, nothing is given out.

Sources: D. J. Torrieri, "Statistical theory of passive location systems", IEEE Transactions on Aerospace and
Electronic Systems 20, 1984; EUROCAE ED-142; EUROCONTROL CAT020 edition 1.11, I041 (180 / 2^25 degrees), I500.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import navigation as nav
from asman.kernels import reports as rep
from asman.kernels.chance import FOR_MLAT, key_of, normal_pair, uniform
from asman.kernels.jit import kernel, part, rare
from asman.kernels.navigation import Lines, State
from asman.kernels.radar import DARK, FOOT_M, MODE_S, OF_AIRCRAFT, SECOND_NS, pressure_altitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of a receiver: its place, earth-centred, and the ground below its mast [m].
RECEIVER_X, RECEIVER_Y, RECEIVER_Z, RECEIVER_GROUND, RECEIVER_COLUMNS = range(5)

#: With the height known, three unknowns are left; a fourth receiver tells a wrong answer from the right one.
RECEIVERS_MIN: Final = 4
#: A geometry that magnifies a range error so many times gives nothing.
DILUTION_MAX: Final = 100.0
#: Under which numbers systems draw when they locate whom: no ADS-B service has them.
SERVICES_FROM: Final = 1 << 40
#: Step of CAT020 I041 [deg].
POSITION_STEP_DEG: Final = 180.0 / 2**25


@rare
def dilution(system: Floats, receivers: Floats, state: State) -> tuple[float, float, float]:
    """Variances east, north, and covariance of the place for a range error of 1 m; NaN where not found."""
    x, y, z = nav.normal_to_ecef(state.nx, state.ny, state.nz, state.h)
    level = math.sqrt(state.nx * state.nx + state.ny * state.ny)
    count = 0
    sum_e = sum_n = sum_ee = sum_nn = sum_en = 0.0
    for r in range(int(system[nav.RECEIVERS_FROM]), int(system[nav.RECEIVERS_TO])):
        dx = receivers[r, RECEIVER_X] - x
        dy = receivers[r, RECEIVER_Y] - y
        dz = receivers[r, RECEIVER_Z] - z
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        above = state.h - receivers[r, RECEIVER_GROUND]
        if distance > system[nav.RANGE_MAX]:
            continue
        if system[nav.EARTH] > 0.0 and distance > nav.horizon(system[nav.EARTH], system[nav.MAST], above):
            continue
        up = state.nx * dx + state.ny * dy + state.nz * dz
        e = (state.nx * dy - state.ny * dx) / level / distance
        n = (dz - state.nz * up) / level / distance
        count += 1
        sum_e, sum_n = sum_e + e, sum_n + n
        sum_ee, sum_nn, sum_en = sum_ee + e * e, sum_nn + n * n, sum_en + e * n
    if count < RECEIVERS_MIN:
        return math.nan, math.nan, math.nan
    ee, nn = sum_ee - sum_e * sum_e / count, sum_nn - sum_n * sum_n / count
    en = sum_en - sum_e * sum_n / count
    determinant = ee * nn - en * en
    if determinant <= 1e-14:
        return math.nan, math.nan, math.nan
    return nn / determinant, ee / determinant, -en / determinant


@part
def _worst(var_e: float, var_n: float, cov: float) -> float:
    """Standard deviation along the longer axis of an error ellipse."""
    half = 0.5 * (var_e - var_n)
    return math.sqrt(0.5 * (var_e + var_n) + math.sqrt(half * half + cov * cov))


@part
def _write(
    system: Floats, state: State, unit: tuple[float, float, float], key: np.uint64,
    atmosphere: tuple[float, float], step: float, out: Floats
) -> None:  # fmt: skip
    """Write one location into a report's floats: the true place and an error of this covariance."""
    scale = system[nav.ARRIVAL] * system[nav.ARRIVAL]
    var_e, var_n, cov = unit[0] * scale, unit[1] * scale, unit[2] * scale
    in_e, in_n = normal_pair(key, 0)
    sigma_e = math.sqrt(var_e)
    e = sigma_e * in_e
    n = 0.0
    if sigma_e > 0.0:
        along = cov / sigma_e
        n = along * in_e + math.sqrt(max(var_n - along * along, 0.0)) * in_n
    rep.truly(state, out)
    level = math.sqrt(state.nx * state.nx + state.ny * state.ny)
    out[rep.LAT] = math.degrees(out[rep.TRUE_LAT] + n / state.meridian)
    out[rep.LON] = math.degrees(out[rep.TRUE_LON] + e / (state.prime_vertical * level))
    if system[nav.QUANTISED] > 0.0:
        out[rep.LAT] = rep.stepped(out[rep.LAT], POSITION_STEP_DEG)
        out[rep.LON] = rep.stepped(out[rep.LON], POSITION_STEP_DEG)
    if out[rep.LON] >= 180.0:
        out[rep.LON] -= 360.0
    out[rep.PRESSURE] = pressure_altitude(state.h, atmosphere, step)
    out[rep.GEOMETRIC], out[rep.NORTH], out[rep.EAST], out[rep.UP] = math.nan, math.nan, math.nan, math.nan
    out[rep.VAR_E], out[rep.VAR_N], out[rep.COV_EN] = var_e, var_n, cov


@kernel
def locate(
    systems: Floats,
    receivers: Floats,
    lines: Lines,
    equipment: Ints,
    flights: int,
    atmosphere: tuple[float, float],
    seed: int,
    origin_ns: int,
    begin_ns: int,
    end_ns: int,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Every location that multilateration systems give in [begin, end); return the row after the last.

    systems    (S, LISTENER_COLUMNS)    place of each system's own reference is not used, only its receivers
    receivers  (N, RECEIVER_COLUMNS)
    equipment  (L,)             DARK, MODE_AC, MODE_S

    The other parameters are those of `reports.hear`.
    """
    begin, end = begin_ns / SECOND_NS, end_ns / SECOND_NS
    for s in range(systems.shape[0]):
        system = systems[s]
        index, interval = int(system[nav.INDEX]), system[nav.PERIOD]
        quantised = system[nav.QUANTISED] > 0.0
        low, high = nav.slots_of(begin, end, interval)
        for line in range(lines.cycle.size):
            if equipment[line] == DARK:
                continue
            step = (25.0 if equipment[line] == MODE_S else 100.0) * FOOT_M if quantised else 1e-6
            for slot in range(low, high + 1):
                t = nav.sent_at(seed, lines.number + line, SERVICES_FROM + index, interval, slot)
                t_ns = math.floor(t * SECOND_NS + 0.5)
                if t_ns < begin_ns or t_ns >= end_ns:
                    continue
                state = nav.state_of(lines, line, t)
                key = key_of(seed, FOR_MLAT, index, line, slot + 8)
                if state.flight < 0 or uniform(key, 2) >= system[nav.PD]:
                    continue
                if nav.silent(system, seed, line, t):
                    continue
                unit = dilution(system, receivers, state)
                if math.isnan(unit[0]) or _worst(unit[0], unit[1], unit[2]) > DILUTION_MAX:
                    continue
                if row < ints.shape[0]:
                    _write(system, state, unit, key, atmosphere, step, floats[row])
                    ints[row, rep.AT], ints[row, rep.SENSOR], ints[row, rep.WHO] = t_ns, index, line
                    ints[row, rep.AIRCRAFT] = rep.aircraft_of(lines, line, state, flights)
                    ints[row, rep.STAMP] = rep.stamped(origin_ns, t_ns, quantised)
                    ints[row, rep.CAUSE], ints[row, rep.TRUST] = OF_AIRCRAFT, nav.GOOD
                row += 1
    return row
