"""The border of a member: a NATS server of its own that partners' nodes reach, apart from the bus inside.

Every partner has four accounts here, so that nothing of one can reach another:

| account | who is in it                     | what passes                                      |
|---------|----------------------------------|--------------------------------------------------|
| out     | we; the partner's data leaf      | the stream of batches for it, which it pulls     |
| door    | we; the partner's door leaf      | its questions: grants, statements, keys, gaps    |
| in      | we; our data leaf at the partner | our pulling of its stream                        |
| ask     | we; our door leaf at the partner | our questions                                    |

A partner's data leaf is let in by a grant of a day, which its node asks for at the door while an agreement is
active; a revocation cuts it off in milliseconds. Leaf links are TLS from the first octet, with certificates
on both sides, each under the other's pinned authority. JetStream here is a buffer for transport, never the
record.

Source: https://docs.nats.io/running-a-nats-service/configuration (leaf nodes, JWT, resolver "full").
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import nats
import nats.errors
from nats.aio.client import Client

from asman.edge import process
from asman.edge.bus import MAX_PAYLOAD_OCTETS, find_server, wait_for_url
from asman.edge.nkeys import Nkey, account_jwt, creds, derive, operator_jwt, user_jwt
from asman.errors import AsmanError
from asman.units import SECOND_NS

Room = Literal["out", "door", "in", "ask"]
ROOMS: Final[tuple[Room, ...]] = ("out", "door", "in", "ask")
#: Life of what lets a partner's data leaf in, and of our own clients' credentials.
GRANT_S: Final = 86_400
#: Life of what lets a partner knock at the door; links are renewed by the files of `asman link` before it
# ends.
PASS_S: Final = 2 * 366 * 86_400
DOOR: Final = "door"
_INBOXES: Final = "_INBOX.>"
_RELOAD_PATIENCE_S: Final = 5.0


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A partner as the server knows it.

    address    host:port of its leaf listener
    authority  file of its pinned authority's certificate
    """

    member: str
    address: str
    authority: Path


class ServerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is told.

    secret            from which all nkeys derive
    listen            host:port for partners' leafs
    certificate, key  of the node, PEM files
    run               folder for what is made anew at each start
    store             folder of JetStream
    disk_octets       what the stream of one partner may hold
    """

    member: str
    secret: bytes
    listen: str
    certificate: Path
    key: Path
    run: Path
    store: Path
    disk_octets: int
    peers: tuple[Peer, ...]
    binary: Path | None = None


def room_key(secret: bytes, room: Room, partner: str) -> Nkey:
    """The account of a room."""
    return derive(secret, "account", room, partner)


def our_user(secret: bytes, room: Room, partner: str) -> Nkey:
    """Our user: in a room of our own server, or at the partner's, whose "in" and "ask" are its out and
    door.
    """
    return derive(secret, "user", room, partner)


def stream_of(partner: str) -> str:
    """Name of the stream of batches for a partner."""
    return f"TO_{partner}"


def pass_for(secret: bytes, partner: str, user: str, now_ns: int) -> str:
    """Make the JWT by which a partner may knock at our door: nothing else."""
    now_s = now_ns // SECOND_NS
    account = room_key(secret, "door", partner)
    return user_jwt(
        account, user, f"door of {partner}", now_s, now_s + PASS_S, publish=[DOOR], subscribe=[_INBOXES]
    )


def grant_for(secret: bytes, member: str, partner: str, user: str, at_s: int, until_s: int) -> str:
    """Make the JWT by which a partner may pull its stream: its own durable, and nothing else."""
    stream = stream_of(partner)
    api = f"$JS.{member}.API.CONSUMER"
    return user_jwt(
        room_key(secret, "out", partner), user, f"data of {partner}", at_s, until_s,
        publish=[f"{api}.MSG.NEXT.{stream}.{partner}", f"{api}.INFO.{stream}.{partner}",
                 f"$JS.ACK.{stream}.{partner}.>"],
        subscribe=[_INBOXES],
    )  # fmt: skip


class Border:
    """The server, started and ended by us. Construct it in the main thread."""

    def __init__(self, plan: ServerPlan, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.plan = plan
        self._now_ns = now_ns
        self._operator = derive(plan.secret, "operator")
        self._system = derive(plan.secret, "account", "system")
        for folder in (plan.run, plan.run / "jwt", plan.run / "creds", plan.store):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = plan.run / "nats.log"
        self._config = plan.run / "nats.conf"
        self._claims: Client | None = None
        self._revoked: dict[str, dict[str, int]] = {}
        self._child = self._start()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._child.poll() is None

    def end(self) -> None:
        """End the server; a second call does nothing."""
        process.end(self._child)

    def restart(self, peers: tuple[Peer, ...]) -> None:
        """End the server and start it for other partners."""
        self.end()
        self.plan = msgspec.structs.replace(self.plan, peers=peers)
        self._child = self._start()

    def reload(self) -> None:
        """Have the server read its certificates anew."""
        subprocess.run(
            [str(self.plan.binary or find_server()), "--signal", f"reload={self.pid}"],
            capture_output=True,
            timeout=_RELOAD_PATIENCE_S,
            check=False,
        )

    async def enter(self, room: Room, partner: str, name: str) -> Client:
        """Connect a client of ours to a room; it comes back by itself when the server does."""
        return await self._connect(room_key(self.plan.secret, room, partner), name)

    async def leave(self) -> None:
        """Close what was opened here, before the event loop ends."""
        if self._claims is not None:
            await self._claims.close()
            self._claims = None

    async def push(self, claims: str) -> None:
        """Make the word on an account hold at once."""
        if self._claims is None or self._claims.is_closed:
            self._claims = await self._connect(self._system, "claims")
        try:
            answer = await self._claims.request("$SYS.REQ.CLAIMS.UPDATE", claims.encode(), timeout=2)
        except (nats.errors.Error, OSError) as error:
            raise AsmanError(f"the border's server took no claims: {error!r}") from error
        told = json.loads(answer.data)
        if told.get("error"):
            raise AsmanError(f"the border's server refused claims: {told['error']}")

    async def revoke(self, partner: str, user: str) -> None:
        """Cut off the partner's data leaf: grants made until now are void."""
        self._revoked[partner] = {user: max(self._now_ns() // SECOND_NS, self._revoked_at_s(partner, user))}
        await self.push(self._account("out", partner))

    def grant(self, partner: str, user: str, until_s: int) -> str:
        """Make a grant that begins after the last revocation."""
        at_s = max(self._now_ns() // SECOND_NS, self._revoked_at_s(partner, user) + 1)
        return grant_for(self.plan.secret, self.plan.member, partner, user, at_s, until_s)

    def admit_us(self, partner: str, room: Literal["in", "ask"], jwt: str) -> None:
        """Keep what the partner gave us to come in by: the server reads it when it connects next."""
        _write(self._creds(partner, room), creds(jwt, our_user(self.plan.secret, room, partner)))

    def _revoked_at_s(self, partner: str, user: str) -> int:
        return self._revoked.get(partner, {}).get(user, 0)

    def _creds(self, partner: str, room: str) -> Path:
        return self.plan.run / "creds" / f"{partner}.{room}.creds"

    def _account(self, room: Room, partner: str) -> str:
        return account_jwt(
            self._operator, room_key(self.plan.secret, room, partner).public, f"{room} {partner}",
            self._now_ns() // SECOND_NS, disk_octets=self.plan.disk_octets if room == "out" else 0,
            revoked=self._revoked.get(partner) if room == "out" else None,
        )  # fmt: skip

    async def _connect(self, account: Nkey, name: str) -> Client:
        user = derive(self.plan.secret, "user", "self", account.public)

        def jwt() -> bytes:
            now_s = self._now_ns() // SECOND_NS
            return user_jwt(account, user.public, name, now_s, now_s + GRANT_S).encode()

        def signature(nonce: str) -> bytes:
            return base64.b64encode(user.sign(nonce.encode()))

        options: dict[str, Any] = {"user_jwt_cb": jwt, "signature_cb": signature}
        try:
            return await nats.connect(
                self.url, name=name, connect_timeout=5, max_reconnect_attempts=-1, reconnect_time_wait=0.1,
                error_cb=_quiet, **options,
            )  # fmt: skip
        except (OSError, nats.errors.Error) as error:
            raise AsmanError(f"the border's server at {self.url} lets us not in: {error!r}") from error

    def _start(self) -> "subprocess.Popen[bytes]":
        accounts = {room_key(self.plan.secret, room, peer.member).public: self._account(room, peer.member)
                    for peer in self.plan.peers for room in ROOMS}  # fmt: skip
        accounts[self._system.public] = account_jwt(
            self._operator, self._system.public, "system", self._now_ns() // SECOND_NS
        )
        shutil.rmtree(self.plan.run / "jwt")
        (self.plan.run / "jwt").mkdir(mode=0o700)
        for public, jwt in accounts.items():
            _write(self.plan.run / "jwt" / f"{public}.jwt", jwt)
        for old in self.plan.run.glob("*.ports"):
            old.unlink()
        for peer in self.plan.peers:
            for room in ("in", "ask"):
                # A remote whose credentials are not there keeps a server from starting.
                if not self._creds(peer.member, room).exists():
                    self.admit_us(peer.member, room, "none.yet.asked")
        self._authorities = self.plan.run / "partners.pem"
        _write(self._authorities, "".join(peer.authority.read_text() for peer in self.plan.peers))
        _write(self._config, self._text())
        with self._log.open("ab") as log:
            child = process.start(
                [self.plan.binary or find_server(), "-c", self._config, "--ports_file_dir", self.plan.run],
                stderr=log,
            )
        try:
            self.url = wait_for_url(child, self.plan.run, self._log, "the border's nats-server")
        except BaseException:
            process.end(child)
            raise
        return child

    def _text(self) -> str:
        plan, now_s = self.plan, self._now_ns() // SECOND_NS
        whole: dict[str, Any] = {
            "server_name": plan.member,
            "host": "127.0.0.1",
            "port": -1,
            "max_payload": MAX_PAYLOAD_OCTETS,
            "write_deadline": "10s",
            "ping_interval": "2s",
            "ping_max": 3,
            "logtime": True,
            "operator": operator_jwt(self._operator, self._system.public, plan.member, now_s),
            "system_account": self._system.public,
            "resolver": {"type": "full", "dir": str(plan.run / "jwt"), "interval": "2m"},
            "jetstream": {
                "domain": plan.member,
                "store_dir": str(plan.store),
                "max_memory_store": 0,
                "max_file_store": plan.disk_octets * max(len(plan.peers), 1),
            },
        }  # fmt: skip
        if plan.peers:
            host, _, port = plan.listen.rpartition(":")
            whole["leafnodes"] = {
                "host": host.strip("[]"),
                "port": int(port),
                "tls": self._tls(self._authorities),
                "reconnect": 1,
                # Partners reach us where we said, and nowhere else.
                "no_advertise": True,
                "remotes": [remote for peer in plan.peers for remote in self._remotes(peer)],
            }
        return json.dumps(whole, indent=1)

    def _tls(self, authorities: Path) -> Mapping[str, Any]:
        """TLS from the first octet: who has no certificate hears not even a greeting."""
        return {
            "cert_file": str(self.plan.certificate),
            "key_file": str(self.plan.key),
            "ca_file": str(authorities),
            "verify": True,
            "timeout": 5,
            "handshake_first": True,
            "min_version": "1.3",
        }

    def _remotes(self, peer: Peer) -> Sequence[Mapping[str, Any]]:
        rooms: tuple[Literal["in", "ask"], ...] = ("in", "ask")
        return [
            {
                "urls": [f"tls://{peer.address}"],
                "account": room_key(self.plan.secret, room, peer.member).public,
                "credentials": str(self._creds(peer.member, room)),
                "tls": self._tls(peer.authority),
                "ignore_discovered_servers": True,
            }
            for room in rooms
        ]


async def _quiet(_: Exception) -> None:
    """Lost connections come back by themselves; what they mean is told by the state of the link."""


def _write(path: Path, text: str) -> None:
    """Write a file that nobody else may read; it is whole at every instant."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    fresh.replace(path)
