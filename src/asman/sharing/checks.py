"""What the terms of an agreement must hold together for: members, places, times and numbers that exist."""

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from asman.errors import nearest
from asman.model.agreement import EVERYWHERE, Document, Exclusion, Grant, Volume
from asman.model.tracks import TRACKS
from asman.model.warning import WARNING_CODES
from asman.sharing import spans
from asman.sharing.problems import Problem
from asman.sharing.toml_lines import Path

#: Least and greatest value of a term that make sense, both included.
RANGES: Final = {
    "position_m": (0.0, 100_000.0), "altitude_m": (0.0, 20_000.0), "delay_s": (0.0, 2_592_000.0),
    "every_s": (0.0, 3_600.0), "floor_m": (0.0, 100_000.0), "ceiling_m": (0.0, 100_000.0),
    "buffer_m": (0.0, 500_000.0), "silence_s": (1.0, 86_400.0), "propose_s": (1.0, 86_400.0),
    "within_s": (0.0, 2_592_000.0), "lat_deg": (-90.0, 90.0), "lon_deg": (-180.0, 180.0),
}  # fmt: skip
#: A released track cannot be without these: what, when, whose, under which label, and that it is simulated.
ALWAYS_THERE: Final = ("time", "track", "origin", "label", "simulated", "confirmed", "existence")
#: Columns that a grant may keep back.
FIELDS: Final = tuple(name for name in TRACKS.names if name not in ALWAYS_THERE)
_MEMBER: Final = re.compile(r"[A-Z]{2,3}")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")


def check_terms(document: Document) -> list[Problem]:
    """Every error and doubt in the terms; shapes are looked at elsewhere."""
    rules: tuple[Callable[[Document], Iterator[Problem]], ...] = (
        _heading, _people, _volumes, _grants, _exclusions, _the_rest, _numbers,
    )  # fmt: skip
    return [problem for rule in rules for problem in rule(document)]


def _error(path: Path, problem: str, mend: str = "") -> Problem:
    return Problem("error", path, problem, mend)


def _heading(document: Document) -> Iterator[Problem]:
    heading = document.agreement
    if not _ID.fullmatch(heading.id):
        mend = "Use small letters, digits and dashes, e.g. kg-ru-2023."
        yield _error(("agreement", "id"), f"'{heading.id}' is no id", mend)
    path = ("agreement", "parties")
    if len(heading.parties) < 2 or len(set(heading.parties)) < len(heading.parties):
        yield _error(path, "needed two parties or more, each once", 'Write e.g. ["KG", "RU"].')
    for member in heading.parties:
        if not _MEMBER.fullmatch(member):
            yield _error(path, f"'{member}' is no member", "Use two or three capital letters, e.g. KG.")
    for key, text in (("duration", heading.duration), ("notice", heading.notice), ("review", heading.review)):
        if text or key == "duration":
            yield from _period(("agreement", key), text)
    try:
        _ = spans.after(spans.midnight(heading.begins), spans.period_of(heading.duration))
    except (ValueError, OverflowError) as error:
        if "is out of range" in str(error):  # the calendar's own complaint: the duration has had its own
            yield _error(("agreement", "from"), "the agreement would end beyond the calendar", "Correct it.")
    if not document.grant:
        said = "there is no grant: nobody gives anybody anything"
        yield Problem("doubt", ("agreement",), said, "Add [[grant]] tables, or leave it as default deny.")


def _period(path: Path, text: str) -> Iterator[Problem]:
    try:
        whole = spans.period_of(text)
    except ValueError as error:
        yield _error(path, str(error), 'Write it as in ISO 8601: "P5Y", "P6M", "P30D", "PT12H".')
        return
    if not any(whole):
        yield _error(path, f"'{text}' is no time at all", "Give it some.")


def _known(path: Path, word: str, known: Iterable[str], what: str) -> Iterator[Problem]:
    names = tuple(known)
    if word not in names:
        yield _error(
            path, f"'{word}' is no {what}", nearest(word, names) if names else f"There is no {what}."
        )


def _people(document: Document) -> Iterator[Problem]:
    parties = document.agreement.parties
    tables = (("party", document.party), ("post", document.post), ("responsibility", document.responsibility),
              ("notification", document.notification))  # fmt: skip
    for name, rows in tables:
        for place, row in enumerate(rows):
            yield from _known((name, place, "member"), row.member, parties, "party of this agreement")
    named = [one.member for one in document.party]
    if len(set(named)) < len(named):
        yield _error(("party",), "a party is named twice", "Name each once.")
    for place, one in enumerate(document.notification):
        posts = [post.name for post in document.post if post.member == one.member]
        yield from _known(("notification", place, "post"), one.post, posts, f"post of {one.member}")
    for place, one in enumerate(document.measure):
        posts = [post.name for post in document.post if "decide" in post.may]
        yield from _known(("measure", place, "decided_by"), one.decided_by, posts, "post that may decide")


def _volumes(document: Document) -> Iterator[Problem]:
    ids = [volume.id for volume in document.volume]
    used = {grant.where for grant in document.grant} | {one.where for one in document.exclusion}
    used |= {name for grant in document.grant for name in grant.except_where}
    used |= {one.where for one in (*document.responsibility, *document.measure)}
    for place, volume in enumerate(document.volume):
        path = ("volume", place)
        if ids.index(volume.id) < place:
            yield _error((*path, "id"), f"'{volume.id}' is given twice", "Every id must be its own.")
        if volume.id == EVERYWHERE or not _ID.fullmatch(volume.id):
            yield _error((*path, "id"), f"'{volume.id}' is no id", "Use small letters, digits and dashes.")
        if volume.ceiling_m <= volume.floor_m:
            said = f"the ceiling, {volume.ceiling_m:g} m, is not above the floor, {volume.floor_m:g} m"
            yield _error((*path, "ceiling_m"), said, "Correct one of them.")
        if volume.id not in used:
            yield Problem("doubt", (*path, "id"), f"nothing says '{volume.id}'", "Use it, or leave it out.")
        yield from _times(document, volume, path)


def _times(document: Document, volume: Volume, path: Path) -> Iterator[Problem]:
    for number, opening in enumerate(volume.schedule):
        for key, clock in (("from", opening.begins), ("to", opening.ends)):
            try:
                spans.minutes_of(clock)
            except ValueError as error:
                yield _error((*path, "schedule", number, key), str(error), 'Write "04:00", in UTC.')
    if volume.begins and volume.ends and volume.ends < volume.begins:
        yield _error((*path, "until"), "lies before 'from'", "Correct one of them.")
    if volume.ends and volume.ends < document.agreement.begins:
        yield Problem("doubt", (*path, "until"), "lies before the agreement begins", "It never counts.")
    if volume.begins and volume.begins > document.agreement.begins + datetime.timedelta(days=365 * 100):
        yield Problem("doubt", (*path, "from"), "lies a century after the agreement begins")


def _grants(document: Document) -> Iterator[Problem]:
    parties = document.agreement.parties
    volumes = [volume.id for volume in document.volume]
    for place, grant in enumerate(document.grant):
        path: Path = ("grant", place)
        yield from _known((*path, "from"), grant.giver, parties, "party of this agreement")
        for member in grant.to:
            yield from _known((*path, "to"), member, parties, "party of this agreement")
        if grant.giver in grant.to or not grant.to:
            said = "nobody gives to itself" if grant.to else "a grant gives to somebody"
            yield _error((*path, "to"), said, "Name the other parties.")
        if not grant.what:
            yield _error((*path, "what"), "a grant gives something", 'Write e.g. ["tracks"].')
        yield from _known((*path, "where"), grant.where, (*volumes, EVERYWHERE), "volume")
        for name in grant.except_where:
            yield from _known((*path, "except_where"), name, volumes, "volume")
        yield from _period((*path, "retain"), grant.retain)
        yield from _selection(grant, path)
        yield from _onward(grant, path)


def _selection(grant: Grant, path: Path) -> Iterator[Problem]:
    for only, but, key in (
        (grant.identity, grant.except_identity, "except_identity"),
        (grant.category, grant.except_category, "except_category"),
    ):
        for word in but:
            if only and word not in only:
                said = f"'{word}' is not among what the grant is about"
                yield Problem("doubt", (*path, key), said, "It withholds nothing here, but from overlaps.")
        if only and set(only) <= set(but):
            yield _error((*path, key), "withholds all that the grant is about", "Leave the grant out.")
    for name in grant.except_fields:
        yield from _known((*path, "except_fields"), name, FIELDS, "column that may be kept back")
    for code in grant.codes:
        yield from _known((*path, "codes"), code, WARNING_CODES, "warning code")
    if grant.codes and grant.what != ("warnings",):
        yield _error((*path, "codes"), "choose among warnings alone", "Give warnings a grant of their own.")


def _onward(grant: Grant, path: Path) -> Iterator[Problem]:
    for member in grant.onward:
        if not _MEMBER.fullmatch(member):
            yield _error((*path, "onward"), f"'{member}' is no member", "Use two or three capital letters.")
        if member == grant.giver:
            yield _error((*path, "onward"), f"{member} would get its own back", "Leave it out.")
    altered = grant.position_m > 0 or grant.altitude_m > 0 or grant.except_fields
    if grant.onward and altered:
        said = "recipients pass on what they got: coarsened and without the kept-back columns"
        yield Problem("note", (*path, "onward"), said)


def _exclusions(document: Document) -> Iterator[Problem]:
    parties = document.agreement.parties
    volumes = [volume.id for volume in document.volume]
    for place, one in enumerate(document.exclusion):
        path: Path = ("exclusion", place)
        if one.giver:
            yield from _known((*path, "from"), one.giver, parties, "party of this agreement")
        for member in one.to:
            yield from _known((*path, "to"), member, parties, "party of this agreement")
        yield from _known((*path, "where"), one.where, (*volumes, EVERYWHERE), "volume")
        if _excludes_all(one):
            yield Problem("doubt", path, "excludes everything", "Narrow it, or leave all grants out.")


def _excludes_all(one: Exclusion) -> bool:
    return one.where == EVERYWHERE and not (one.what or one.identity or one.category or one.to or one.giver)


def _the_rest(document: Document) -> Iterator[Problem]:
    parties = document.agreement.parties
    volumes = (*(volume.id for volume in document.volume), EVERYWHERE)
    for place, one in enumerate(document.responsibility):
        yield from _known(("responsibility", place, "where"), one.where, volumes, "volume")
        if one.backup:
            path = ("responsibility", place, "backup")
            yield from _known(path, one.backup, parties, "party of this agreement")
    for place, one in enumerate(document.measure):
        yield from _known(("measure", place, "where"), one.where, volumes, "volume")
        for member in one.asked_by:
            path = ("measure", place, "asked_by")
            yield from _known(path, member, parties, "party of this agreement")
    levels = [one.level for one in document.classification]
    for place, one in enumerate(document.classification):
        for member in parties:
            if member not in one.names:
                path = ("classification", place, "names")
                yield _error(path, f"{member} has no name for '{one.level}'", f'Add {member} = "...".')
    said = document.agreement.classification
    if said and levels:
        yield from _known(("agreement", "classification"), said, levels, "level in [[classification]]")


def _numbers(document: Document) -> Iterator[Problem]:
    tables = (("volume", document.volume), ("grant", document.grant), ("handover", document.handover),
              ("notification", document.notification))  # fmt: skip
    rows: list[tuple[Path, object]] = [
        ((name, place), row) for name, several in tables for place, row in enumerate(several)
    ]
    if document.agreement.reference_point is not None:
        rows.append((("agreement", "reference_point"), document.agreement.reference_point))
    for path, row in rows:
        for field, (low, high) in RANGES.items():
            value = getattr(row, field, None)
            if isinstance(value, float) and not (math.isfinite(value) and low <= value <= high):
                yield _error((*path, field), f"{value:g} is not within {low:g} to {high:g}", "Correct it.")
