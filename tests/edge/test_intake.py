"""What a partner's batches come to, in whatever order and how often the transport brings them."""

import asyncio
import itertools
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing.making import HOUR_NS
from tests.sharing.test_gate import NOON_NS, bb, bent, sent

from asman.edge import intake as module
from asman.edge.border_store import BorderStore
from asman.edge.intake import Intake
from asman.sharing.gate import Rejection
from asman.wire import payload


class Delivery:
    """One delivery of a batch: whether it was acknowledged, so that it never comes again."""

    def __init__(self, data: bytes) -> None:
        self.data, self.acknowledged = data, False

    async def ack(self) -> None:
        self.acknowledged = True


class Room:
    """An intake of AA's batches at BB, with its record on the disk and all that reached the picture."""

    def __init__(self, folder, now_ns=NOON_NS + HOUR_NS) -> None:
        self.shown: list[int] = []
        self.store = BorderStore(folder, 0)
        self.now_ns = now_ns
        self.intake = Intake(
            SimpleNamespace(plan=SimpleNamespace(member="BB")),
            "AA",
            self.store,
            bb,
            lambda: True,
            payload.decode,
            self._show,
            lambda: self.now_ns,
        )

    async def _show(self, arrived) -> None:
        self.shown.append(arrived.sequence)

    def bring(self, *octets: bytes) -> list[Delivery]:
        brought = [Delivery(one) for one in octets]
        asyncio.run(self.intake.take(brought))
        return brought

    def bring_again_what_is_not_acknowledged(self, brought: list[Delivery]) -> None:
        for _ in range(50):
            waiting = [one for one in brought if not one.acknowledged]
            if not waiting:
                return
            asyncio.run(self.intake.take(waiting))


@pytest.fixture
def room(tmp_path):
    one = Room(tmp_path)
    yield one
    one.store.close()


def test_what_overtook_a_batch_waits_for_it_and_is_not_acknowledged_before(room):
    first, second, third = sent(3)
    late = room.bring(second, third)
    assert room.shown == []
    assert not any(one.acknowledged for one in late)
    (came,) = room.bring(first)
    assert room.shown == [1, 2, 3]
    assert came.acknowledged
    assert all(one.acknowledged for one in late)
    assert room.store.inbox("AA").sequence == 3


def test_a_followers_place_taken_by_a_forgers_batch_is_its_own_again(room):
    first, second, third = sent(3)
    forged = bent(third, "XX", sequence=3)
    genuine = room.bring(second, third)
    (other,) = room.bring(forged)
    asyncio.run(room.intake.refuse_forged())
    assert other.acknowledged
    assert not any(one.acknowledged for one in genuine)
    room.bring(first)
    room.bring_again_what_is_not_acknowledged(genuine)
    assert room.shown == [1, 2, 3]
    assert sum(room.intake.inbox.rejected.values()) == 1


def test_what_finds_no_room_to_wait_is_left_to_come_again(room, monkeypatch):
    monkeypatch.setattr(module, "MOST_ASIDE", 2)
    first, *others = sent(6)
    brought = room.bring(*others)
    assert not any(one.acknowledged for one in brought)
    assert room.intake.deferred == 3
    brought += room.bring(first)
    room.bring_again_what_is_not_acknowledged(brought)
    assert room.shown == [1, 2, 3, 4, 5, 6]
    assert Rejection.GAP not in room.intake.inbox.rejected


def test_what_is_dated_ahead_of_our_clock_comes_again_when_it_is_time(tmp_path):
    room = Room(tmp_path, NOON_NS - HOUR_NS)
    batches = room.bring(*sent(2))
    assert room.shown == []
    assert not any(one.acknowledged for one in batches)
    room.now_ns = NOON_NS + HOUR_NS
    room.bring_again_what_is_not_acknowledged(batches)
    assert room.shown == [1, 2]
    room.store.close()


BATCHES = sent(5)
FORGED = [bent(one, "XX") for one in BATCHES[2:4]]


@settings(deadline=None, max_examples=60)
@given(
    order=st.permutations([*range(5), *range(5), *(5, 6)]),
    cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
def test_in_any_order_with_repeats_and_forgeries_each_is_taken_once_and_in_order(
    tmp_path_factory, order, cuts
):
    room = Room(tmp_path_factory.mktemp("border"))
    octets = [*BATCHES, *FORGED]
    brought: list[Delivery] = []
    coming = iter(order)
    for size in cuts:
        brought += room.bring(*(octets[one] for one in itertools.islice(coming, size)))
    asyncio.run(room.intake.refuse_forged())
    room.bring_again_what_is_not_acknowledged(brought)
    assert room.shown == [1, 2, 3, 4, 5]
    assert all(one.acknowledged for one in brought)
    assert room.intake.inbox.quarantined is None
    room.store.close()


def test_it_goes_on_after_a_restart_where_its_record_ends(tmp_path):
    batches = sent(4)
    room = Room(tmp_path)
    room.bring(*batches[:2])
    room.store.close()
    again = Room(tmp_path)
    again.bring(*batches)
    assert again.shown == [3, 4]
    assert again.intake.inbox == msgspec.structs.replace(
        again.store.inbox("AA"), rejected=again.intake.inbox.rejected
    )
    again.store.close()
