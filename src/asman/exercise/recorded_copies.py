"""A collage: copies of laid flights at other places, other bearings and other times.

A copy is the whole recording, turned on the sphere of unit normals: distances between its aircraft, their
speeds, heights and turns stay what they were, so that a copy is as true a sky as the recording. On the
ellipsoid a length there is up to 0.7 % another one here (the radii of curvature differ by the flattening,
twice), which is a speed that nobody would notice: exact shapes are worth more than exact speeds.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise.routes import moved, place
from asman.kernels.motion import AXIS, CLIMB, FLIGHT, HEIGHT, NORMAL, RATE, RATE_CHANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Who has flown is not seen for so long at least [s]; the same as of any other airframe.
REST_S: Final = 120.0


def frame(normal: Floats, bearing_deg: float) -> Floats:
    """Columns: ahead at a bearing, right of it, up, at a place (unit normal)."""
    east = np.array((-normal[1], normal[0], 0.0))
    length = np.linalg.norm(east)
    east = east / length if length > 1e-12 else np.array((0.0, 1.0, 0.0))
    north = np.cross(normal, east)
    bearing = math.radians(bearing_deg)
    ahead = math.cos(bearing) * north + math.sin(bearing) * east
    return np.stack((ahead, np.cross(ahead, normal), normal), axis=1)


def make_copies(
    pieces: Floats, first: Ints, begin_s: Floats, seconds: Floats, centre: Floats, copies: int,
    anchors: Sequence[tuple[float, float]], spread_m: float, turn: bool, repeat_s: float | None,
    rng: np.random.Generator,
) -> tuple[Floats, Ints, Floats, Floats]:  # fmt: skip
    """Pieces, first pieces, cycles and phases of `copies` times the flights given.

    The first copy is the recording at the first anchor, north up, at its own time.
    pieces   (K, 12)   of F flights, each from its own time 0
    first    (F+1,)    first piece of each flight
    begin_s  (F,)   s  when each begins
    seconds  (F,)   s  how long it flies
    The rest as in `recorded.lay_recorded`.
    """
    if copies < 1:
        raise InputError("copies", f"at least 1 is needed, {copies} was given", "Give a positive number.")
    if not spread_m >= 0.0:
        raise InputError("spread_m", f"{spread_m:g} is no distance", "Give 0 or more metres.")
    if repeat_s is not None and not 60.0 <= repeat_s < math.inf:
        raise InputError("repeat_s", f"{repeat_s:g} s is too short", "Give 60 s or more.")
    period = repeat_s if repeat_s is not None else float((begin_s + seconds).max(initial=0.0)) + REST_S
    rotations, shifts = _draw(centre, copies, anchors, spread_m, turn, period, rng)
    rested, first = _with_rest(pieces, first, seconds)
    turned = np.broadcast_to(rested, (copies, *rested.shape)).copy()
    for columns in (slice(NORMAL, NORMAL + 3), slice(AXIS, AXIS + 3)):
        # Copy 0 of a recording that stays where it was keeps its bits.
        turned[:, :, columns] = np.einsum("cij,kj->cki", rotations, rested[:, columns])
        turned[:, :, columns] /= np.linalg.norm(turned[:, :, columns], axis=2, keepdims=True)
    cycle = period * np.maximum(np.ceil((seconds + REST_S) / period), 1.0)
    phase = np.mod(-(begin_s[None, :] + shifts[:, None]), cycle[None, :])
    starts = first[:-1] + np.arange(copies)[:, None] * len(rested)
    return (
        turned.reshape(-1, turned.shape[2]),
        np.append(starts.ravel(), copies * len(rested)).astype(np.int64),
        np.tile(cycle, copies),
        phase.ravel(),
    )


def _draw(
    centre: Floats, copies: int, anchors: Sequence[tuple[float, float]], spread_m: float, turn: bool,
    period: float, rng: np.random.Generator,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Rotations (C, 3, 3) and shifts [s] (C,). As many draws whatever is switched off: nothing else moves."""
    places = [place(*anchor) for anchor in anchors] or [centre]
    home = frame(centre, 0.0)
    rotations, shifts = np.empty((copies, 3, 3)), np.zeros(copies)
    for copy in range(copies):
        where, bearing = places[copy % len(places)], 0.0
        if copy:
            side, far, way, when = rng.random(4)
            where = moved(where, 360.0 * side, spread_m * math.sqrt(far))
            bearing = 360.0 * way if turn else 0.0
            shifts[copy] = when * period
        rotations[copy] = frame(where, bearing) @ home.T
    return rotations, shifts


def _with_rest(pieces: Floats, first: Ints, seconds: Floats) -> tuple[Floats, Ints]:
    """Each flight's pieces, and one that stands on the ground, unseen, until the cycle is over."""
    ends = first[1:]
    rest = pieces[ends - 1].copy()
    rest[:, 0] = seconds
    rest[:, [RATE, RATE_CHANGE, HEIGHT, CLIMB]] = 0.0
    rest[:, FLIGHT] = -1.0
    return np.insert(pieces, ends, rest, axis=0), first + np.arange(first.size)
