"""Tracks as partners exchange them: quantised columns, compressed; some 40 octets a track.

    rows (uint32), base time (int64 ns), length of the names (uint32), names, columns one after another

Quantities are rounded to steps far below what any sensor measures; standard deviations are rounded up, so
that no track claims more than it knew. The label is not in it: it stands in the batch's signed header. Octets
of a partner are not trusted: what cannot be a picture is refused as a whole.
"""

import struct
import zlib
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import FeedError
from asman.model.contribution import CONTRIBUTED
from asman.wire import contribution_learned as extra

#: Rows of a batch at most: a whole large picture.
MOST_ROWS: Final = 100_000
MOST_OCTETS: Final = 16_000_000
#: Step of times; offsets of 32 bits reach six hours either way.
TIME_NS: Final = 10_000
_HEAD: Final = struct.Struct("<IqI")
_MOST_NAMES: Final = 64
#: Letters of all contributors of all rows at most: a row may name every sensor, and a name may be long.
_MOST_LETTERS: Final = 64_000_000
_NO_TIME: Final = np.iinfo(np.int32).min
_NO_HEIGHT, _NO_RATE, _NO_CODE = 65_535, -32_768, -1
_NO_ADDRESS: Final = 2**32 - 1
_HEIGHT_FROM_M: Final = -1_500.0
_RATE_MPS: Final = 0.05
_SIGMA_M: Final = 0.1
_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("time", "<i4"), ("track", "<u4"), ("lat", "<i4"), ("lon", "<i4"), ("height", "<u2"), ("vn", "<i2"),
    ("ve", "<i2"), ("climb", "<i2"), ("sigma_e", "<u2"), ("sigma_n", "<u2"), ("sigma_up", "<u2"),
    ("geometric", "<u2"), ("sigma_geometric", "<u2"), ("correlation", "<i1"),
    ("existence", "<u1"), ("flags", "<u1"), ("mode_3a", "<i2"), ("address", "<u4"), ("callsign", "S8"),
    ("sensors", "<u8"), ("plots", "<u2"), ("last", "<i4"), *extra.COLUMNS,
)  # fmt: skip
_ROW_OCTETS: Final = sum(np.dtype(kind).itemsize for _, kind in _COLUMNS)
#: Letters of a callsign, whatever octets a partner sends: a question mark for what cannot be printed.
_PRINTABLE: Final = bytes(one if 32 <= one < 127 else ord("?") for one in range(256))
_CONFIRMED, _ON_GROUND, _SIMULATED, _NO_CONTRIBUTORS, _DOUBTED = 1, 2, 4, 8, 16


def encode(tracks: pa.Table) -> bytes:
    """TRACKS or CONTRIBUTED rows as octets; ValueError beyond `MOST_ROWS`, or six hours between rows."""
    if len(tracks) > MOST_ROWS:
        raise ValueError(f"{len(tracks):,} rows; {MOST_ROWS:,} are the most of a batch")
    tracks = tracks.combine_chunks()
    time_ns = _longs(tracks, "time", 0)
    base_ns = int(time_ns.min(initial=2**62)) // TIME_NS * TIME_NS if len(tracks) else 0
    names, sensors, unnamed = _sensors(tracks)
    sigma_e, sigma_n = (np.sqrt(_floats(tracks, name)) for name in ("var_e_m2", "var_n_m2"))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.nan_to_num(_floats(tracks, "cov_en_m2") / (sigma_e * sigma_n))
    columns = {
        "time": _offsets(time_ns, base_ns, np.zeros(len(tracks), np.bool_)),
        "track": _longs(tracks, "track", 0),
        "lat": np.rint(_floats(tracks, "lat_deg") * 1e7),
        "lon": np.rint(_floats(tracks, "lon_deg") * 1e7),
        "height": _coded(_floats(tracks, "altitude_m") - _HEIGHT_FROM_M, 1.0, (0, 65_534), _NO_HEIGHT),
        "vn": _coded(_floats(tracks, "vn_mps"), _RATE_MPS, (-32_767, 32_767), _NO_RATE),
        "ve": _coded(_floats(tracks, "ve_mps"), _RATE_MPS, (-32_767, 32_767), _NO_RATE),
        "climb": _coded(_floats(tracks, "climb_mps"), _RATE_MPS, (-32_767, 32_767), _NO_RATE),
        "sigma_e": _coded(np.ceil(sigma_e / _SIGMA_M), 1.0, (0, 65_534), 65_535),
        "sigma_n": _coded(np.ceil(sigma_n / _SIGMA_M), 1.0, (0, 65_534), 65_535),
        "sigma_up": _coded(np.ceil(_floats(tracks, "altitude_sigma_m") / _SIGMA_M), 1.0, (0, 65_534), 65_535),
        "geometric": _coded(
            _floats(tracks, "geometric_altitude_m") - _HEIGHT_FROM_M, 1.0, (0, 65_534), _NO_HEIGHT
        ),
        "sigma_geometric": _coded(
            np.ceil(_floats(tracks, "geometric_sigma_m") / _SIGMA_M), 1.0, (0, 65_534), 65_535
        ),
        "correlation": np.clip(np.trunc(correlation * 127.0), -127, 127),
        "existence": np.rint(np.clip(_floats(tracks, "existence"), 0, 1) * 255),
        "flags": _CONFIRMED * _bools(tracks, "confirmed") + _ON_GROUND * _bools(tracks, "on_ground")
        + _SIMULATED * _bools(tracks, "simulated") + _NO_CONTRIBUTORS * unnamed
        + _DOUBTED * _bools(tracks, "position_doubted"),
        "mode_3a": _longs(tracks, "mode_3a", _NO_CODE),
        "address": _longs(tracks, "address", _NO_ADDRESS),
        "callsign": _callsigns(tracks),
        "sensors": sensors,
        "plots": np.clip(_longs(tracks, "plots", 65_535), 0, 65_535),
        "last": _last(tracks, base_ns),
        **extra.coded(tracks, _since(tracks, base_ns)),
    }  # fmt: skip
    said = "\0".join(names).encode()
    head = _HEAD.pack(len(tracks), base_ns, len(said))
    body = b"".join(columns[name].astype(kind).tobytes() for name, kind in _COLUMNS)
    return packed(head + said + body)


def decode(octets: bytes, origin: str, label: str) -> pa.Table:
    """CONTRIBUTED rows of a partner's octets, under origin and label of their header. Raises FeedError."""
    whole = unpacked(octets)
    if len(whole) < _HEAD.size:
        raise FeedError("a contribution is shorter than its head")
    rows, base_ns, length = _HEAD.unpack_from(whole)
    if rows > MOST_ROWS or len(whole) != _HEAD.size + length + rows * _ROW_OCTETS:
        raise FeedError(f"a contribution of {rows:,} rows has {len(whole):,} octets")
    try:
        said = whole[_HEAD.size : _HEAD.size + length].decode()
    except UnicodeDecodeError as error:
        raise FeedError("a contribution's names are not UTF-8") from error
    names = said.split("\0", _MOST_NAMES) if length else []
    at = _HEAD.size + length
    raw: dict[str, Any] = {}
    for name, kind in _COLUMNS:
        raw[name] = np.frombuffer(whole, kind, rows, at)
        at += rows * np.dtype(kind).itemsize
    if len(names) > _MOST_NAMES or abs(base_ns) > 2**62:
        raise FeedError("a contribution names more sensors, or a later time, than there can be")
    if _letters(raw["sensors"], names) > _MOST_LETTERS:
        raise FeedError("a contribution's rows name more sensors, with longer names, than there can be")
    if not _on_earth(raw):
        raise FeedError("a contribution holds places, addresses or correlations that there are not")
    return _table(raw, base_ns, names, origin, label)


def packed(octets: bytes) -> bytes:
    """Compress a payload."""
    return zlib.compress(octets, 1)


def unpacked(octets: bytes) -> bytes:
    """Octets of a payload that nobody trusts; never more than MOST_OCTETS. Raises FeedError."""
    packed = zlib.decompressobj()
    try:
        whole = packed.decompress(octets, MOST_OCTETS)
    except zlib.error as error:
        raise FeedError(f"a contribution cannot be unpacked: {error}") from error
    if packed.unconsumed_tail or not packed.eof or packed.unused_data:
        raise FeedError("a contribution is cut off, or larger than any picture")
    return whole


def _on_earth(raw: dict[str, Any]) -> bool:
    return bool((np.abs(raw["lat"].astype(np.int64)) <= 900_000_000).all()
                and (np.abs(raw["lon"].astype(np.int64)) <= 1_800_000_000).all()
                and (np.abs(raw["correlation"].astype(np.int64)) <= 127).all()
                and ((raw["address"] < 2**24) | (raw["address"] == _NO_ADDRESS)).all())  # fmt: skip


def _letters(bits: NDArray[np.uint64], names: list[str]) -> int:
    """How many letters the contributors of all rows have; the octets of a name are not fewer than those."""
    counts = [int((bits >> np.uint64(place) & np.uint64(1)).sum()) for place in range(len(names))]
    return sum(count * len(name) for count, name in zip(counts, names, strict=True))


def _table(raw: dict[str, Any], base_ns: int, names: list[str], origin: str, label: str) -> pa.Table:
    rows = len(raw["time"])
    sigma_e, sigma_n = (_decoded(raw[name], _SIGMA_M, 65_535) for name in ("sigma_e", "sigma_n"))
    flags = raw["flags"]
    last = raw["last"]
    columns: dict[str, Any] = {
        "time": base_ns + raw["time"].astype(np.int64) * TIME_NS,
        "track": raw["track"].astype(np.int64),
        "lat_deg": raw["lat"] / 1e7,
        "lon_deg": raw["lon"] / 1e7,
        "altitude_m": _decoded(raw["height"], 1.0, _NO_HEIGHT) + _HEIGHT_FROM_M,
        "altitude_sigma_m": _decoded(raw["sigma_up"], _SIGMA_M, 65_535),
        "geometric_altitude_m": _decoded(raw["geometric"], 1.0, _NO_HEIGHT) + _HEIGHT_FROM_M,
        "geometric_sigma_m": _decoded(raw["sigma_geometric"], _SIGMA_M, 65_535),
        "vn_mps": _decoded(raw["vn"], _RATE_MPS, _NO_RATE),
        "ve_mps": _decoded(raw["ve"], _RATE_MPS, _NO_RATE),
        "climb_mps": _decoded(raw["climb"], _RATE_MPS, _NO_RATE),
        "var_e_m2": sigma_e**2,
        "var_n_m2": sigma_n**2,
        "cov_en_m2": raw["correlation"] / 127.0 * sigma_e * sigma_n,
        "existence": raw["existence"] / 255.0,
        "confirmed": flags & _CONFIRMED > 0,
        "mode_3a": pa.array(raw["mode_3a"], mask=raw["mode_3a"] < 0),
        "address": pa.array(raw["address"].astype(np.int64), mask=raw["address"] == _NO_ADDRESS),
        "callsign": [one.translate(_PRINTABLE).decode() or None for one in raw["callsign"].tolist()],
        "contributors": _contributors(raw["sensors"].tolist(), flags.tolist(), names),
        "origin": [origin] * rows,
        "label": [label] * rows,
        "last_plot_time": pa.array(base_ns + last.astype(np.int64) * TIME_NS, mask=last == _NO_TIME),
        "plots": pa.array(raw["plots"].astype(np.int32), mask=raw["plots"] == 65_535),
        "on_ground": flags & _ON_GROUND > 0,
        "simulated": flags & _SIMULATED > 0,
        "position_doubted": flags & _DOUBTED > 0,
        "since": pa.array(base_ns + raw["since"].astype(np.int64) * TIME_NS, mask=raw["since"] == _NO_TIME),
        **extra.decoded(raw, sigma_e, sigma_n),
    }  # fmt: skip
    arrays = [_array(columns[field.name], field.type) for field in CONTRIBUTED]
    return pa.Table.from_arrays(arrays, schema=CONTRIBUTED)


def _array(values: Any, kind: pa.DataType) -> Any:
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, from_pandas=True).cast(kind) if len(values) else pa.array([], kind)


def _contributors(bits: list[int], flags: list[int], names: list[str]) -> list[list[str] | None]:
    return [
        None if flag & _NO_CONTRIBUTORS else [name for place, name in enumerate(names) if one >> place & 1]
        for one, flag in zip(bits, flags, strict=True)
    ]


def _callsigns(tracks: pa.Table) -> NDArray[np.bytes_]:
    texts = tracks["callsign"].to_pylist()
    return np.array([(one or "").encode("ascii", "replace")[:8] for one in texts], "S8")


def _sensors(tracks: pa.Table) -> tuple[list[str], NDArray[np.uint64], NDArray[np.uint8]]:
    """Names of the contributors of all rows, a bit a name in each row, and the rows that name none at all."""
    lists = tracks["contributors"].to_pylist()
    names = sorted({name for one in lists for name in one or ()})[:_MOST_NAMES]
    bit = {name: 1 << place for place, name in enumerate(names)}
    bits = np.array([sum(bit.get(name, 0) for name in set(one or ())) for one in lists], np.uint64)
    return names, bits, np.array([one is None for one in lists], np.uint8)


def _offsets(time_ns: NDArray[np.int64], base_ns: int, missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    steps = np.floor_divide(np.where(missing, base_ns, time_ns) - base_ns, TIME_NS)
    if len(steps) and int(np.abs(steps).max()) >= 2**31:
        raise ValueError("the rows of a batch lie more than six hours apart")
    return np.where(missing, _NO_TIME, steps)


def _last(tracks: pa.Table, base_ns: int) -> NDArray[np.int64]:
    """When each was seen last; what is longer ago than six hours is not told."""
    last_ns = _longs(tracks, "last_plot_time", 0)
    far = np.abs(last_ns - base_ns) >= (2**31 - 1) * TIME_NS
    return _offsets(last_ns, base_ns, far | _nulls(tracks, "last_plot_time"))


def _since(tracks: pa.Table, base_ns: int) -> NDArray[np.int64]:
    """After when it was learned; rounded up, so that nothing seems to have been learned twice."""
    if "since" not in tracks.column_names:
        return np.full(len(tracks), _NO_TIME)
    since_ns = _longs(tracks, "since", 0)
    far = np.abs(since_ns - base_ns) >= (2**31 - 1) * TIME_NS
    return _offsets(since_ns + TIME_NS - 1, base_ns, far | _nulls(tracks, "since"))


def _coded(
    values: NDArray[np.float64], step: float, bounds: tuple[int, int], missing: int
) -> NDArray[np.float64]:
    return np.where(np.isnan(values), missing, np.clip(np.rint(np.nan_to_num(values) / step), *bounds))


def _decoded(values: NDArray[Any], step: float, missing: int) -> NDArray[np.float64]:
    return np.where(values == missing, np.nan, values * step)


def _floats(tracks: pa.Table, name: str) -> NDArray[np.float64]:
    return tracks[name].to_numpy().astype(np.float64)


def _longs(tracks: pa.Table, name: str, missing: int) -> NDArray[np.int64]:
    return tracks[name].cast(pa.int64()).fill_null(missing).to_numpy()


def _bools(tracks: pa.Table, name: str) -> NDArray[np.uint8]:
    return tracks[name].fill_null(False).to_numpy().astype(np.uint8)


def _nulls(tracks: pa.Table, name: str) -> NDArray[np.bool_]:
    return tracks[name].is_null().to_numpy().astype(np.bool_)
