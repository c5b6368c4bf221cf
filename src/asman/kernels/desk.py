"""The desk: room in which plots of a window are weighed against tracks, made once and used by all windows.

An array that is made in a window costs more than a window's arithmetic: it is allocated, and counted by every
function that it passes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Desk(NamedTuple):
    """Room for the plots of a window, and for pairs of a plot and a track; what it holds is of one window.

    start       (P + 1,)  pairs that are looked at of plot i are start[i] : start[i + 1]
    edges       (E,)      the track of each
    keep_start  (P + 1,)  the same of pairs worth having
    keep_track, keep_column, keep_gain  (E,)   their track, their column, log odds
    split       (P,)      the track that a plot is a split of, or -1
    taken       (P,)      the pair that a plot was given, or -1
    column_sensor, column_next, winner  (E,)   of columns
    owner, back, mark, touched, scanned, value, distance  (E,)   of the assignment's columns
    """

    start: Ints
    edges: Ints
    keep_start: Ints
    keep_track: Ints
    keep_column: Ints
    keep_gain: Floats
    split: Ints
    taken: Ints
    column_sensor: Ints
    column_next: Ints
    winner: Ints
    owner: Ints
    back: Ints
    mark: Ints
    touched: Ints
    scanned: Ints
    value: Floats
    distance: Floats


@part
def make_desk(plots: int, pairs: int) -> Desk:
    """A desk for so many plots and pairs; nothing on it is set."""
    return Desk(
        np.empty(plots + 1, np.int64),
        np.empty(pairs, np.int64),
        np.empty(plots + 1, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs),
        np.empty(plots, np.int64),
        np.empty(plots, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs, np.int64),
        np.empty(pairs),
        np.empty(pairs),
    )
