"""A plain scorer for the tracker's tests: GOSPA (c = 2000 m, p = 2), NEES, switches. Slow and obvious."""

import numpy as np
import pyarrow as pa
from scipy.optimize import linear_sum_assignment
from tests.tracking.sky import EPOCH_S, Sky, metres

CUT_M = 2_000.0


def judge(
    sky: Sky, tracks: pa.Table, begin_s: float, seen: dict[int, tuple[float, float]]
) -> dict[str, float]:
    """Score tracks at whole seconds against truth; `seen` says from when to when an aircraft counts."""
    tracks = tracks.filter(tracks["confirmed"])
    times = tracks["time"].cast(pa.int64()).to_numpy() / 1e9 - EPOCH_S
    column = {
        name: tracks[name].to_numpy()
        for name in ("lat_deg", "lon_deg", "var_e_m2", "var_n_m2", "cov_en_m2", "track", "ve_mps", "vn_mps")
    }
    costs, present, missed, false, errors, straight, turning, last, switches = [], 0, 0, 0, [], [], [], {}, 0
    speeds = []
    for t in np.unique(times[times >= begin_s]):
        rows = np.flatnonzero(times == t)
        second = round(t)
        true = np.array([a for a, (first, end) in seen.items() if first <= t <= end], int)
        lat, lon = sky.lat[true, second], sky.lon[true, second]
        e, n = metres(
            column["lat_deg"][rows][None, :], column["lon_deg"][rows][None, :], lat[:, None], lon[:, None]
        )
        distance = np.minimum(np.hypot(e, n), CUT_M)
        a, b = linear_sum_assignment(distance**2)
        good = distance[a, b] < CUT_M
        a, b = a[good], b[good]
        present += len(true)
        missed += len(true) - len(a)
        false += len(rows) - len(a)
        unpaired = len(true) + len(rows) - 2 * len(a)
        costs.append(np.sqrt((np.sum(distance[a, b] ** 2) + CUT_M**2 / 2 * unpaired) / max(len(true), 1)))
        errors += list(distance[a, b])
        r = rows[b]
        see, snn, sen = column["var_e_m2"][r], column["var_n_m2"][r], column["cov_en_m2"][r]
        de, dn = e[a, b], n[a, b]
        nees = (snn * de**2 - 2 * sen * de * dn + see * dn**2) / (see * snn - sen**2)
        who = true[a]
        speeds += list(
            np.hypot(column["ve_mps"][r] - sky.ve[who, second], column["vn_mps"][r] - sky.vn[who, second])
        )
        past = max(second - 12, 0)
        dot = sky.vn[who, second] * sky.vn[who, past] + sky.ve[who, second] * sky.ve[who, past]
        turn = dot < 0.9995 * np.hypot(sky.vn[who, second], sky.ve[who, second]) * np.hypot(
            sky.vn[who, past], sky.ve[who, past]
        )
        straight += list(nees[~turn])
        turning += list(nees[turn])
        for w, number in zip(who, column["track"][r], strict=True):
            switches += last.get(w, number) != number
            last[w] = number
    nees = np.array(straight + turning)
    return {
        "gospa_m": float(np.mean(costs)),
        "rms_m": float(np.sqrt(np.mean(np.square(errors)))),
        "speed_rms_mps": float(np.sqrt(np.mean(np.square(speeds)))),
        "missed": missed / present,
        "false": false / present,
        "nees": float(nees.mean()),
        "inside_95": float(np.mean(nees < 5.991)),
        "nees_straight": float(np.mean(straight)),
        "nees_turning": float(np.mean(turning)) if turning else np.nan,
        "switches_per_hour": switches / (present * 10 / 3600),
    }
