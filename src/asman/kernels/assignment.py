"""Assignment: which plot belongs to which track, exactly, where several contend.

Each row (a plot) may take one of its columns (a track, as one sensor sees it) or none. The sum of the gains
is made as large as can be; taking none gains nothing. Rows are inserted one by one, each by a shortest
augmenting path over reduced costs; a path may end at a free column or at a row that goes without. Only
what the path touches is looked at, so a row without a rival costs a few operations, and contested clusters
need not be found beforehand: a path never leaves its cluster.

Source: R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment
problems", Computing 38, 1987 (their augmentation phase).
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent, small

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def assign(start: Ints, column: Ints, gain: Floats, columns: int, taken: Ints) -> None:
    """`assign_rows`, for who has no room of its own made for it."""
    ints = np.empty((5, columns), np.int64)
    floats = np.empty((2, columns))
    assign_rows(
        start, column, gain, start.size - 1, columns, taken,
        ints[0], ints[1], ints[2], ints[3], ints[4], floats[0], floats[1],
    )  # fmt: skip


@lent
def assign_rows(
    start: Ints, column: Ints, gain: Floats, rows: int, columns: int, taken: Ints,
    owner: Ints, back: Ints, mark: Ints, touched: Ints, scanned: Ints, value: Floats, distance: Floats,
) -> None:  # fmt: skip
    """Give every row the edge that makes the sum of gains largest, or none.

    start   (R + 1,)  edges of row r are start[r] : start[r + 1]
    column  (E,)      column of each edge, 0 <= column < columns; no column twice in a row
    gain    (E,)      what taking the edge is worth; edges of gain <= 0 are never taken
    rows, columns     how many there are
    taken   (R,)      out: edge of each row, or -1
    owner, ..., distance (C,)  scratch, of every column
    """
    for c in range(columns):
        owner[c] = -1
        value[c] = 0.0
        mark[c] = 0
    for r in range(rows):
        taken[r] = -1
    for source in range(rows):
        reached = 0
        done = 0
        row = source
        base = 0.0
        free_row = source
        free_distance = 0.0
        end = source - source - 1
        while True:
            for e in range(start[row], start[row + 1]):
                c = column[e]
                if gain[e] <= 0.0 or mark[c] == 2:
                    continue
                d = base - gain[e] - value[c]
                if mark[c] == 0:
                    mark[c] = 1
                    touched[reached] = c
                    reached += 1
                    distance[c] = d
                    back[c] = e
                elif d < distance[c]:
                    distance[c] = d
                    back[c] = e
            best = -1
            for i in range(reached):
                c = touched[i]
                if mark[c] == 1 and (best < 0 or distance[c] < distance[best]):
                    best = c
            if best < 0 or free_distance <= distance[best]:
                shortest = free_distance
                break
            if owner[best] < 0:
                end = best
                shortest = distance[best]
                break
            mark[best] = 2
            scanned[done] = best
            done += 1
            row = owner[best]
            # What it costs beyond `best` to let this row go: its own edge is given back.
            base = distance[best] + gain[taken[row]] + value[best]
            if base < free_distance:
                free_distance = base
                free_row = row
        for i in range(done):
            c = scanned[i]
            value[c] += distance[c] - shortest
        flip(source, free_row, end, rows, start, column, back, owner, taken)
        for i in range(reached):
            mark[touched[i]] = 0


@small
def flip(
    source: int,
    free_row: int,
    end: int,
    rows: int,
    start: Ints,
    column: Ints,
    back: Ints,
    owner: Ints,
    taken: Ints,
) -> None:
    """Change hands along the path that ends at column `end`, or, where `end` is -1, at `free_row`."""
    c = end
    if end < 0:
        if free_row == source:
            return
        c = column[taken[free_row]]
        taken[free_row] = -1
    while True:
        e = back[c]
        low = 0
        high = rows
        while high - low > 1:
            middle = (low + high) // 2
            if start[middle] <= e:
                low = middle
            else:
                high = middle
        before = taken[low]
        taken[low] = e
        owner[c] = low
        if low == source:
            return
        c = column[before]
