"""Recorded samples made believable: what cannot be is left out, and every row left out is counted.

Archives of ADS-B repeat a position until the next one comes, cut times to whole seconds, decode a few
positions into another place, and hold two flights of one aircraft under one name. The order of the steps
matters: what repeats would make speeds of zero and of twice the true one, so it goes before jumps are judged.
Known faults: M. Schäfer et al., "Bringing up OpenSky", IPSN 2014; X. Olive, "traffic, a toolbox for
processing and analysing air traffic data", Journal of Open Source Software 4, 2019.
"""

from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.recorded_rows import believable, grounded, height_spikes
from asman.units import SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Nothing that is not military flies faster over ground, whatever a row says [m/s]; our own jets are slower.
SPEED_MAX_MPS: Final = 700.0
#: Two times of an archive may be wrong by this much together [s].
LATE_S: Final = 1.5
#: Faster than this from one sample to the next no airliner flies: counted to tell how good a recording is.
STEP_MPS: Final = 350.0
#: A height so far from its neighbours' median is a spike [m], and more by so much a second [m/s].
SPIKE_M: Final = 150.0
SPIKE_CLIMB_MPS: Final = 25.0
#: A sample is flown where its height is known within this [s].
HEIGHT_NEAR_S: Final = 15.0
#: Slower than this [m/s] over so long [s] an aircraft is on the ground, if elsewhere it flies [m/s].
TAXI_MPS: Final = 20.0
TAXI_OVER_S: Final = 20.0
FLIES_MPS: Final = 55.0
#: Slower than this an aircraft may stay where it was [m/s].
STANDS_MPS: Final = 2.5
#: Between samples so far apart [s], so much less way than the recorded speed makes is a turn that nobody saw.
WANDER_S: Final = 20.0
WANDER_SHARE: Final = 0.7
#: Fewer samples or seconds than this are no flight.
SAMPLES_MIN: Final = 6
SECONDS_MIN: Final = 60.0


class Cleaned(msgspec.Struct, frozen=True):
    """Samples of F flights, in order of flight and time.

    time_ns    (n,)    ns   since 1970 UTC
    normals    (n, 3)       unit normal of the ellipsoid
    altitude_m (n,)    m    NaN where missing or a spike
    rates      (n, 3)  m/s  velocity over ground as change of the normal times mean radius; NaN where missing
    climb_mps  (n,)    m/s  NaN where missing
    start      (F+1,)       samples of flight f are start[f] : start[f + 1]
    address    (F,)         -1 where unknown
    callsign   (F,)         None where unknown
    counted    words and rows (or flights, where the words say so), in the order of the steps
    """

    time_ns: Ints
    normals: Floats
    altitude_m: Floats
    rates: Floats
    climb_mps: Floats
    start: Ints
    address: Ints
    callsign: tuple[str | None, ...]
    counted: tuple[tuple[str, int], ...]


class _Rows(msgspec.Struct):
    """Columns that lose rows together."""

    time_ns: Ints
    flight: Ints
    lat_deg: Floats
    lon_deg: Floats
    altitude_m: Floats
    speed_mps: Floats
    track_deg: Floats
    climb_mps: Floats
    on_ground: Flags
    source: Ints

    def at(self, rows: Ints | Flags) -> "_Rows":
        """Return some of the rows."""
        return _Rows(*(getattr(self, name)[rows] for name in self.__struct_fields__))


def clean(table: pa.Table, gap_s: float) -> Cleaned:
    """Clean TRAJECTORIES rows; a gap of more than `gap_s` seconds makes two flights of one."""
    if not gap_s > 0.0:
        raise InputError("gap_s", f"{gap_s:g} s is no gap", "Give a positive number of seconds.")
    counted: list[tuple[str, int]] = [("samples read", table.num_rows)]

    def drop(rows: _Rows, bad: Flags, words: str) -> _Rows:
        counted.append((words, int(bad.sum())))
        return rows.at(~bad)

    rows = _columns(table)
    whole = (rows.flight >= 0) & (rows.time_ns != _NO_TIME)
    whole &= np.isfinite(rows.lat_deg) & np.isfinite(rows.lon_deg)
    whole &= (np.abs(rows.lat_deg) <= 90.0) & (np.abs(rows.lon_deg) <= 360.0)
    rows = drop(rows, ~whole, "without time, flight or position")
    rows = drop(rows, rows.on_ground, "on the ground: only what flies is flown")
    order = np.argsort(rows.flight, kind="stable")
    back = _same_flight(rows.at(order)) & (np.diff(rows.time_ns[order], prepend=0) < 0)
    counted.append(("times that go back, put in order", int(back.sum())))
    rows = rows.at(np.lexsort((rows.time_ns, rows.flight)))
    again = _same_flight(rows) & (np.diff(rows.time_ns, prepend=_NO_TIME) == 0)
    rows = drop(rows, again, "duplicates: the time of the sample before")
    rows = drop(rows, _stale(rows), "stale: the position of the sample before")
    words = f"steps faster than {STEP_MPS:g} m/s, mostly for a time cut short: smoothed"
    counted.append((words, int((_steps_mps(rows) > STEP_MPS).sum())))
    rows, begins = _chained(rows, counted)
    rows, begins = _with_heights(rows, begins, counted)
    rows, begins = _split(rows, begins, gap_s, counted)
    rows, begins = _flying(rows, begins, counted)
    start = np.append(np.flatnonzero(begins), rows.time_ns.size)
    counted.append(("heights taken from their neighbours", int(np.isnan(rows.altitude_m).sum())))
    counted += [("samples flown", rows.time_ns.size), ("flights", start.size - 1)]
    return _cleaned(table, rows, start, tuple(counted))


#: Stands for a missing time.
_NO_TIME: Final = int(np.iinfo(np.int64).min) // 2


def _columns(table: pa.Table) -> _Rows:
    def floats(name: str) -> Floats:
        return np.asarray(pc.fill_null(table[name], float("nan")).to_numpy(), np.float64)

    flights = table["flight"].combine_chunks().dictionary_encode()
    if isinstance(flights, pa.ChunkedArray):
        flights = (
            flights.combine_chunks() if flights.num_chunks else pa.array([], pa.string()).dictionary_encode()
        )
    return _Rows(
        time_ns=np.asarray(pc.fill_null(table["time"].cast(pa.int64()), _NO_TIME).to_numpy(), np.int64),
        flight=np.asarray(pc.fill_null(flights.indices, -1).to_numpy(zero_copy_only=False), np.int64),
        lat_deg=floats("lat_deg"),
        lon_deg=floats("lon_deg"),
        altitude_m=floats("altitude_m").copy(),
        speed_mps=floats("speed_mps"),
        track_deg=floats("track_deg"),
        climb_mps=floats("climb_mps"),
        on_ground=np.asarray(pc.fill_null(table["on_ground"], False).to_numpy(), np.bool_),
        source=np.arange(table.num_rows),
    )


def _same_flight(rows: _Rows) -> Flags:
    """Whether each row belongs to the flight of the row before."""
    return np.diff(rows.flight, prepend=-1) == 0


def _stale(rows: _Rows) -> Flags:
    """Whether each row says the position of the row before, though it is not said to stand."""
    same = _same_flight(rows)
    same[1:] &= (np.diff(rows.lat_deg) == 0.0) & (np.diff(rows.lon_deg) == 0.0)
    return same & ~(rows.speed_mps <= STANDS_MPS)


def _steps_mps(rows: _Rows) -> Floats:
    """Speed from the sample before, 0 at the first of each flight."""
    normals = unit_normals(rows.lat_deg, rows.lon_deg)
    speed = np.zeros(rows.time_ns.size)
    seconds = np.diff(rows.time_ns) / SECOND_NS
    way = MEAN_RADIUS_M * np.linalg.norm(np.diff(normals, axis=0), axis=1)
    same = _same_flight(rows)[1:]
    speed[1:][same] = way[same] / seconds[same]
    return speed


def unit_normals(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Unit normals (n, 3) of latitudes and longitudes (n,)."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)


def _chained(rows: _Rows, counted: list[tuple[str, int]]) -> tuple[_Rows, Flags]:
    """Leave out what jumps; say where flights begin."""
    start = np.append(np.flatnonzero(~_same_flight(rows)), rows.time_ns.size)
    normals = unit_normals(rows.lat_deg, rows.lon_deg)
    seconds = (rows.time_ns - (rows.time_ns[0] if rows.time_ns.size else 0)) / SECOND_NS
    keep, begins = believable(seconds, normals, rows.speed_mps, start, SPEED_MAX_MPS, LATE_S)
    counted.append(("jumps: cannot be flown to or from the others", int((~keep).sum())))
    return rows.at(keep), begins[keep]


def _with_heights(rows: _Rows, begins: Flags, counted: list[tuple[str, int]]) -> tuple[_Rows, Flags]:
    """Forget heights that are spikes; leave out samples far from any: mostly, they are on the ground."""
    start = np.append(np.flatnonzero(begins), rows.time_ns.size)
    seconds = (rows.time_ns - (rows.time_ns[0] if rows.time_ns.size else 0)) / SECOND_NS
    spikes = height_spikes(seconds, rows.altitude_m, start, SPIKE_M, SPIKE_CLIMB_MPS)
    counted.append(("heights that are spikes, forgotten", int(spikes.sum())))
    rows.altitude_m[spikes] = np.nan
    part = np.cumsum(begins)
    far = np.ones(part.size, np.bool_)
    known = np.flatnonzero(np.isfinite(rows.altitude_m))
    for step in (0, 1):
        # The nearest known height before, and after.
        near = np.searchsorted(known, np.arange(part.size), side="right" if step == 0 else "left") - 1 + step
        there = (near >= 0) & (near < known.size)
        other = known[np.clip(near, 0, max(known.size - 1, 0))] if known.size else np.zeros(0, np.int64)
        if known.size:
            far &= ~(there & (part[other] == part) & (np.abs(seconds - seconds[other]) <= HEIGHT_NEAR_S))
    counted.append((f"without a height within {HEIGHT_NEAR_S:g} s", int(far.sum())))
    left = np.flatnonzero(~far)
    again = part[left]
    return rows.at(~far), np.diff(again, prepend=-1) != 0


def _split(rows: _Rows, begins: Flags, gap_s: float, counted: list[tuple[str, int]]) -> tuple[_Rows, Flags]:
    """Cut where nobody recorded for too long, and where the position jumped for good."""
    same = _same_flight(rows)
    counted.append(("flights cut in two where the position jumps for good", int((begins & same).sum())))
    gap = same & ~begins & (np.diff(rows.time_ns, prepend=0) > gap_s * SECOND_NS)
    counted.append((f"flights cut in two at a gap of more than {gap_s:g} s", int(gap.sum())))
    lost = same & ~begins & ~gap & _wandered(rows)
    words = f"flights cut in two where they turned for more than {WANDER_S:g} s while nobody recorded"
    counted.append((words, int(lost.sum())))
    return rows, begins | gap | lost | ~same


def _wandered(rows: _Rows) -> Flags:
    """Whether each sample is much nearer to the one before than the speeds recorded say: a way unknown."""
    seconds = np.diff(rows.time_ns, prepend=0) / SECOND_NS
    speed = rows.speed_mps.copy()
    speed[1:] = np.minimum(rows.speed_mps[1:], rows.speed_mps[:-1])
    return (seconds > WANDER_S) & (_steps_mps(rows) < WANDER_SHARE * speed)


def _flying(rows: _Rows, begins: Flags, counted: list[tuple[str, int]]) -> tuple[_Rows, Flags]:
    """Leave out who taxis before and after, where no flag told so, and then is no flight any more."""
    start = np.append(np.flatnonzero(begins), rows.time_ns.size)
    normals = unit_normals(rows.lat_deg, rows.lon_deg)
    seconds = (rows.time_ns - (rows.time_ns[0] if rows.time_ns.size else 0)) / SECOND_NS
    slow = grounded(seconds, normals, start, TAXI_OVER_S, TAXI_MPS, FLIES_MPS)
    counted.append((f"slower than {TAXI_MPS:g} m/s at an end: taxis, or stands", int(slow.sum())))
    return _long_enough(rows.at(~slow), np.cumsum(begins, dtype=np.int64)[~slow], counted)


def _long_enough(rows: _Rows, part: Ints, counted: list[tuple[str, int]]) -> tuple[_Rows, Flags]:
    """Leave out flights (rows of equal `part`) of too few samples or seconds."""
    begins = np.diff(part, prepend=-1) != 0
    first = np.flatnonzero(begins)
    last = np.append(first[1:], part.size) - 1
    short = (
        (last - first + 1 < SAMPLES_MIN)
        | (rows.time_ns[last] - rows.time_ns[first] < SECONDS_MIN * SECOND_NS)
        if first.size
        else np.zeros(0, np.bool_)
    )
    leave = np.repeat(short, last - first + 1) if first.size else np.zeros(0, np.bool_)
    words = f"in flights of less than {SAMPLES_MIN} samples or {SECONDS_MIN:g} s"
    counted.append((words, int(leave.sum())))
    return rows.at(~leave), begins[~leave]


def _cleaned(table: pa.Table, rows: _Rows, start: Ints, counted: tuple[tuple[str, int], ...]) -> Cleaned:
    source = rows.source[start[:-1]]
    who = table.select(["address", "callsign"]).take(pa.array(source))
    return Cleaned(
        time_ns=rows.time_ns,
        normals=unit_normals(rows.lat_deg, rows.lon_deg),
        altitude_m=rows.altitude_m,
        rates=_rates(rows),
        climb_mps=rows.climb_mps,
        start=start,
        address=np.asarray(pc.fill_null(who["address"], -1).to_numpy(), np.int64),
        callsign=tuple(who["callsign"].to_pylist()),
        counted=counted,
    )


def _rates(rows: _Rows) -> Floats:
    """Change of the unit normal times mean radius, of speed and track: by the radii of curvature there."""
    lat, lon, track = np.radians(rows.lat_deg), np.radians(rows.lon_deg), np.radians(rows.track_deg)
    height = np.nan_to_num(rows.altitude_m)
    w2 = 1.0 - ECCENTRICITY2 * np.sin(lat) ** 2
    prime_vertical = SEMI_MAJOR_M / np.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    north = rows.speed_mps * np.cos(track) / (meridian + height) * MEAN_RADIUS_M
    east = rows.speed_mps * np.sin(track) / (prime_vertical + height) * MEAN_RADIUS_M
    northward = np.stack((-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)), axis=1)
    eastward = np.stack((-np.sin(lon), np.cos(lon), np.zeros(lon.size)), axis=1)
    return north[:, None] * northward + east[:, None] * eastward
