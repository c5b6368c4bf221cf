"""Agreements become rules: what one member gives, as tables that decide a row in nanoseconds.

A grant gives where nothing withholds. It is *about* classes (what, identity, category, code) in a *place*.
What it excepts is withheld in its whole place from all recipients it names, whatever other grants say:
of terms that meet, the strictest holds. Exclusions withhold and never give. A suspended agreement gives
nothing and still restricts, so that a suspension never lets anything leave that did not before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from asman.errors import ConfigError
from asman.kernels.release import Areas, Rules
from asman.model.agreement import EVERYWHERE, Agreement, Exclusion, Grant, Ring, Volume
from asman.sharing import areas as grid
from asman.sharing import spans
from asman.sharing.classes import CLASSES, about, excepted
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Register, standings

#: Bits of a word: rules of one giver, and volumes in them.
MOST_RULES: Final = 64


class Rule(msgspec.Struct, frozen=True):
    """One grant or exclusion of one agreement; `number` counts from 1, as people do."""

    agreement: str
    hash: str
    number: int
    terms: Grant | Exclusion

    @property
    def clause(self) -> str:
        """How people find it: "kg-ru-2023 grant 1"."""
        return f"{self.agreement} {'grant' if isinstance(self.terms, Grant) else 'exclusion'} {self.number}"


class Ruleset(msgspec.Struct, frozen=True, kw_only=True):
    """What `giver` gives to `recipients`, at whatever time.

    onward    third party to which what is given here would be passed on; empty: nobody, the usual case
    rules     bit i of every table is rules[i]
    bits      tables without `live` and `binds`, which change with time
    """

    giver: str
    recipients: tuple[str, ...]
    onward: str
    rules: tuple[Rule, ...]
    agreements: Mapping[str, Agreement]
    areas: Areas
    bits: Rules


def compile_rules(
    agreements: Iterable[tuple[Agreement, str]],
    giver: str,
    recipients: Sequence[str],
    onward: str = "",
    widen: Callable[[Volume], Volume] = lambda one: one,
) -> Ruleset:
    """Compile all that `giver` grants; `agreements` come with their hashes. Raises ConfigError beyond 64.

    widen  makes each volume larger than agreed: for who judges what arrives, rounded, from elsewhere
    """
    rules: list[Rule] = []
    exercise: list[bool] = []
    volumes: list[Volume] = []
    rings: list[tuple[Ring, ...]] = []
    places: dict[tuple[str, str], int] = {}
    known: dict[str, Agreement] = {}
    for agreement, name in agreements:
        known[agreement.id] = agreement
        mine = [one for one in _rules(agreement, name) if one.terms.giver in (giver, "")]
        rules += mine
        exercise += [agreement.terms.agreement.exercise] * len(mine)
        used = {place for rule in mine for place in _places(rule.terms)}
        for volume in agreement.terms.volume:
            if volume.id in used:
                places[agreement.id, volume.id] = len(volumes)
                volumes.append(widen(volume))
                rings.append(agreement.areas[volume.id])
    for what, count in (("grants and exclusions", len(rules)), ("volumes", len(volumes))):
        if count > MOST_RULES:
            problem = f"{giver} has {count} {what} in force; {MOST_RULES} are the most"
            raise ConfigError("agreements", problem, "Join some of them.")
    return Ruleset(
        giver=giver,
        recipients=tuple(recipients),
        onward=onward,
        rules=tuple(rules),
        agreements=known,
        areas=grid.build(volumes, rings),
        bits=_tables(rules, exercise, places, len(volumes), len(recipients)),
    )


def compile_register(register: Register, giver: str, recipients: Sequence[str], onward: str = "") -> Ruleset:
    """Compile what the agreements of a register say."""
    entries = [(entry.agreement, entry.hash) for _, entry in sorted(register.entries.items())]
    return compile_rules(entries, giver, recipients, onward)


def bits_at(ruleset: Ruleset, standing: Mapping[str, Standing]) -> Rules:
    """The tables with what is live and what binds, given what each agreement is now."""
    count = len(ruleset.recipients)
    live, binds = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    for bit, rule in enumerate(ruleset.rules):
        now = standing.get(rule.agreement)
        parties = ruleset.agreements[rule.agreement].parties
        if now is None or ruleset.giver not in parties:
            continue
        for r, recipient in enumerate(ruleset.recipients):
            concerned = recipient in rule.terms.to or (
                isinstance(rule.terms, Exclusion) and not rule.terms.to
            )
            if not concerned or recipient not in parties or not now.binds(ruleset.giver, recipient):
                continue
            binds[r] |= np.uint64(1 << bit)
            gives = isinstance(rule.terms, Grant) and (
                not ruleset.onward or ruleset.onward in rule.terms.onward
            )
            if gives and now.flows(ruleset.giver, recipient):
                live[r] |= np.uint64(1 << bit)
    return ruleset.bits._replace(live=live, binds=binds)


def bits_of(ruleset: Ruleset, register: Register, now_ns: int) -> Rules:
    """The same from a register, at an instant."""
    return bits_at(ruleset, standings(register, now_ns))


def _rules(agreement: Agreement, name: str) -> list[Rule]:
    terms = agreement.terms
    return [
        *(Rule(agreement.id, name, number, one) for number, one in enumerate(terms.grant, 1)),
        *(Rule(agreement.id, name, number, one) for number, one in enumerate(terms.exclusion, 1)),
    ]


def _places(terms: Grant | Exclusion) -> tuple[str, ...]:
    return (terms.where, *terms.except_where) if isinstance(terms, Grant) else (terms.where,)


def _tables(
    rules: Sequence[Rule],
    exercise: Sequence[bool],
    places: Mapping[tuple[str, str], int],
    volumes: int,
    recipients: int,
) -> Rules:
    placed, barred = np.zeros(volumes, np.uint64), np.zeros(volumes, np.uint64)
    everywhere = np.zeros(2, np.uint64)
    scope, excepts = np.zeros(CLASSES, np.uint64), np.zeros(CLASSES, np.uint64)
    for number, rule in enumerate(rules):
        bit = np.uint64(1 << number)
        gives = isinstance(rule.terms, Grant)
        if rule.terms.where == EVERYWHERE:
            everywhere[0 if gives else 1] |= bit
        else:
            (placed if gives else barred)[places[rule.agreement, rule.terms.where]] |= bit
        for name in rule.terms.except_where if isinstance(rule.terms, Grant) else ():
            barred[places[rule.agreement, name]] |= bit
        scope[about(rule.terms, exercise=exercise[number])] |= bit
        excepts[excepted(rule.terms)] |= bit
    delay_ns = [round(one.terms.delay_s * 1e9) if isinstance(one.terms, Grant) else 0 for one in rules]
    return Rules(
        placed_by=placed, barred_by=barred, everywhere=everywhere, scope=scope, excepts=excepts,
        live=np.zeros(recipients, np.uint64), binds=np.zeros(recipients, np.uint64),
        delay_ns=np.array(delay_ns, np.int64),
    )  # fmt: skip


def last_day(ruleset: Ruleset, standing: Mapping[str, Standing], ids: Iterable[str]) -> str:
    """The last day of the agreement that ends first."""
    return min(standing[one].last_day for one in ids if one in ruleset.agreements).isoformat()


def strictest_retain(texts: Iterable[str]) -> str:
    """The shortest of some periods."""
    return min(texts, key=spans.length_ns)
