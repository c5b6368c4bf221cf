"""ADS-B reports of simulated flights, as good and as bad as real ones, with every fault known."""

import numpy as np
import pyarrow as pa

from asman.model.plots import PLOTS

EARTH_M = 6_371_000.0
#: 95 % radius by NACp 8, 9, 10, in standard deviations of one axis.
SIGMAS_M = np.array([92.6, 30.0, 10.0]) / 2.4477468306808166
FAULTS = ("good", "jump", "stale", "late", "twice", "inaccurate", "unsaid", "simulated", "ground")


def plots(count: int, **columns: object) -> pa.Table:
    """A table of PLOTS; what is not given is null. Sensor and recording have one name each."""
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array(["adsb"]))
    given: dict[str, object] = {"sensor": names, "recording": names, "detection": names, **columns}
    made = []
    for field in PLOTS:
        values = given.get(field.name)
        if values is None:
            made.append(pa.nulls(count, field.type))
            continue
        array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
        made.append(array.cast(field.type))
    return pa.Table.from_arrays(made, schema=PLOTS)


def transmitted(truth: pa.Table, chance: np.random.Generator, share: float) -> tuple[pa.Table, np.ndarray]:
    """Reports of truth rows (several a second apart), a share of them faulty; and each one's fault.

    Good ones have an offset that lasts (8 m), noise (3 m), CPR's steps (5 m) and claim NACp 8, 9 or 10.
    Faults: a jump of 0.5 to 50 km; the place before once more; 0.4 to 2 km late; sent again 10 ms later;
    NACp 5 and 300 m off; no NACp; marked as simulated; marked as on the ground.
    """
    who = truth["aircraft"].to_numpy()
    time = truth["time"].cast(pa.int64()).to_numpy().astype(np.int64)
    order = np.lexsort((time, who))
    who, time = who[order], time[order]
    lat, lon = truth["lat_deg"].to_numpy()[order], truth["lon_deg"].to_numpy()[order]
    vn, ve = truth["vn_mps"].to_numpy()[order], truth["ve_mps"].to_numpy()[order]
    keep = chance.random(who.size) < 0.6
    order = order[keep]
    who, time, lat, lon, vn, ve = who[keep], time[keep], lat[keep], lon[keep], vn[keep], ve[keep]
    names, index = np.unique(who, return_inverse=True)
    time = time + chance.integers(0, 200, who.size) * 1_000_000
    # The place is of the new time, a little later than the row's.
    late_s = (time - truth["time"].cast(pa.int64()).to_numpy()[order]) / 1e9
    claim = SIGMAS_M[index % 3]
    lasting = chance.normal(0.0, 8.0, (names.size, 2))[index]
    off = lasting + chance.normal(0.0, 3.0, (who.size, 2)) + chance.uniform(-2.5, 2.5, (who.size, 2))
    off += np.stack([ve, vn], axis=1) * late_s[:, None]
    fault = np.where(chance.random(who.size) < share, chance.integers(1, len(FAULTS), who.size), 0)
    first = np.concatenate([[True], np.diff(index) != 0])
    speed = np.hypot(vn, ve)
    fault[(fault == 2) & (np.concatenate([[True], first[:-1]]) | first | (speed < 60.0))] = 0
    fault[(fault == 3) & (speed < 60.0)] = 0
    far = np.exp(chance.uniform(np.log(500.0), np.log(50_000.0), who.size))
    way = chance.uniform(0.0, 2.0 * np.pi, who.size)
    off += np.where(fault == 1, far, np.where(fault == 5, 300.0, 0.0))[:, None] * np.stack(
        [np.sin(way), np.cos(way)], axis=1
    )
    lat = lat + np.degrees(off[:, 1] / EARTH_M)
    lon = lon + np.degrees(off[:, 0] / EARTH_M / np.cos(np.radians(lat)))
    stale = np.flatnonzero(fault == 2)
    lat[stale], lon[stale] = lat[stale - 1], lon[stale - 1]
    fault[stale[np.isin(fault[stale - 1], (1, 2, 3, 5))]] = 1  # of a wrong place: just as wrong
    late = fault == 3
    time = time + np.where(late, chance.uniform(400.0, 2000.0, who.size) / np.maximum(speed, 1.0), 0) * 1e9
    time = time.astype(np.int64)
    rows = np.concatenate([np.arange(who.size), np.flatnonzero(fault == 4)])
    label = np.concatenate([np.where(fault == 4, 0, fault), np.full(int((fault == 4).sum()), 4)])
    time = np.concatenate([time, time[fault == 4] + 10_000_000])
    sigma = np.where(fault == 5, 926.0 / 2.4477, np.where(fault == 6, np.nan, claim))
    table = plots(
        rows.size, time=pa.array(time, PLOTS.field("time").type), lat_deg=lat[rows], lon_deg=lon[rows],
        address=(0x4C0000 + index)[rows], sigma_m=sigma[rows],
        vn_mps=(vn + chance.normal(0, 1, vn.size))[rows],
        ve_mps=(ve + chance.normal(0, 1, ve.size))[rows], simulated=(fault == 7)[rows],
        on_ground=(fault == 8)[rows], field_monitor=np.zeros(rows.size, bool),
        geometric_altitude_m=truth["altitude_m"].to_numpy()[order][rows],
        pressure_altitude_m=truth["altitude_m"].to_numpy()[order][rows],
        detection=pa.array(["adsb"] * rows.size).dictionary_encode(),
    )  # fmt: skip
    # Sent in order of the true times: a late one's stamp is ahead of its place in the file.
    sent = np.argsort(np.where(label == 3, time - 1_000_000_000, time), kind="stable")
    return table.take(pa.array(sent)), label[sent]
