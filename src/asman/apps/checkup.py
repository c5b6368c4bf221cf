"""What a node needs of the machine it runs on, looked at one by one."""

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import msgspec

from asman.apps import browser, warm
from asman.errors import AsmanError

LIBRARIES: Final = ("numpy", "numba", "pyarrow", "msgspec", "litestar", "uvicorn", "websockets", "nats-py")
#: A group of the range for tests and documentation (RFC 5771, 233.252.0.0/24).
TEST_GROUP: Final = "233.252.0.77"
#: What a busy feed needs the kernel to hold.
RECEIVE_BUFFER_OCTETS: Final = 4 * 1024 * 1024


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. "note" works, but could be better; "broken" keeps a node from running."""

    what: str
    state: Literal["ok", "note", "broken"]
    found: str
    mend: str = ""


def checkup() -> list[Finding]:
    """Look at everything; a look that fails is itself a finding."""
    looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("Python", _python),
        ("libraries", _libraries),
        ("compiled kernels", _kernels),
        ("arithmetic", _arithmetic),
        ("console", _console),
        ("NATS server", _nats),
        ("port", _port),
        ("UDP receive buffer", _buffer),
        ("multicast", _multicast),
        ("browser", _browser),
        ("temporary folder", _temporary),
    )
    findings: list[Finding] = []
    for what, look in looks:
        try:
            findings.append(look())
        except (OSError, AsmanError) as error:
            findings.append(Finding(what, "broken", str(error)))
    return findings


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return Finding("Python", "ok", found)


def _libraries() -> Finding:
    found: list[str] = []
    missing: list[str] = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("libraries", "broken", "missing: " + ", ".join(missing), "Run: make setup")
    return Finding("libraries", "ok", ", ".join(found))


def _kernels() -> Finding:
    folder = warm.prepare()
    if warm.is_warm():
        octets = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return Finding("compiled kernels", "ok", f"warm in {folder} ({octets / 1e6:.0f} MB)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "compiled kernels",
            "note",
            f"{folder} cannot be written: {error.strerror}; every start compiles again",
            "Set NUMBA_CACHE_DIR to a folder that can be written",
        )
    return Finding("compiled kernels", "note", f"cold: {folder}", "The first start compiles, once")


def _arithmetic() -> Finding:
    warm.prepare()
    from asman.kernels.arithmetic import fingerprint

    found = f"{int(fingerprint()):016x}: machines that show the same give the same bits"
    return Finding("arithmetic", "ok", found)


def _console() -> Finding:
    from asman.edge import console

    if console.built():
        return Finding("console", "ok", f"built in {console.FOLDER}")
    return Finding("console", "broken", f"not built: {console.FOLDER} has no index.html", "Run: make setup")


def _nats() -> Finding:
    from asman.edge import bus

    binary = bus.find_server()
    server = bus.EmbeddedServer(binary)
    try:
        return Finding("NATS server", "ok", f"{bus.version(binary)} starts ({server.address.url})")
    finally:
        server.end()


def _port() -> Finding:
    from asman.apps.serve import DEFAULT_PORT, listen

    try:
        listen("127.0.0.1", DEFAULT_PORT).close()
    except AsmanError:
        found = f"{DEFAULT_PORT} is taken; demo and replay take the next free one"
        return Finding("port", "note", found, "Choose another with --port, or end what uses it")
    return Finding("port", "ok", f"{DEFAULT_PORT} is free")


def _buffer() -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if sys.platform.startswith("linux"):
        granted //= 2  # Linux reports twice what it grants, for its own bookkeeping
    found = f"{granted / 1024:.0f} KiB granted"
    if granted >= RECEIVE_BUFFER_OCTETS:
        return Finding("UDP receive buffer", "ok", found)
    mend = f"For busy feeds: sysctl -w net.core.rmem_max={RECEIVE_BUFFER_OCTETS}"
    return Finding("UDP receive buffer", "note", found, mend)


def _multicast() -> Finding:
    group = socket.inet_aton(TEST_GROUP)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.settimeout(0.5)
        receiver.bind((TEST_GROUP if sys.platform.startswith("linux") else "", 0))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        try:
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + bytes(4))
            sender.sendto(b"asman", (TEST_GROUP, receiver.getsockname()[1]))
            receiver.recv(16)
        except OSError as error:
            return Finding(
                "multicast",
                "note",
                f"no route by default: {error}",
                "Name the interface in the feed (?interface=), or add a route for 224.0.0.0/4",
            )
    return Finding("multicast", "ok", "a datagram to a group came back")


def _browser() -> Finding:
    found = browser.found()
    if found is None:
        return Finding("browser", "note", "none at hand", "Open the address that is printed")
    return Finding("browser", "ok", found)


def _temporary() -> Finding:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "note"] = "ok" if free > 100e6 else "note"
    return Finding("temporary folder", state, f"{folder}, {free / 1e9:.1f} GB free")
