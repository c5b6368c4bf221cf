"""A web server inside a command of ours: uvicorn without signal handlers, and the address to open."""

import contextlib
import logging
import socket
from collections.abc import Generator
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    """uvicorn without signal handlers: commands have their own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield


def web_server(app: Any) -> Server:
    """Return what serves `app`."""
    # uvicorn 0.54 calls every refused handshake an error of the application: it is the gate at work.
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: "without completing handshake" not in record.msg
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=65_536,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return Server(config)


def console_url(bind: str, listening: socket.socket) -> str:
    """Return the address at which a person on this machine reaches what `listening` serves."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, f"[{bind}]" if ":" in bind else bind)
    return f"http://{host}:{listening.getsockname()[1]}"
