"""Real commands of ours, started, asked, and ended by their own pids, with nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

#: A first start compiles kernels.
START_PATIENCE_S = 200.0
TOKEN = "t0ken"


class Running:
    """A command that prints addresses of consoles."""

    def __init__(self, process: "subprocess.Popen[str]", urls: list[str], log: Path) -> None:
        self.process = process
        self.urls = urls
        self.log = log

    @property
    def url(self) -> str:
        return self.urls[0].partition("/?")[0]

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, headers={"authorization": f"Bearer {TOKEN}"}, timeout=10, **options)

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"authorization": f"Bearer {TOKEN}"}
        return httpx.post(self.url + path, headers=headers, json=body, timeout=10)

    @property
    def stream_url(self) -> str:
        return f"{self.url.replace('http', 'ws')}/api/stream?token={TOKEN}"

    def until(self, question: Callable[[], Any], patience_s: float = 60.0) -> Any:
        """Ask again and again until the answer is true; the answer."""
        deadline = time.monotonic() + patience_s
        while True:
            answer = question()
            if answer:
                return answer
            assert self.process.poll() is None, (
                f"ended with {self.process.returncode}: {self.log.read_text()}"
            )
            assert time.monotonic() < deadline, f"waited {patience_s} s in vain: {self.log.read_text()}"
            time.sleep(0.2)


@contextmanager
def running(folder: Path, *words: str, consoles: int = 1, before: Sequence[str] = ()) -> Iterator[Running]:
    """Start `asman words…`, wait until it serves, end it, and see that nothing of it is left.

    before  words of a command that starts another, such as one that enters a namespace
    """
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "asman.apps.main", *words, "--token", TOKEN],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    killer = time.monotonic() + START_PATIENCE_S
    try:
        urls: list[str] = []
        os.set_blocking(process.stdout.fileno(), False)
        while len(urls) < consoles:
            line = process.stdout.readline()
            if "http://" in line:
                urls.append(line.split()[-1])
            elif not line:
                assert process.poll() is None, f"ended with {process.returncode}: {log.read_text()}"
                assert time.monotonic() < killer, f"does not serve: {log.read_text()}"
                time.sleep(0.05)
        family = descendants(process.pid)
        yield Running(process, urls, log)
        family += descendants(process.pid)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        process.stdout.close()
    assert code == 0 or code == -signal.SIGKILL, log.read_text()
    assert family, "a node runs in more than one process"
    gone(family)


def descendants(pid: int) -> list[int]:
    """Return all processes below one."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def gone(pids: list[int], patience_s: float = 10.0) -> None:
    """See that none of these processes runs any more."""
    deadline = time.monotonic() + patience_s
    left = set(pids)
    while left:
        left = {pid for pid in left if alive(pid)}
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
