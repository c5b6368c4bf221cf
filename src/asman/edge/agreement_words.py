"""How an agreement stands, and what it says, for people."""

from asman.edge.link_messages import AgreementState, GrantWords
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Entry
from asman.sharing.statements import stated_ns
from asman.sharing.words import grant_in_words


def agreement_state(entry: Entry, now: Standing, member: str) -> AgreementState:
    """An agreement as `member`'s console tells of it."""
    agreement = entry.agreement
    heading = agreement.terms.agreement
    others = [one for one in agreement.parties if one != member]
    last = max(entry.statements, key=stated_ns, default=None)
    return AgreementState(
        id=agreement.id, title=heading.title, hash=entry.hash, parties=list(agreement.parties),
        state=now.state, begins_s=now.begins_ns / 1e9, ends_s=now.ends_ns / 1e9,
        last_day=now.last_day.isoformat(), unsigned=list(now.unsigned),
        stopped=sorted([by, towards] for by, towards in now.stopped), gone=sorted(now.gone),
        gives_to=[one for one in others if now.flows(member, one)],
        takes_from=[one for one in others if now.flows(one, member)],
        said="" if last is None else f"{last.member} {last.act}",
        reason="" if last is None else last.reason,
        first_day=heading.begins.isoformat(), illustrative=heading.illustrative,
        grants=[
            GrantWords(
                giver=one.giver, to=list(one.to), what=list(one.what), where=one.where,
                words=grant_in_words(agreement, one, now),
            )
            for one in agreement.terms.grant
        ],
    )  # fmt: skip
