"""The audit tree: the published vectors, a naive tree from the definition, and proofs that cannot be bent."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.sharing import merkle
from asman.sharing.merkle import Tree

#: The leaves of certificate-transparency's own tests, and their roots for 1 to 8 leaves.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def grown(entries) -> Tree:
    tree = Tree()
    for entry in entries:
        tree.append(entry)
    return tree


def naive_root(entries) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size):
    assert grown(LEAVES[:size]).root().hex() == ROOTS[size - 1]
    assert grown(LEAVES).root(size).hex() == ROOTS[size - 1]


entries = st.lists(st.binary(max_size=4), max_size=40)


@given(entries, st.data())
def test_roots_are_those_of_the_definition(some, data):
    tree = grown(some)
    size = data.draw(st.integers(0, len(some)))
    assert tree.root(size) == naive_root(some[:size])


@settings(deadline=None)
@given(entries.filter(bool), st.data())
def test_an_entry_is_proven_and_nothing_else_is(some, data):
    tree = grown(some)
    size = data.draw(st.integers(1, len(some)))
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion(index, size), tree.root(size)
    assert merkle.includes(some[index], index, size, proof, root)
    assert not merkle.includes(some[index] + b"!", index, size, proof, root)
    assert not merkle.includes(some[index], index, size, [*proof, root], root)
    if proof:
        assert not merkle.includes(some[index], index, size, proof[:-1], root)
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:place], bytes(32), *proof[place + 1 :]]
        assert not merkle.includes(some[index], index, size, bent, root)


@settings(deadline=None)
@given(entries.filter(bool), st.data())
def test_a_log_that_grew_extends_the_older_one(some, data):
    tree = grown(some)
    older = data.draw(st.integers(0, len(some)))
    proof = tree.consistency(older)
    assert merkle.extends(older, tree.root(older), len(some), tree.root(), proof)
    if 0 < older < len(some):
        assert not merkle.extends(older, bytes(32), len(some), tree.root(), proof)
        assert not merkle.extends(older, tree.root(older), len(some), bytes(32), proof)


@settings(deadline=None)
@given(entries.filter(bool), st.data())
def test_a_log_that_was_rewritten_extends_nothing(some, data):
    place = data.draw(st.integers(0, len(some) - 1))
    other = grown([*some[:place], some[place] + b"!", *some[place + 1 :], b"more"])
    true = grown(some)
    assert not merkle.extends(len(some), true.root(), len(other), other.root(), other.consistency(len(some)))


def test_what_is_beyond_the_log_is_refused():
    tree = grown(LEAVES)
    for wrong in (lambda: tree.root(9), lambda: tree.inclusion(8), lambda: tree.consistency(9)):
        with pytest.raises(ValueError):
            wrong()
