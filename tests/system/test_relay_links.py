"""A -> B -> C: what a member lets another pass on reaches a third over real links, and stops with a word.

KG and RU, RU and KZ are linked; KG and KZ are not. kg-ru-2023 lets RU pass KG's tracks on to KZ, and KZ was
given its text. RU gives KZ its tracks wherever they are.
"""

import asyncio
import sys
import time
from collections import Counter

import pytest

from asman.apps.living import _read
from asman.edge.account import read_log
from asman.edge.link_messages import Order
from asman.edge.messages import Left
from asman.edge.outbox import Limits
from asman.edge.segment_log import records
from asman.model.contribution import Offer
from asman.pipeline import node
from asman.pipeline.node import Inputs
from asman.sharing import audit
from asman.sharing.batches import enclose, enclosed, take_apart

from . import linked
from .linked import give, tracks, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="servers end with us on Linux alone"),
]


@pytest.fixture
def three(tmp_path):
    """KG, RU and KZ; their servers run."""
    made = []

    def members(*, of_many=False, directly=False):
        clock, names = linked.Clock(), ("KG", "RU", "KZ")
        kg, ru, kz = by = [linked.Member(name, tmp_path, clock, Limits()) for name in names]
        linked.join(kg, ru, tmp_path)
        linked.join(ru, kz, tmp_path)
        linked.agree("ru-kz", ru, kz, text=linked.ru_kz_everywhere())
        if of_many:
            others = [linked.Member(name, tmp_path, clock, Limits()) for name in ("AM", "BY", "TJ")]
            for one in by:
                for other in (*by, *others):
                    one.home.keep_key(other.name, linked.public(other))
            linked.agree("csto", *by, *others, text=csto())
        else:
            linked.agree("kg-ru-2023", kg, ru, text=linked.kg_ru_onward())
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


def csto():
    """The shipped agreement of six, but Kyrgyzstan's tracks may go on to Kazakhstan."""
    text = (linked.EXAMPLES / "csto.toml").read_text()
    before = 'where      = "kg"\nidentity   = ["unknown", "suspect", "hostile"]\n'
    assert text.count(before) == 1
    return text.replace(before, before + 'onward     = ["KZ"]\n')


def kg_kz():
    """An agreement of KG and KZ of their own, with the terms of kg-ru-2023."""
    text = (linked.EXAMPLES / "kg-ru-2023.toml").read_text()
    text = text.replace('"RU"', '"KZ"').replace('"kg-ru-2023"', '"kg-kz"').replace("RU =", "KZ =")
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


async def reaching(giver, taker, **where):
    """Give until the taker has something of it, by whatever way."""
    deadline = time.monotonic() + linked.PATIENCE_S
    while not taker.sequences(giver.name):
        await give(giver, pause_s=0.2, **where)
        assert time.monotonic() < deadline, (giver.federation.state(), taker.federation.state())


async def shown(picture, origin, giver, **where):
    """Give until the picture shows it: what is told no more is gone after some seconds."""
    deadline = time.monotonic() + linked.PATIENCE_S
    while picture.look()[origin] < 15:
        await give(giver, pause_s=0.1, **where)
        assert time.monotonic() < deadline, picture.look()


def kept(member, folder, partner):
    """Batches that a member has on record, whole."""
    paths = sorted((member.home.store / folder).glob(f"{partner}-*.log"))
    return [octets for path in paths for kind, octets in records(path) if kind == ord("B")]


def inside(octets):
    """The batch that a batch encloses."""
    batch = take_apart(octets)
    return enclosed(batch.header, batch.payload)


def passed_on(member, folder, partner):
    """Batches of others that a member has on record, inside those of its partner or its own."""
    return [one for one in map(inside, kept(member, folder, partner)) if one]


def with_rows(kg):
    """Batches with rows that KG has sealed for RU."""
    return [one for one in kept(kg, "sent", "RU") if take_apart(one).header.label]


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
            ours = with_rows(kg)
            await until(lambda: passed_on(kz, "received", "RU") == ours)  # shown first, then on record
            assert passed_on(ru, "sent", "KZ") == ours
            assert {one.via for _, one in of_kg(kz)} == {"RU"}
            assert all("REL KG RU KZ" in one.label for _, one in of_kg(kz))
            assert kz.sequences("KG") == sorted(set(kz.sequences("KG")))

            # KZ shows them; nothing of KZ's or RU's goes back to KG, and RU's own goes to KZ as before.
            picture = Picture(kz)
            await shown(picture, "KG", kg)
            await shown(picture, "RU", ru, lat=54.9, lon=69.1)
            await until(lambda: passed_on(kz, "received", "RU") == with_rows(kg))
            assert {one.origin for one in kg.arrived} <= {"RU"}
            assert not passed_on(ru, "sent", "KG")

            # Both accounts and both links tell it.
            told = [one for one in entries_of(ru) if one.origin == "KG" and one.member == "KZ"]
            went = [one for one in told if one.released]
            ours = with_rows(kg)
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
            await until(lambda: picture.look()["KG"] == 0)
            assert picture.look()["RU"] >= 15
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


async def ordered(member, act, about, *towards):
    decided = await member.federation.order(Order(act=act, about=about, towards=towards, reason="a test"))
    assert decided.status == 200, decided


async def given(giver, taker, origin, more, **where):
    """Give until the taker has so many more batches of an origin."""
    count = len(taker.sequences(origin))
    deadline = time.monotonic() + linked.PATIENCE_S
    while len(taker.sequences(origin)) < count + more:
        await give(giver, pause_s=0.2, **where)
        assert time.monotonic() < deadline, (giver.federation.state(), taker.federation.state())


def test_who_strikes_the_third_party_out_stops_that_and_nothing_else(three):
    kg, ru, kz = three()

    async def run():
        async with linked.running(kg, ru, kz):
            await reaching(kg, kz)
            await ordered(kg, "suspend", "kg-ru-2023", "KZ")
            await until(lambda: ("KG", "KZ") in ru.federation.standing()["kg-ru-2023"].stopped)
            await until(lambda: any(isinstance(one, Left) and one.via == "RU" for _, one in kz.heard))
            count, at_ru = len(of_kg(kz)), len(ru.sequences("KG"))
            await given(kg, ru, "KG", 3)
            assert len(ru.sequences("KG")) > at_ru and len(of_kg(kz)) == count
            await until(lambda: passed(ru).withheld.get("STRUCK", 0) >= 60)
            refused = [one for one in entries_of(ru) if "STRUCK" in one.withheld]
            assert {(one.member, one.origin) for one in refused} == {("KZ", "KG")}
            assert ru.federation.standing()["kg-ru-2023"].state == "active"
            await ordered(kg, "resume", "kg-ru-2023", "KZ")
            await given(kg, kz, "KG", 1)

    asyncio.run(run())


def test_who_suspends_the_relay_gets_nothing_more_by_it(three):
    kg, ru, kz = three()

    async def run():
        async with linked.running(kg, ru, kz):
            await reaching(kg, kz)
            picture = Picture(kz)
            await shown(picture, "KG", kg)
            await ordered(kz, "suspend", "ru-kz")
            await until(lambda: picture.look()["KG"] == 0)
            count = len(kz.arrived)
            await given(kg, ru, "KG", 3)
            assert len(kz.arrived) == count
            await until(lambda: passed(ru).withheld.get("SUSPENDED", 0) >= 20)
            # And none of it waits to leave when it is resumed.
            await ordered(kz, "resume", "ru-kz")
            await given(kg, kz, "KG", 1)
            kept_back = {one.digest for one in entries_of(ru) if "SUSPENDED" in one.withheld and one.origin}
            assert not kept_back & {
                take_apart(inside(one)).digest for one in kept(kz, "received", "RU") if inside(one)
            }

    asyncio.run(run())


@pytest.mark.parametrize("at", [-100, 60])
def test_a_relay_that_alters_an_octet_is_quarantined_until_a_person_lifts_it(three, monkeypatch, at):
    kg, ru, kz = three()

    def altered(stream, octets, now_ns, key):
        changed = bytearray(octets)
        changed[at] ^= 1
        return enclose(stream, bytes(changed), now_ns, key)

    async def run():
        async with linked.running(kg, ru, kz):
            await reaching(kg, kz)
            await reaching(ru, kz, lat=54.9, lon=69.1)
            taken = len(of_kg(kz))
            monkeypatch.setattr("asman.edge.outbox.enclose", altered)
            await give(kg)
            if at == 60:
                # In the header, nobody can tell an altered name from one that is not known here.
                await until(lambda: sum(relayed(kz).rejected.values()) or kz.link("RU").quarantined)
                assert len(of_kg(kz)) == taken
                return
            await until(lambda: kz.link("RU").quarantined)
            assert (
                "did not sign" in kz.link("RU").quarantined
                and "altered on the way" in kz.link("RU").quarantined
            )
            assert kz.link("RU").rejected["RELAY_ALTERED"] == 1 and relayed(kz).rejected == {
                "RELAY_ALTERED": 1
            }
            both = {("KG via RU", "RELAY_ALTERED"), ("RU", "RELAY_ALTERED")}
            await until(lambda: both <= {(one.member, one.reason) for one in entries_of(kz)})
            # Nothing at all is taken of who cannot be believed, until a person lifts it.
            count = len(kz.arrived)
            await give(ru, 2, pause_s=0.2, lat=54.9, lon=69.1)
            assert len(kz.arrived) == count
            monkeypatch.setattr("asman.edge.outbox.enclose", enclose)
            await ordered(kz, "lift", "RU")
            await given(kg, kz, "KG", 1)
            assert relayed(kz).quarantined == "" == kz.link("RU").quarantined

    asyncio.run(run())


def test_who_hears_a_member_straight_and_by_a_relay_sees_each_aircraft_once(three):
    kg, ru, kz = three(directly=True)

    async def run():
        async with linked.running(kg, ru, kz):
            picture = Picture(kz)

            def ways():
                picture.look()
                return {(one.origin, one.via) for one in picture.state.federation.picture.streams} if (
                    picture.state.federation
                ) else set()  # fmt: skip

            deadline = time.monotonic() + linked.PATIENCE_S
            while not {("KG", "KG"), ("KG", "RU")} <= ways():
                await give(kg, pause_s=0.2)
                assert time.monotonic() < deadline, (ways(), kz.federation.state())
            for _ in range(3):
                await give(kg, pause_s=0.3)
                assert picture.look()["KG"] == 20, "no aircraft twice"
            # What comes straight ends: the relay's goes on, under the same tracks.
            await ordered(kg, "suspend", "kg-kz")
            await until(lambda: any(isinstance(one, Left) and not one.via for _, one in kz.heard))
            await given(kg, kz, "KG", 2)
            assert picture.look()["KG"] == 20
            assert {one.via for _, one in of_kg(kz)[-2:]} == {"RU"}

    asyncio.run(run())


@pytest.mark.parametrize("who", ["RU", "KZ"])
def test_a_restart_on_the_way_loses_nothing_and_doubles_nothing(three, who):
    kg, _, kz = by = three()
    again = next(one for one in by if one.name == who)

    async def run():
        async with linked.running(*by):
            await reaching(kg, kz)
            await again.close()
            await give(kg, 3)
            again.border.restart(again.border.plan.peers)
            await again.open()
            await give(kg, 2)
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            await until(lambda: kz.sequences("KG")[-1] == sent)
            got = kz.sequences("KG")
            # Each batch that RU took reached KZ, whenever it was.
            numbers = [take_apart(one).header.sequence for one in with_rows(kg)]
            assert got == [one for one in numbers if one >= got[0]]
            assert set(relayed(kz).rejected) <= {"DUPLICATE"}

    asyncio.run(run())


@pytest.mark.parametrize("cut_s", [7.0, pytest.param(25.0, marks=pytest.mark.long)])
def test_after_a_cut_behind_the_relay_everything_comes_once_and_in_order(three, cut_s):
    kg, ru, kz = three()

    async def run():
        async with linked.running(kg, ru, kz):
            await reaching(kg, kz)
            ru.line.whole.clear()
            kz.line.whole.clear()
            began = time.monotonic()
            while time.monotonic() - began < cut_s:
                await give(kg, pause_s=0.2)
            ru.line.whole.set()
            kz.line.whole.set()
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            await until(lambda: kz.sequences("KG")[-1] == sent)
            got = kz.sequences("KG")
            numbers = [take_apart(one).header.sequence for one in with_rows(kg)]
            assert got == [one for one in numbers if one >= got[0]]
            assert not relayed(kz).rejected and kz.link("RU").missing == 0

    asyncio.run(run())


def test_in_an_agreement_of_many_a_member_reaches_another_by_the_one_they_are_both_linked_with(three):
    kg, ru, kz = three(of_many=True)

    async def run():
        async with linked.running(kg, ru, kz):
            deadline = time.monotonic() + linked.PATIENCE_S
            held = tuple(("suspect", "unspecified") for _ in range(20))
            while not of_kg(kz):
                table = tracks("KG", kg.clock())
                await kg.federation.release(Offer(what="tracks", table=table, held_as=held))
                await asyncio.sleep(0.2)
                assert time.monotonic() < deadline, (ru.federation.state(), kz.federation.state())
            (got,) = {one.label for _, one in of_kg(kz)}
            assert got.startswith("csto//RESTRICTED//REL KG RU KZ//") and "KEEP P7D" in got
            # KG coarsened it, and signed what is coarse: no one else needs to be believed for that.
            told = [one for one in entries_of(ru) if one.origin == "KG" and one.released]
            assert {clause for one in told for clause in one.released} == {"ru-kz grant 3"}
            # KZ hears what KG says of the agreement, though the two have no link.
            await ordered(kg, "suspend", "csto")
            await until(lambda: kz.federation.standing()["csto"].stopped)
            await until(lambda: any(isinstance(one, Left) and one.via == "RU" for _, one in kz.heard))

    asyncio.run(run())
