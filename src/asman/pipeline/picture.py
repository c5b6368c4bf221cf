"""The picture for people: rows of Tracks become the columns of the stream."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.sensor import Sensors
from asman.units import SECOND_NS
from asman.wire import stream
from asman.wire.stream import Picture

#: A track is coasting when its latest plot is older than this many periods of its slowest contributor:
#: one missed scan and the jitter of the next.
COASTING_PERIODS: Final = 1.5


def picture(tracks: pa.Table, sensors: Sensors, at_ns: int, members: Sequence[str] = ()) -> Picture:
    """Return TRACKS rows, all valid at `at_ns`, as columns of the stream, rising in track number.

    `contributors` has bit i for the i-th of `sensors`, the last bit for all from the 32nd on. A track whose
    contributors are all unknown is judged by the slowest of the sensors. `origin` counts in `members`; where
    none are named, all tracks are of the first, the node's own.
    """
    tracks = tracks.combine_chunks().sort_by("track")
    bits, period_s = _contributors(tracks, sensors)
    age_s = (at_ns - _int64(tracks, "last_plot_time", at_ns)) / SECOND_NS
    flags = (
        stream.CONFIRMED * _bool(tracks, "confirmed")
        | stream.COASTING * (age_s > COASTING_PERIODS * period_s).astype(np.uint8)
        | stream.ON_GROUND * _bool(tracks, "on_ground")
        | stream.SIMULATED * _bool(tracks, "simulated")
    )
    return Picture(
        track=_int64(tracks, "track", 0).astype(np.float64),
        lat_e7=_e7(_float(tracks, "lat_deg")),
        lon_e7=_e7(_float(tracks, "lon_deg")),
        altitude_m=_float(tracks, "altitude_m").astype(np.float32),
        vn_mps=_float(tracks, "vn_mps").astype(np.float32),
        ve_mps=_float(tracks, "ve_mps").astype(np.float32),
        climb_mps=_float(tracks, "climb_mps").astype(np.float32),
        sigma_m=_larger_axis_m(tracks).astype(np.float32),
        age_s=age_s.astype(np.float32),
        address=_int64(tracks, "address", stream.NO_ADDRESS).astype(np.uint32),
        contributors=bits,
        plots=_int64(tracks, "plots", 0).astype(np.uint32),
        mode_3a=_int64(tracks, "mode_3a", stream.NO_MODE_3A).astype(np.uint16),
        existence=np.rint(np.clip(_float(tracks, "existence"), 0, 1) * 255).astype(np.uint8),
        flags=flags.astype(np.uint8),
        callsign=_callsign(tracks),
        origin=_origin(tracks, members),
    )


def _contributors(tracks: pa.Table, sensors: Sensors) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Return the bit set of each track's sensors, and the period of the slowest of them in seconds."""
    rows = tracks.num_rows
    bits, period_s = np.zeros(rows, np.uint32), np.zeros(rows)
    lists = _array(tracks, "contributors")
    parents = lists.value_parent_indices().to_numpy(zero_copy_only=False)
    names = lists.flatten().dictionary_encode()
    index = {sensor.id: number for number, sensor in enumerate(sensors)}
    slowest_s = max((sensor.period_s for sensor in sensors), default=4.0)
    for code, name in enumerate(names.dictionary.to_pylist()):
        number = index.get(name)
        if number is None:
            continue
        of = parents[names.indices.to_numpy(zero_copy_only=False) == code]
        bits[of] |= np.uint32(1 << min(number, stream.LAST_CONTRIBUTOR_BIT))
        period_s[of] = np.maximum(period_s[of], sensors[number].period_s)
    return bits, np.where(period_s > 0, period_s, slowest_s)


def _larger_axis_m(tracks: pa.Table) -> NDArray[np.float64]:
    east, north = _float(tracks, "var_e_m2"), _float(tracks, "var_n_m2")
    mean, half = (east + north) / 2, (east - north) / 2
    both = _float(tracks, "cov_en_m2")
    # Not numpy's hypot, whose last bit depends on the processor.
    return np.sqrt(mean + np.sqrt(half * half + both * both))


def _callsign(tracks: pa.Table) -> NDArray[np.bytes_]:
    texts = _array(tracks, "callsign").fill_null("").to_pylist()
    return np.array([text.encode("ascii", "replace")[:8] for text in texts], "S8")


def _origin(tracks: pa.Table, members: Sequence[str]) -> NDArray[np.uint8]:
    if not members:
        return np.zeros(tracks.num_rows, np.uint8)
    names = _array(tracks, "origin").dictionary_encode()
    table = {member: number for number, member in enumerate(members)}
    place = np.array([table.get(name, stream.NO_ORIGIN) for name in names.dictionary.to_pylist()], np.uint8)
    if len(place) == 0:
        return np.full(tracks.num_rows, stream.NO_ORIGIN, np.uint8)
    return place[names.indices.fill_null(0).to_numpy(zero_copy_only=False)]


def _e7(degrees: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(degrees * 1e7).astype(np.int32)


def _array(tracks: pa.Table, name: str) -> Any:
    column = tracks[name]
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    )


def _float(tracks: pa.Table, name: str) -> NDArray[np.float64]:
    return _array(tracks, name).to_numpy(zero_copy_only=False).astype(np.float64)


def _int64(tracks: pa.Table, name: str, missing: int) -> NDArray[np.int64]:
    return _array(tracks, name).cast(pa.int64()).fill_null(missing).to_numpy(zero_copy_only=False)


def _bool(tracks: pa.Table, name: str) -> NDArray[np.uint8]:
    return _array(tracks, name).fill_null(False).to_numpy(zero_copy_only=False).astype(np.uint8)
