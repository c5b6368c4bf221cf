"""A -> B -> C: what a member lets another pass on reaches a third over real links, and stops with a word.

KG and RU, RU and KZ are linked; KG and KZ are not. kg-ru-2023 lets RU pass KG's tracks on to KZ, and KZ was
given its text. RU gives KZ its tracks wherever they are.
"""

import asyncio
import importlib.util
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from asman.apps.living import _read
from asman.edge.account import read_log
from asman.edge.link_messages import Order
from asman.edge.messages import Left
from asman.edge.outbox import Limits
from asman.edge.segment_log import records
from asman.pipeline import node
from asman.pipeline.node import Inputs
from asman.sharing import audit
from asman.sharing.batches import enclosed, take_apart

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="servers end with us on Linux alone"),
]

_spec = importlib.util.spec_from_file_location("linked", Path(__file__).with_name("linked.py"))
assert _spec and _spec.loader
linked = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(linked)
until, tracks = linked.until, linked.tracks


def kg_ru(third="KZ"):
    """The shipped agreement, but KG's tracks and warnings may go on to a third party."""
    text = (linked.EXAMPLES / "kg-ru-2023.toml").read_text()
    assert "onward          = []              # nobody: the third-party rule" in text
    return text.replace(
        "onward          = []              # nobody", f'onward          = ["{third}"]  # not nobody'
    )


def ru_kz():
    """The shipped agreement, but Russia gives its tracks wherever they are: the border is far from Kant."""
    text = (linked.EXAMPLES / "ru-kz.toml").read_text()
    grant = 'from            = "RU"\nto              = ["KZ"]\nwhat            = ["tracks", "warnings"]\n'
    assert grant + 'where           = "border-belt"' in text
    return text.replace(grant + 'where           = "border-belt"', grant + 'where           = "everywhere"')


@pytest.fixture
def three(tmp_path):
    """KG, RU and KZ; their servers run."""
    made = []

    def members(text=None, limits=None, *, directly=False):
        clock = linked.Clock()
        kg, ru, kz = by = [
            linked.Member(name, tmp_path, clock, limits or Limits()) for name in ("KG", "RU", "KZ")
        ]
        linked.join(kg, ru, tmp_path)
        linked.join(ru, kz, tmp_path)
        linked.agree("kg-ru-2023", kg, ru, text=text or kg_ru())
        linked.agree("ru-kz", ru, kz, text=ru_kz())
        linked.show("kg-ru-2023", kz, kg, ru)
        if directly:
            linked.join(kg, kz, tmp_path)
            linked.agree("kg-kz", kg, kz, text=kg_kz())
        for member in by:
            member.start()
            made.append(member)
        return by

    yield members
    for member in made:
        member.border.end()


def kg_kz():
    """An agreement of KG and KZ of their own, with the terms of kg-ru-2023."""
    text = (linked.EXAMPLES / "kg-ru-2023.toml").read_text()
    text = text.replace('"RU"', '"KZ"').replace('"kg-ru-2023"', '"kg-kz"')
    return text.replace('name   = "Russia"', 'name   = "Kazakhstan"')


class Picture:
    """What a member's reasoning makes of what its border took, step by step, as a live node does."""

    def __init__(self, member):
        self.member, self.seen = member, 0
        self.state = node.start(member.name, (), member.clock())

    def look(self):
        """Take what came since; the tracks by the member that reports each."""
        came = [one for _, one in self.member.heard[self.seen :]]
        self.seen += len(came)
        contributions, left, ended = _read(tuple(came))
        self.state, _ = node.step(
            self.state,
            Inputs((), (), contributions, left, ended),
            max(self.member.clock(), self.state.now_ns),
        )
        return Counter(node.tracks(self.state, confirmed_only=True)["origin"].to_pylist())


async def give(member, times=1, pause_s=0.0, **where):
    for _ in range(times):
        await member.federation.release(tracks(member.name, member.clock(), **where))
        await asyncio.sleep(pause_s)


async def reaching(giver, taker, **where):
    """Give until the taker has something of it, by whatever way."""
    deadline = time.monotonic() + linked.PATIENCE_S
    while not taker.sequences(giver.name):
        await give(giver, pause_s=0.2, **where)
        assert time.monotonic() < deadline, (giver.federation.state(), taker.federation.state())


def kept(member, folder, partner):
    """Batches that a member has on record, whole."""
    paths = sorted((member.home.store / folder).glob(f"{partner}-*.log"))
    return [octets for path in paths for kind, octets in records(path) if kind == ord("B")]


def inside(octets):
    """The batch that a batch encloses."""
    batch = take_apart(octets)
    return enclosed(batch.header, batch.payload)


def entries_of(member):
    _, entries, _ = read_log(member.home.audit)
    return [audit.decode(one) for one in entries]


def of_kg(member):
    return [(at, one) for at, one in member.heard if not isinstance(one, Left) and one.origin == "KG"]


def relayed(kz):
    return next((one for one in kz.link("RU").relayed if one.origin == "KG"), None)


def passed(ru):
    return next((one for one in ru.link("KZ").passed if one.origin == "KG"), None)


def test_a_third_party_shows_what_its_origin_lets_the_relay_pass_on_until_a_word_stops_it(three):
    kg, ru, kz = three()

    async def run():
        async with linked.running(kg, ru, kz):
            await reaching(kg, kz)
            await reaching(ru, kz, lat=54.9, lon=69.1)
            await give(kg, 5, pause_s=0.1)
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            await until(lambda: kz.sequences("KG")[-1] == sent)

            # The same octets, from KG's own record to KZ's.
            ours = [one for one in kept(kg, "sent", "RU") if take_apart(one).header.label]
            arrived = [one for one in map(inside, kept(kz, "received", "RU")) if one]
            assert arrived == ours == [one for one in map(inside, kept(ru, "sent", "KZ")) if one]
            assert {one.via for _, one in of_kg(kz)} == {"RU"}
            assert all("REL KG RU KZ" in one.label for _, one in of_kg(kz))
            assert kz.sequences("KG") == sorted(set(kz.sequences("KG")))

            # KZ shows them; nothing of KZ's or RU's goes back to KG, and RU's own goes to KZ as before.
            picture = Picture(kz)
            await until(lambda: picture.look()["KG"] >= 15)
            assert picture.look()["RU"] >= 15
            assert {one.origin for one in kg.arrived} <= {"RU"}
            assert not [one for one in map(inside, kept(ru, "sent", "KG")) if one]

            # Both accounts and both links tell it.
            told = [one for one in entries_of(ru) if one.origin == "KG" and one.member == "KZ"]
            went = [one for one in told if one.released]
            assert {one.digest for one in went} == {take_apart(one).digest for one in ours}
            assert {clause for one in went for clause in one.released} == {"ru-kz grant 3"}
            assert relayed(kz).taken == passed(ru).batches == len(ours)
            assert passed(ru).rows == sum(take_apart(one).header.rows for one in ours)

            # KG suspends: the last octet, and then the picture.
            ru_before = len(kz.sequences("RU"))
            said_ns, count = kg.clock(), len(of_kg(kz))
            assert (await kg.federation.order(Order(act="suspend", about="kg-ru-2023"))).status == 200
            await give(kg, 3)
            await until(lambda: any(isinstance(one, Left) and one.via == "RU" for _, one in kz.heard))
            assert picture.look()["KG"] == 0 and picture.look()["RU"] >= 15
            assert len(of_kg(kz)) == count and all(one.sent_ns < said_ns for _, one in of_kg(kz))
            assert kz.federation.standing()["kg-ru-2023"].state == "suspended"
            # RU's own goes on over the leaf that was cut, by itself.
            deadline = time.monotonic() + linked.PATIENCE_S
            while len(kz.sequences("RU")) <= ru_before + 1:
                await give(ru, pause_s=0.2, lat=54.9, lon=69.1)
                assert time.monotonic() < deadline, (ru.federation.state(), kz.federation.state())
            assert kz.link("RU").quarantined == "" and not kz.link("RU").rejected

            # It is resumed, and comes back by itself, each batch once.
            assert (await kg.federation.order(Order(act="resume", about="kg-ru-2023"))).status == 200
            deadline = time.monotonic() + linked.PATIENCE_S
            while len(of_kg(kz)) == count:
                await give(kg, pause_s=0.2)
                assert time.monotonic() < deadline, (ru.federation.state(), kz.federation.state())
            assert kz.sequences("KG") == sorted(set(kz.sequences("KG")))

    asyncio.run(run())
