"""Which reports were sent twice: redundant networks carry every datagram twice, and a recorder keeps both.

Rows are hashed over all their columns (the finaliser of splitmix64 after each) and looked up in an
open-addressing table. 64 bits over a few seconds of traffic make a false match a matter of 1 in 10^11.

Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]


@kernel
def mix(keys: Keys, column: Keys) -> None:
    """Mix a column (N,), given as its bits, into the hashes of its rows (N,), in place; no row becomes 0."""
    for i in range(keys.size):
        key = (keys[i] ^ column[i]) + np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key = key ^ (key >> np.uint64(31))
        keys[i] = key if key != np.uint64(0) else np.uint64(1)


@kernel
def repeated(keys: Keys, before: Keys, memory: int) -> Bools:
    """Tell which keys (N,) are among the `memory` distinct keys before them, in `before` (M,) or in `keys`.

    `before` is in the order in which the keys came. So the answer is the same whether they come all at once
    or in batches with the last `memory` kept between. No key may be 0.
    """
    size = 64
    while size < 2 * (keys.size + before.size):
        size *= 2
    table = np.zeros(size, np.uint64)
    turns = np.zeros(size, np.int64)
    turn = 0
    found = np.empty(keys.size, np.bool_)
    for i in range(before.size + keys.size):
        key = before[i] if i < before.size else keys[i - before.size]
        place = key & np.uint64(size - 1)
        while table[place] != np.uint64(0) and table[place] != key:
            place = (place + np.uint64(1)) & np.uint64(size - 1)
        known = table[place] == key and turn - turns[place] <= memory
        if not known:
            table[place] = key
            turns[place] = turn
            turn += 1
        if i >= before.size:
            found[i - before.size] = known
    return found
