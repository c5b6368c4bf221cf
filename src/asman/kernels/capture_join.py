"""Put together what a network took apart: fragments of IP datagrams, and where ASTERIX lies in a stream.

Fragments are collected in a bounded number of open datagrams; one that stays open for long, or whose
fragments overlap (RFC 5722, RFC 8200: never put together), is given up and counted.

Sources: RFC 815 (IP datagram reassembly), RFC 8200 section 4.5.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.capture import FLAGS, FRAGMENT, KEY, PLACE, SIZE, VERDICT, Int
from asman.kernels.jit import kernel, rare

#: Datagrams that are open at a time, and how long at most (RFC 8200: 60 s).
OPEN, OPEN_NS = 256, 60_000_000_000
#: The longest IP datagram, and most fragments of it: each but the last has 8 octets or more.
LARGEST, PIECES = 65_535, 8_192
# What becomes of a fragment: waits, is part of a whole datagram, was given up.
WAITS, JOINED, GIVEN_UP = 0, 1, 2
#: Blocks in a row by which the place is known again at which a stream of blocks goes on.
CHAIN = 3
#: Blocks in a row by which it is known whatever their size, and octets of a block of usual size at most.
CERTAIN, USUAL = 8, 2048
#: Octets of a longer one in which others are looked for.
LOOKED_AT = 4096
#: Blocks with the same spacing by which a recording's spacing is beyond doubt.
ROW = 32


@rare
def give_up(first: Int, following: NDArray[np.int64], fate: NDArray[np.int64]) -> None:
    """Give up all fragments of an open datagram."""
    at = first
    while at >= 0:
        fate[at] = GIVEN_UP
        at = following[at]


@rare
def fits(piece: Int, first: Int, following: NDArray[np.int64], payloads: NDArray[np.int64]) -> Int:
    """Return 1 where a fragment is new, 0 where it is there already, -1 where it overlaps another."""
    begin, end = payloads[piece, PLACE], payloads[piece, PLACE] + payloads[piece, SIZE]
    at = first
    while at >= 0:
        other, after = payloads[at, PLACE], payloads[at, PLACE] + payloads[at, SIZE]
        if other == begin and after == end:
            return 0
        if begin < after and other < end:
            return -1
        at = following[at]
    return 1


@kernel
def join_fragments(
    payloads: NDArray[np.int64],
    time_ns: NDArray[np.int64],
    following: NDArray[np.int64],
    fate: NDArray[np.int64],
    whole: NDArray[np.int64],
) -> Int:
    """Collect fragments into datagrams; return how many are whole.

    payloads  (P, 7)  as `find_payloads` filled them;  time_ns (P,) of the packets
    following (P,)    filled: the next fragment of the same datagram, in order of arrival; -1 none
    fate      (P,)    filled for fragments: WAITS, JOINED, GIVEN_UP
    whole     (P, 2)  filled: first fragment of each whole datagram, and the packet that made it so
    """
    # Of each open datagram: key (-1 free), first and last fragment, octets so far, octets in all, when begun,
    # and with which packet.
    opened = np.full((OPEN, 7), -1, np.int64)
    count = 0
    for i in range(payloads.shape[0]):
        if payloads[i, VERDICT] != FRAGMENT:
            continue
        following[i] = -1
        slot, oldest = -1, 0
        for k in range(OPEN):
            if opened[k, 0] >= 0 and time_ns[i] - opened[k, 5] > OPEN_NS:
                give_up(opened[k, 1], following, fate)
                opened[k, 0] = -1
            if opened[k, 0] == payloads[i, KEY]:
                slot = k
            if opened[k, 0] < 0 or (opened[oldest, 0] >= 0 and opened[k, 6] < opened[oldest, 6]):
                oldest = k
        if slot < 0:
            slot = oldest
            if opened[slot, 0] >= 0:
                give_up(opened[slot, 1], following, fate)
            opened[slot, 0], opened[slot, 1], opened[slot, 2] = payloads[i, KEY], -1, -1
            opened[slot, 3], opened[slot, 4], opened[slot, 5] = 0, -1, time_ns[i]
            opened[slot, 6] = i
        end = payloads[i, PLACE] + payloads[i, SIZE]
        new = fits(i, opened[slot, 1], following, payloads)
        if new == 0:
            fate[i] = GIVEN_UP
            continue
        if new < 0 or end > LARGEST or (opened[slot, 4] >= 0 and end > opened[slot, 4]):
            give_up(opened[slot, 1], following, fate)
            fate[i] = GIVEN_UP
            opened[slot, 0] = -1
            continue
        if opened[slot, 1] < 0:
            opened[slot, 1] = i
        else:
            following[opened[slot, 2]] = i
        opened[slot, 2] = i
        opened[slot, 3] += payloads[i, SIZE]
        if payloads[i, FLAGS] & 1 == 0:
            opened[slot, 4] = end
        if opened[slot, 3] == opened[slot, 4]:
            whole[count, 0], whole[count, 1] = opened[slot, 1], i
            count += 1
            at = opened[slot, 1]
            while at >= 0:
                fate[at] = JOINED
                at = following[at]
            opened[slot, 0] = -1
    return count


@rare
def is_block(octets: NDArray[np.uint8], at: Int, end: Int) -> Int:
    """Return the octets of the data block that may begin there; 0 for none."""
    if at + 3 > end or octets[at] == 0:
        return 0
    size = np.int64(octets[at + 1]) << 8 | np.int64(octets[at + 2])
    return size if size >= 4 and at + size <= end else 0


@rare
def chained(octets: NDArray[np.uint8], at: Int, end: Int, known: NDArray[np.bool_], most: Int) -> Int:
    """Return how many blocks of known categories follow one another from `at` on, up to `most`.

    Blocks that end where everything ends count as `most`: more cannot be asked for.
    """
    count = 0
    while count < most:
        size = is_block(octets, at, end)
        if size == 0 or not known[octets[at]]:
            return count
        at += size
        count += 1
        if at == end:
            return most
    return count


@rare
def believed(octets: NDArray[np.uint8], at: Int, end: Int, known: NDArray[np.bool_]) -> Int:
    """Tell whether blocks of known categories begin there: 2 CHAIN of usual size; 1 CERTAIN, or to the end.

    What chance takes for a block is as long as two octets can say, and so a few of them span a file: their
    length is what tells them from those that sensors send.
    """
    begin, count = at, 0
    while count < CERTAIN:
        size = is_block(octets, at, end)
        if size == 0 or not known[octets[at]]:
            return 0
        at += size
        count += 1
        if count >= CHAIN and at - begin <= USUAL * count:
            return 2
        if at == end:
            return 1
    return 1


@kernel
def next_chain(octets: NDArray[np.uint8], at: Int, end: Int, known: NDArray[np.bool_]) -> Int:
    """Return the first octet from `at` on at which blocks are believed to begin; `end` for none.

    A long block in which others of usual size begin soon is none.
    """
    while at < end:
        if known[octets[at]] and believed(octets, at, end, known):
            size = is_block(octets, at, end)
            if size > USUAL:
                for inner in range(at + 1, at + min(size, LOOKED_AT)):
                    if known[octets[inner]] and believed(octets, inner, end, known) == 2:
                        return inner
            return at
        at += 1
    return end


@kernel
def first_block(octets: NDArray[np.uint8], known: NDArray[np.bool_]) -> Int:
    """Return where the blocks of a stream begin: at once, or at the next chain; its end for nowhere."""
    if chained(octets, 0, octets.size, known, 1) == 1:
        return 0
    return next_chain(octets, 0, octets.size, known)


@kernel
def blocks_before(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    most: Int,
    behind: Int,
    known: NDArray[np.bool_],
    good: NDArray[np.int64],
) -> None:
    """Count payloads that consist of blocks of known categories after so many octets before them.

    most    octets before the first block at most
    behind  octets behind the last block at most
    good (most + 1,)  filled: for each number of octets before, how many payloads
    """
    for i in range(starts.size):
        end = starts[i] + lengths[i]
        for before in range(most + 1):
            at, blocks = starts[i] + before, 0
            size = is_block(octets, at, end)
            while size > 0 and known[octets[at]]:
                at += size
                blocks += 1
                size = is_block(octets, at, end)
            if blocks and end - at <= behind:
                good[before] += 1


@kernel
def join_segments(
    order: NDArray[np.int64],
    flow: NDArray[np.int64],
    place: NDArray[np.int64],
    size: NDArray[np.int64],
    skip: NDArray[np.int64],
    run: NDArray[np.int64],
) -> Int:
    """Lay the segments of streams end to end; return how many runs without a gap there are.

    order        segments by stream, and by place in it
    flow, place, size (S,)  of each segment: its stream, and its octets' place in it, counted on
    skip (S,)    filled: octets at its beginning that came before already; -1: nothing is new
    run  (S,)    filled: the run it belongs to
    """
    runs, end, former = 0, np.int64(0), np.int64(-1)
    for k in range(order.size):
        i = order[k]
        if k == 0 or flow[i] != former or place[i] > end:
            runs += 1
            end = place[i]
            former = flow[i]
        run[i] = runs - 1
        skip[i] = end - place[i]
        if place[i] + size[i] > end:
            end = place[i] + size[i]
        else:
            skip[i] = -1
    return runs


@rare
def spaced(
    octets: NDArray[np.uint8], at: Int, gap: Int, known: NDArray[np.bool_], most: Int
) -> tuple[Int, Int]:
    """Return how many blocks of known categories stand from `at` on with so many octets between, and the end.

    Blocks that end where everything ends, but for the octets behind the last, count as `most`.
    """
    count = 0
    while count < most:
        size = is_block(octets, at, octets.size)
        if size == 0 or not known[octets[at]]:
            return count, at
        at += size
        count += 1
        if at + gap >= octets.size:
            return most if count > 2 else count, min(at + gap, octets.size)
        at += gap
    return count, at


@kernel
def find_spacing(
    octets: NDArray[np.uint8], begin_max: Int, gap_max: Int, need: Int, known: NDArray[np.bool_]
) -> tuple[Int, Int]:
    """Find where blocks begin, and how many octets stand between two; -1 where there are too few in a row.

    Where a recording does not begin with a block, some that are far apart may seem to stand in a row by
    chance: of several rows the longest counts, up to ROW, which no chance makes.
    """
    best, best_begin, best_gap = need - 1, -1, -1
    for begin in range(min(begin_max, octets.size)):
        if not known[octets[begin]] or is_block(octets, begin, octets.size) == 0:
            continue
        for gap in range(gap_max + 1):
            count = spaced(octets, begin, gap, known, ROW)[0]
            if count > best:
                best, best_begin, best_gap = count, begin, gap
                if count >= ROW:
                    return best_begin, best_gap
    return best_begin, best_gap


@kernel
def walk_spaced(
    octets: NDArray[np.uint8], begin: Int, gap: Int, known: NDArray[np.bool_], found: NDArray[np.int64]
) -> Int:
    """List blocks with octets between them; behind what is none, go on where CHAIN do. Return how many.

    found (N, 2)  filled: first octet, octets
    """
    at, count = begin, 0
    while at < octets.size and count < found.shape[0]:
        size = is_block(octets, at, octets.size)
        if size == 0 or not known[octets[at]]:
            at += 1
            while at < octets.size and spaced(octets, at, gap, known, CHAIN)[0] < CHAIN:
                at += 1
            continue
        found[count, 0], found[count, 1] = at, size
        count += 1
        at += size + gap
    return count
