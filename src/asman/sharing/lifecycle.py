"""Draft, ratified, active, suspended, expired: what an agreement is at an instant, from what was said of it.

What takes away counts at once, whatever its date: a suspension. What gives counts from its date: resuming,
renewing. At both ends the largest error of the members' clocks is kept clear, so that nothing leaves too
early or too late by anybody's clock. In an agreement of many, one party's suspension or withdrawal concerns
what goes to and from it; where fewer than two parties are left, all has ended.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from asman.model.agreement import Agreement
from asman.sharing import spans
from asman.sharing.statements import Refusal, Statement, stated_ns

State = Literal["draft", "ratified", "active", "suspended", "expired"]

#: Largest error of a member's clock, either way.
SKEW_NS: Final = 500_000_000
_NEVER: Final = 2**62


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement at an instant.

    begins_ns, ends_ns  ns  from when and until when anything may leave, clocks' errors kept clear
    last_day            in the agreement's own words, all renewals counted
    unsigned            parties that have not ratified
    stopped             (by, towards): who has suspended what goes between it and whom
    gone                parties that have withdrawn
    """

    state: State
    begins_ns: int
    ends_ns: int
    last_day: datetime.date
    unsigned: tuple[str, ...] = ()
    stopped: frozenset[tuple[str, str]] = frozenset()
    gone: frozenset[str] = frozenset()

    def flows(self, giver: str, recipient: str) -> bool:
        """Tell whether anything may go from `giver` to `recipient` now."""
        return (
            self.state == "active"
            and self.binds(giver, recipient)
            and not ({(giver, recipient), (recipient, giver)} & self.stopped)
        )

    def binds(self, giver: str, recipient: str) -> bool:
        """Tell whether its restrictions hold between the two: they outlive a suspension."""
        return self.state in ("active", "suspended") and not {giver, recipient} & self.gone


def standing(
    agreement: Agreement, statements: Sequence[Statement], now_ns: int, skew_ns: int = SKEW_NS
) -> Standing:
    """What the agreement is at `now_ns`, given what was said of it and verified, in order of arrival."""
    parties = agreement.parties
    ratified = {one.member for one in statements if one.act == "ratify"}
    begins_ns = spans.to_ns(spans.midnight(agreement.terms.agreement.begins))
    leaving = _leaving(agreement, statements)
    gone = frozenset(member for member, at_ns in leaving.items() if now_ns >= at_ns - skew_ns)
    ends_ns = _ends_ns(agreement, statements, leaving, now_ns)
    stopped = _stopped(parties, statements, now_ns)
    state: State = "active"
    if not ratified >= set(parties):
        state = "draft"
    elif now_ns >= ends_ns - skew_ns:
        state = "expired"
    elif now_ns < begins_ns + skew_ns:
        state = "ratified"
    elif not _any_flow([one for one in parties if one not in gone], stopped):
        state = "suspended"
    return Standing(
        state=state,
        begins_ns=begins_ns + skew_ns,
        ends_ns=ends_ns - skew_ns,
        last_day=spans.from_ns(ends_ns - 1).date(),
        unsigned=tuple(one for one in parties if one not in ratified),
        stopped=stopped,
        gone=gone,
    )


def refusal(
    agreement: Agreement, statements: Sequence[Statement], new: Statement, now_ns: int, skew_ns: int = SKEW_NS
) -> Refusal | None:
    """Why a verified statement cannot follow those that were said before; None when it can."""
    mine = [one for one in statements if one.member == new.member]
    now = standing(agreement, statements, now_ns, skew_ns)
    takes_away = new.act in ("suspend", "withdraw")
    if stated_ns(new) > now_ns + skew_ns and not takes_away:
        return Refusal.FROM_THE_FUTURE
    if mine and new.number <= max(one.number for one in mine):
        return Refusal.REPLAYED
    if new.act == "ratify":
        return Refusal.TWICE if any(one.act == "ratify" for one in mine) else None
    if now.state == "draft":
        return Refusal.NOT_RATIFIED
    if now.state == "expired":
        return Refusal.EXPIRED
    if new.act == "resume" and not any(by == new.member for by, _ in now.stopped):
        return Refusal.NOT_SUSPENDED
    if new.act == "renew" and (new.until is None or new.until <= now.last_day):
        return Refusal.NO_END
    return None


def _any_flow(parties: Iterable[str], stopped: frozenset[tuple[str, str]]) -> bool:
    names = list(parties)
    return any((a, b) not in stopped and (b, a) not in stopped for a in names for b in names if a != b)


def _leaving(agreement: Agreement, statements: Iterable[Statement]) -> dict[str, int]:
    """Member -> ns from which it is no party: the notice after it withdrew."""
    notice = spans.period_of(agreement.terms.agreement.notice)
    found: dict[str, int] = {}
    for one in statements:
        if one.act == "withdraw":
            leaves = spans.after(spans.from_ns(stated_ns(one)), notice)
            found[one.member] = min(found.get(one.member, _NEVER), spans.to_ns(leaves))
    return found


def _ends_ns(
    agreement: Agreement, statements: Sequence[Statement], leaving: dict[str, int], now_ns: int
) -> int:
    """The end by the calendar: of the term, of renewals, of withdrawals that leave nobody to agree with."""
    heading = agreement.terms.agreement
    begin = spans.midnight(heading.begins)
    period = spans.period_of(heading.duration)
    ends_ns = spans.to_ns(spans.after(begin, period))
    if heading.renewal == "automatic":
        times = 1
        while ends_ns <= now_ns + SKEW_NS and times < spans.LONGEST_YEARS * 12:
            times += 1
            ends_ns = spans.to_ns(spans.after(begin, period, times=times))
    staying = [one for one in agreement.parties if one not in leaving]
    signed = [
        max((_until_ns(one) for one in statements if _renews(one, member, now_ns)), default=0)
        for member in staying
    ]
    ends_ns = max(ends_ns, min(signed, default=0))
    if len(staying) < 2:
        # The last but one to leave ends it for everybody.
        ends_ns = min(ends_ns, sorted(leaving.values())[len(agreement.parties) - 2])
    return ends_ns


def _renews(one: Statement, member: str, now_ns: int) -> bool:
    return one.act == "renew" and one.member == member and stated_ns(one) <= now_ns + SKEW_NS


def _until_ns(one: Statement) -> int:
    return 0 if one.until is None else spans.to_ns(spans.midnight(one.until + datetime.timedelta(days=1)))


def _stopped(
    parties: Sequence[str], statements: Iterable[Statement], now_ns: int
) -> frozenset[tuple[str, str]]:
    stopped: set[tuple[str, str]] = set()
    for one in statements:
        partners = {(one.member, other) for other in one.towards or parties if other != one.member}
        if one.act == "suspend":
            stopped |= partners
        elif one.act == "resume" and stated_ns(one) <= now_ns + SKEW_NS:
            stopped -= partners
    return frozenset(stopped)
