"""What agreements that hold now say of handing the reporting of tracks over."""

from collections.abc import Iterable

from asman.model.handover import HandoverTerm
from asman.sharing.register import Register, standings


def handover_terms(register: Register, partners: Iterable[str], now_ns: int) -> tuple[HandoverTerm, ...]:
    """Every `[[handover]]` of an agreement that is active between us and a partner; both ways must flow."""
    found: list[HandoverTerm] = []
    standing = standings(register, now_ns)
    for partner in sorted(partners):
        for id_, entry in sorted(register.entries.items()):
            now, terms = standing[id_], entry.agreement.terms
            parties = {register.member, partner} <= set(entry.agreement.parties)
            if not parties or not now.flows(register.member, partner):
                continue
            found += [
                HandoverTerm(
                    partner=partner, basis=f"{id_} handover {number}",
                    line=entry.agreement.lines[one.line], silence_s=one.silence_s, default=one.default,
                )
                for number, one in enumerate(terms.handover, 1)
            ]  # fmt: skip
    return tuple(found)
