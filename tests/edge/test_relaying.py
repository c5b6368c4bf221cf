"""What goes on to third parties: accounted for first, whole or not at all, when it is due, and counted."""

import asyncio

import pytest
from tests.sharing.making import KEYS, agreement, grant, statement
from tests.sharing.test_gate import NOON_NS, SECOND_NS, sent
from tests.sharing.test_relay import ONWARD, of_bb

from asman.edge import relaying as module
from asman.edge.relaying import Relaying, Took
from asman.sharing.batches import take_apart
from asman.sharing.register import say
from asman.sharing.statements import sign
from asman.wire import payload


def bb_cc(*_, **terms):
    return agreement(
        grant("BB", "CC", **{"where": "everywhere", "what": ("tracks", "plots"), **terms}),
        parties=("BB", "CC"), id_="bb-cc",
    )  # fmt: skip


def took(octets):
    batch = take_apart(octets)
    table = payload.decode(batch.header.what, batch.payload, "AA", batch.header.label.text)
    return Took(octets, batch.header, table)


class Room:
    """BB, which has links with AA, CC and DD."""

    def __init__(self, *agreements) -> None:
        self.register = of_bb(*agreements)
        self.now_ns = NOON_NS
        self.entries, self.went, self.full = [], {"AA": [], "CC": [], "DD": []}, False
        self.relaying = Relaying(
            lambda: self.register, lambda: {name: Way(self, name) for name in self.went}, self._write,
            lambda: self.now_ns,
        )  # fmt: skip

    async def _write(self, entries) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.entries += entries

    def take(self, *octets) -> None:
        asyncio.run(self.relaying.pass_on([took(one) for one in octets]))

    def again(self) -> None:
        self.relaying._asked_again_s = -1e9
        asyncio.run(self.relaying.again())

    def reasons(self, third="CC"):
        return [next(iter(one.withheld), "") for one in self.entries if one.member == third]


class Way:
    def __init__(self, room, name) -> None:
        self.room, self.name = room, name

    async def pass_on(self, batches, accounted) -> None:
        await accounted
        self.room.went[self.name] += [one.octets for one in batches if self.room.relaying.may_leave(one)]


def test_it_goes_to_whom_it_may_and_everybody_elses_reason_is_told():
    room = Room(ONWARD, bb_cc())
    (octets,) = sent(one=ONWARD)
    room.take(octets)
    assert room.went == {"AA": [], "CC": [octets], "DD": []}
    assert [(one.member, one.origin, one.released, one.withheld) for one in room.entries] == [
        ("CC", "AA", {"bb-cc grant 1": 1}, {}), ("DD", "AA", {}, {"NOT_GRANTED": 1}),
    ]  # fmt: skip
    assert {one.digest for one in room.entries} == {take_apart(octets).digest}
    (state,) = room.relaying.states("CC")
    assert (state.origin, state.batches, state.rows, state.withheld, state.waiting) == ("AA", 1, 1, {}, 0)
    assert room.relaying.states("DD")[0].withheld == {"NOT_GRANTED": 1}


def test_without_an_account_nothing_goes_on():
    room = Room(ONWARD, bb_cc())
    room.full = True
    with pytest.raises(OSError, match="No space"):
        room.take(*sent(one=ONWARD))
    assert room.went["CC"] == []


def test_what_is_stopped_between_its_judgement_and_its_leaving_does_not_leave():
    room = Room(ONWARD, bb_cc())
    write = room._write

    async def stop(entries):
        await write(entries)
        said = sign(statement(ONWARD, "AA", "suspend", 2, NOON_NS, towards=("CC",)), KEYS["AA"])
        room.register, _ = say(room.register, ONWARD.id, said, NOON_NS)

    room.relaying._account = stop
    room.take(*sent(one=ONWARD))
    assert room.went["CC"] == [] and room.reasons() == [""]


def test_whom_our_people_hold_to_be_a_friend_our_own_exception_keeps_back_whole_batches_of():
    room = Room(ONWARD, bb_cc(except_identity=("friend",)))
    one, other = sent(2, one=ONWARD, rows=({}, {"track": 2, "lat_deg": 50.2}))
    room.relaying.held = {"AA": {2: ("friend", "unspecified")}, "DD": {1: ("friend", "unspecified")}}
    room.take(one)
    assert room.went["CC"] == [] and room.reasons() == ["EXCEPTED"]
    room.relaying.held = {"AA": {2: ("neutral", "civil")}}
    room.now_ns += SECOND_NS
    room.take(other)
    assert room.went["CC"] == [other]


def test_our_own_delay_makes_it_wait_in_order_and_what_waits_too_much_is_given_up(monkeypatch):
    room = Room(ONWARD, bb_cc(delay_s=30.0))
    first, second, third = sent(3, one=ONWARD)
    room.take(first, second)
    room.now_ns = NOON_NS + 30 * SECOND_NS
    # The third does not overtake, though it comes when the first is due.
    room.take(third)
    assert room.went["CC"] == [] and room.relaying.states("CC") == []
    room.again()
    assert room.went["CC"] == [first]
    assert room.relaying.states("CC")[0].waiting == 2
    room.now_ns = NOON_NS + 40 * SECOND_NS
    room.again()
    assert room.went["CC"] == [first, second, third] and room.reasons() == [""] * 3
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    room = Room(ONWARD, bb_cc(delay_s=30.0))
    room.take(first, second, third)
    assert room.relaying._kept["CC", "AA"] == {"GIVEN_UP": 1}


def test_our_own_interval_lets_through_what_is_due():
    room = Room(ONWARD, bb_cc(every_s=3.0))
    made = sent(7, one=ONWARD)
    for octets in made:
        room.take(octets)
        room.now_ns += SECOND_NS
    assert room.went["CC"] == [made[0], made[3], made[6]]
    assert room.reasons() == ["", "TOO_OFTEN", "TOO_OFTEN", "", "TOO_OFTEN", "TOO_OFTEN", ""]
