"""Links between members: who gets what over real servers, mutual TLS and files, and what every fault does."""

import asyncio
import ssl
import sys
import time

import msgspec
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.apps import node_init
from asman.edge import certificates, door
from asman.edge.account import read_log
from asman.edge.border_store import HEADS
from asman.edge.invitation import spoken
from asman.edge.link_messages import Order
from asman.edge.messages import Left
from asman.edge.outbox import Limits
from asman.edge.segment_log import records
from asman.sharing import audit, batches, keys, merkle, spans, statements
from asman.wire import contribution, payload

from . import linked
from .linked import give, tracks, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="servers end with us on Linux alone"),
]


@pytest.fixture
def make(tmp_path):
    """Members with links and agreements of the shipped examples; their servers run."""
    made = []

    def members(*names, agreements=(("kg-ru-2023", "KG", "RU"), ("ru-kz", "RU", "KZ")), limits=None):
        clock = linked.Clock()
        by = {name: linked.Member(name, tmp_path, clock, limits or Limits()) for name in names}
        for name, one, other in agreements:
            if one in by and other in by:
                linked.join(by[one], by[other], tmp_path)
                linked.agree(name, by[one], by[other])
        for member in by.values():
            member.start()
            made.append(member)
        return by

    yield members
    for member in made:
        member.border.end()


async def flowing(giver, taker):
    """Give until the taker takes."""

    async def once():
        await give(giver)
        await asyncio.sleep(0.2)
        return taker.sequences(giver.name)

    deadline = time.monotonic() + linked.PATIENCE_S
    while not await once():
        assert time.monotonic() < deadline, (giver.federation.state(), taker.federation.state())


def unbroken(sequences):
    return sequences == list(range(sequences[0], sequences[0] + len(sequences)))


def words_of(batch):
    """What a batch says in words: header, texts of its rows. Packed octets hold any two letters by chance."""
    header = batch.header
    said = [repr(header)]
    if header.rows:
        rows = payload.decode(header.what, batch.payload, header.origin, "")
        said += [repr(rows[name].to_pylist()) for name in rows.column_names if is_text(rows[name].type)]
    return "\n".join(said)


def is_text(kind):
    return pa.types.is_string(kind) or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))


def test_three_members_get_what_their_own_agreements_give_and_nothing_else(make):
    by = make("KG", "RU", "KZ")
    kg, ru, kz = by["KG"], by["RU"], by["KZ"]

    async def run():
        async with linked.running(kg, ru, kz):
            await flowing(kg, ru)
            for _ in range(3):
                await asyncio.gather(give(kg), give(ru, lat=54.9, lon=69.1))
            await until(lambda: len(ru.sequences("KG")) >= 4 and len(kz.sequences("RU")) >= 3)
            await until(lambda: len(kg.sequences("RU")) >= 3)
            got = ru.rows("KG")
            assert set(got["callsign"].to_pylist()) == {f"KG{k:04d}" for k in range(20)}
            assert set(got["origin"].to_pylist()) == {"KG"}
            assert "kg-ru-2023//RESTRICTED//REL KG RU" in got["label"][0].as_py()
            assert unbroken(ru.sequences("KG")) and unbroken(kz.sequences("RU"))
            # Kazakhstan: no line to Kyrgyzstan, no batch of it, no aircraft of it in anything that came.
            assert {one.origin for one in kz.arrived} == {"RU"}
            assert {one.member for one in kz.federation.state().links} == {"RU"}
            assert "KG" not in kz.federation.partners and "KZ" not in kg.federation.partners
            seen = [one for one in kz.rows("RU")["callsign"].to_pylist() if one.startswith("KG")]
            assert seen == []
            for path in (kz.home.store / "received").iterdir():
                for _, octets in records(path):
                    assert "KG" not in words_of(batches.take_apart(octets)).replace("KG-", "")
            # Each line is crossed by that one partner's two leafs, once each.
            assert kg.line.connections >= 2 and kz.line.connections >= 2

    asyncio.run(run())


def test_a_suspension_stops_the_last_octet_and_takes_back_what_waits_until_it_is_resumed(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            ru.line.whole.set()
            before = ru.sequences("KG")
            decided = await kg.federation.order(Order(act="suspend", about="kg-ru-2023", reason="a test"))
            assert decided.status == 200
            # It holds at once: a release that is asked for now leaves nothing.
            held = kg.link("RU").sent
            await give(kg, 3)
            assert kg.link("RU").sent == held
            assert kg.link("RU").waiting == 0 or kg.link("RU").purged >= 0
            # The partner hears of it at the door, and forgets what it had.
            await until(lambda: ru.federation.standing()["kg-ru-2023"].state == "suspended")
            await until(lambda: any(isinstance(one, Left) and one.origin == "KG" for _, one in ru.heard))
            assert ru.sequences("KG")[: len(before)] == before
            # Only who suspended may resume; then it goes on, and nothing comes twice.
            assert (await ru.federation.order(Order(act="resume", about="kg-ru-2023"))).status == 409
            assert (await kg.federation.order(Order(act="resume", about="kg-ru-2023"))).status == 200
            await until(lambda: ru.federation.standing()["kg-ru-2023"].state == "active")
            last = len(ru.arrived)
            deadline = time.monotonic() + linked.PATIENCE_S
            while len(ru.arrived) == last:
                await give(kg)
                await asyncio.sleep(0.2)
                assert time.monotonic() < deadline, (kg.federation.state(), ru.federation.state())
            got = ru.sequences("KG")
            assert got == sorted(set(got))

    asyncio.run(run())


def test_where_one_of_two_agreements_is_suspended_the_other_goes_on_by_itself(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]
    text = (linked.EXAMPLES / "kg-ru-2023.toml").read_text().replace('"kg-ru-2023"', '"kg-ru-2"')
    linked.agree("kg-ru-2", kg, ru, text=text)

    async def run():
        async with linked.running(kg, ru):
            # Of where nothing may leave from: signs of life.
            await give(kg, lat=-30.0)
            await until(lambda: ru.sequences("KG"))
            assert (await kg.federation.order(Order(act="suspend", about="kg-ru-2"))).status == 200
            await until(lambda: any(isinstance(one, Left) for _, one in ru.heard))
            count, deadline = len(ru.arrived), time.monotonic() + linked.PATIENCE_S
            while len(ru.arrived) < count + 2:
                await give(kg, pause_s=0.2, lat=-30.0)
                assert time.monotonic() < deadline, (kg.federation.state(), ru.federation.state())

    asyncio.run(run())


def test_when_the_clock_passes_the_last_day_nothing_more_leaves_and_the_picture_forgets(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            ends_ns = kg.federation.standing()["kg-ru-2023"].ends_ns
            kg.clock.ahead_ns += ends_ns - kg.clock() - 1
            stepped = time.monotonic()
            await until(lambda: any(isinstance(one, Left) for _, one in ru.heard))
            left = next(at for at, one in ru.heard if isinstance(one, Left))
            assert left >= stepped
            sent, taken = kg.link("RU").sent, len(ru.arrived)
            await give(kg, 3)
            await asyncio.sleep(0.3)
            assert kg.link("RU").sent == sent and len(ru.arrived) == taken
            assert kg.federation.standing()["kg-ru-2023"].state == "expired"
            await until(lambda: ru.link("KG").state == "not active")

    asyncio.run(run())


@pytest.mark.parametrize("cut_s", [7.0, pytest.param(25.0, marks=pytest.mark.long)])
def test_after_a_cut_everything_comes_once_and_in_order(make, cut_s):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            kg.line.whole.clear()
            began = time.monotonic()
            while time.monotonic() - began < cut_s:
                await give(kg, pause_s=0.2)
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            assert len(ru.sequences("KG")) < sent
            kg.line.whole.set()
            await until(lambda: ru.sequences("KG")[-1] == sent)
            assert unbroken(ru.sequences("KG"))
            # What was taken and not yet acknowledged comes again, and is not taken twice.
            assert ru.link("KG").missing == 0 and set(ru.link("KG").rejected) <= {"DUPLICATE"}

    asyncio.run(run())


def test_what_is_put_into_the_stream_by_others_is_refused_and_counted(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            await until(lambda: ru.sequences("KG")[-1] == kg.federation.partners["RU"].outbox.stream.sequence)
            real = [*kg.store.latest("sent", "RU")]
            client = await kg.border.enter("out", "RU", "somebody with our account")
            stream = client.jetstream(domain="KG")
            altered = bytearray(real[-1])
            altered[-100] ^= 1
            unsigned = real[-1][:-64] + bytes(64)
            one = batches.Stream("KG", "RU", 10_000, "00")
            _, forged = batches.seal(one, None, contribution.encode, kg.clock(), ru.home.signing_key())
            before = dict(ru.link("KG").rejected)
            for octets in (
                bytes(altered),
                unsigned,
                real[0],
                b"noise",
                bytes(batches.MOST_OCTETS + 1),
                forged,
            ):
                await stream.publish("to.RU", octets)
            await client.close()
            await until(lambda: sum(ru.link("KG").rejected.values()) - sum(before.values()) >= 5)
            assert set(ru.link("KG").rejected) >= {"ALTERED", "DUPLICATE", "MALFORMED", "OVERSIZED"}
            # Nobody is blamed for what anybody could have put there, and the real ones go on, in order.
            assert ru.link("KG").quarantined == ""
            await give(kg, 3)
            await until(lambda: ru.sequences("KG")[-1] == kg.federation.partners["RU"].outbox.stream.sequence)
            assert unbroken(ru.sequences("KG"))

    asyncio.run(run())


def test_a_partner_that_signs_what_its_grants_do_not_give_is_quarantined_until_a_person_lifts_it(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            outbox = kg.federation.partners["RU"].outbox
            encode = outbox._encode
            outbox._encode = lambda what, table: encode(what, tracks("KG", kg.clock(), len(table), lat=-30.0))
            await give(kg)
            await until(lambda: ru.link("KG").quarantined)
            taken = len(ru.arrived)
            outbox._encode = encode
            await give(kg, 2)
            await asyncio.sleep(0.5)
            assert len(ru.arrived) == taken and ru.link("KG").state in ("quarantined", "flowing")
            assert (await ru.federation.order(Order(act="lift", about="KG"))).status == 200
            await until(lambda: len(ru.arrived) > taken)
            assert ru.link("KG").rejected["OUTSIDE_TERMS"] == 1

    asyncio.run(run())


def test_a_restart_of_either_side_loses_nothing_and_doubles_nothing(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            for member in (ru, kg):
                await member.close()
                if member is ru:
                    await give(kg, 3)
                member.border.restart(member.border.plan.peers)
                await member.open()
                await give(kg, 2)
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            await until(lambda: ru.sequences("KG")[-1] == sent)
            assert unbroken(ru.sequences("KG"))

    asyncio.run(run())


def test_what_waited_too_long_is_discarded_counted_and_skipped_with_the_partners_signed_word(make):
    by = make("KG", "RU", limits=Limits(age_s=2.0))
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            await until(lambda: ru.sequences("KG")[-1] == kg.federation.partners["RU"].outbox.stream.sequence)
            kg.line.whole.clear()
            await give(kg, 5)
            await asyncio.sleep(3.0)
            await give(kg, 2)
            kg.line.whole.set()
            sent = kg.federation.partners["RU"].outbox.stream.sequence

            async def taken():
                await give(kg)
                await asyncio.sleep(0.3)
                return ru.sequences("KG")[-1] >= sent

            deadline = time.monotonic() + linked.PATIENCE_S
            while not await taken():
                assert time.monotonic() < deadline, (kg.federation.state(), ru.federation.state())
            got = ru.sequences("KG")
            assert got == sorted(set(got))
            assert ru.link("KG").missing >= 1 and kg.link("RU").discarded >= 1

    asyncio.run(run())


def test_without_an_account_nothing_is_released(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            sent, write = kg.link("RU").sent, kg.account.write

            def full(_):
                raise OSError(28, "No space left on device")

            kg.account.write = full
            await give(kg, 3)
            assert kg.link("RU").sent == sent
            assert "account cannot be written" in kg.federation.state().problem
            kg.account.write = write
            await give(kg)
            assert kg.link("RU").sent == sent + 1

    asyncio.run(run())


def test_who_comes_with_another_authority_is_not_even_greeted(make, tmp_path):
    by = make("KG", "RU")
    kg = by["KG"]
    now = __import__("datetime").datetime.now(__import__("datetime").UTC)
    authority, key = certificates.make_authority("XX", now)
    certificate, node_key = certificates.make_node(authority, key, "XX", ("127.0.0.1",), now)
    (tmp_path / "xx.crt").write_bytes(certificate)
    (tmp_path / "xx.key").write_bytes(node_key)

    async def greeted(context):
        reader, writer = await asyncio.open_connection("127.0.0.1", kg.listen, ssl=context)
        try:
            return await asyncio.wait_for(reader.read(100), 5)
        finally:
            writer.close()

    def context(*files):
        made = ssl.create_default_context(cafile=str(kg.home.keys / "authority.crt"))
        if files:
            made.load_cert_chain(*map(str, files))
        return made

    for files in ((), (tmp_path / "xx.crt", tmp_path / "xx.key")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            assert asyncio.run(greeted(context(*files))) == b"", "it said something"
            raise ConnectionError("closed without a word")
    ours = by["RU"].home.keys
    assert asyncio.run(greeted(context(ours / "node.crt", ours / "node.key"))).startswith(b"INFO")


def test_a_new_key_takes_over_without_loss_and_the_old_one_is_refused_after_its_end(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    def signed_with():
        return batches.take_apart([*ru.store.latest("received", "KG")][-1]).header.key

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            old = kg.home.signing_key()
            name = signed_with()
            assert name == keys.fingerprint(keys.public_of(old))
            made = await asyncio.to_thread(node_init.rotate, kg.home.folder / "node.toml", 7)
            fresh = kg.home.signing_key()
            assert made.fingerprint == spoken(keys.public_of(fresh).hex())
            # Nobody restarts anything: the partner learns the key over the link, then batches bear it.
            deadline = time.monotonic() + linked.PATIENCE_S
            while signed_with() == name:
                assert time.monotonic() < deadline, kg.federation.state()
                await give(kg, pause_s=0.1)
            assert signed_with() == keys.fingerprint(keys.public_of(fresh))
            sent = kg.federation.partners["RU"].outbox.stream.sequence
            await until(lambda: ru.sequences("KG")[-1] == sent)
            assert unbroken(ru.sequences("KG")) and ru.link("KG").missing == 0
            assert set(ru.link("KG").rejected) <= {"DUPLICATE"}
            told = [one for one in entries_of(ru) if one.what == "key"]
            assert [(one.member, one.digest) for one in told] == [("KG", signed_with())]

            # Both count until the end of the old one: then a thief's batch, the right next one, is refused.
            async def put(when):
                stream = kg.federation.partners["RU"].outbox.stream
                _, octets = batches.seal(stream, None, contribution.encode, when, old)
                client = await kg.border.enter("out", "RU", "who stole the key")
                await client.jetstream(domain="KG").publish("to.RU", octets)
                await client.close()

            before_ns = kg.clock()
            kg.clock.ahead_ns += 8 * 86_400 * 10**9
            await put(kg.clock())
            await until(lambda: ru.link("KG").rejected.get("ENDED_KEY") == 1)
            # However it is dated.
            await put(before_ns)
            await until(lambda: ru.link("KG").rejected.get("ENDED_KEY") == 2)
            assert ru.link("KG").quarantined == ""
            await until(lambda: any(one.reason == "ENDED_KEY" for one in entries_of(ru)))
            # Nor does it bring in a further key, or speak for the member.
            third = Ed25519PrivateKey.generate()
            said = door.announce_key(keys.public_of(third), "KG", old, 0)
            answer = await kg.federation.partners["RU"].intake.ask(said)
            assert answer == door.No("it is announced with a key that has ended")
            entry = ru.federation.register.entries["kg-ru-2023"]
            at = spans.from_ns(before_ns).replace(microsecond=0)
            said = statements.Statement(agreement=entry.hash, member="KG", act="suspend", number=9, at=at)
            answer = await ru.federation.say("kg-ru-2023", statements.sign(said, old))
            assert answer.reason is statements.Refusal.ENDED_KEY
            # And the member itself goes on.
            taken = len(ru.arrived)
            await give(kg)
            await until(lambda: len(ru.arrived) > taken)
            assert unbroken(ru.sequences("KG"))

    asyncio.run(run())


def test_a_partner_whose_account_no_longer_begins_as_it_did_is_quarantined_on_its_own_signature(make):
    by = make("KG", "RU")
    kg, ru = by["KG"], by["RU"]

    async def run():
        async with linked.running(kg, ru):
            await flowing(kg, ru)
            ours, theirs = kg.federation.partners["RU"].heads, ru.federation.partners["KG"].heads
            shown = 0
            for _ in range(3):
                await give(kg, 2)
                head = await asyncio.to_thread(kg.account.sign, "KG", kg.clock(), kg.home.signing_key())
                await ours.show(head, kg.federation.prove)
                assert ours.problem == "" and theirs.entries == head.size > shown
                shown = head.size
            # A node that has forgotten what it showed is told, and proves from there.
            ours._since = 0
            await give(kg)
            head = await asyncio.to_thread(kg.account.sign, "KG", kg.clock(), kg.home.signing_key())
            await ours.show(head, kg.federation.prove)
            assert theirs.entries == head.size and ru.link("KG").account_entries == head.size
            # A head that another signed is nobody's.
            forged = audit.sign_head(merkle.Tree(), "KG", kg.clock(), ru.home.signing_key())
            answer = await kg.federation.partners["RU"].intake.ask(door.ShowHead(forged, 0, ()))
            assert answer == door.No(audit.Shown.FORGED.value) and ru.link("KG").quarantined == ""

            # One entry is written anew.
            _, entries, _ = read_log(kg.home.audit)
            tree = merkle.Tree()
            for one in (*entries[:-1], entries[-1] + b" "):
                tree.append(one)
            for one in entries[:3]:
                tree.append(one)
            head = audit.sign_head(tree, "KG", kg.clock(), kg.home.signing_key())

            async def prove(since, size):
                return tree.consistency(since, size)

            await ours.show(head, prove)
            assert "history was rewritten" in ours.problem
            assert "history was rewritten" in ru.link("KG").quarantined
            assert ru.link("KG").rejected["REWRITTEN"] == 1
            assert any(one.reason == "REWRITTEN" for one in entries_of(ru))
            kept = [
                octets
                for path in (ru.home.store / "received").glob("KG-*.log")
                for kind, octets in records(path)
                if kind == HEADS
            ]
            older, newer = msgspec.json.decode(kept[0], type=tuple[audit.Head, audit.Head])
            assert newer == head and audit.head_is_genuine(older, ru.federation.register.keys)
            # A person lifts it, and believes what comes now.
            assert (await ru.federation.order(Order(act="lift", about="KG"))).status == 200
            await ours.show(head, prove)
            assert ours.problem == "" and ru.link("KG").quarantined == ""

    asyncio.run(run())


def entries_of(member):
    """What stands in a member's account."""
    _, entries, _ = read_log(member.home.audit)
    return [audit.decode(one) for one in entries]
