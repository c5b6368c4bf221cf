"""Ports that tests name now and bind later: of each process its own, each named once, none of the system's.

Ports from 32,768 on the system gives to connections, at any moment; and what another process of the tests has
named, but not bound yet, looks free.
"""

import contextlib
import itertools
import os
import socket

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_EACH = 1_000
_FIRST = 20_000 + _EACH * (_WORKER % 12)
_NAMED = itertools.cycle(range(_FIRST, _FIRST + _EACH))


def free_port() -> int:
    """A port that nobody listens on, TCP or UDP, and that was not named before."""
    for port in itertools.islice(_NAMED, _EACH):
        if _is_free(port):
            return port
    raise OSError("no port is free")


def free_ports_in_a_row(count: int) -> int:
    """The first of so many."""
    row: list[int] = []
    for _ in range(_EACH):
        port = free_port()
        row = [*row, port] if row and port == row[-1] + 1 else [port]
        if len(row) == count:
            return row[0]
    raise OSError(f"no {count} ports in a row are free")


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as one:
                one.bind(("127.0.0.1", port))
        return True
    return False
