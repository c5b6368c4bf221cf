"""A label: under what a released row left, and what its recipient may do with it."""

import msgspec


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
        parts += ["REL " + " ".join((self.origin, *self.releasable_to)), f"UNTIL {self.until}"]
        parts += [f"KEEP {self.retain}"] + ([] if self.replay else ["NO REPLAY"])
        return "//".join((*parts, *self.caveats))
