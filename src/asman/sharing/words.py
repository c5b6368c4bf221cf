"""An agreement in plain words, a sentence a term, as its machine reads it: to be read before signing."""

from collections.abc import Iterable
from typing import Final

import msgspec

from asman.model.agreement import EVERYWHERE, Agreement, Grant, Volume
from asman.sharing import spans
from asman.sharing.lifecycle import Standing, standing
from asman.sharing.statements import Statement

_IDENTITY: Final = {"assumed_friend": "assumed friend"}
_WHAT: Final = {
    "identity": "identity assertions",
    "coverage": "its coverage",
    "health": "its sensors' health",
}
_DAYS: Final = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
                "sat": "Saturday", "sun": "Sunday"}  # fmt: skip


class Section(msgspec.Struct, frozen=True):
    """Sentences under a heading."""

    heading: str
    sentences: tuple[str, ...]


def plain(agreement: Agreement, statements: Iterable[Statement], now_ns: int) -> tuple[Section, ...]:
    """The whole agreement, and what it is at `now_ns`; sections without a sentence are left out."""
    now = standing(agreement, tuple(statements), now_ns)
    sections = [
        Section("What it is", _heading(agreement, now)),
        *(_given(agreement, one, now) for one in agreement.parties),
        Section("What never leaves", _never(agreement)),
        Section("Who reports, who decides", _duties(agreement)),
        Section("How it ends", _ends(agreement)),
    ]  # fmt: skip
    return tuple(one for one in sections if one.sentences)


def listed(words: Iterable[str], last: str = "and") -> str:
    """Join words as people do: a, b and c."""
    several = list(words)
    return f" {last} ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)


def state_in_words(agreement: Agreement, now: Standing) -> str:
    """One sentence on what the agreement is now."""
    if now.state == "draft":
        return (
            f"It is a draft: {listed(map(agreement.named, now.unsigned))} {_have(now.unsigned)} not signed."
        )
    if now.state == "ratified":
        day = spans.day_in_words(agreement.terms.agreement.begins)
        return f"It is ratified by all parties and begins on {day}."
    stops = [f"{agreement.named(by)} towards {agreement.named(to)}" for by, to in sorted(now.stopped)]
    stopped = f" Suspended by {listed(stops)}." if stops and now.state != "expired" else ""
    return f"It is {now.state}.{stopped}"


def _have(several: tuple[str, ...]) -> str:
    return "has" if len(several) == 1 else "have"


def _heading(agreement: Agreement, now: Standing) -> tuple[str, ...]:
    heading = agreement.terms.agreement
    parties = listed(map(agreement.named, agreement.parties))
    parts = [
        f"{heading.title} ({heading.id}) is an agreement of {parties}, "
        f"from {spans.day_in_words(heading.begins)} to {spans.day_in_words(now.last_day)} UTC.",
        state_in_words(agreement, now),
    ]
    if heading.purpose:
        parts.append(f"Purpose: {heading.purpose}.")
    if heading.excluded_purposes:
        parts.append(f"It must not serve {listed(heading.excluded_purposes, 'or')}.")
    if heading.exercise:
        parts.append("It is an exercise: only simulated data may leave under it.")
    if heading.classification:
        names = [
            f"{agreement.named(member)} says {name}"
            for one in agreement.terms.classification
            if one.level == heading.classification
            for member, name in one.names.items()
        ]
        parts.append(f"All of it is {heading.classification}{f' ({listed(names)})' if names else ''}.")
    if heading.reference_point is not None:
        place = heading.reference_point
        parts.append(f"Positions are told from {place.name}, {place.lat_deg:.4f} N {place.lon_deg:.4f} E.")
    parts.append("What is not named here does not leave.")
    if heading.illustrative:
        parts.append(heading.illustrative)
    return tuple(parts)


def _given(agreement: Agreement, giver: str, now: Standing) -> Section:
    grants = [one for one in agreement.terms.grant if one.giver == giver]
    words = tuple(grant_in_words(agreement, one, now) for one in grants)
    return Section(f"What {agreement.named(giver)} gives", words)


def grant_in_words(agreement: Agreement, one: Grant, now: Standing) -> str:
    """A grant as one or two sentences."""
    heading = agreement.terms.agreement
    to = listed(map(agreement.named, one.to))
    what = listed(_WHAT.get(name, name) for name in one.what)
    selected = _selected(one)
    first = (
        f"From {spans.day_in_words(heading.begins)} to {spans.day_in_words(now.last_day)} "
        f"{agreement.named(one.giver)} gives "
        f"{to} {what}{selected}, {place_in_words(agreement, one.where)}"
    )
    first += (
        f", but nothing in {listed((_named(agreement, name) for name in one.except_where), 'or')}"
        * bool(one.except_where)
    )
    withheld = [f"{_IDENTITY.get(name, name)} aircraft" for name in one.except_identity]
    withheld += [f"{name} aircraft" for name in one.except_category]
    first += f", except {listed(withheld)}" * bool(withheld)
    return f"{first}: {_how(one)}. {_after(agreement, one)}" + f" ({one.clause})" * bool(one.clause)


def _selected(one: Grant) -> str:
    only = [_IDENTITY.get(name, name) for name in one.identity]
    parts = [f" of {listed(only, 'or')} identity"] if only else []
    parts += [f" of {listed(one.category, 'or')} aircraft"] if one.category else []
    parts += [f" ({', '.join(one.codes)})"] if one.codes else []
    return "".join(parts)


def _how(one: Grant) -> str:
    parts = [f"positions to {one.position_m:,g} m" if one.position_m else "positions as measured"]
    parts += [f"altitudes to {one.altitude_m:,g} m"] if one.altitude_m else []
    parts += [f"{one.delay_s:,g} s late" if one.delay_s else "at once"]
    parts += [f"a track at most every {one.every_s:g} s"] if one.every_s else []
    parts += [f"without {listed(one.except_fields)}"] if one.except_fields else []
    return ", ".join(parts)


def _after(agreement: Agreement, one: Grant) -> str:
    onward = listed(map(agreement.named, one.onward)) if one.onward else "nobody"
    kept = spans.in_words(one.retain)
    parts = f"It may be passed on to {onward}, is kept {kept}"
    parts += " and may be shown again" if one.replay else " and must not be shown again"
    return parts + (f"; {one.caveat}." if one.caveat else ".")


def place_in_words(agreement: Agreement, name: str) -> str:
    """Where a term holds."""
    if name == EVERYWHERE:
        return "wherever it is"
    volume = _volume(agreement, name)
    floor = f"{volume.floor_m:,g} m" if volume.floor_m else "the surface"
    buffer = f" with {volume.buffer_m / 1000:,g} km around it" * bool(volume.buffer_m)
    when = _when(volume)
    return f"in {_named(agreement, name)}{buffer}, from {floor} to {volume.ceiling_m:,g} m{when}"


def _when(volume: Volume) -> str:
    parts: list[str] = []
    for one in volume.schedule:
        days = "every day" if len(one.days) == 7 else "on " + listed(_DAYS[day] for day in one.days)
        parts.append(f"{days} from {one.begins} to {one.ends} UTC")
    text = f", {listed(parts)}" if parts else ""
    if volume.begins:
        text += f", from {spans.day_in_words(volume.begins)}"
    if volume.ends:
        text += f", until {spans.day_in_words(volume.ends)}"
    return text


def _volume(agreement: Agreement, name: str) -> Volume:
    return next(one for one in agreement.terms.volume if one.id == name)


def _named(agreement: Agreement, name: str) -> str:
    volume = _volume(agreement, name)
    return f"'{volume.title}' ({name})" if volume.title else f"'{name}'"


def _never(agreement: Agreement) -> tuple[str, ...]:
    sentences: list[str] = []
    for one in agreement.terms.exclusion:
        giver = agreement.named(one.giver) if one.giver else "Nobody"
        gives = "never gives" if one.giver else "gives"
        to = f" {listed(map(agreement.named, one.to))}" if one.to else " anybody"
        things = [f"of {listed((_IDENTITY.get(name, name) for name in one.identity), 'or')} identity"] * bool(
            one.identity
        )
        things += [f"of {listed(one.category, 'or')} aircraft"] * bool(one.category)
        what = listed(one.what) or "anything"
        where = place_in_words(agreement, one.where)
        sentences.append(f"{giver} {gives}{to} {' '.join([what, *things])}, {where}: {one.reason}.")
    return tuple(sentences)


def _duties(agreement: Agreement) -> tuple[str, ...]:
    terms = agreement.terms
    sentences: list[str] = []
    for one in terms.responsibility:
        backup = f"; {agreement.named(one.backup)} when it cannot" * bool(one.backup)
        rotation = f" ({one.rotation})" * bool(one.rotation)
        sentences.append(
            f"{agreement.named(one.member)} reports {place_in_words(agreement, one.where)}{backup}{rotation}."
        )
    for one in terms.handover:
        default = "who reports goes on reporting" if one.default == "retain" else "the other takes over"
        sentences.append(
            f"Along {one.line} reporting is handed over; after {one.silence_s:g} s of silence {default}."
        )
    for one in terms.measure:
        asked = listed(map(agreement.named, one.asked_by), "or") if one.asked_by else "any party"
        where = place_in_words(agreement, one.where)
        sentences.append(f"Asked by {asked}, {one.decided_by} decides on {one.name}, {where}.")
    for one in terms.notification:
        sentences.append(
            f"{one.post} of {agreement.named(one.member)} is told of {listed(one.of)} "
            f"within {one.within_s:g} s."
        )
    for one in terms.post:
        may = listed(name.replace("be-notified", "is notified") for name in one.may)
        sentences.append(f"{one.name} acts for {agreement.named(one.member)}: {may}.")
    return tuple(sentences)


def _ends(agreement: Agreement) -> tuple[str, ...]:
    heading = agreement.terms.agreement
    notice = spans.in_words(heading.notice)
    length = spans.in_words(heading.duration)
    renewal = (
        f"It is renewed by itself for {length} at a time."
        if heading.renewal == "automatic"
        else "It is renewed only when all parties sign a renewal."
    )
    sentences = [
        renewal,
        f"A party may withdraw {notice} after it has said so.",
        "Any party alone may suspend it at once; what goes to and from that party stops, and what the "
        "agreement withholds stays withheld.",
    ]
    if heading.review:
        sentences.append(f"It is reviewed at intervals of {spans.in_words(heading.review)}.")
    if heading.disputes:
        sentences.append(f"Disputes: {heading.disputes}.")
    if heading.audit_access == "each-other":
        sentences.append("The parties may ask each other for proofs from their logs.")
    return tuple(sentences)
