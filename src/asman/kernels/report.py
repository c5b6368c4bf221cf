"""Report: what is known of a track, as one row of the picture."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_lla
from asman.kernels.heights import best_height
from asman.kernels.imm import Motion
from asman.kernels.integrity import NONE, REFUSED
from asman.kernels.jit import kernel, lent
from asman.kernels.trackrows import (
    CONTRIBUTORS,
    EARTH_RADIUS_M,
    SECOND,
    Tracks,
    carry,
    from_plane,
    usual_gap_s,
)
from asman.kernels.vertical import altitude_variance

Ints = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: A sensor counts as contributing until this many of its usual gaps went by without a plot.
LATELY: Final = 2.5

ROW: Final = np.dtype(
    [
        ("time_ns", "i8"),
        ("track", "i8"),
        ("last_ns", "i8"),
        ("callsign", "u8"),
        ("lat_deg", "f8"),
        ("lon_deg", "f8"),
        ("altitude_m", "f8"),
        ("vn_mps", "f8"),
        ("ve_mps", "f8"),
        ("climb_mps", "f8"),
        ("altitude_sigma_m", "f8"),
        ("geometric_altitude_m", "f8"),
        ("geometric_sigma_m", "f8"),
        ("var_e_m2", "f8"),
        ("var_n_m2", "f8"),
        ("cov_en_m2", "f8"),
        ("existence", "f8"),
        ("address", "i8"),
        ("mode_3a", "i8"),
        ("plots", "i8"),
        ("plot", "i8"),  # place in its window of the plot after which this was known
        ("confirmed", "i1"),
        ("on_ground", "i1"),
        ("simulated", "i1"),
        ("position_doubted", "i1"),
    ],
    align=True,
)


@lent
def write_row(track: Record, sensors: Records, rows: Records, row_sensors: Ints, at: int) -> None:
    """Write row `at`: a track as it stands.

    rows         (R,)               ROW
    row_sensors  (R, CONTRIBUTORS)  sensors that made it lately, -1 beyond
    """
    out = rows[at]
    lat, lon, _ = ecef_to_lla(*from_plane(track.state[0], track.state[1], track.plane))
    out.time_ns = track.time_ns
    out.track = track.number
    out.last_ns = track.last_ns
    out.callsign = track.callsign
    out.lat_deg = math.degrees(lat)
    out.lon_deg = math.degrees(lon)
    out.altitude_m = track.vertical[0]
    # Tracks live on the ellipsoid; aloft the same angle is a longer way.
    height, variance = best_height(track, track.time_ns)
    out.altitude_sigma_m = math.sqrt(altitude_variance(track.vertical))
    out.geometric_altitude_m = height
    out.geometric_sigma_m = math.sqrt(variance)
    height = height if not math.isnan(height) else 0.0
    scale = 1.0 + height / EARTH_RADIUS_M
    # Meridians converge: turn from the plane's axes to those at the aircraft.
    turn = -math.sin(lon - math.atan2(track.plane[5], track.plane[6])) * math.sin(lat)
    c = math.cos(turn)
    s = math.sin(turn)
    ve, vn = track.state[2], track.state[3]
    out.ve_mps = scale * (c * ve - s * vn)
    out.vn_mps = scale * (s * ve + c * vn)
    out.climb_mps = track.vertical[1] if not math.isnan(track.vertical[0]) else math.nan
    out.var_e_m2 = track.cov[0] + track.consider[0]
    out.var_n_m2 = track.cov[2] + track.consider[2]
    out.cov_en_m2 = track.cov[1] + track.consider[1]
    out.existence = track.existence
    out.address = track.address
    out.mode_3a = track.mode_3a
    out.plots = track.plots
    out.confirmed = track.shown
    out.on_ground = track.on_ground
    out.simulated = track.simulated
    out.position_doubted = int(track.trust[REFUSED] != NONE)
    used = 0
    for i in range(CONTRIBUTORS):
        entry = track.heard[i]
        if entry.sensor < 0:
            continue
        gap = usual_gap_s(entry.gap_s, track.on_ground, sensors[entry.sensor])
        if (track.time_ns - entry.last_ns) * SECOND <= LATELY * gap:
            row_sensors[at, used] = entry.sensor
            used += 1
    for i in range(used, row_sensors.shape[1]):
        row_sensors[at, i] = -1


@kernel
def report(
    tracks: Tracks, count: int, at_ns: int, confirmed_only: bool, sensors: Records, motion: Motion,
    rows: Records, row_sensors: Ints,
) -> int:  # fmt: skip
    """Predict tracks to a time and write a row each; the arrays given are spent (hand in a copy)."""
    work = np.empty((4, 18))
    written = 0
    for k in range(count):
        row = tracks.row[k]
        if row.alive == 0 or (confirmed_only and row.shown == 0):
            continue
        carry(row, at_ns, motion, work)
        write_row(row, sensors, rows, row_sensors, written)
        rows[written].time_ns = at_ns
        written += 1
    return written
