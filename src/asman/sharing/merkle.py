"""A Merkle tree over a log that only grows: nobody can change, drop or insert an entry unseen.

Whoever holds an older root can be shown that the newer tree still begins with the same entries
(consistency), and that an entry is in it (inclusion), with some hashes and without the log.

Source: RFC 6962, section 2.1 (trees and proofs); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (their verification).
"""

import hashlib
from collections.abc import Sequence

HASH_OCTETS = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry; the prefix keeps entries and nodes apart."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """The hashes of a growing log: of its entries, and of every complete subtree over them."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // HASH_OCTETS

    def append(self, entry: bytes) -> int:
        """Add an entry; return its index."""
        index = len(self)
        new = leaf_hash(entry)
        level = 0
        self._levels[0] += new
        while index >> level & 1:
            new = node_hash(bytes(self._levels[level][-2 * HASH_OCTETS : -HASH_OCTETS]), new)
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += new
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, all unless given. Raises ValueError beyond the log."""
        size = self._size(size)
        return self._over(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Hashes that prove that entry `index` is among the first `size`. Raises ValueError."""
        size = self._size(size)
        if not 0 <= index < size:
            raise ValueError(f"there is no entry {index} among the first {size}")
        return self._path(index, 0, size)

    def consistency(self, older: int, size: int | None = None) -> list[bytes]:
        """Hashes that prove that the first `size` entries begin with the first `older`. Raises ValueError."""
        size = self._size(size)
        if not 0 <= older <= size:
            raise ValueError(f"{older} entries are not the beginning of {size}")
        return self._shared(older, 0, size, whole=True) if older else []

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise ValueError(f"the log has {len(self)} entries, not {size}")
        return size

    def _over(self, begin: int, end: int) -> bytes:
        """Hash over the entries of a range that a subtree begins at."""
        count = end - begin
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            at = (begin >> level) * HASH_OCTETS
            return bytes(self._levels[level][at : at + HASH_OCTETS])
        middle = begin + _split(count)
        return node_hash(self._over(begin, middle), self._over(middle, end))

    def _path(self, index: int, begin: int, end: int) -> list[bytes]:
        if end - begin == 1:
            return []
        middle = begin + _split(end - begin)
        if index < middle:
            return [*self._path(index, begin, middle), self._over(middle, end)]
        return [*self._path(index, middle, end), self._over(begin, middle)]

    def _shared(self, older: int, begin: int, end: int, *, whole: bool) -> list[bytes]:
        if older == end:
            return [] if whole else [self._over(begin, end)]
        middle = begin + _split(end - begin)
        if older <= middle:
            return [*self._shared(older, begin, middle, whole=whole), self._over(middle, end)]
        return [*self._shared(older, middle, end, whole=False), self._over(begin, middle)]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def includes(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows that `entry` is number `index` of the `size` entries under `root`."""
    if not 0 <= index < size:
        return False
    here, last, hashed = index, size - 1, leaf_hash(entry)
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            hashed = node_hash(sibling, hashed)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and hashed == root


def extends(older: int, older_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that the tree of `size` entries begins with that of `older` ones."""
    if not 0 <= older <= size:
        return False
    if older == size:
        return not proof and older_root == root
    if older == 0:
        return not proof and older_root == EMPTY_ROOT
    path = list(proof) if older & (older - 1) else [older_root, *proof]
    if not path:
        return False
    here, last = older - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and old == older_root and new == root
