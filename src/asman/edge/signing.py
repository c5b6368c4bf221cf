"""The key that a node signs with, while one key follows another.

A new key is announced to partners, signed with the one before it. The node goes on signing with the older one
until every partner has the newer, or until the older one is about to end: nobody is to get a batch whose key
it cannot know.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.sharing import keys
from asman.sharing.register import Register

#: So long before the key in use ends, the next one signs.
LEAD_NS: Final = 10 * 10**9


class KeyHome(Protocol):
    """Where keys are kept."""

    def keep_key(self, member: str, public: bytes) -> None:
        """Keep a further public key of a member."""
        ...

    def keep_end(self, member: str, key: str, end_ns: int) -> None:
        """Keep when a key of a member, named by its fingerprint, ends."""
        ...

    def signing_keys(self) -> Sequence[Ed25519PrivateKey]:
        """The member's own keys, the newest last; there is at least one."""
        ...


def name_of(key: Ed25519PrivateKey) -> str:
    """The fingerprint by which others know a key."""
    return keys.fingerprint(keys.public_of(key))


class Signing:
    """Which of a member's keys signs now."""

    def __init__(self, home: KeyHome, register: Callable[[], Register], now_ns: Callable[[], int]) -> None:
        """Begin with the oldest key that counts: partners have it, or learn its follower by it."""
        self._home = home
        self._register = register
        self._now_ns = now_ns
        ours, ends = home.signing_keys(), register().ends
        counting = [one for one in ours if not keys.has_ended(name_of(one), ends, now_ns())]
        self.key = (counting or ours[-1:])[0]

    def change(self, known: Iterable[str]) -> Ed25519PrivateKey | None:
        """Go over to the newest key where it is time; the key where it was.

        known  fingerprint of the newest of our keys that each partner has
        """
        register = self._register()
        newest = register.keys.get(register.member, ())[-1:]
        if not newest or newest[0] == keys.public_of(self.key):
            return None
        name = keys.fingerprint(newest[0])
        ending = keys.has_ended(name_of(self.key), register.ends, self._now_ns() + LEAD_NS)
        if not ending and any(one != name for one in known):
            return None
        ours = self._home.signing_keys()[-1]
        if name_of(ours) != name:
            return None  # its private half is not there yet
        self.key = ours
        return ours


def learn(home: KeyHome, register: Register, member: str, fresh: bytes, old: str, end_ns: int) -> Register:
    """Keep a key that a member announced, and the end of the one (by its fingerprint) that announced it.

    end_ns  0: it goes on
    """
    known = register.keys.get(member, ())
    if fresh not in known:
        home.keep_key(member, fresh)
    ends: Mapping[str, int] = register.ends
    if end_ns:
        home.keep_end(member, old, end_ns)
        ends = {**ends, old: end_ns}
    following = (*(one for one in known if one != fresh), fresh)
    return msgspec.structs.replace(register, keys={**register.keys, member: following}, ends=ends)
