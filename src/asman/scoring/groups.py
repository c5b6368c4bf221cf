"""The same figures for parts of the whole: regions, altitude bands, classes of aircraft, members."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from asman.scoring.accuracy import Errors
from asman.scoring.columns import Codes, Floats, Ints, Rows
from asman.scoring.config import Region, ScoreConfig
from asman.scoring.gospa import root
from asman.scoring.report import Group
from asman.scoring.scene import Scene

#: More cells of a grid than this are of no use in a table: those with the most aircraft are kept.
CELLS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Split:
    """One way to part the whole: part of each truth row (M,), of each shown row (N,), -1 for none."""

    kind: str
    names: tuple[str, ...]
    truth: Ints | None
    shown: Ints | None


def measure_groups(
    scene: Scene, truth: Rows, tracks: Rows, errors: Errors, config: ScoreConfig
) -> tuple[Group, ...]:
    """Figures of every part that has rows."""
    return tuple(
        group
        for split in _splits(scene, truth, tracks, config)
        for part in range(len(split.names))
        if (group := _measure(split, part, scene, errors, config)) is not None
    )


def _splits(scene: Scene, truth: Rows, tracks: Rows, config: ScoreConfig) -> Iterator[Split]:
    lat, lon = np.degrees(scene.state[:, 0]), np.degrees(scene.state[:, 1])
    seen_lat, seen_lon = np.degrees(scene.seen_lat), np.degrees(scene.seen_lon)
    seen_height = tracks.number("altitude_m")[scene.report]
    if np.isfinite(scene.state[:, 2]).any():
        edges = config.altitude_edges_m
        bounds = ("", *(f"{edge:,.0f}" for edge in edges), "")
        names = tuple(
            f"{low}–{high} m" if low and high else (f"below {high} m" if high else f"from {low} m")
            for low, high in pairwise(bounds)
        )
        yield Split("altitude", names, _band(scene.state[:, 2], edges), _band(seen_height, edges))
    if config.region:
        names = (*(region.name for region in config.region), "elsewhere")
        yield Split(
            "region", names, _inside(lat, lon, config.region), _inside(seen_lat, seen_lon, config.region)
        )
    if config.grid_deg is not None:
        yield _cells(lat, lon, seen_lat, seen_lon, config.grid_deg)
    for name in ("class", "member"):
        if name in truth.codes:
            codes = truth.codes[name]
            yield Split(name, codes.names, codes.code[scene.sample], None)
    if "origin" in tracks.codes:
        codes: Codes = tracks.codes["origin"]
        yield Split("origin of the track", codes.names, None, codes.code[scene.report])


def _band(height_m: Floats, edges: tuple[float, ...]) -> Ints:
    return np.where(np.isfinite(height_m), np.searchsorted(edges, height_m, side="right"), -1)


def _inside(lat: Floats, lon: Floats, regions: tuple[Region, ...]) -> Ints:
    """First region that holds each place; the number of regions where none does."""
    part = np.full(lat.size, len(regions))
    for number in range(len(regions) - 1, -1, -1):
        ring = np.array(regions[number].ring)
        x0, y0 = ring[:, 0], ring[:, 1]
        x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
        odd = np.zeros(lat.size, bool)
        # Longitudes beside the ring's own, so that a ring may lie across the date line.
        x = x0[0] + (lon - x0[0] + 180.0) % 360.0 - 180.0
        x0w, x1w = (x0[0] + (v - x0[0] + 180.0) % 360.0 - 180.0 for v in (x0, x1))
        for ax, ay, bx, by in zip(x0w, y0, x1w, y1, strict=True):
            crosses = (ay > lat) != (by > lat)
            with np.errstate(divide="ignore", invalid="ignore"):
                odd ^= crosses & (x < ax + (lat - ay) / (by - ay) * (bx - ax))
        part[odd] = number
    return part


def _cells(lat: Floats, lon: Floats, seen_lat: Floats, seen_lon: Floats, size: float) -> Split:
    def key(north: Floats, east: Floats) -> Ints:
        return (np.floor(north / size) * 100_000 + np.floor(east / size)).astype(np.int64)

    cells, counts = np.unique(key(lat, lon), return_counts=True)
    cells = np.sort(cells[np.argsort(-counts, kind="stable")[:CELLS_MAX]])
    names: list[str] = []
    for cell in cells:
        row = round(cell / 100_000)
        names.append(f"{row * size:g}° {(cell - row * 100_000) * size:g}°")
    return Split(
        "cell (south-west corner)",
        tuple(names),
        _found(key(lat, lon), cells),
        _found(key(seen_lat, seen_lon), cells),
    )


def _found(keys: Ints, cells: Ints) -> Ints:
    at = np.minimum(np.searchsorted(cells, keys), cells.size - 1)
    return np.where(cells[at] == keys, at, -1)


def _measure(split: Split, part: int, scene: Scene, errors: Errors, config: ScoreConfig) -> Group | None:
    unit = config.cutoff_m**config.order
    places = reports = 0
    missed = false = None
    mine = np.zeros(errors.row.size, bool)
    if split.truth is not None:
        here = (split.truth == part) & scene.judged
        places = int(here.sum())
        missed = int((here & (scene.follower < 0)).sum())
        mine = here[errors.row]
    if split.shown is not None:
        shown = split.shown == part
        reports = int(shown.sum())
        used = np.zeros(shown.size, bool)
        used[scene.follower[scene.follower >= 0]] = True
        false = int((shown & ~used).sum())
        if split.truth is None:
            mine = shown[scene.follower[errors.row]]
    if not places and not reports:
        return None
    near = float((scene.follower_m[errors.row[mine]] ** config.order).sum())
    gospa = None
    if places and missed is not None:
        gospa = root((near + (missed + (false or 0)) * unit / 2.0) / places, config.order)
    apart = np.hypot(errors.east_m[mine], errors.north_m[mine])
    nees = errors.nees[mine]
    nees = nees[np.isfinite(nees) & ~errors.lent[mine]]
    return Group(
        kind=split.kind, name=split.names[part], places=places, reports=reports,
        missed_share=missed / places if missed is not None and places else None,
        false_share=false / reports if false is not None and reports else None,
        gospa_m=gospa if split.shown is not None else None,
        position_rms_m=float(np.sqrt(np.mean(apart**2))) if apart.size else None,
        nees=float(nees.mean()) if nees.size else None,
    )  # fmt: skip
