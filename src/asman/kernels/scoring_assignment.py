"""Who is whom at one instant: the exact assignment of tracks to aircraft, over near pairs only.

Pairing a track with an aircraft at distance d < c gains c^p - d^p over leaving both alone (GOSPA with
alpha = 2, and OSPA alike); the sum of gains is made as large as can be. Rows are inserted one by one,
each along a shortest augmenting path over reduced costs that ends at a free column or at a row which
goes without. A path never leaves its cluster of near pairs, so all instants are solved in one call, and
the cost is that of the clusters. The scorer shares no assignment with the tracker: a judge that used the
same code would share its mistakes.

Sources: R. Jonker, A. Volgenant, Computing 38, 1987 (augmentation phase); A. S. Rahmathullah,
A. F. García-Fernández, L. Svensson, "Generalized optimal sub-pattern assignment metric", FUSION 2017.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def best_pairs(start: Ints, column: Ints, gain: Floats, columns: int) -> Ints:
    """The edge of each row, or -1, in the assignment whose gains sum highest.

    start   (N + 1,)  edges of row i are start[i] : start[i + 1]
    column  (E,)      0 <= column < columns
    gain    (E,)      edges of gain <= 0 are never taken
    returns (N,)      no column twice
    """
    rows = start.size - 1
    taken = np.full(rows, -1, np.int64)
    owner = np.full(columns, -1, np.int64)
    price = np.zeros(columns)
    reach = np.empty(columns)
    through = np.empty(columns, np.int64)
    from_row = np.empty(columns, np.int64)
    seen = np.zeros(columns, np.int8)
    listed = np.empty(columns, np.int64)
    closed = np.empty(columns, np.int64)
    for source in range(rows):
        listed_count = 0
        closed_count = 0
        row = source
        base = 0.0
        giving_up = source
        giving_up_cost = 0.0
        end = -1
        while True:
            for e in range(start[row], start[row + 1]):
                c = column[e]
                if gain[e] <= 0.0 or seen[c] == 2:
                    continue
                cost = base - gain[e] + price[c]
                if seen[c] == 0:
                    seen[c] = 1
                    listed[listed_count] = c
                    listed_count += 1
                elif cost >= reach[c]:
                    continue
                reach[c] = cost
                through[c] = e
                from_row[c] = row
            nearest = -1
            for i in range(listed_count):
                c = listed[i]
                if seen[c] == 1 and (nearest < 0 or reach[c] < reach[nearest]):
                    nearest = c
            if nearest < 0 or giving_up_cost <= reach[nearest]:
                shortest = giving_up_cost
                break
            if owner[nearest] < 0:
                end = nearest
                shortest = reach[nearest]
                break
            seen[nearest] = 2
            closed[closed_count] = nearest
            closed_count += 1
            row = owner[nearest]
            # Reaching this column frees its row, which gets its own edge's worth back.
            base = reach[nearest] + gain[taken[row]] - price[nearest]
            if base < giving_up_cost:
                giving_up_cost = base
                giving_up = row
        for i in range(closed_count):
            price[closed[i]] += shortest - reach[closed[i]]
        for i in range(listed_count):
            seen[listed[i]] = 0
        if end < 0:
            if giving_up == source:
                continue
            end = column[taken[giving_up]]
            taken[giving_up] = -1
        while True:
            row = from_row[end]
            before = taken[row]
            taken[row] = through[end]
            owner[end] = row
            if row == source:
                break
            end = column[before]
    return taken
