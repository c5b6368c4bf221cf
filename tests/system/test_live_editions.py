"""A node over real sockets, on whose feeds sources write different editions of one category."""

import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.pipeline.test_live_editions import from_source

from . import processes
from .ports import free_port
from .processes import running

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]

GROUP = "239.255.77.9"
SENSORS = """
[[sensor]]
id = "pinned"
kind = "adsb"
lat_deg = 0.0
lon_deg = 0.0
sac = 0
sic = 9
asterix_edition = { "021" = "2.2" }
"""


def serve(server: socket.socket, stream: bytes) -> None:
    """Give one who connects the stream, in pieces that do not end with blocks."""
    caller, _ = server.accept()
    with caller:
        for at in range(0, len(stream), 1000):
            caller.sendall(stream[at : at + 1000])
        caller.recv(1)  # until the node goes


def test_each_source_of_udp_multicast_and_tcp_is_read_with_its_own_edition(shared_data: Path, tmp_path: Path):
    samples = shared_data / "asterix/samples"
    old = (samples / "jasterix--cat021ed0.26.bin").read_bytes()
    new = (samples / "jasterix--cat021ed2.1.bin").read_bytes()
    recorded = (shared_data / "asterix/alicante-adsb.cat021.ast").read_bytes()[:100_000]
    ports = [free_port(), free_port()]
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, recorded), daemon=True).start()
    (tmp_path / "sensors.toml").write_text(SENSORS)
    (tmp_path / "token").write_text(processes.TOKEN)
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\nport = 0\n'
        f'[[feed]]\nname = "one"\nurl = "udp://127.0.0.1:{ports[0]}"\n'
        f'[[feed]]\nname = "many"\nurl = "udp://{GROUP}:{ports[1]}?interface=127.0.0.1"\n'
        f'[[feed]]\nname = "stream"\nurl = "tcp://127.0.0.1:{server.getsockname()[1]}"\n'
    )
    with running(tmp_path, "node", str(tmp_path / "node.toml")) as node:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            for _ in range(80):
                sender.sendto(from_source(old, 5), ("127.0.0.1", ports[0]))
                sender.sendto(from_source(new, 9), ("127.0.0.1", ports[0]))
                sender.sendto(from_source(new, 6), (GROUP, ports[1]))
                time.sleep(0.005)

        def settled() -> dict[str, dict] | None:
            said = {one["source"]: one for one in node.get("/api/health").json().get("editions", [])}
            return said if len(said) >= 3 and all(one["settled"] for one in said.values()) else None

        found = node.until(settled)
        health = node.get("/api/health").json()
    server.close()
    editions = {name: one["edition"] for name, one in found.items()}
    assert editions == {"CAT021@0/5": "0.26", "CAT021@0/6": "2.7", "CAT021@20/206": "2.7"}
    assert found["CAT021@0/5"]["records"] == found["CAT021@0/5"]["plausible"] == 64
    assert found["CAT021@0/5"]["scores"]["2.7"] < 0.1
    assert all(one["doubt"] == "" for one in found.values())
    assert {feed["name"]: feed["rejected"] for feed in health["feeds"]} == {"one": 0, "many": 0, "stream": 0}
