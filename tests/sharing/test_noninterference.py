"""Two worlds that differ only in what a partner may not have: the partner receives the same bits in both.

The second world lacks every row that the oracle never lets go to BB, numbers its tracks otherwise and hands
rows over in another order. A guard that tells but the number of rows it looked at is caught.
"""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.sharing import making, oracle
from tests.sharing.making import HOUR_NS, KEYS, statement, tracks

from asman.sharing import classes
from asman.sharing.guard import GuardState, release
from asman.sharing.register import say, standings
from asman.sharing.ruleset import compile_register
from asman.sharing.statements import sign

SECOND_NS = 10**9
RECIPIENTS = ("BB", "CC")


class World:
    """One node of AA and what it has sent to BB, octet for octet."""

    def __init__(self, known: Any, shift: int) -> None:
        self.known, self.shift = known, shift
        self.state, self.sent = GuardState(), list[bytes]()
        self.ruleset = compile_register(known, "AA", RECIPIENTS)

    def hear(self, rows: list[dict[str, Any]], now_ns: int) -> None:
        rows = [{**row, "track": row["track"] + self.shift} for row in rows]
        rows = rows[::-1] if self.shift else rows
        table = tracks([{k: v for k, v in row.items() if k not in ("identity", "category")} for row in rows])
        identity = making.index([row["identity"] for row in rows], classes.IDENTITIES)
        category = making.index([row["category"] for row in rows], classes.CATEGORIES)
        self.state, outcomes = release(
            self.state, self.ruleset, self.known, table, now_ns, identity, category
        )
        self.sent.append(self.octets(outcomes[0], rows))

    def octets(self, outcome: Any, rows: list[dict[str, Any]]) -> bytes:
        del rows
        sink = pa.BufferOutputStream()
        for one in outcome.released:
            with pa.ipc.new_stream(sink, one.table.schema) as writer:
                writer.write_table(one.table.replace_schema_metadata({"label": one.label.text}))
        return sink.getvalue().to_pybytes()


class LeakyWorld(World):
    """The classic mistake: a partner sees a number that counts everything, not only its own."""

    def octets(self, outcome: Any, rows: list[dict[str, Any]]) -> bytes:
        return super().octets(outcome, rows) + len(rows).to_bytes(4, "big") * (outcome.rows > 0)


row = st.fixed_dictionaries(
    {
        "track": st.integers(1, 4),
        "lon_deg": st.integers(-35, 35).map(lambda x: 10.03 + x / 10),
        "lat_deg": st.integers(-35, 35).map(lambda x: 50.03 + x / 10),
        "altitude_m": st.sampled_from((None, 500.0, 2_000.0, 9_000.0)),
        "identity": st.sampled_from(classes.IDENTITIES[:4]),
        "category": st.sampled_from(classes.CATEGORIES[:3]),
        "simulated": st.booleans(),
    }
)


class TwoWorlds(RuleBasedStateMachine):
    """Drives both worlds with the same rows, but for what BB may never have."""

    world: type[World] = World

    @initialize(made=making.registers(count=2, acts=False))
    def begin(self, made: Any) -> None:
        known, self.now_ns = made
        self.one, self.other = self.world(known, 0), self.world(known, 1_000)

    @rule(rows=st.lists(row, min_size=1, max_size=6), seconds=st.sampled_from((1, 5)))
    def fly_on(self, rows: Any, seconds: int) -> None:
        self.fly(rows, seconds)

    @rule(rows=st.lists(row, max_size=6), seconds=st.sampled_from((1, 5, 30)))
    def fly(self, rows: Any, seconds: int) -> None:
        self.now_ns += seconds * SECOND_NS
        # A track is one aircraft: it has one row in a step.
        rows = list({one["track"]: {"time": self.now_ns, **one} for one in rows}.values())
        self.one.hear(rows, self.now_ns)
        self.other.hear([one for one in rows if self.may_ever_leave(one)], self.now_ns)

    @rule(hours=st.sampled_from((1, 11)))
    def wait(self, hours: int) -> None:
        self.now_ns += hours * HOUR_NS

    @rule(data=st.data(), act=st.sampled_from(("suspend", "resume")))
    def say(self, data: Any, act: str) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.one.known.entries)))
        entry = self.one.known.entries[id_]
        member = data.draw(st.sampled_from(entry.agreement.parties))
        number = 1 + max((one.number for one in entry.statements if one.member == member), default=0)
        said = sign(statement(entry.agreement, member, act, number, self.now_ns), KEYS[member])
        for world in (self.one, self.other):
            world.known, _ = say(world.known, id_, said, self.now_ns)

    def may_ever_leave(self, one: dict[str, Any]) -> bool:
        """Tell what the oracle says of a row now or once its delay has passed, suspensions lifted."""
        altitude = math.nan if one["altitude_m"] is None else one["altitude_m"]
        asked = oracle.Row(
            one["lon_deg"],
            one["lat_deg"],
            altitude,
            one["time"],
            "tracks",
            "",
            one["identity"],
            one["category"],
            one["simulated"],
        )
        agreements = [
            (entry.agreement, standing)
            for entry, standing in zip(
                self.one.known.entries.values(), standings(self.one.known, self.now_ns).values(), strict=True
            )
        ]
        if any(oracle.on_edge(asked, agreement) for agreement, _ in agreements):
            return True
        reason, _ = oracle.decide(agreements, "AA", "BB", "", asked, self.now_ns)
        return reason in ("RELEASED", "DELAYED")

    @invariant()
    def the_partner_receives_the_same_bits(self) -> None:
        if hasattr(self, "one"):
            assert self.one.sent == self.other.sent


class TwoLeakyWorlds(TwoWorlds):
    world = LeakyWorld


def run(machine: Any, runs: int, phases: Any = tuple(Phase), *, fixed: bool = False) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=fixed,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def test_what_is_not_releasable_changes_no_bit_that_a_partner_receives():
    run(TwoWorlds, 120)


@pytest.mark.long
def test_it_holds_for_more_than_a_thousand_runs():
    run(TwoWorlds, 1_500)


def test_a_leaky_guard_is_caught():
    with pytest.raises(AssertionError):
        run(TwoLeakyWorlds, 400, (Phase.generate,))


def test_the_worlds_send_something_at_all():
    """Silence would pass every comparison: over some runs rows must leave, and others must not."""
    seen = {"sent": 0, "withheld": 0}

    class Counting(TwoWorlds):
        def teardown(self) -> None:
            if hasattr(self, "one"):
                seen["sent"] += sum(len(one) > 0 for one in self.one.sent)
                seen["withheld"] += sum(len(one) == 0 for one in self.one.sent)

    run(Counting, 60, fixed=True)
    assert min(seen.values()) > 20, seen
