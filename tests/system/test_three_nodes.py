"""Three members' nodes as people run them, a network each, one wire between: who gets what, by packets.

KG and RU, RU and KZ have agreed; KG and KZ have not. Radars of the scenario `kant` feed each its own
node over UDP. What is said of Kazakhstan is shown thrice: by what passed its cable, by what its node recorded
of what was inside the encryption, and by its picture.
"""

import contextlib
import datetime
import re
import sys
import threading
import time
from collections import Counter

import httpx
import pytest

from asman import exercise
from asman.apps.demonstration import compile_all
from asman.apps.home import Home
from asman.apps.kant import scenario
from asman.apps.node_init import make
from asman.apps.node_toml import SharingConfig
from asman.apps.sending import Destination, Flight, Pacer, Sender
from asman.edge.segment_log import records
from asman.sensing.sensors_toml import written
from asman.sharing.batches import enclosed, take_apart
from asman.units import SECOND_NS
from asman.wire import contribution
from asman.wire.asterix.encode import encode

from . import linked, processes
from . import network as wire

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or not wire.is_possible(), reason="needs network namespaces"
    ),
]
MEMBERS = ("KG", "RU", "KZ")
LEAFS, CONSOLE, FIRST_FEED = 7422, 8600, 9000
AIRCRAFT = 120
#: More than a listener says before it refuses a leaf: certificates, greeting, reason.
HANDSHAKE_OCTETS = 4_000


class Node:
    """One member's folder, and its node while it runs."""

    def __init__(self, name, folder, network, sky):
        self.name, self.network = name, network
        address = f"{network.addresses[name]}:{LEAFS}"
        self.fingerprint = make(name, str(folder / name), address, CONSOLE).fingerprint
        self.home = Home(folder / name, name)
        self.sharing = SharingConfig(address=address, listen=address)
        sensors = exercise.sensors(sky, name)
        self.to = {one.id: Destination("127.0.0.1", FIRST_FEED + k) for k, one in enumerate(sensors)}
        (folder / name / "sensors.toml").write_text("\n".join(written(one) for one in sensors))
        feeds = "".join(
            f'[[feed]]\nname = "{feed}"\nurl = "udp://127.0.0.1:{there.port}"\n'
            for feed, there in self.to.items()
        )
        (folder / name / "node.toml").write_text(
            f'member = "{name}"\nsensors = "sensors.toml"\nport = {CONSOLE}\n'
            f'[sharing]\naddress = "{address}"\nlisten = "{address}"\n{feeds}'
        )

    def run(self):
        config = str(self.home.folder / "node.toml")
        return processes.running(self.home.folder, "node", config, before=self.network.words(self.name))

    def get(self, path):
        headers = {"authorization": f"Bearer {processes.TOKEN}"}
        url = f"http://127.0.0.1:{CONSOLE}{path}"
        deadline = time.monotonic() + 60
        while True:
            answer = self.network.at(self.name, lambda: httpx.get(url, headers=headers, timeout=20))
            # A node that is too busy to answer says so: it was started a moment ago, beside two others.
            if answer.status_code != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def picture(self):
        """How many tracks its picture holds, by the member that reports each."""
        found = self.get("/api/picture")["features"]
        return Counter(one["properties"]["origin"] for one in found)

    def sources(self):
        """The members of whose contributions its picture is made."""
        found = set()
        for one in self.get("/api/picture?unconfirmed=true")["features"]:
            with contextlib.suppress(AssertionError):  # it ended meanwhile
                story = self.get(f"/api/tracks/{one['properties']['track']}")
                found |= {source["origin"] for source in story["sources"]}
        return found

    def order(self, agreement, act):
        headers = {"authorization": f"Bearer {processes.TOKEN}"}
        url = f"http://127.0.0.1:{CONSOLE}/api/agreements/{agreement}/{act}"
        post = lambda: httpx.post(url, headers=headers, json={"reason": "a test"}, timeout=20)  # noqa: E731
        answer = self.network.at(self.name, post)
        assert answer.status_code == 200, answer.text

    def link(self, member):
        return next(one for one in self.get("/api/agreements")["links"] if one["member"] == member)

    def received(self):
        """The batches that this node has on record, as their origins signed them."""
        return [
            take_apart(octets)
            for path in sorted((self.home.store / "received").glob("*.log"))
            for kind, octets in records(path)
            if kind == ord("B")
        ]


class Everywhere:
    """Sends each sensor's datagrams in the network of its owner."""

    def __init__(self, nodes):
        self.senders = {
            node.name: node.network.at(node.name, lambda node=node: Sender(node.to)) for node in nodes
        }
        self._of = {feed: self.senders[node.name] for node in nodes for feed in node.to}

    def send(self, datagram):
        if datagram.feed in self._of:
            self._of[datagram.feed].send(datagram)

    def close(self):
        for sender in self.senders.values():
            sender.close()


@contextlib.contextmanager
def flying(nodes, sky):
    """The radars turn: what they saw in the last seconds at once, and then as it happens."""
    everywhere, pacer = Everywhere(nodes), Pacer(sky.sky.begin_ns, clock_ns=time.time_ns)
    failed = []

    def fly():
        try:
            Flight(lambda a, b: exercise.emissions(sky, a, b, encode), everywhere, pacer).run()
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=fly)
    thread.start()
    try:
        yield
    finally:
        pacer.end()
        thread.join(30)
        everywhere.close()
    assert not failed


@pytest.fixture
def three(tmp_path):
    """The nodes of KG, RU and KZ, linked, running and fed; RU and KZ have agreed, KG and RU not yet."""
    compile_all()
    folder = tmp_path
    sky = exercise.start(scenario(), aircraft=AIRCRAFT, seed=3, begin_ns=time.time_ns())
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(wire.network(*MEMBERS))
        nodes = {name: Node(name, folder, network, sky) for name in MEMBERS}
        linked.join(nodes["KG"], nodes["RU"], folder)
        linked.join(nodes["RU"], nodes["KZ"], folder)
        linked.agree("ru-kz", nodes["RU"], nodes["KZ"], text=linked.ru_kz_everywhere())
        running = {name: stack.enter_context(node.run()) for name, node in nodes.items()}
        sky = exercise.start(scenario(), aircraft=AIRCRAFT, seed=3, begin_ns=time.time_ns())
        stack.enter_context(flying(nodes.values(), sky))
        yield network, nodes, running


def ending(name, seconds):
    """A shipped agreement that began today and ends so soon; and when it ends, ns."""
    now = datetime.datetime.now(datetime.UTC)
    ends = (now + datetime.timedelta(seconds=seconds)).replace(microsecond=0)
    day = now.date() - datetime.timedelta(days=1)
    length = ends - datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    text = (linked.EXAMPLES / f"{name}.toml").read_text()
    text = re.sub(r"^from( +)= 2023-10-11$", rf"from\1= {day}", text, flags=re.MULTILINE)
    text = re.sub(
        r"^duration .*$", f'duration = "P{length.days}DT{length.seconds}S"', text, flags=re.MULTILINE
    )
    return text, int(ends.timestamp()) * SECOND_NS


def leafs(network, giver, taker):
    """What a giver's listener sent on each connection of a taker's, by the port it came from."""
    found = {}
    for packet in network.between(giver, giver, taker):
        if packet.source_port == LEAFS and packet.source == network.addresses[giver] and packet.octets:
            found.setdefault(packet.to_port, []).append(packet)
    return found


def data_leaf(network, giver, taker):
    """What passed the connection that carries batches: no other carries as much."""
    return max(leafs(network, giver, taker).values(), key=octets)


def octets(packets):
    """How much they carry."""
    return sum(one.octets for one in packets)


def nothing_more(network, giver, taker, since_ns):
    """See that batches stopped: where a connection is tried after that, it ends with its handshake."""
    sent = data_leaf(network, giver, taker)
    assert octets(sent) > 10 * HANDSHAKE_OCTETS
    assert sent[-1].at_ns < since_ns + SECOND_NS
    for one in leafs(network, giver, taker).values():
        if one[0].at_ns > since_ns:
            assert octets(one) < HANDSHAKE_OCTETS


def nothing_of_kyrgyzstan(network, kz):
    """See that Kazakhstan's node got nothing of Kyrgyzstan's, and much of Russia's."""
    # By its cable.
    for port in MEMBERS:
        assert network.between(port, "KG", "KZ") == []
    assert network.between("KZ", "RU", "KZ") and network.between("KG", "KG", "RU")
    ends = {network.addresses["RU"], network.addresses["KZ"]}
    carried = [one for one in network.captured["KZ"] if one.octets]
    assert carried and all({one.source, one.to} == ends for one in carried)
    # By what was inside the encryption.
    got = kz.received()
    assert {one.header.origin for one in got} == {"RU"}
    assert not list((kz.home.store / "received").glob("KG*"))
    rows = 0
    for one in got:
        label = one.header.label
        if label is not None:
            assert {id_ for id_, _ in label.agreements} == {"ru-kz"}
            assert b"KG-" not in one.payload
            if one.header.what == "tracks":
                table = contribution.decode(one.payload, "RU", label.text)
                assert set(table["origin"].to_pylist()) == {"RU"}
                rows += len(table)
    assert rows > 50
    # By its picture.
    assert set(kz.picture()) <= {"RU", "KZ"}
    assert kz.sources() == {"RU", "KZ"}


def test_kazakhstan_gets_nothing_of_kyrgyzstan_whatever_russia_gets(three):
    network, nodes, running = three
    kg, ru, kz = (nodes[name] for name in MEMBERS)
    until = running["RU"].until
    linked.agree("kg-ru-2023", kg, ru)
    until(lambda: ru.picture()["KG"] > 3 and kz.picture()["RU"] > 3)
    until(lambda: ru.link("KG")["rows"] > 100 and kg.link("RU")["rows"] > 100 and kz.link("RU")["rows"] > 100)
    # More than handshakes has passed either way: only then is it told when it stops.
    for pair in (("KG", "RU"), ("RU", "KG")):
        until(lambda pair=pair: octets(data_leaf(network, *pair)) > 10 * HANDSHAKE_OCTETS)
    nothing_of_kyrgyzstan(network, kz)

    # Kyrgyzstan suspends: Russia gets no more of it and forgets, and Kazakhstan goes on with Russia.
    kg.order("kg-ru-2023", "suspend")
    suspended_ns = time.time_ns()
    until(lambda: ru.picture()["KG"] == 0 and kg.picture()["RU"] == 0)
    sent = len(data_leaf(network, "RU", "KZ"))
    until(lambda: time.time_ns() > suspended_ns + 3 * SECOND_NS)
    until(lambda: len(data_leaf(network, "RU", "KZ")) > sent + 2)
    for pair in (("KG", "RU"), ("RU", "KG")):
        nothing_more(network, *pair, suspended_ns)
    nothing_of_kyrgyzstan(network, kz)

    # It resumes, and what was suspended comes back by itself.
    kg.order("kg-ru-2023", "resume")
    until(lambda: ru.picture()["KG"] > 3)
    nothing_of_kyrgyzstan(network, kz)


@pytest.mark.long
def test_when_the_last_day_ends_the_last_octet_has_left_and_pictures_forget(three, capsys):
    network, nodes, running = three
    kg, ru, kz = (nodes[name] for name in MEMBERS)
    until = running["RU"].until
    until(lambda: sum(kg.picture().values()) > 10 and sum(ru.picture().values()) > 10)
    until(lambda: kz.picture()["RU"] > 3)
    time.sleep(15.0)  # all that fly are seen: what is compared below are full pictures
    without = {node.name: node.picture() for node in nodes.values()}
    assert kg.get("/api/agreements")["agreements"] == []
    assert without["RU"]["KG"] == without["KG"]["RU"] == 0
    assert [one for one in ru.received() if one.header.origin == "KG"] == []

    # Kyrgyzstan and Russia ratify while their nodes run; it ends within the test.
    text, ends_ns = ending("kg-ru-2023", 60.0)
    linked.agree("kg-ru-2023", kg, ru, text=text)
    until(lambda: ru.picture()["KG"] > 3 and kg.link("RU")["rows"] > 100)
    until(lambda: time.time_ns() > ends_ns - 10 * SECOND_NS, 70.0)
    with_it = {node.name: node.picture() for node in nodes.values()}
    active = kg.get("/api/agreements")["agreements"][0]
    assert active["state"] == "active"

    # The date passes; the register holds it to be over so much earlier as clocks may differ.
    until(lambda: ru.picture()["KG"] == 0 and kg.picture()["RU"] == 0)
    forgot_s = time.time() - active["ends_s"]
    assert kg.get("/api/agreements")["agreements"][0]["state"] == "expired"
    until(lambda: time.time_ns() > ends_ns + 3 * SECOND_NS)
    last = {pair: (data_leaf(network, *pair)[-1].at_ns / 1e9 - active["ends_s"]) * 1e3
            for pair in (("KG", "RU"), ("RU", "KG"), ("RU", "KZ"))}  # fmt: skip
    with capsys.disabled():
        for name in MEMBERS:
            print(f"\n{name}: {sum(without[name].values())} tracks without kg-ru, {with_it[name]} with it")
        print(f"pictures forgot {forgot_s * 1e3:.0f} ms after the end, at most")
        print(f"last octet on the wire of the leaf that carries batches, ms after the end: {last}")
    for pair in (("KG", "RU"), ("RU", "KG")):
        nothing_more(network, *pair, round(active["ends_s"] * 1e9))
    assert last["RU", "KZ"] > 1_000  # what ended is one agreement, not the wire
    assert all(one.header.sent_ns < ends_ns for one in ru.received() if one.header.origin == "KG")
    assert with_it["RU"]["KG"] > 3 and sum(with_it["RU"].values()) > sum(without["RU"].values())
    nothing_of_kyrgyzstan(network, kz)


@pytest.mark.long
def test_kazakhstan_gets_by_russia_what_kyrgyzstan_lets_it_pass_on_and_by_no_other_way(three):
    network, nodes, running = three
    kg, ru, kz = (nodes[name] for name in MEMBERS)
    until = running["RU"].until
    linked.agree("kg-ru-2023", kg, ru, text=linked.kg_ru_onward("KZ"))
    linked.show("kg-ru-2023", kz, kg, ru)
    until(lambda: kz.picture()["KG"] > 3 and kz.picture()["RU"] > 3)
    # No packet between the two; what passed the cable of Kazakhstan is Russia's, and inside it Kyrgyzstan's.
    assert [one for port in MEMBERS for one in network.between(port, "KG", "KZ")] == []
    signed = {take_apart(one).digest for one in batches_of(kg, "sent", "RU")}
    passed = [batch.payload for batch in kz.received() if enclosed(batch.header, batch.payload)]
    assert passed and {take_apart(one).digest for one in passed} <= signed
    assert kz.link("RU")["relayed"][0]["origin"] == ru.link("KZ")["passed"][0]["origin"] == "KG"
    # A track says whose it is, by whom it came, and under which agreement.
    shown = kz.get("/api/picture")["features"]
    track = next(one["properties"]["track"] for one in shown if one["properties"]["origin"] == "KG")
    source = next(one for one in kz.get(f"/api/tracks/{track}")["sources"] if one["origin"] == "KG")
    assert (source["via"], source["agreements"]) == ("RU", ["kg-ru-2023"])
    # Kyrgyzstan's word reaches Kazakhstan, which it has no line to.
    kg.order("kg-ru-2023", "suspend")
    until(lambda: kz.picture()["KG"] == 0)
    assert kz.get("/api/agreements")["agreements"][0]["state"] == "suspended"
    until(lambda: kz.picture()["RU"] > 3)
    assert [one for port in MEMBERS for one in network.between(port, "KG", "KZ")] == []


def batches_of(node, way, partner):
    """Batches that a node has on record, whole."""
    paths = sorted((node.home.store / way).glob(f"{partner}-*.log"))
    return [octets for path in paths for kind, octets in records(path) if kind == ord("B")]
