"""Recorded traffic: real trajectories cleaned, smoothed, laid as paths, and copied into a dense sky.

A recording becomes traffic in four steps, each a room of its own: `recorded_rows` leaves out what cannot be,
`kernels.recorded_spline` smooths what is left, `kernels.recorded_path` lays it as pieces that `motion` flies,
and `recorded_copies` makes a collage of it. Only what flies is flown; a recorded altitude, which is by
pressure, is flown as height; where nobody recorded, the smoothest way between is flown, up to the gap that
cuts a flight in two. Nothing here is random but the collage.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise.recorded_copies import make_copies
from asman.exercise.recorded_rows import Cleaned, clean
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.recorded_path import follow, lay_curve, strains
from asman.kernels.recorded_spline import fit_curve
from asman.units import SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: One standard deviation of a recorded place [m] (ADS-B: NACp 9 is 30 m in 95 %, CPR adds 5 m), of its time
#: [s] (cut to whole seconds); of a recorded speed at rest [m/s] and by its share (stale by a second).
ACROSS_M: Final = 10.0
LATE_S: Final = 0.35
RATE_FLOOR_MPS: Final = 1.5
RATE_SHARE: Final = 0.025
#: The same of heights: steps of 25 ft, and climbs of 64 ft/min, both old by a second.
HEIGHT_M: Final = 8.0
CLIMB_FLOOR_MPS: Final = 1.0
CLIMB_SHARE: Final = 0.1
#: Densities of jerk [m²/s⁵] to try: airliner, light aircraft and helicopter, fast jet, aerobatics.
JERKS: Final = (0.1, 1.0, 10.0, 100.0)
#: The same of vertical acceleration [m²/s³].
CLIMBS: Final = (0.3, 3.0, 30.0)
#: Knots of the smoothed curves [s].
STEP_S: Final = 4.0
#: How far pieces may be off the smoothed curves [m].
NEAR_M: Final = 5.0
NEAR_HEIGHT_M: Final = 5.0
#: More than this pulled [g] between samples usually further apart than that [s]: nobody saw such a manoeuvre.
UNSEEN_G: Final = 1.0
UNSEEN_S: Final = 5.0
#: A sample so many standard deviations off the curve is set aside as wrong.
ASIDE_SIGMAS: Final = 6.0
GRAVITY_MPS2: Final = 9.80665


class Spread(msgspec.Struct, frozen=True):
    """Median, 95 % quantile and greatest of the sizes of something."""

    p50: float
    p95: float
    most: float


class Deviation(msgspec.Struct, frozen=True):
    """How far laid paths are from the samples that were left, and how smooth they are.

    horizontal_m, across_m, along_m, height_m   samples against the path at their time; along the track
                    mostly the samples' time is wrong
    heading_jump_deg, speed_jump_mps, position_jump_m   greatest between two pieces
    acceleration_g  horizontal, of all pieces, by time
    """

    horizontal_m: Spread
    across_m: Spread
    along_m: Spread
    height_m: Spread
    heading_jump_deg: float
    speed_jump_mps: float
    position_jump_m: float
    acceleration_g: Spread


class Laid(msgspec.Struct, frozen=True):
    """F flights as pieces, each from its own time 0.

    pieces     (K, 12)  see `kernels.motion`
    first      (F+1,)   first piece of each flight
    begin_s    (F,)  s  after the recording's first sample
    seconds    (F,)  s  that it flies
    centre     (3,)     unit normal of the recording's middle
    address    (F,)     -1 where unknown
    callsign, kind
    counted    what was left out, and why: (words, count)
    deviation  None where nothing flies
    """

    pieces: Floats
    first: Ints
    begin_s: Floats
    seconds: Floats
    centre: Floats
    address: Ints
    callsign: tuple[str | None, ...]
    kind: tuple[str, ...]
    counted: tuple[tuple[str, int], ...]
    deviation: Deviation | None


class RecordedTraffic(msgspec.Struct, frozen=True):
    """L lines for a sky: F flights, `copies` times over; line = copy * F + flight.

    pieces     (K, 12)  see `kernels.motion`; all fly flight 0 of their cycle
    first      (L+1,)   first piece of each line
    cycle_s    (L,)  s  until it flies again
    phase_s    (L,)  s  where in its cycle it is at time 0
    address    None where unknown, and for copies after the first: give them new ones
    callsign   the same
    kind       airliner, light, helicopter, fast_jet
    counted    what cleaning left out, and why: (words, count)
    deviation  None where nothing flies
    """

    pieces: Floats
    first: Ints
    cycle_s: Floats
    phase_s: Floats
    address: tuple[int | None, ...]
    callsign: tuple[str | None, ...]
    kind: tuple[str, ...]
    counted: tuple[tuple[str, int], ...]
    deviation: Deviation | None


def lay_recorded(
    trajectories: pa.Table, *, copies: int, anchors: Sequence[tuple[float, float]], spread_m: float,
    turn: bool, repeat_s: float | None, rng: np.random.Generator, gap_s: float = 120.0,
) -> RecordedTraffic:  # fmt: skip
    """Lay recorded trajectories as lines of a sky, as often as asked.

    trajectories  TRAJECTORIES rows
    copies        how often the whole recording flies, 1 or more
    anchors       (latitude, longitude) [deg] that the recording's middle comes to, by turns; none: stays
    spread_m   m  copies after the first lie at random within this of their anchor
    turn          copies after the first are turned about their anchor at random
    repeat_s   s  a flight flies again after so long (twice or more of it, where it flies longer than that);
                  None: when the whole recording is over. Copies after the first are shifted in time at random
    rng           of the collage
    gap_s      s  where nobody recorded for longer, a flight ends and another begins

    Raises InputError where a number makes no sense, or where no flight is left to fly.
    """
    laid = lay_flights(trajectories, gap_s)
    flights = len(laid.kind)
    if not flights:
        why = "; ".join(f"{count} {words}" for words, count in laid.counted if count)
        raise InputError("trajectories", f"no flight is left to fly ({why})", "Give a recording of flights.")
    pieces, first, cycle, phase = make_copies(
        laid.pieces, laid.first, laid.begin_s, laid.seconds, laid.centre, copies, anchors, spread_m, turn,
        repeat_s, rng,
    )  # fmt: skip
    others = (None,) * (flights * (copies - 1))
    return RecordedTraffic(
        pieces=pieces,
        first=first,
        cycle_s=cycle,
        phase_s=phase,
        address=tuple(int(one) if one >= 0 else None for one in laid.address) + others,
        callsign=laid.callsign + others,
        kind=laid.kind * copies,
        counted=laid.counted,
        deviation=laid.deviation,
    )


def lay_flights(trajectories: pa.Table, gap_s: float = 120.0) -> Laid:
    """Clean, smooth and lay every flight of TRAJECTORIES rows, once and where it was."""
    rows = clean(trajectories, gap_s)
    flights = rows.start.size - 1
    recorded_ns = int(rows.time_ns[rows.start[:-1]].min()) if flights else 0
    laid: list[Floats] = []
    off: list[Floats] = []
    asked: list[Floats] = []
    flown: list[int] = []
    aside, loose = np.zeros(2, np.int64), 0
    for f in range(flights):
        kept = slice(rows.start[f], rows.start[f + 1])
        seconds = (rows.time_ns[kept] - rows.time_ns[kept][0]) / SECOND_NS
        pieces, sigmas, jerk = _lay(rows, kept, seconds)
        strain = strains(pieces)
        if strain[:, 0].max() > UNSEEN_G * GRAVITY_MPS2 and np.median(np.diff(seconds)) > UNSEEN_S:
            continue
        misses = follow(pieces, seconds, rows.normals[kept], rows.altitude_m[kept])
        far = sigmas > ASIDE_SIGMAS
        aside += far.sum(axis=0)
        misses[far[:, 0], :2] = np.nan
        misses[far[:, 1], 2] = np.nan
        loose += jerk > JERKS[0]
        flown.append(f)
        laid.append(pieces)
        off.append(misses)
        asked.append(strain)
    first = np.concatenate([[0], np.cumsum([len(one) for one in laid])]).astype(np.int64)
    begins = ((rows.time_ns[rows.start[:-1]] - recorded_ns) / SECOND_NS)[flown]
    lasts = ((rows.time_ns[rows.start[1:] - 1] - recorded_ns) / SECOND_NS)[flown]
    centre = rows.normals.mean(axis=0) if flights else np.array((1.0, 0.0, 0.0))
    return Laid(
        pieces=np.concatenate(laid) if laid else np.zeros((0, 12)),
        first=first,
        begin_s=begins,
        seconds=lasts - begins,
        centre=centre / np.linalg.norm(centre),
        address=rows.address[flown],
        callsign=tuple(rows.callsign[f] for f in flown),
        kind=tuple(
            guess_kind(pieces, strain, end)
            for pieces, strain, end in zip(laid, asked, lasts - begins, strict=True)
        ),
        counted=(
            *rows.counted,
            ("samples set aside: far off the smooth path", int(aside[0])),
            ("heights set aside: far off the smooth path", int(aside[1])),
            (f"flights left out: they pull {UNSEEN_G:g} g where nobody saw it", flights - len(flown)),
            ("flights smoothed less, for they manoeuvre", loose),
        ),
        deviation=_deviation(laid, off, asked, lasts - begins) if laid else None,
    )  # fmt: skip


def _lay(rows: Cleaned, kept: slice, seconds: Floats) -> tuple[Floats, Floats, float]:
    """Pieces of one flight, how many sigmas each place and height is off them (n, 2), the jerk it needed."""
    places = rows.normals[kept] * MEAN_RADIUS_M
    origin = places[0].copy()
    curve, sigmas, jerk = fit_curve(
        seconds, places - origin, rows.rates[kept], ACROSS_M, LATE_S, RATE_FLOOR_MPS, RATE_SHARE, 3,
        np.array(JERKS), STEP_S,
    )  # fmt: skip
    heights, off, _ = fit_curve(
        seconds, rows.altitude_m[kept, None], rows.climb_mps[kept, None], HEIGHT_M, 0.0, CLIMB_FLOOR_MPS,
        CLIMB_SHARE, 2, np.array(CLIMBS), STEP_S,
    )  # fmt: skip
    pieces = lay_curve(curve, origin, heights, STEP_S, 0.0, float(seconds[-1]), NEAR_M, NEAR_HEIGHT_M)
    return pieces, np.stack((sigmas, off), axis=1), float(jerk)


def guess_kind(pieces: Floats, strain: Floats, seconds: float) -> str:
    """What kind of aircraft flew so, from its speeds, heights and turns.

    fast_jet    faster than 320 m/s, or 5 % of the time above 1.2 g beside gravity at more than 100 m/s
    airliner    faster than 110 m/s for 5 % of the time: jets and turboprops; one seen only on its last miles
                is slower, and taken for light
    helicopter  at least 5 % of the time slower than 18 m/s: nothing else flies so slowly
    light       the rest
    """
    spans = np.diff(pieces[:, 0], append=seconds)
    speeds = strain[:, 4]
    fast, slow = _quantile(speeds, spans, 0.95), _quantile(speeds, spans, 0.05)
    if fast > 320.0 or (fast > 100.0 and _quantile(strain[:, 0], spans, 0.95) > 1.2 * GRAVITY_MPS2):
        return "fast_jet"
    if fast > 110.0:
        return "airliner"
    return "helicopter" if slow < 18.0 else "light"


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """The value that `share` of the weight does not exceed."""
    order = np.argsort(values)
    at = np.searchsorted(np.cumsum(weights[order]), share * weights.sum())
    return float(values[order][min(int(at), values.size - 1)])


def _spread(values: Floats) -> Spread:
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size:
        return Spread(0.0, 0.0, 0.0)
    return Spread(float(np.median(sizes)), float(np.quantile(sizes, 0.95)), float(sizes.max()))


def _deviation(laid: list[Floats], off: list[Floats], asked: list[Floats], seconds: Floats) -> Deviation:
    misses, strain = np.concatenate(off), np.concatenate(asked)
    spans = np.concatenate([np.diff(one[:, 0], append=end) for one, end in zip(laid, seconds, strict=True)])
    pull = strain[:, 0] / GRAVITY_MPS2
    return Deviation(
        horizontal_m=_spread(np.hypot(misses[:, 0], misses[:, 1])),
        across_m=_spread(misses[:, 0]),
        along_m=_spread(misses[:, 1]),
        height_m=_spread(misses[:, 2]),
        heading_jump_deg=float(np.degrees(strain[:, 1].max())),
        speed_jump_mps=float(strain[:, 2].max()),
        position_jump_m=float(strain[:, 3].max()),
        acceleration_g=Spread(_quantile(pull, spans, 0.5), _quantile(pull, spans, 0.95), float(pull.max())),
    )
