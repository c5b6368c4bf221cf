"""What weather and jamming leave of the signal to noise of a primary echo.

Rain in the aircraft's own range and azimuth competes with it at any height, because a fan beam does not
tell heights apart; behind a cell the echo has twice lost what the rain takes, in decibels as the way
through the cell is long, if the ray passes below the cell's top. Both are scaled so that an aircraft that
is detected with the radar's reference probability loses the cell's share of detections within it, and
behind its whole diameter.

A jammer's noise adds to the receiver's own: with J times as much, 1 / (1 + J) of the signal to noise is
left. J falls with the square of the jammer's distance and with the antenna's gain off its direction, a
Gaussian main lobe over side lobes of -35 dB. Echoes fall with the fourth power, so that near aircraft burn
through by themselves.

Sources: Skolnik, Radar Handbook, 3rd edition, chapters 19 (rain) and 24 (jamming: burn-through, side
lobes); P. Swerling, IRE Transactions IT-6, 1960; ITU-R P.838 (rain takes so many decibels a kilometre).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import disturbance as dis
from asman.kernels import meeting as met
from asman.kernels import radar as rad
from asman.kernels.chance import TURN
from asman.kernels.detection import FALSE_ALARM, primary_snr
from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Gain of the antenna beside its main lobe, of the main lobe's.
SIDE_LOBES: Final = 10.0**-3.5
#: A beam is not narrower than this [rad], whatever resolution is asked for.
_BEAM_MIN: Final = math.radians(0.5)
#: Distance [m] at which a jammer's noise is counted.
JAMMER_AT_M: Final = 100_000.0


@part
def _lossy(radar: Floats, loss: float) -> float:
    """Signal to noise left, where the radar's reference detection loses the share `loss`."""
    # Swerling 1: log Pd = log F / (1 + S).
    reference = math.log(FALSE_ALARM) / (1.0 + radar[rad.SNR_PSR])
    left = math.log(FALSE_ALARM) / (reference + math.log(max(1.0 - loss, 1e-12))) - 1.0
    return max(left / radar[rad.SNR_PSR], 0.0) if radar[rad.SNR_PSR] > 0.0 else 0.0


@rare
def _behind_rain(radar: Floats, hit: Floats, cell: Floats, t: float) -> float:
    """What one cell leaves of a primary signal to noise."""
    lat, lon = dis.cell_place(cell, t)
    ce, cn, _ = dis.enu_of(radar, lat, lon, hit[met.HIT_HEIGHT])
    ground = hit[met.HIT_RANGE] * math.sqrt(max(1.0 - hit[met.HIT_SINE] * hit[met.HIT_SINE], 0.0))
    sine, cosine = math.sin(hit[met.HIT_AZIMUTH]), math.cos(hit[met.HIT_AZIMUTH])
    along, across = ce * sine + cn * cosine, ce * cosine - cn * sine
    radius = cell[dis.CELL_RADIUS]
    if abs(across) >= radius:
        return 1.0
    half = math.sqrt(radius * radius - across * across)
    enters, leaves = max(along - half, 0.0), min(along + half, ground)
    if leaves <= enters:
        return 1.0
    left = _lossy(radar, cell[dis.CELL_LOSS])
    if ground <= along + half:
        return left
    middle = 0.5 * (enters + leaves) / ground
    if radar[rad.HEIGHT] + middle * (hit[met.HIT_HEIGHT] - radar[rad.HEIGHT]) > dis.CELL_TOP_M:
        return 1.0
    return left ** ((leaves - enters) / (2.0 * radius))


@part
def _noise(radar: Floats, hit: Floats, jammer: Floats) -> float:
    """Noise of one jammer over the receiver's own, as the antenna looks at an aircraft."""
    range_, azimuth = dis.jammer_place(radar, jammer)
    if math.isnan(range_):
        return 0.0
    aside = hit[met.HIT_AZIMUTH] - azimuth
    aside -= TURN * math.floor(aside / TURN + 0.5)
    beams = aside / max(radar[rad.PSR_CELL_ANGLE], _BEAM_MIN)
    # Half the power at half a beam's width.
    gain = max(2.0 ** (-4.0 * beams * beams), SIDE_LOBES)
    distance = JAMMER_AT_M / max(range_, 1.0)
    return jammer[dis.JAMMER_NOISE] * distance * distance * gain


@kernel
def primary_factors(radars: Floats, hits: Ints, geometry: Floats, cells: Floats, jammers: Floats) -> Floats:
    """What is left of the primary signal to noise of each meeting (H,): 1 is all of it, 0 nothing.

    For a radar whose detection does not depend on signal to noise (SWERLING 0), the share of detections left
    of an aircraft of its reference cross-section.

    radars          (R, RADAR_COLUMNS)
    hits, geometry  (H, HIT_INTS), (H, HIT_FLOATS)   see `kernels.meeting`
    cells           (W, CELL_COLUMNS), jammers (J, JAMMER_COLUMNS)   see `kernels.disturbance`
    """
    factors = np.ones(hits.shape[0])
    for i in range(hits.shape[0]):
        radar, hit = radars[hits[i, met.HIT_RADAR]], geometry[i]
        if radar[rad.HAS_PSR] == 0.0:
            continue
        t = hits[i, met.HIT_AT] / rad.SECOND_NS
        factor = 1.0
        for w in range(cells.shape[0]):
            if cells[w, dis.CELL_BEGIN] <= t < cells[w, dis.CELL_END]:
                factor *= _behind_rain(radar, hit, cells[w], t)
        noise = 0.0
        for j in range(jammers.shape[0]):
            if jammers[j, dis.JAMMER_BEGIN] <= t < jammers[j, dis.JAMMER_END]:
                noise += _noise(radar, hit, jammers[j])
        factor /= 1.0 + noise
        if radar[rad.SWERLING] == 0.0 and factor < 1.0:
            signal = primary_snr(radar, hit[met.HIT_RANGE], radar[rad.PSR_RCS], 1.0)
            factor = FALSE_ALARM ** (1.0 / (1.0 + signal * factor) - 1.0 / (1.0 + signal))
        factors[i] = factor
    return factors
