"""The joint picture as TRACKS: who reports, who contributed what, and under which agreement."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.fusion import rows
from asman.fusion.joint_state import JointState, carried_to
from asman.kernels.states import States
from asman.model.plots import TIME
from asman.model.tracks import TRACKS

Longs = NDArray[np.int64]

#: Told by the first, the holder first, that tells it at all.
_FIRST: Final = (
    "altitude_m", "altitude_sigma_m", "climb_mps", "geometric_altitude_m", "geometric_sigma_m", "mode_3a",
    "address", "callsign", "on_ground",
)  # fmt: skip
#: Told together with what they are the deviation or the rate of.
_WITH: Final = {
    "altitude_sigma_m": "altitude_m",
    "climb_mps": "altitude_m",
    "geometric_sigma_m": "geometric_altitude_m",
}
#: A partner's sensor in `contributors`: member, stroke, sensor.
OF: Final = "/"


def picture(state: JointState, now_ns: int) -> pa.Table:
    """TRACKS at a time that is not before the latest step: one row a joint track, rising in number.

    `origin` is the member that reports it, `contributors` are our own sensors and, as `RU/radar`, the
    partners' (`RU` alone where it names none); `label` holds all labels under which its parts came.
    """
    joints, sources = state.joints, state.sources
    if not len(joints.number):
        return TRACKS.empty_table()
    states = carried_to(joints.states, now_ns)
    place = np.searchsorted(joints.number, sources.number)
    holds = sources.stream == joints.holder[place]
    order = np.lexsort((sources.key, ~holds, place))
    place = place[order]
    table = sources.table.take(pa.array(order)).combine_chunks()
    stream = sources.stream[order]
    first = np.searchsorted(place, np.arange(len(joints.number)))
    columns: dict[str, Any] = _numbers(states, table, first)
    for name in _FIRST:
        chosen = _first_told(rows.one(table, _WITH.get(name, name)), first)
        columns[name] = table[name].take(pa.array(chosen, mask=chosen < 0))
    columns["time"] = pa.array(np.full(len(first), now_ns)).cast(TIME)
    columns["track"] = pa.array(joints.number)
    columns["last_plot_time"] = pa.array(
        np.maximum.reduceat(rows.longs(table, "last_plot_time", 0), first)
    ).cast(TIME)  # fmt: skip
    columns["plots"] = pa.array(np.add.reduceat(rows.longs(table, "plots", 0), first).astype(np.int32))
    names = np.array([one.origin for one in state.streams], object)
    columns["origin"] = pa.array(names[joints.holder], pa.string())
    columns["label"] = _labels(table, place, len(first))
    columns["contributors"] = _contributors(state, table, stream, place, len(first))
    arrays = [_one(columns[field.name], field.type) for field in TRACKS]
    return pa.Table.from_arrays(arrays, schema=TRACKS)


def _numbers(states: States, table: pa.Table, first: Longs) -> dict[str, Any]:
    scale = np.ones(len(first))
    scale[:] = rows.stretch(table)[first]
    velocity = states.velocity * scale[:, None]
    missing = np.multiply.reduceat(1.0 - np.nan_to_num(rows.floats(table, "existence"), nan=1.0), first)
    alone = np.diff(np.append(first, len(table))) == 1
    existence = np.where(alone, rows.floats(table, "existence")[first], 1.0 - missing)
    truth = {
        name: np.logical_or.reduceat(rows.bools(table, name), first)
        for name in ("confirmed", "simulated", "position_doubted")
    }
    return {
        "lat_deg": np.degrees(states.lat), "lon_deg": np.degrees(states.lon),
        "ve_mps": velocity[:, 0], "vn_mps": velocity[:, 1],
        "var_e_m2": states.covariance[:, 0, 0], "var_n_m2": states.covariance[:, 1, 1],
        "cov_en_m2": states.covariance[:, 0, 1], "existence": existence, **truth,
    }  # fmt: skip


def _first_told(column: Any, first: Longs) -> Longs:
    """(J,) row of the first of each joint track's sources that tells it; -1: none does."""
    told = column.is_valid().to_numpy(zero_copy_only=False)
    at = np.where(told, np.arange(len(told)), len(told))
    found = np.minimum.reduceat(at, first)
    return np.where(found < len(told), found, -1)


def _labels(table: pa.Table, place: Longs, count: int) -> Any:
    """All labels under which the parts came, in the order of their texts."""
    coded = rows.one(table, "label").fill_null("").dictionary_encode()
    texts = coded.dictionary.to_pylist()
    pairs = np.unique(np.stack((place, coded.indices.to_numpy(zero_copy_only=False)), 1), axis=0)
    said: list[list[str]] = [[] for _ in range(count)]
    for joint, code in pairs.tolist():
        if texts[code]:
            said[joint].append(texts[code])
    return pa.array(["; ".join(sorted(one)) for one in said], pa.string())


def _contributors(state: JointState, table: pa.Table, stream: Longs, place: Longs, count: int) -> Any:
    lists = rows.one(table, "contributors")
    flat = lists.flatten().dictionary_encode()
    row = lists.value_parent_indices().to_numpy(zero_copy_only=False).astype(np.int64)
    names = flat.dictionary.to_pylist()
    code = flat.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    # Who names no sensor is named itself: code -1.
    unnamed = np.flatnonzero(~np.isin(np.arange(len(table)), row))
    row = np.concatenate((row, unnamed))
    code = np.concatenate((code, np.full(len(unnamed), -1)))
    keys, inverse = np.unique(np.stack((stream[row], code), 1), axis=0, return_inverse=True)
    texts: list[str] = []
    for of, name in keys.tolist():
        one = state.streams[of]
        ours = one.origin == state.member and one.direct
        texts.append(
            (names[name] if name >= 0 else one.origin) if ours
            else f"{one.origin}{OF}{names[name]}" if name >= 0 else one.origin
        )  # fmt: skip
    at = place[row]
    rank = (
        np.argsort(np.argsort(np.array(texts, object), kind="stable"), kind="stable")
        if texts
        else np.zeros(0, int)
    )
    of_text = inverse.reshape(-1)
    pairs = np.unique(np.stack((at, rank[of_text]), 1), axis=0) if len(at) else np.zeros((0, 2), np.int64)
    ordered = pa.array([texts[k] for k in np.argsort(rank)], pa.string())
    offsets = np.searchsorted(pairs[:, 0], np.arange(count + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), ordered.take(pa.array(pairs[:, 1])))


def _one(values: Any, kind: pa.DataType) -> Any:
    if isinstance(values, np.ndarray):
        return pa.array(values, from_pandas=True).cast(kind)
    return (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).cast(kind)
