"""Two nodes that see one sky: the people of one propose that the other reports a track, these answer."""

import pytest

from asman.apps import handovers
from asman.edge.noun_messages import Answer, Propose, Replying
from asman.model.contribution import Contribution
from asman.model.handover import HandoverTerm
from asman.pipeline import joint, node, tasking
from asman.pipeline.node import Inputs
from asman.wire import payload

S = 10**9


class Two:
    """KG and RU, each with all radars; a second after the other, each hears what the other offers."""

    def __init__(self, flown) -> None:
        self.flown, self.second = flown, 0
        self.nodes = {
            one: node.start(one, flown.sensors, flown.begin_ns, partners=(other,))
            for one, other in (("KG", "RU"), ("RU", "KG"))
        }
        self.post: dict[str, tuple[Contribution, ...]] = {"KG": (), "RU": ()}

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            datagrams, now_ns = self.flown.second(self.second), self.flown.begin_ns + (self.second + 1) * S
            self.second += 1
            for one in ("KG", "RU"):
                came = Inputs(datagrams, (), self.post[one])
                self.nodes[one], _ = node.step(self.nodes[one], came, now_ns)
            for one, other in (("KG", "RU"), ("RU", "KG")):
                self.nodes[one], offers = node.offers(self.nodes[one])
                self.post[other] = tuple(
                    self.carried(one, other, offer, now_ns)
                    for offer in offers
                    if offer.what in ("tracks", "tasks")
                )

    def carried(self, one, other, offer, now_ns) -> Contribution:
        for row in offer.audience or ():
            assert row is not None and row == (other,), "a task is said to nobody but whom it concerns"
        label = f"kg-ru//REL {one} {other}//UNTIL 2030-01-01"
        table = payload.decode(offer.what, payload.encode(offer.what, offer.table), one, label)
        return Contribution(
            origin=one, via=one, sequence=self.second, sent_ns=now_ns, what=offer.what, table=table
        )

    def shared(self, count=3) -> list[int]:
        """Numbers of KG's picture of tracks that both tell, and that KG reports."""
        state = self.nodes["KG"]
        found = []
        for number in node.tracks(state)["track"].to_pylist():
            told = joint.sources(state.federation, number)
            if {one.origin for one in told} == {"KG", "RU"}:
                found.append(number)
        return found[:count]

    def holder(self, one: str, number: int) -> str:
        told = joint.sources(self.nodes[one].federation, number)
        return next(source.origin for source in told if source.responsible)

    def propose(self, number: int, **said) -> int:
        self.nodes["KG"], answered = handovers.propose(self.nodes["KG"], number, Propose(to="RU", **said))
        return answered.status

    def reply(self, number: int, verb) -> int:
        said = Replying(origin="KG", number=number, verb=verb, answer=Answer(by="duty officer"))
        self.nodes["RU"], answered = handovers.reply(self.nodes["RU"], said)
        return answered.status


@pytest.fixture(scope="module")
def two(flown):
    both = Two(flown)
    both.go_on(25)
    return both


def test_who_is_asked_and_accepts_reports_the_track_in_both_pictures_and_who_rejects_does_not(two):
    first, second, third = two.shared()
    for number in (first, second, third):
        assert two.propose(number, by="commander", reason="it flies to you", within_s=9.0) == 200
    assert two.propose(first) == 409, "it is proposed already"
    assert two.propose(10**12) == 409
    two.go_on(2)
    asked = {one.number: one for one in handovers.tasks(two.nodes["RU"]) if one.origin == "KG"}
    assert {one.state for one in asked.values()} == {"open"} and len(asked) == 3
    assert {(one.to, one.reason) for one in asked.values()} == {("RU", "it flies to you")}
    theirs = {one.track: number for number, one in asked.items()}
    at_ru = {n: joint.numbers_of(two.nodes["RU"].federation, "KG")[node.own_track(two.nodes["KG"], n)]
             for n in (first, second, third)}  # fmt: skip
    assert two.reply(theirs[at_ru[first]], "accept") == 200
    assert two.reply(theirs[at_ru[first]], "reject") == 409, "it was answered already"
    assert two.reply(theirs[at_ru[second]], "reject") == 200
    assert two.reply(99, "accept") == 404
    before = two.holder("KG", second)
    two.go_on(3)
    state = {one.track: one.state for one in handovers.tasks(two.nodes["KG"]) if one.origin == "KG"}
    assert state == {first: "accepted", second: "rejected", third: "open"}
    assert two.holder("KG", first) == "RU" and two.holder("RU", at_ru[first]) == "RU"
    assert two.holder("KG", second) == before
    # Nobody answers the third: who reports it stays, and an answer that comes too late counts for nothing.
    two.go_on(7)
    state = {one.track: one.state for one in handovers.tasks(two.nodes["KG"]) if one.origin == "KG"}
    assert state[third] == "lapsed"
    assert two.reply(theirs[at_ru[third]], "accept") == 409
    assert (
        two.holder("KG", third) == "KG" or third not in two.nodes["KG"].federation.picture.decisions.holders
    )


# --- What the agreement says of silence ------------------------------------------------------------------

#: The line is far from where they fly; that it is nearest is what counts.
LINE = ((740000000, 430000000), (800000000, 430000000))


def term(partner, default, silence_s=6.0, number=1, line=LINE):
    return HandoverTerm(
        partner=partner, basis=f"kg-ru handover {number}", line=line, silence_s=silence_s, default=default
    )


@pytest.fixture
def agreed(flown):
    """Two nodes that hold to what an agreement says of handovers."""

    def made(default, *, at_ru=True):
        both = Two(flown)
        both.go_on(25)
        for one, other in (("KG", "RU"), ("RU", "KG")):
            terms = (term(other, default),) if one == "KG" or at_ru else ()
            both.nodes[one] = node.agreed(both.nodes[one], terms)
        return both

    return made


def told(two, at):
    return {
        one.number: (one.state, one.basis) for one in handovers.tasks(two.nodes[at]) if one.origin == "KG"
    }


def at_ru(two, number):
    theirs = joint.numbers_of(two.nodes["RU"].federation, "KG")
    return theirs[node.own_track(two.nodes["KG"], number)]


def test_where_silence_gives_it_over_the_asked_reports_it_in_both_pictures_after_silence_s(agreed):
    two = agreed("transfer")
    first, second, third = two.shared()
    for number in (first, second, third):
        # Nobody can make silence count sooner than is agreed.
        assert two.propose(number, within_s=1.0) == 200
    two.go_on(2)
    numbers = {at_ru(two, one): one for one in (first, second, third)}
    tasks = {one.track: one.number for one in handovers.tasks(two.nodes["RU"]) if one.origin == "KG"}
    assert set(tasks) == set(numbers)
    assert two.reply(tasks[at_ru(two, second)], "reject") == 200
    two.go_on(2)
    assert set(told(two, "RU").values()) == {("open", "kg-ru handover 1"), ("rejected", "kg-ru handover 1")}
    before = two.holder("KG", second)
    two.go_on(6)
    by_track = {one.track: one.state for one in handovers.tasks(two.nodes["KG"])}
    assert by_track == {first: "transferred", second: "rejected", third: "transferred"}
    for number in (first, third):
        assert two.holder("KG", number) == "RU" == two.holder("RU", at_ru(two, number))
    assert two.holder("KG", second) == before
    assert sorted(state for state, _ in told(two, "RU").values()) == [
        "rejected",
        "transferred",
        "transferred",
    ]
    assert two.reply(tasks[at_ru(two, first)], "accept") == 409


def test_where_silence_retains_who_reports_goes_on(agreed):
    two = agreed("retain")
    number = two.shared()[0]
    before = two.holder("KG", number)
    assert two.propose(number) == 200
    two.go_on(5)
    assert set(told(two, "RU").values()) == {("open", "kg-ru handover 1")}
    two.go_on(3)
    assert set(told(two, "RU").values()) == {("lapsed", "kg-ru handover 1")} == set(told(two, "KG").values())
    assert two.holder("KG", number) == before
    # A person may wait less long than that, not longer.
    assert two.propose(number, within_s=2.0) == 200
    two.go_on(3)
    assert [one.state for one in handovers.tasks(two.nodes["KG"])] == ["lapsed", "lapsed"]


def test_a_term_that_holds_no_more_gives_nothing_over(agreed):
    two = agreed("transfer")
    number = two.shared()[0]
    before = two.holder("KG", number)
    assert two.propose(number) == 200
    two.go_on(2)
    for one in ("KG", "RU"):
        two.nodes[one] = node.agreed(two.nodes[one], ())  # suspended
    two.go_on(8)
    assert {state for state, _ in told(two, "KG").values()} == {"lapsed"}
    assert two.holder("KG", number) == before


def test_nobody_takes_over_by_a_term_that_its_own_agreements_do_not_hold(agreed):
    two = agreed("transfer", at_ru=False)
    number = two.shared()[0]
    mine = joint.sources(two.nodes["RU"].federation, at_ru(two, number))
    holder = next(one.origin for one in mine if one.responsible)
    assert two.propose(number) == 200
    two.go_on(10)
    assert two.holder("RU", at_ru(two, number)) == holder
    assert {state for state, _ in told(two, "RU").values()} == {"lapsed"}


def test_of_several_lines_with_a_partner_the_nearest_holds():
    north = ((740000000, 430000000), (800000000, 430000000))
    across = ((1799000000, 400000000), (-1799000000, 400000000))
    dialogues = tasking.Dialogues(
        terms=(term("RU", "retain", number=1, line=north), term("RU", "transfer", number=2, line=across))
    )
    assert tasking.term_for(dialogues, "RU", 42.0, 75.0).basis == "kg-ru handover 1"
    assert tasking.term_for(dialogues, "RU", 40.5, 180.0).basis == "kg-ru handover 2"
    assert tasking.term_for(dialogues, "KZ", 40.5, 180.0) is None
