"""What people of this member have said of its tracks: identities, each until another takes its place.

The most serious judgements are a person's alone, and so is whether one of them leaves: nothing that is said
is shared unless the person chose that. What was said after seeing partners' data goes to those members at
most to whom all of it might go.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from asman.model.agreement import Category, Identity

#: Tracks of which something is said at a time; more are refused.
MOST_SAID: Final = 10_000
#: A withdrawal is repeated for so long, then forgotten.
WITHDRAWN_NS: Final = 60 * 10**9


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """A person holds an aircraft to be something.

    number      of this member's assertions; one of the same number replaces it
    track       our own tracker's number; the picture's where our sensors have no part in it
    criteria    on what it rests, in words
    by          post of the person
    at_ns       ns  when it was said, UTC
    expires_ns  ns  when it holds no more; None: until withdrawn
    shared      the person chose that partners may have it
    audience    members that it may go to at most; None: whom agreements name
    withdrawn_ns  ns  since when it holds no more; None: it holds
    """

    number: int
    track: int
    value: Identity
    category: Category = "unspecified"
    criteria: str = ""
    by: str = ""
    at_ns: int
    expires_ns: int | None = None
    shared: bool = False
    audience: tuple[str, ...] | None = None
    withdrawn_ns: int | None = None


class Sayings(msgspec.Struct, frozen=True, kw_only=True):
    """All that people said and that still counts: own track -> assertion."""

    following: int = 1
    assertions: Mapping[int, Assertion] = {}


def said(sayings: Sayings, assertion: Assertion) -> Sayings | None:
    """Take what a person says of a track, in place of what was said before; None: too much is said.

    `number` of the assertion is given here.
    """
    before = sayings.assertions.get(assertion.track)
    if before is None and len(sayings.assertions) >= MOST_SAID:
        return None
    number = sayings.following if before is None else before.number
    fresh = msgspec.structs.replace(assertion, number=number)
    return Sayings(
        following=max(sayings.following, number + 1),
        assertions={**sayings.assertions, assertion.track: fresh},
    )


def withdrawn(sayings: Sayings, track: int, now_ns: int) -> Sayings | None:
    """Take back what was said of a track; None where nothing was."""
    before = sayings.assertions.get(track)
    if before is None or before.withdrawn_ns is not None:
        return None
    gone = msgspec.structs.replace(before, withdrawn_ns=now_ns)
    return msgspec.structs.replace(sayings, assertions={**sayings.assertions, track: gone})


def tidied(sayings: Sayings, tracks: Collection[int], now_ns: int) -> Sayings:
    """Without what is over: of tracks that are there no more, expired, or withdrawn some time ago."""
    kept: dict[int, Assertion] = {}
    for track, before in sayings.assertions.items():
        over = before.expires_ns is not None and before.expires_ns <= now_ns and before.withdrawn_ns is None
        one = msgspec.structs.replace(before, withdrawn_ns=now_ns) if over else before
        old = one.withdrawn_ns is not None and now_ns - one.withdrawn_ns >= WITHDRAWN_NS
        if track in tracks and not old:
            kept[track] = one
    if len(kept) == len(sayings.assertions) and all(kept[k] is v for k, v in sayings.assertions.items()):
        return sayings
    return msgspec.structs.replace(sayings, assertions=kept)


def held(sayings: Sayings) -> Mapping[int, tuple[str, str]]:
    """Own track -> identity and category that the member holds it to be now.

    A withdrawn identity still withholds for a while: else its end would tell what it was.
    """
    return {track: (one.value, one.category) for track, one in sayings.assertions.items()}
