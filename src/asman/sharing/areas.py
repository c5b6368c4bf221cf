"""Volumes of agreements on a grid, as the release kernel reads them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import release
from asman.kernels.release import Areas
from asman.model.agreement import Day, Ring, Volume
from asman.sharing import spans
from asman.sharing.shapes import UNITS_PER_DEGREE

#: Cells of the grid at most, near enough to a processor; so many an edge, and the least side of one.
MOST_CELLS: Final = 200_000
CELLS_PER_EDGE: Final = 500
LEAST_STEP_DEG: Final = 0.02
_DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVER: Final = (-(2**62), 2**62)


def build(volumes: Sequence[Volume], rings: Sequence[tuple[Ring, ...]]) -> Areas:
    """Lay volumes and their rings onto a grid; at most 64, which the caller has made sure of."""
    edges, owner = _edges(rings)
    buffer_m = np.array([one.buffer_m for one in volumes], np.float64)
    west, south, step, rows, cols = _grid(edges, float(buffer_m.max(initial=0.0)))
    offsets, listed = release.row_edges(edges, owner, buffer_m, south, step, rows)
    sure, near = release.rasterise(edges, offsets, listed, buffer_m, west, south, step, rows, cols)
    pattern, start, volume, is_near = _patterns(sure, near, len(volumes))
    return Areas(
        west=west, south=south, step=step, rows=rows, cols=cols,
        pattern=pattern, pattern_start=start, pattern_volume=volume, pattern_near=is_near,
        edges=edges, offsets=offsets, listed=listed, buffer_m=buffer_m,
        # Zero is the surface: pressure altitude there may be below zero.
        floor_m=np.array([one.floor_m if one.floor_m > 0 else -np.inf for one in volumes], np.float64),
        ceiling_m=np.array([one.ceiling_m for one in volumes], np.float64),
        unknown_inside=np.array([one.without_altitude == "inside" for one in volumes], np.bool_),
        open_minute=_open_minutes(volumes),
        begins_ns=np.array([_EVER[0] if one.begins is None else spans.to_ns(spans.midnight(one.begins))
                            for one in volumes], np.int64),
        ends_ns=np.array([_EVER[1] if one.ends is None else spans.to_ns(spans.midnight(one.ends))
                          + 86_400 * 10**9 for one in volumes], np.int64),
    )  # fmt: skip


def _edges(rings: Sequence[tuple[Ring, ...]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    parts: list[NDArray[np.float64]] = [np.empty((0, 4))]
    owner: list[int] = []
    for number, several in enumerate(rings):
        for ring in several:
            points = np.array(ring, np.float64) / UNITS_PER_DEGREE
            parts.append(np.hstack((points[:-1], points[1:])))
            owner += [number] * (len(points) - 1)
    return np.ascontiguousarray(np.vstack(parts)), np.array(owner, np.int64)


def _grid(edges: NDArray[np.float64], buffer_m: float) -> tuple[float, float, float, int, int]:
    """A grid over all edges and buffers; one cell where there is nothing."""
    if not len(edges):
        return 0.0, 0.0, 1.0, 1, 1
    reach = buffer_m / release.DEGREE_M + LEAST_STEP_DEG
    south = max(float(edges[:, 1::2].min()) - reach, -90.0)
    north = min(float(edges[:, 1::2].max()) + reach, 90.0)
    wide = reach / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.01)
    west = float(edges[:, 0::2].min()) - wide
    east = float(edges[:, 0::2].max()) + wide
    if west < -180.0 or east > 180.0:  # a buffer reaches over the 180th meridian
        west, east = -180.0, 180.0
    cells = min(CELLS_PER_EDGE * len(edges), MOST_CELLS)
    step = max(float(np.sqrt((east - west) * (north - south) / cells)), LEAST_STEP_DEG)
    # 180 degrees itself must lie in a cell, hence one more than needed.
    return west, south, step, int((north - south) / step) + 1, int((east - west) / step) + 1


def _patterns(
    sure: NDArray[np.uint64], near: NDArray[np.uint64], volumes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Number the combinations of volumes that cells have to do with."""
    whole, of_whole = np.unique(sure, return_inverse=True)
    partly, of_partly = np.unique(near, return_inverse=True)
    kinds, pattern = np.unique(of_whole * len(partly) + of_partly, return_inverse=True)
    start, volume, is_near = [0], list[int](), list[int]()
    for one in kinds:
        bits_whole, bits_partly = int(whole[one // len(partly)]), int(partly[one % len(partly)])
        for v in range(volumes):
            for bits, how in ((bits_whole, release.SURE), (bits_partly, release.NEAR)):
                if bits >> v & 1:
                    volume.append(v)
                    is_near.append(how)
        start.append(len(volume))
    return (
        pattern.astype(np.int64).reshape(-1),
        np.array(start, np.int64),
        np.array(volume, np.int64),
        np.array(is_near, np.uint8),
    )


def _open_minutes(volumes: Sequence[Volume]) -> NDArray[np.uint64]:
    """For each minute of the week, Monday first, the volumes that count."""
    table = np.zeros(release.MINUTES_OF_WEEK, np.uint64)
    for number, one in enumerate(volumes):
        bit = np.uint64(1 << number)
        if not one.schedule:
            table |= bit
        for opening in one.schedule:
            begin, end = spans.minutes_of(opening.begins), spans.minutes_of(opening.ends)
            length = end - begin if end > begin else end - begin + 1_440
            for day in opening.days:
                first = _DAYS.index(day) * 1_440 + begin
                table[np.arange(first, first + length) % release.MINUTES_OF_WEEK] |= bit
    return table
