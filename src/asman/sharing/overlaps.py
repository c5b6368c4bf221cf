"""How the grants of an agreement work together: where they meet, and what nobody gave.

None of it is an error. Where grants meet the strictest of their terms hold, which people who read them one by
one may not expect; and what stands in no grant is withheld, which they may not expect either.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from asman.kernels.release import NEAR
from asman.model.agreement import EVERYWHERE, Agreement, Grant, Volume
from asman.sharing import areas, spans
from asman.sharing.classes import DATA_CLASSES
from asman.sharing.problems import Problem

#: Volumes one above the other with a gap less than this were meant to touch.
SLIP_M = 1_000.0


def explain(agreement: Agreement) -> list[Problem]:
    """Notes and doubts on overlaps and gaps of a checked agreement."""
    meeting = _Meeting(agreement)
    return [*_overlaps(agreement, meeting), *_gaps(agreement), *_between(agreement, meeting)]


class _Meeting:
    """Which volumes share ground, by the cells of a grid; ones that only touch along a border do not."""

    def __init__(self, agreement: Agreement) -> None:
        self._volumes = {one.id: number for number, one in enumerate(agreement.terms.volume[:64])}
        chosen = agreement.terms.volume[:64]
        laid = areas.build(chosen, [agreement.areas[one.id] for one in chosen])
        count = len(laid.pattern_start) - 1
        self._there: NDArray[np.bool_] = np.zeros((count, len(chosen)), np.bool_)
        self._whole: NDArray[np.bool_] = np.zeros((count, len(chosen)), np.bool_)
        for one in range(count):
            for k in range(int(laid.pattern_start[one]), int(laid.pattern_start[one + 1])):
                self._there[one, laid.pattern_volume[k]] = True
                self._whole[one, laid.pattern_volume[k]] |= laid.pattern_near[k] != NEAR

    def on_ground(self, one: str, other: str) -> bool:
        """Tell whether two places have ground in common."""
        if EVERYWHERE in (one, other) or one == other:
            return True
        a, b = self._volumes.get(one), self._volumes.get(other)
        if a is None or b is None:
            return False
        there, whole = self._there, self._whole
        return bool(((there[:, a] & whole[:, b]) | (whole[:, a] & there[:, b])).any())


def _volume(agreement: Agreement, name: str) -> Volume | None:
    return next((one for one in agreement.terms.volume if one.id == name), None)


def _levels(agreement: Agreement, name: str) -> tuple[float, float]:
    one = _volume(agreement, name)
    return (-np.inf, np.inf) if one is None else (one.floor_m or -np.inf, one.ceiling_m)


def _overlaps(agreement: Agreement, meeting: _Meeting) -> Iterator[Problem]:
    for (a, one), (b, other) in combinations(enumerate(agreement.terms.grant), 2):
        to = sorted(set(one.to) & set(other.to))
        what = [name for name in DATA_CLASSES if name in one.what and name in other.what]
        if one.giver != other.giver or not to or not what or not _same_things(one, other):
            continue
        low, high = _levels(agreement, one.where), _levels(agreement, other.where)
        if max(low[0], high[0]) >= min(low[1], high[1]) or not meeting.on_ground(one.where, other.where):
            continue
        terms = _strictest(one, other, a + 1, b + 1)
        where = one.where if one.where == other.where else f"where {one.where} and {other.where} meet"
        both = f"{' and '.join(to)} {', '.join(what)} of {one.giver} ({where})"
        said = f"grants {a + 1} and {b + 1} both give {both}"
        yield Problem("note", ("grant", b), said, f"There the strictest holds: {terms}.")


def _same_things(one: Grant, other: Grant) -> bool:
    """Tell whether something may be meant by both."""
    pairs = ((one.identity, other.identity), (one.category, other.category), (one.codes, other.codes))
    return all(not a or not b or set(a) & set(b) for a, b in pairs)


def _strictest(one: Grant, other: Grant, a: int, b: int) -> str:
    parts: list[str] = []
    for field, words in (
        ("position_m", "positions to {:g} m"),
        ("altitude_m", "altitudes to {:g} m"),
        ("delay_s", "{:g} s late"),
        ("every_s", "one row in {:g} s"),
    ):
        mine, its = getattr(one, field), getattr(other, field)
        if mine != its:
            parts.append(f"{words.format(max(mine, its))} (grant {a if mine > its else b})")
    for field, words in (
        ("except_identity", "without identity"),
        ("except_category", "without category"),
        ("except_where", "not in"),
        ("except_fields", "without columns"),
    ):
        mine, its = set(getattr(one, field)), set(getattr(other, field))
        if mine != its:
            parts.append(f"{words} {', '.join(sorted(mine | its))}")
    if set(one.onward) != set(other.onward):
        parts.append(f"onward to {', '.join(sorted(set(one.onward) & set(other.onward))) or 'nobody'}")
    if one.retain != other.retain:
        parts.append(f"kept {spans.in_words(min((one.retain, other.retain), key=spans.length_ns))}")
    return "; ".join(parts) or "both say the same"


def _gaps(agreement: Agreement) -> Iterator[Problem]:
    """What no grant gives, between whom."""
    terms = agreement.terms
    given: dict[tuple[str, str], set[str]] = {}
    for one in terms.grant:
        for to in one.to:
            given.setdefault((one.giver, to), set()).update(one.what)
    for giver in agreement.parties:
        others = [one for one in agreement.parties if one != giver]
        silent = [one for one in others if (giver, one) not in given]
        if silent:
            yield Problem("note", ("agreement", "parties"), f"{giver} gives nothing to {', '.join(silent)}")
        lacking: dict[str, list[str]] = {}
        for to in others:
            missing = [name for name in DATA_CLASSES if name not in given.get((giver, to), DATA_CLASSES)]
            lacking.setdefault(", ".join(missing), []).append(to)
        for missing, whom in lacking.items():
            if missing:
                yield Problem(
                    "note", ("agreement", "parties"), f"{giver} gives {', '.join(whom)} no {missing}"
                )
    for place, _ in enumerate(terms.handover):
        if not any("tasks" in one.what for one in terms.grant):
            said = "a handover needs a dialogue, and nobody gives tasks"
            yield Problem("doubt", ("handover", place), said, 'Grant "tasks" both ways.')


def _between(agreement: Agreement, meeting: _Meeting) -> Iterator[Problem]:
    """Volumes of the same grants that leave a slit between them in height."""
    for (_, one), (b, other) in combinations(enumerate(agreement.terms.grant), 2):
        if one.giver != other.giver or not set(one.to) & set(other.to) or not set(one.what) & set(other.what):
            continue
        lower, upper = sorted((_levels(agreement, one.where), _levels(agreement, other.where)))
        if 0 < upper[0] - lower[1] <= SLIP_M and meeting.on_ground(one.where, other.where):
            said = f"between {lower[1]:g} m and {upper[0]:g} m neither {one.where} nor {other.where} counts"
            yield Problem("doubt", ("grant", b, "where"), said, "What flies there is withheld.")
