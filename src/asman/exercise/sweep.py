"""What each radar says of the sky in any span of time.

The rows of [a, c) are those of [a, b) and [b, c) together: crossings are solved from the scan they belong
to, neighbours are asked across the ends of the span, and every draw is a hash of (seed, radar, aircraft,
scan). So a live demo in steps of 100 ms and a batch of an hour are one and the same exercise.
"""

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.clutter import Clutter, false_plots
from asman.exercise.identities import said
from asman.exercise.interference import primary_factor
from asman.exercise.order import in_order
from asman.exercise.outages import silence_plots
from asman.exercise.plots import make_plots
from asman.exercise.scenario import Atmosphere, Scenario
from asman.exercise.sky import FLIGHTS, Sky, line_of
from asman.exercise.terrain import Masks
from asman.kernels import detection, meeting, viewing
from asman.kernels import radar as rad
from asman.kernels.chance import TURN
from asman.units import FOOT_M, SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Aircraft times scans that one call of the kernels may have to look at; longer spans are cut.
_LOOKS_MAX = 8_000_000


class World(NamedTuple):
    """All that radars sweep: the scenario, its sky, radars as numbers, what hides and what disturbs.

    masks     of the sites; None without terrain
    """

    scenario: Scenario
    sky: Sky
    radars: Floats
    clutter: Clutter
    masks: Masks | None


class Swept(NamedTuple):
    """What the radars said in a span of time.

    plots       PLOTS rows, by true time of crossing
    aircraft    (P,)  int64   who each plot is of, -1 for nobody: the truth index, for scoring only
    crossing_ns (P,)  int64   when the beam truly met it, ns UTC
    radar       (P,)  int64   index of its sensor in the scenario
    cause       (P,)  int64   why there is a plot: OF_* of `kernels.radar`
    garbled     (P,)  int64   bits CODE_IS_GARBLED, ALTITUDE_IS_GARBLED of `kernels.radar`
    motion      (P, 5)        velocity north, east, up [m/s], rate of turn [rad/s], signal to noise [dB]; NaN
    """

    plots: pa.Table
    aircraft: Ints
    crossing_ns: Ints
    radar: Ints
    cause: Ints
    garbled: Ints
    motion: Floats


def air(atmosphere: Atmosphere) -> tuple[float, float]:
    """Offset [m] and scale of height = offset + scale * pressure altitude."""
    return (atmosphere.qnh_hpa - 1013.25) * 27.3 * FOOT_M, 1.0 + atmosphere.isa_deviation_k / 288.15


def sweep(world: World, begin_ns: Ints, end_ns: Ints) -> Swept:
    """What every radar says in its own window.

    begin_ns, end_ns  (R,)  ns UTC, true time of crossing; end excluded; not before the exercise's begin
    """
    sky = world.sky
    begin = np.maximum(begin_ns - sky.begin_ns, 0)
    end = np.maximum(end_ns - sky.begin_ns, begin)
    looks_per_s = sky.cycle_s.size * float((1.0 / world.radars[:, rad.PERIOD]).sum())
    step_ns = max(int(_LOOKS_MAX / max(looks_per_s, 1.0) * SECOND_NS), SECOND_NS)
    parts = max(math.ceil(float((end - begin).max(initial=1)) / step_ns), 1)
    ints: list[Ints] = []
    floats: list[Floats] = []
    # One look in three is a meeting where radars stand dense; room that is not used costs nothing.
    room = 1024 + int(0.5 * looks_per_s * min(step_ns, int((end - begin).max(initial=0))) / SECOND_NS)
    for part in range(parts):
        low = np.minimum(begin + part * step_ns, end)
        i, f = _rows(world, low, np.minimum(low + step_ns, end), room)
        room = max(room, len(i) * 5 // 4)
        order = in_order(i[:, rad.AT], i[:, rad.RADAR], i[:, rad.AIRCRAFT], i[:, rad.CHANCE])
        ints.append(i[order])
        floats.append(f[order])
    rows, measures = np.concatenate(ints), np.concatenate(floats)
    return Swept(
        plots=make_plots(world.scenario, sky, rows, measures),
        aircraft=rows[:, rad.AIRCRAFT].copy(),
        crossing_ns=rows[:, rad.AT] + sky.begin_ns,
        radar=rows[:, rad.RADAR].copy(),
        cause=rows[:, rad.CAUSE].copy(),
        garbled=rows[:, rad.FLAWS] & (rad.CODE_IS_GARBLED | rad.ALTITUDE_IS_GARBLED),
        motion=measures[:, rad.NORTH :].copy(),
    )


def within(swept: Swept, begin_ns: Ints, end_ns: Ints) -> Swept:
    """Of what radars said, that of each radar's own window: exactly what `sweep` gives for it.

    begin_ns, end_ns  (R,)  ns UTC, as in `sweep`; within those that were swept
    """
    keep = (swept.crossing_ns >= begin_ns[swept.radar]) & (swept.crossing_ns < end_ns[swept.radar])
    return Swept(
        plots=swept.plots.filter(pa.array(keep)),
        aircraft=swept.aircraft[keep],
        crossing_ns=swept.crossing_ns[keep],
        radar=swept.radar[keep],
        cause=swept.cause[keep],
        garbled=swept.garbled[keep],
        motion=swept.motion[keep],
    )


def _rows(world: World, begin: Ints, end: Ints, room: int) -> tuple[Ints, Floats]:
    """Plots of aircraft and of nobody, in no order; too small a guess of their number is made good once."""
    sky = world.sky
    hits, geometry = _meetings(world, begin, end, room)
    at_ns = hits[:, meeting.HIT_AT] + sky.begin_ns
    told = said(world.scenario, sky, hits[:, meeting.HIT_AIRCRAFT], at_ns)
    rcs = sky.rcs_m2[line_of(hits[:, meeting.HIT_AIRCRAFT])]
    factor = primary_factor(world.scenario, world.radars, hits, geometry)
    first = np.searchsorted(hits[:, meeting.HIT_RADAR], np.arange(len(world.radars) + 1))
    room = max(room, len(hits) + len(hits) // 50 + 64)
    while True:
        ints, floats = np.empty((room, rad.PLOT_INTS), np.int64), np.empty((room, rad.PLOT_FLOATS))
        count = detection.detect(
            world.radars, hits, geometry, first, told.transponder, rcs, factor,
            air(world.scenario.atmosphere), world.scenario.seed, sky.begin_ns, begin, end, ints, floats,
        )  # fmt: skip
        if count <= room:
            break
        room = count
    echoes, moves = false_plots(
        world.scenario, world.clutter, world.radars, sky.pieces, sky.first, sky.cycle_s, sky.phase_s, FLIGHTS,
        sky.equipment, air(world.scenario.atmosphere), sky.begin_ns, begin, end,
    )  # fmt: skip
    # Who has switched off is not reflected either.
    answers = (echoes[:, rad.AIRCRAFT] >= 0) & (echoes[:, rad.SEEN] != rad.PSR)
    mute = answers.copy()
    at_ns = echoes[answers, rad.AT] + sky.begin_ns
    mute[answers] = said(world.scenario, sky, echoes[answers, rad.AIRCRAFT], at_ns).transponder == rad.DARK
    rows, measures = (
        np.concatenate([ints[:count], echoes[~mute]]),
        np.concatenate([floats[:count], moves[~mute]]),
    )
    return silence_plots(world.scenario, sky, rows, measures)


def _meetings(world: World, begin: Ints, end: Ints, room: int) -> tuple[Ints, Floats]:
    """Meetings of beams with aircraft in view, by radar and time; of the windows and a beam around them."""
    sky, radars = world.sky, world.radars
    widest = np.max(radars[:, [rad.SSR_BEAM, rad.PSR_CELL_ANGLE, rad.SSR_CELL_ANGLE]], axis=1)
    margin = np.ceil(widest / TURN * radars[:, rad.PERIOD] * 1.2 * SECOND_NS).astype(np.int64)
    some = end > begin
    low, high = np.where(some, np.maximum(begin - margin, 0), begin), np.where(some, end + margin, end)
    while True:
        ints, floats = np.empty((room, meeting.HIT_INTS), np.int64), np.empty((room, meeting.HIT_FLOATS))
        count = meeting.meet(
            radars, sky.pieces, sky.first, sky.cycle_s, sky.phase_s, FLIGHTS, low, high, ints, floats
        )
        if count <= room:
            break
        room = count
    ints, floats = ints[:count], floats[:count]
    if world.masks is not None:
        masks = world.masks
        behind = np.empty(count, bool)
        viewing.behind_ground(
            masks.sine, masks.range_step_m, masks.antenna_m, masks.earth_m, ints[:, meeting.HIT_RADAR],
            floats[:, meeting.HIT_RANGE], floats[:, meeting.HIT_AZIMUTH], floats[:, meeting.HIT_SINE],
            floats[:, meeting.HIT_HEIGHT], behind,
        )  # fmt: skip
        seen = ~behind | (radars[ints[:, meeting.HIT_RADAR], rad.HAS_TERRAIN] == 0.0)
        ints, floats = ints[seen], floats[seen]
    # By radar, then time: one number says both, as times of one span differ by less than three centuries.
    at, radar = ints[:, meeting.HIT_AT], ints[:, meeting.HIT_RADAR]
    since = at - at.min(initial=0)
    order = in_order(radar * (since.max(initial=0) + 1) + since, ints[:, meeting.HIT_AIRCRAFT])
    return ints[order], floats[order]
