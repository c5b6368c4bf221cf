"""Naming: codes, callsigns and flags that plots give their track."""

from typing import Any

import numpy as np

from asman.kernels.births import ECHO, kind_of
from asman.kernels.jit import lent

# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any


@lent
def name(track: Record, plot: Record) -> None:
    """Take codes and flags from a plot; a code or callsign that changes must be said twice."""
    if plot.address >= 0 and track.address < 0:
        track.address = plot.address
    if plot.mode_3a >= 0 and plot.mode_3a_valid == 1:
        if track.mode_3a < 0 or track.mode_3a_doubt == plot.mode_3a:
            track.mode_3a = plot.mode_3a
            track.mode_3a_doubt = -1
        elif track.mode_3a == plot.mode_3a:
            track.mode_3a_doubt = -1
        else:
            track.mode_3a_doubt = plot.mode_3a
    if plot.callsign != 0:
        if track.callsign == 0 or track.callsign_doubt == plot.callsign:
            track.callsign = plot.callsign
            track.callsign_doubt = np.uint64(0)
        elif track.callsign == plot.callsign:
            track.callsign_doubt = np.uint64(0)
        else:
            track.callsign_doubt = plot.callsign
    if plot.on_ground >= 0:
        track.on_ground = plot.on_ground
    if plot.simulated == 1:
        track.simulated = 1
    track.plots += 1
    if kind_of(plot) != ECHO:
        same = plot.address >= 0 or plot.mode_3a < 0 or plot.mode_3a == track.mode_3a
        track.answers = track.answers + 1 if same else max(track.answers - 1, 0)
    track.last_ns = plot.time_ns
