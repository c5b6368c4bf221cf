"""A label: under what a released row left, and what its recipient may do with it."""

from typing import Final

import msgspec

_RELEASABLE: Final = "REL "


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """Handling of released data, after STANAG 4774: policy, classification, releasable-to, expiry.

    agreements      (id, hash) of every agreement whose terms hold
    classification  of the agreement; empty where it names none
    releasable_to   the recipient, then third parties to which it may be passed on verbatim
    until           last day of the agreement that ends first, YYYY-MM-DD
    retain          ISO 8601: how long it may be kept
    replay          it may be shown again
    caveats         words that go with it
    clauses         where the signed texts say so
    """

    origin: str
    agreements: tuple[tuple[str, str], ...]
    classification: str
    releasable_to: tuple[str, ...]
    until: str
    retain: str
    replay: bool = True
    caveats: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line, as the `label` column carries it."""
        parts = ["+".join(name for name, _ in self.agreements)]
        parts += [self.classification] if self.classification else []
        parts += [_RELEASABLE + " ".join((self.origin, *self.releasable_to)), f"UNTIL {self.until}"]
        parts += [f"KEEP {self.retain}"] + ([] if self.replay else ["NO REPLAY"])
        return "//".join((*parts, *self.caveats))


def agreements_of(text: str | None) -> list[str]:
    """Ids of the agreements that a label's line names; none where there is no label."""
    return text.partition("//")[0].split("+") if text else []


def members_of(text: str) -> frozenset[str]:
    """The origin that a label's line names, and whom it lets have the rows."""
    named = [part for part in text.split("//") if part.startswith(_RELEASABLE)]
    return frozenset(named[0].removeprefix(_RELEASABLE).split()) if named else frozenset()
