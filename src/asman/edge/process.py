"""Processes that a node owns: they end when it ends, however it ends.

On Linux the kernel itself kills a child when its parent is gone (PR_SET_PDEATHSIG), so that not even
`kill -9` of a node leaves anything behind. Elsewhere the child is ended on every orderly way out.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

PR_SET_PDEATHSIG: Final = 1


def _dies_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return tie


def start(
    command: Sequence[str | Path],
    *,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | IO[Any] | None = subprocess.DEVNULL,
    stderr: int | IO[Any] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child that lives no longer than this process. Call it from the main thread.

    It stands in a session of its own, so that Ctrl-C reaches the node alone, which then ends its
    children in order.
    """
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_dies_with_parent(),  # noqa: PLW1509  (one system call; the node has no threads yet)
    )


def end(child: "subprocess.Popen[bytes]", patience_s: float = 3.0) -> int:
    """End a child by its pid: politely, and after `patience_s` by force. Return its exit code."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
    code = child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
    return code
