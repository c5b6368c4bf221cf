"""Outputs over real sockets: what a receiver gets, and what happens to a slow one, a lost one, none."""

import asyncio
import contextlib
import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import takproto

from asman.apps.node_toml import read
from asman.apps.output_toml import OutputConfig, check_output
from asman.apps.outputs import Outputs
from asman.edge.health_messages import Health, SensorHealth
from asman.edge.outlets import CLIENTS_MAX, WAITING_OCTETS_MAX, Connected, Place, Served, Written, place
from asman.edge.reasoning import STOPPED
from asman.errors import ConfigError
from asman.model.tracks import TRACKS
from asman.wire.asterix.decode import decode
from asman.wire.framing import find
from asman.wire.modes import sbs

NOON_NS = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9
ROW = {
    "time": NOON_NS, "track": 7, "lat_deg": 42.5, "lon_deg": 74.25, "altitude_m": 10_058.4, "vn_mps": 0.0,
    "ve_mps": 200.0, "climb_mps": 0.0, "confirmed": True, "mode_3a": 0o5436, "address": 0x3C660C,
    "callsign": "DLH65A", "contributors": ["kant"], "origin": "KG", "var_e_m2": 2500.0, "var_n_m2": 900.0,
    "cov_en_m2": 100.0, "simulated": True, "last_plot_time": NOON_NS,
}  # fmt: skip


class Told:
    """Tracks as a reasoning tells them: one table after another, the last one for ever."""

    def __init__(self, *pictures: list[dict]) -> None:
        self.pictures = [pa.Table.from_pylist(rows, schema=TRACKS) for rows in pictures]

    async def tracks(self) -> pa.Table:
        return self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]


@contextlib.asynccontextmanager
async def sending(told: Told, **config):
    outputs = Outputs([OutputConfig(name="out", period_s=0.25, **config)], told)  # type: ignore[arg-type]
    await outputs.open()
    job = asyncio.create_task(outputs.run())
    try:
        yield outputs
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        outputs.close()


def receiver() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.settimeout(60)
    return opened


async def datagrams(opened: socket.socket, count: int) -> list[bytes]:
    return [await asyncio.to_thread(opened.recv, 65_535) for _ in range(count)]


def test_cat062_reaches_a_datagram_socket_with_the_end_of_tracks_batches_and_status():
    async def run() -> list[bytes]:
        with receiver() as opened:
            told = Told([ROW, {**ROW, "track": 70_007, "confirmed": False}], [{**ROW, "track": 8}])
            url = f"udp://127.0.0.1:{opened.getsockname()[1]}"
            async with sending(told, kind="cat062", url=url, source="25/200", unconfirmed=True):
                return await datagrams(opened, 7)

    received = asyncio.run(run())
    octets = b"".join(received)
    found = decode(octets, find(octets).frames)
    assert not found.rejected.num_rows
    rows = found.tables["CAT062"].to_pylist()
    # Two tracks whose last 16 bits collide get two numbers; both end, the third begins.
    first = [(row["I040"], row["I080/TSB"], row["I080/TSE"], row["I080/CNF"]) for row in rows]
    assert first == [(7, 1, 0, 0), (4471, 1, 0, 1), (7, 0, 1, 0), (4471, 0, 1, 1), (8, 1, 0, 0)]
    assert {(row["I010/SAC"], row["I010/SIC"], row["I080/SIM"]) for row in rows} == {(25, 200, 1)}
    assert rows[0]["I105/LAT_deg"] == pytest.approx(42.5, abs=3e-6)
    assert rows[0]["I070_s"] == 43_200.0
    assert [row["I000"] for row in found.tables["CAT065"].to_pylist()] == [2, 1, 2, 1]


def test_tak_reaches_a_multicast_group():
    async def run() -> bytes:
        group = "239.255.77.9"
        with receiver() as opened:
            port = opened.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((group, port))
            joined = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
            opened.settimeout(60)
            url = f"udp://{group}:{port}?interface=127.0.0.1"
            async with sending(Told([ROW]), kind="tak", url=url):
                return (await datagrams(opened, 1))[0]

    event = takproto.parse_proto(bytearray(asyncio.run(run()))).cotEvent
    assert (event.type, event.how, event.lat, event.detail.contact.callsign) == (
        "a-p-A",
        "m-s",
        42.5,
        "DLH65A",
    )


def test_sbs_is_served_to_programs_that_connect_and_our_reader_reads_it():
    async def run():
        told = Told([ROW, {**ROW, "address": None, "track": 8}])
        async with sending(told, kind="sbs", url="tcp-listen://127.0.0.1:0", simulated=True) as outputs:
            port = outputs.outputs[0].outlet.port  # type: ignore[attr-defined]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            octets = await asyncio.wait_for(reader.readuntil(b"5436,,0,,\r\n"), 60)
            writer.close()
            return octets, outputs.health()[0]

    octets, health = asyncio.run(run())
    back = sbs.decode(octets)
    assert not back.rejected.num_rows
    assert set(back.tables["SBS"]["address"].to_pylist()) == {0x3C660C}
    assert health.left_out >= 1
    assert health.readers == 1


def test_cot_is_sent_to_a_server_that_we_connect_to_and_to_the_next_one_after_it():
    async def run() -> list[bytes]:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.put_nowait(await reader.readuntil(b"</event>"))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        where = Place("tcp", "127.0.0.1", server.sockets[0].getsockname()[1])
        outlet = Connected(where, first_pause_s=0.01)
        found = []
        for word in (b"one</event>", b"two</event>"):
            while not outlet.readers:
                await asyncio.sleep(0.01)
            outlet.send(word)
            found.append(await asyncio.wait_for(heard.get(), 30))
            while outlet.readers:
                await asyncio.sleep(0.01)
        outlet.send(b"nobody is there")
        assert (outlet.messages, outlet.dropped) == (2, 1)
        assert outlet.connections >= 2
        outlet.close()
        server.close()
        return found

    assert asyncio.run(run()) == [b"one</event>", b"two</event>"]


def test_who_does_not_read_loses_whole_messages_and_nobody_else_does():
    async def run() -> None:
        served = await Served().open(Place("tcp-listen", "127.0.0.1", 0), "test")
        # The slow one's buffers are small, so that what waits, waits here.
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", served.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1 << 24)
        while served.readers < 2:
            await asyncio.sleep(0.01)
        message = b"x" * (1 << 20)
        count = 3 * WAITING_OCTETS_MAX // len(message)
        for _ in range(count):
            served.send(message)
            await asyncio.wait_for(reader.readexactly(len(message)), 30)
        assert 0 < served.dropped < count
        assert served.messages == 2 * count - served.dropped
        writer.close()
        slow.close()
        served.close()

    asyncio.run(run())


def test_no_more_programs_than_there_is_room_for():
    async def run() -> None:
        served = await Served().open(Place("tcp-listen", "127.0.0.1", 0), "test")
        writers = []
        for _ in range(CLIENTS_MAX):
            writers.append((await asyncio.open_connection("127.0.0.1", served.port))[1])
        while served.readers < CLIENTS_MAX:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert served.refused == 1
        for one in (*writers, writer):
            one.close()
        served.close()

    asyncio.run(run())


def test_a_file_holds_the_latest_picture_whole(tmp_path: Path):
    outlet = Written(Place("file", path=str(tmp_path / "picture.json")))
    outlet.send(b'{"a": 1}')
    outlet.send(b'{"b": 2}')
    assert json.loads((tmp_path / "picture.json").read_bytes()) == {"b": 2}
    assert [one.name for one in tmp_path.iterdir()] == ["picture.json"]
    gone = Written(Place("file", path=str(tmp_path / "no" / "picture.json")))
    gone.send(b"{}")
    assert (gone.dropped, gone.problem) == (1, "No such file or directory")


def test_geojson_is_written_for_those_who_read_files(tmp_path: Path):
    async def run() -> None:
        path = tmp_path / "picture.geojson"
        async with sending(Told([ROW]), kind="geojson", url=path.as_uri()):
            while not path.exists():
                await asyncio.sleep(0.02)

    asyncio.run(run())
    (feature,) = json.loads((tmp_path / "picture.geojson").read_bytes())["features"]
    assert feature["geometry"]["coordinates"] == [74.25, 42.5]
    assert feature["properties"]["simulated"] is True


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"kind": "cat62"}, "kind: there is no 'cat62'. Did you mean 'cat062'"),
        ({"kind": "sbs", "url": "udp://127.0.0.1:1"}, "url: sbs does not leave by udp://"),
        ({"url": "http://x"}, "url: 'http://x' is no place to send to"),
        ({"url": "tcp://host"}, "url: 'tcp://host' is not tcp://host:port"),
        ({"kind": "geojson", "url": "file://host/x"}, "names no file of this machine"),
        ({"period_s": 0.1}, "period_s: needs 0.25 to 3600 s"),
        ({"source": "25"}, "source: '25' is not SAC/SIC"),
        ({"edition": "1.16"}, "edition: CAT062 is not written as 1.16"),
        ({"service": 256}, "service: needs 0 to 255"),
    ],
)
def test_an_output_that_cannot_be_is_refused_with_its_key(config, words):
    asked = {"name": "out", "kind": "cat062", "url": "udp://127.0.0.1:8601", **config}
    with pytest.raises(ConfigError) as refused:
        check_output(OutputConfig(**asked), "node.toml: output[0]")
    assert words in str(refused.value)


def test_outputs_of_a_node_toml_are_read_and_unknown_keys_refused(tmp_path: Path):
    path = tmp_path / "node.toml"
    head = 'member = "KG"\nsensors = "s.toml"\n[[feed]]\nname = "a"\nurl = "udp://127.0.0.1:0"\n[[output]]\n'
    path.write_text(head + 'name = "ops"\nkind = "tak"\nurl = "udp://239.2.3.1:6969?ttl=4"\n')
    (output,) = read(path).output
    assert (output.kind, output.period_s, output.unconfirmed) == ("tak", 4.0, False)
    path.write_text(head + 'name = "ops"\nkind = "tak"\nurl = "udp://239.2.3.1:6969"\nperiod = 4\n')
    with pytest.raises(ConfigError, match=r"output\[0\].*'period'.*period_s"):
        read(path)


def test_an_ipv6_place_is_one():
    assert place("tcp-listen://[::1]:30003", "x") == Place("tcp-listen", "::1", 30_003)


class Viewed(Told):
    """A node's own picture, and one table after another of what was released to RU."""

    def __init__(self, *views: pa.Table) -> None:
        super().__init__([{**ROW, "track": 66, "callsign": "SECRET"}])
        self.views = list(views)
        self.asked: list[str] = []

    async def view(self, member: str) -> pa.Table:
        self.asked.append(member)
        return self.views.pop(0) if len(self.views) > 1 else self.views[0]


def released(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TRACKS)


def health_of_a_silent_radar() -> Health:
    radar = SensorHealth(
        id="kant", kind="ssr", sac=25, sic=7, lat_deg=42.8, lon_deg=74.8, last_seen_s=1.0, plots=9,
        rejected=0, plots_per_s=0.0, silent=True,
    )  # fmt: skip
    return Health(
        status="degraded", node="n", member="KG", mode="live", simulated=True, time_s=1.0, uptime_s=1.0,
        tracks=1, confirmed=1, plots=9, plots_per_s=0.0, rejected=0, dropped=0, behind_s=0.0, sensors=[radar],
    )  # fmt: skip


def test_cat062_of_a_view_holds_what_was_released_and_no_word_after_that_was_stopped():
    stopped = released().replace_schema_metadata(STOPPED)
    told = Viewed(released({**ROW, "track": 1}), released({**ROW, "track": 2}), stopped)

    async def run() -> list[bytes]:
        with receiver() as opened:
            url = f"udp://127.0.0.1:{opened.getsockname()[1]}"
            async with sending(told, kind="cat062", url=url, source="25/200", view="RU") as outputs:
                # What the own sensors do is no part of the view.
                outputs.heard(health_of_a_silent_radar())
                return await datagrams(opened, 10)

    octets = b"".join(asyncio.run(run()))
    found = decode(octets, find(octets).frames)
    assert not found.rejected.num_rows
    rows = found.tables["CAT062"].to_pylist()
    # The first ends when the second begins; of the second no end is told: nothing may leave any more.
    assert [(row["I040"], row["I080/TSB"], row["I080/TSE"]) for row in rows] == [
        (1, 1, 0),
        (1, 0, 1),
        (2, 1, 0),
    ]
    assert {row["I245/CHR"] for row in rows} == {"DLH65A"} and b"SECRET" not in octets
    assert "CAT063" not in found.tables
    # It goes on at its own pace all the same.
    assert [row["I000"] for row in found.tables["CAT065"].to_pylist()].count(1) >= 3
    assert set(told.asked) == {"RU"}


@pytest.mark.parametrize("kind", ["cot", "tak"])
def test_cursor_on_target_of_a_view_holds_what_was_released_and_nothing_after_that_was_stopped(kind):
    stopped = released().replace_schema_metadata(STOPPED)
    told = Viewed(released({**ROW, "track": 1}), released({**ROW, "track": 1}), stopped)

    async def asked_again() -> None:
        before = len(told.asked)
        while len(told.asked) < before + 4:
            await asyncio.sleep(0.01)

    async def run() -> tuple[list[bytes], list[bytes]]:
        with receiver() as opened:
            url = f"udp://127.0.0.1:{opened.getsockname()[1]}"
            async with sending(told, kind=kind, url=url, view="RU") as outputs:
                outputs.heard(health_of_a_silent_radar())
                events = await datagrams(opened, 2)
                while told.views[0].num_rows:
                    await asyncio.sleep(0.01)
                await asked_again()
                opened.setblocking(False)
                later: list[bytes] = []
                with contextlib.suppress(BlockingIOError):
                    while True:
                        later.append(opened.recv(65_536))
                return events, later

    events, later = asyncio.run(asyncio.wait_for(run(), 60))
    assert all(b"DLH65A" in one for one in events)
    assert later == []
    assert set(told.asked) == {"RU"}


def test_a_file_of_a_view_is_emptied_when_nothing_may_be_given_any_more(tmp_path):
    path = tmp_path / "ru.json"
    told = Viewed(released(ROW), released().replace_schema_metadata(STOPPED))

    async def run() -> list[int]:
        seen: list[int] = []
        async with sending(told, kind="geojson", url=f"file://{path}", view="RU"):
            while 0 not in seen:
                if path.exists():
                    seen.append(len(json.loads(path.read_text())["features"]))
                await asyncio.sleep(0.02)
        return seen

    assert asyncio.run(asyncio.wait_for(run(), 60))[0] == 1


@pytest.mark.parametrize(("view", "shares"), [("KG", True), ("ru", True), ("RU", False)])
def test_a_view_of_nobody_is_refused(view, shares):
    config = OutputConfig(name="out", kind="cot", url="udp://127.0.0.1:9", view=view)
    with pytest.raises(ConfigError) as caught:
        check_output(config, "node.toml: output[0]", "KG", shares=shares)
    assert caught.value.item == "node.toml: output[0].view" and caught.value.mend
