"""Naming: codes, callsigns and flags that plots give their track."""

from typing import Any

import numpy as np

from asman.kernels.births import ECHO, kind_of
from asman.kernels.jit import lent
from asman.kernels.trackrows import Tracks

# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any


@lent
def name(tracks: Tracks, k: int, plot: Record) -> None:
    """Take codes and flags from a plot; a code or callsign that changes must be said twice."""
    row = tracks.row[k]
    if plot.address >= 0 and row.address < 0:
        row.address = plot.address
    if plot.mode_3a >= 0 and plot.mode_3a_valid == 1:
        if row.mode_3a < 0 or row.mode_3a_doubt == plot.mode_3a:
            row.mode_3a = plot.mode_3a
            row.mode_3a_doubt = -1
        elif row.mode_3a == plot.mode_3a:
            row.mode_3a_doubt = -1
        else:
            row.mode_3a_doubt = plot.mode_3a
    if plot.callsign != 0:
        if row.callsign == 0 or row.callsign_doubt == plot.callsign:
            row.callsign = plot.callsign
            row.callsign_doubt = np.uint64(0)
        elif row.callsign == plot.callsign:
            row.callsign_doubt = np.uint64(0)
        else:
            row.callsign_doubt = plot.callsign
    if plot.on_ground >= 0:
        row.on_ground = plot.on_ground
    if plot.simulated == 1:
        row.simulated = 1
    row.plots += 1
    if kind_of(plot) != ECHO:
        same = plot.address >= 0 or plot.mode_3a < 0 or plot.mode_3a == row.mode_3a
        row.answers = row.answers + 1 if same else max(row.answers - 1, 0)
    row.last_ns = plot.time_ns
