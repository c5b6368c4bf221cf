"""Trails: where tracks were, in a ring of bounded length that belongs to the node's state.

Every `EVERY_S` seconds of picture time the confirmed tracks' positions are kept, at whole multiples of UTC,
so that a replay that seeks shows the same trails as one that played straight.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.units import SECOND_NS
from asman.wire.stream import NO_TRAILS, Picture, Trails

#: Time between two points of a trail: about one scan of a long-range radar.
EVERY_S: Final = 10
#: Points kept of each track: five minutes.
POINTS: Final = 30


class Sample(NamedTuple):
    """Positions of the confirmed tracks at one time; each (N,), rising in `track`."""

    time_ns: int
    track: NDArray[np.float64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]


Ring = tuple[Sample, ...]


def due(ring: Ring, at_ns: int) -> bool:
    """Whether a new multiple of EVERY_S has begun since the latest sample."""
    grid_ns = EVERY_S * SECOND_NS
    return not ring or at_ns // grid_ns > ring[-1].time_ns // grid_ns


def remember(ring: Ring, picture: Picture, at_ns: int) -> Ring:
    """Return the ring with one more sample, and without its oldest when it is full."""
    sample = Sample(at_ns, picture.track, picture.lat_e7, picture.lon_e7)
    return (*ring[-(POINTS - 1) :], sample)


def trails(ring: Ring, alive: NDArray[np.float64], at_ns: int) -> Trails:
    """Return the trails of the tracks `alive` (rising), oldest points first, as seconds before `at_ns`."""
    if not ring or not len(alive):
        return NO_TRAILS
    track = np.concatenate([sample.track for sample in ring])
    keep = np.isin(track, alive)
    order = np.argsort(track[keep], kind="stable")

    def gathered(columns: list[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(columns)[keep][order]

    ago_s = [np.full(len(s.track), (at_ns - s.time_ns) / SECOND_NS, np.float32) for s in ring]
    numbers, first = np.unique(track[keep][order], return_index=True)
    return Trails(
        track=numbers,
        first=first.astype(np.uint32),
        lat_e7=gathered([sample.lat_e7 for sample in ring]),
        lon_e7=gathered([sample.lon_e7 for sample in ring]),
        time_s=gathered(ago_s),
    )
