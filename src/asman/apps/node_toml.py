"""node.toml: one member's node, strict (docs/reference/node-toml.md)."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from asman.apps.output_toml import OutputConfig, check_output
from asman.edge.feeds import Address, address
from asman.edge.invitation import address_problem
from asman.errors import ConfigError, nearest

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[feed]]`: a name of letters, digits, - and _, and a URL (see edge.feeds)."""

    name: str
    url: str

    @property
    def address(self) -> Address:
        """Where it listens. Raises ConfigError."""
        return address(self.url, f"feed '{self.name}'")


class BusConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[bus]`: a NATS cluster by URL; an empty URL means the node's own embedded server."""

    url: str = ""
    token_file: str = ""
    token_env: str = ""


class PeerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[peer]]`: another member's console that people here may open, its token in the address or not."""

    member: str
    console: str


class SharingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[sharing]`: how the node joins partners; without it, it shares nothing.

    address    host:port that partners reach it by; its certificate is for this host
    listen     host:port where it listens for them; all interfaces, the same port, where absent
    folder     of keys, agreements, links, account and store; relative to node.toml
    release_s  s   between two releases to partners
    keep_s     s   how long a batch waits for a partner that does not come; then it is discarded and counted
    keep_mb    MB  of batches that wait, a partner; beyond it the oldest is discarded and counted
    """

    address: str
    listen: str = ""
    folder: str = "."
    release_s: float = 1.0
    keep_s: float = 3_600.0
    keep_mb: int = 256


class NodeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A node.toml.

    member      the state that owns the node
    name        name of the node; the member's where absent
    sensors     path of sensors.toml, relative to node.toml
    bind, port  where console and API are served; port 0 = any free one
    token_file, token_env  where the session's token is read from; a random one where both are absent
    picture_s   s   wall clock between two pictures
    """

    member: str
    sensors: str
    name: str = ""
    bind: str = "127.0.0.1"
    port: int = 8600
    token_file: str = ""
    token_env: str = ""
    picture_s: float = 1.0
    bus: BusConfig = BusConfig()
    sharing: SharingConfig | None = None
    feed: tuple[FeedConfig, ...] = ()
    output: tuple[OutputConfig, ...] = ()
    peer: tuple[PeerConfig, ...] = ()


def read(path: Path) -> NodeConfig:
    """Read and check a node.toml; paths in it become absolute. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}") from error
    _refuse_unknown(table, NodeConfig, str(path))
    _refuse_unknown(table.get("bus", {}), BusConfig, f"{path}: bus")
    _refuse_unknown(table.get("sharing", {}), SharingConfig, f"{path}: sharing")
    for number, feed in enumerate(_tables(table, "feed")):
        _refuse_unknown(feed, FeedConfig, f"{path}: feed[{number}]")
    for number, output in enumerate(_tables(table, "output")):
        _refuse_unknown(output, OutputConfig, f"{path}: output[{number}]")
    for number, peer in enumerate(_tables(table, "peer")):
        _refuse_unknown(peer, PeerConfig, f"{path}: peer[{number}]")
    try:
        config = msgspec.convert(table, NodeConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(str(path), str(error)) from error
    _check(config, str(path))
    beside = path.resolve().parent
    return msgspec.structs.replace(
        config,
        name=config.name or config.member,
        sensors=str(beside / config.sensors),
        token_file=str(beside / config.token_file) if config.token_file else "",
        sharing=_placed(config.sharing, beside),
        bus=msgspec.structs.replace(
            config.bus, token_file=str(beside / config.bus.token_file) if config.bus.token_file else ""
        ),
    )


def _placed(sharing: SharingConfig | None, beside: Path) -> SharingConfig | None:
    if sharing is None:
        return None
    port = sharing.address.rpartition(":")[2]
    listen = sharing.listen or f"0.0.0.0:{port}"
    return msgspec.structs.replace(sharing, listen=listen, folder=str(beside / sharing.folder))


def _tables(table: dict[str, Any], name: str) -> list[Any]:
    found = table.get(name, [])
    return found if isinstance(found, list) else []


def _refuse_unknown(table: Any, kind: type[msgspec.Struct], item: str) -> None:
    known = kind.__struct_fields__
    if isinstance(table, dict):
        for key in table:
            if key not in known:
                raise ConfigError(item, f"unknown key '{key}'", nearest(key, known))


def _check(config: NodeConfig, item: str) -> None:
    if config.sharing is not None:
        _check_sharing(config.sharing, f"{item}: sharing")
    if not config.feed and config.sharing is None:
        raise ConfigError(
            item, "has no [[feed]]", 'Add: [[feed]]  name = "radar"  url = "udp://239.1.1.1:8600"'
        )
    _check_names([feed.name for feed in config.feed], f"{item}: feed")
    _check_names([output.name for output in config.output], f"{item}: output")
    for number, peer in enumerate(config.peer):
        if not peer.console.startswith(("http://", "https://")):
            raise ConfigError(
                f"{item}: peer[{number}].console",
                f"needs an address with http:// or https://, not '{peer.console}'",
            )
    for number, feed in enumerate(config.feed):
        address(feed.url, f"{item}: feed[{number}].url")
    for number, output in enumerate(config.output):
        shares = config.sharing is not None
        check_output(output, f"{item}: output[{number}]", config.member, shares=shares)
    if not 0 <= config.port <= 65_535:
        raise ConfigError(f"{item}: port", f"needs 0 to 65535, not {config.port}")
    if not 0.1 <= config.picture_s <= 60:
        raise ConfigError(f"{item}: picture_s", f"needs 0.1 to 60 s, not {config.picture_s}")


def _check_names(names: list[str], item: str) -> None:
    for number, name in enumerate(names):
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{item}[{number}].name", f"letters, digits, - and _ only, not '{name}'")
        if name in names[:number]:
            raise ConfigError(f"{item}[{number}].name", f"'{name}' is there twice")


def _check_sharing(sharing: SharingConfig, item: str) -> None:
    for name in ("address", "listen"):
        problem = (
            address_problem(getattr(sharing, name)) if getattr(sharing, name) or name == "address" else ""
        )
        if problem:
            raise ConfigError(f"{item}.{name}", problem)
    for name, least, most in (
        ("release_s", 0.1, 60.0),
        ("keep_s", 1.0, 30 * 86_400.0),
        ("keep_mb", 1, 100_000),
    ):
        if not least <= getattr(sharing, name) <= most:
            raise ConfigError(
                f"{item}.{name}", f"needs {least:g} to {most:g}, not {getattr(sharing, name):g}"
            )


def secret(file: str, variable: str, item: str) -> str:
    """Read a secret from a file or a variable; empty where neither is named. Raises ConfigError."""
    if file and variable:
        raise ConfigError(item, "names both a file and a variable", "Keep one of them")
    if file:
        try:
            found = Path(file).read_text("utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{item}_file {file}", f"cannot be read: {error.strerror}") from error
    else:
        found = os.environ.get(variable, "").strip() if variable else ""
    if (file or variable) and not found:
        raise ConfigError(item, f"{file or variable} is empty or not set")
    return found
