"""Two worlds that differ in nouns of all classes that BB may not have: its batches, what it keeps, and the
view of it are the same bits. As tests/pipeline/test_closed_worlds.py, for what goes beside tracks.

Planted beside it: warnings under the giver's own numbers, which count those that BB may not have; caught.
"""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from tests.pipeline.test_closed_worlds import ipc
from tests.sharing import making, oracle
from tests.sharing.making import tracks
from tests.sharing.test_noninterference import SECOND_NS, TwoWorlds, World, row, run

from asman.model.contribution import SCHEMAS, Offer
from asman.pipeline import heard, views
from asman.pipeline.heard import Heard
from asman.pipeline.offering import _table
from asman.sharing.classes import DATA_CLASSES
from asman.sharing.offering import release_all
from asman.sharing.register import standings
from asman.wire import payload

BESIDE = tuple(one for one in DATA_CLASSES if one != "tracks")
#: What a noun may say, besides its place.
WORDS: dict[str, Any] = {
    "sensor": ("hill", "lake"), "value": ("suspect", "neutral", "withdrawn"), "category": ("civil", "state"),
    "criteria": ("seen", "heard"), "code": ("COMLOSS", "EMERGENCY_7700"), "severity": ("WARNING", "CAUTION"),
    "state": ("active", "closed"), "verb": ("propose", "request"), "kind": ("ssr",), "subject": ("handover",),
}  # fmt: skip
NUMBERS = {"assertion", "warning", "task"}


@st.composite
def noun(draw: Any) -> dict[str, Any]:
    what = draw(st.sampled_from(BESIDE))
    words = {name: draw(st.sampled_from(some)) for name, some in WORDS.items()}
    if what == "health":
        words["state"] = draw(st.sampled_from(("ok", "silent")))
    number = draw(st.integers(1, 4))
    more = dict.fromkeys(NUMBERS, number) | {"lowest_m": 100.0 * number, "plots_per_s": float(number)}
    audience = draw(st.sampled_from((None, None, None, ("BB",), ("CC",), ())))
    more |= {"step_lat_deg": 0.5, "step_lon_deg": 0.5}
    near = {
        "lat_deg": 50.53 + draw(st.integers(-8, 8)) / 10, "lon_deg": 10.53 + draw(st.integers(-8, 8)) / 10
    }  # fmt: skip
    return {**draw(row), **near, **words, **more, "what": what, "audience": audience}


class NounWorld(World):
    """AA's node, what it sends to BB of all classes, what BB keeps of it, and the view that AA has of BB."""

    def __init__(self, known: Any, shift: int) -> None:
        super().__init__(known, shift)
        self.kept, self.views, self.counted = Heard(), views.Views(member="AA"), 0

    def hear(self, rows: list[dict[str, Any]], now_ns: int) -> None:
        rows = rows[::-1] if self.shift else rows
        offers = [self.offered(what, [one for one in rows if one["what"] == what]) for what in DATA_CLASSES]
        self.state, outcomes = release_all(self.state, self.ruleset, self.known, offers, now_ns)
        mine = [one for one in outcomes if one.recipient == "BB"]
        for outcome in mine:
            for one in outcome.released:
                octets = payload.encode(one.what, self.told(one.what, one.table))
                self.sent.append(one.label.text.encode() + octets)
                table = payload.decode(one.what, octets, "AA", one.label.text)
                self.kept = heard.take(self.kept, "AA", one.what, table, now_ns)
        self.views = views.step(self.views, mine, now_ns)
        for what in BESIDE:
            self.sent.append(ipc(heard.rows(heard.tidied(self.kept, now_ns), "AA", what)))
            self.sent.append(ipc(views.rows(self.views, "BB", what, now_ns)))
        self.sent.append(ipc(views.picture(self.views, "BB", now_ns)))

    def offered(self, what: Any, rows: list[dict[str, Any]]) -> Offer:
        held_as = tuple((one["identity"], one["category"]) for one in rows)
        own = [{**one, "track": one["track"] + self.shift} for one in rows]
        for one in own:
            one |= {name: one[name] + self.shift for name in NUMBERS & one.keys()}
        if what == "tracks":
            names = ("track", "lat_deg", "lon_deg", "altitude_m", "simulated", "time")
            return Offer(
                what=what, table=tracks([{k: one[k] for k in names} for one in own]), held_as=held_as
            )
        self.counted += len(rows) if what == "warnings" else 0
        full = [{**dict.fromkeys(SCHEMAS[what].names), **one, "origin": "AA", "label": ""} for one in own]
        table = _table([{name: one[name] for name in SCHEMAS[what].names} for one in full], SCHEMAS[what])
        return Offer(what=what, table=table, held_as=held_as, audience=tuple(one["audience"] for one in rows))

    def told(self, what: Any, table: pa.Table) -> pa.Table:
        return table


class LeakyNumbers(NounWorld):
    """The classic mistake: a warning goes under a number that counts what the partner may not know of."""

    def told(self, what: Any, table: pa.Table) -> pa.Table:
        if what != "warnings":
            return table
        numbers = pa.array([self.counted] * len(table), pa.int64())
        return table.set_column(table.schema.get_field_index("warning"), "warning", numbers)


class TwoNounWorlds(TwoWorlds):
    world = NounWorld

    @initialize(made=making.registers(count=2, acts=False, classes_=DATA_CLASSES, much=DATA_CLASSES))
    def begin(self, made: Any) -> None:
        known, self.now_ns = made
        self.one, self.other = self.world(known, 0), self.world(known, 1_000)

    @rule(
        rows=st.lists(row, max_size=4),
        nouns=st.lists(noun(), min_size=3, max_size=10),
        seconds=st.sampled_from((1, 5, 30)),
    )
    def say_and_fly(self, rows: Any, nouns: Any, seconds: int) -> None:
        self.fly([*rows, *nouns], seconds)

    def fly(self, rows: Any, seconds: int) -> None:
        self.now_ns += seconds * SECOND_NS
        rows = [{"what": "tracks", "audience": None, **one, "time": self.now_ns} for one in rows]
        # One thing has one row of a class in a step.
        rows = list({(one["what"], self.key(one)): one for one in rows}.values())
        self.one.hear(rows, self.now_ns)
        self.other.hear([one for one in rows if self.may_ever_leave(one)], self.now_ns)

    def key(self, one: dict[str, Any]) -> Any:
        names = {"tracks": "track", "identity": "assertion", "warnings": "warning", "tasks": "task"}
        name = names.get(one["what"])
        # What has no number is told apart by all that it says.
        return one[name] if name else repr(sorted(one.items(), key=repr))

    def may_ever_leave(self, one: dict[str, Any]) -> bool:
        if one["audience"] is not None and "BB" not in one["audience"]:
            return False
        altitude = math.nan if one["altitude_m"] is None else one["altitude_m"]
        code = one["code"] if one["what"] == "warnings" else ""
        asked = oracle.Row(
            one["lon_deg"], one["lat_deg"], altitude, one["time"], one["what"], code, one["identity"],
            one["category"], one["simulated"],
        )  # fmt: skip
        known = self.one.known
        agreements = [
            (entry.agreement, standing)
            for entry, standing in zip(
                known.entries.values(), standings(known, self.now_ns).values(), strict=True
            )
        ]
        if any(oracle.on_edge(asked, agreement) for agreement, _ in agreements):
            return True
        reason, _ = oracle.decide(agreements, "AA", "BB", "", asked, self.now_ns)
        return reason in ("RELEASED", "DELAYED")


class TwoLeakyNounWorlds(TwoNounWorlds):
    world = LeakyNumbers


def test_nouns_that_are_not_releasable_change_no_bit_of_batches_of_what_is_kept_and_of_views():
    run(TwoNounWorlds, 25, (Phase.generate,), fixed=True)


@pytest.mark.long
def test_it_holds_for_a_thousand_runs():
    run(TwoNounWorlds, 1_000)


def test_numbers_that_count_everything_are_caught():
    with pytest.raises(AssertionError):
        run(TwoLeakyNounWorlds, 300, (Phase.generate,), fixed=True)


def test_every_class_leaves_and_is_withheld_in_some_run():
    seen: dict[str, int] = {}
    withheld: dict[str, int] = {}

    class Counting(NounWorld):
        def hear(self, rows: list[dict[str, Any]], now_ns: int) -> None:
            super().hear(rows, now_ns)
            for what in BESIDE:
                got = len(heard.rows(self.kept, "AA", what)) > 0
                seen[what] = seen.get(what, 0) + got
                withheld[what] = withheld.get(what, 0) + (
                    not got and any(one["what"] == what for one in rows)
                )

    class CountingWorlds(TwoNounWorlds):
        world = Counting

    run(CountingWorlds, 60, (Phase.generate,), fixed=True)
    assert min(seen[one] for one in BESIDE) > 0, seen
    assert min(withheld[one] for one in BESIDE) > 0, withheld
