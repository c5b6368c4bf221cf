"""Making a member's folder, and a further signing key in it."""

import datetime
import os
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.apps.agreement_files import make_key
from asman.apps.home import Home, write_private
from asman.apps.node_toml import read
from asman.edge import certificates
from asman.edge.invitation import address_problem, spoken
from asman.edge.nkeys import SECRET_OCTETS, derive
from asman.errors import ConfigError, InputError
from asman.sharing import keys, spans

_MEMBER: Final = re.compile(r"[A-Z]{2,3}")
_NODE_TOML: Final = """\
# The node of {member}. Every key is described in docs/reference/node-toml.md.

member  = "{member}"
sensors = "sensors.toml"   # what stands where; unknown keys are refused
port    = {port}             # of console and API, on this machine alone unless `bind` says otherwise
# bind  = "127.0.0.1"
# token_file = "keys/console.token"   # otherwise a random token, printed at the start

# Partners reach this node here; see docs/how-to/link.md. Without this table nothing is ever shared.
[sharing]
address   = "{address}"   # what partners are told, and what the node's certificate is for
# listen  = "0.0.0.0:{leaf}"      # where it listens, if that differs
# release_s = 1.0               # s between two releases
# keep_s  = 3600                # s that a batch waits for a partner that does not come
# keep_mb = 256                 # of batches that wait, a partner

# One table a feed, e.g. a radar's CAT048 over UDP. A member without sensors needs none.
# [[feed]]
# name = "radar"
# url  = "udp://239.1.1.1:8600"
"""
_SENSORS_TOML: Final = """\
# Sensors of {member}, one table each; docs/reference/sensors.md describes every key. For example:
#
# [[sensor]]
# id = "hill"
# member = "{member}"
# kind = "ssr"
# lat_deg = 42.85
# lon_deg = 74.53
# height_m = 760
# period_s = 4.0
# range_max_m = 400000
# sigma_range_m = 50
# sigma_azimuth_deg = 0.08
# pd = 0.95
# false_plots_per_scan = 5
# sac = 25
# sic = 1
"""


class Made(msgspec.Struct, frozen=True):
    """What was made: words for the person, and the fingerprint of the signing key."""

    words: str
    fingerprint: str


def make(member: str, output: str | None, address: str, port: int) -> Made:
    """Make a member's folder. Raises InputError where there is one, or a word is wrong."""
    if not _MEMBER.fullmatch(member):
        raise InputError("MEMBER", f"'{member}' is no member", "Use two or three capital letters, e.g. KG.")
    problem = address_problem(address)
    if problem:
        raise InputError("--address", problem)
    folder = Path(output or member)
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        mend = "Keys are never overwritten: name another folder with -o, or move this one away."
        raise InputError(str(folder), "exists and is not empty", mend)
    home = Home(folder, member)
    try:
        for name in ("", "keys", "agreements", "links", "links/invited", "audit", "store"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        _, _, fingerprint = make_key(member, home.keys)
        write_private(home.keys / "operator.seed", secrets.token_bytes(SECRET_OCTETS).hex().encode() + b"\n")
        now = datetime.datetime.now(datetime.UTC)
        certificate, key = certificates.make_authority(member, now)
        write_private(home.keys / "authority.key", key)
        (home.keys / "authority.crt").write_bytes(certificate)
        home.certify((address.rpartition(":")[0],), now)
        leaf = address.rpartition(":")[2]
        (folder / "node.toml").write_text(
            _NODE_TOML.format(member=member, port=port, address=address, leaf=leaf)
        )
        (folder / "sensors.toml").write_text(_SENSORS_TOML.format(member=member))
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error.strerror}", "Check the path.") from error
    return Made(_words(folder, home, member), fingerprint)


def _words(folder: Path, home: Home, member: str) -> str:
    operator = derive(home.secret(), "operator").public
    other = "KG" if member == "RU" else "RU"
    return f"""wrote {folder}/
  node.toml, sensors.toml   what the node is told: put your sensors and feeds in
  keys/{member}.key               signs what {member} says and sends. Keep a copy where nobody finds it
  keys/operator.seed        from it the node's NATS keys derive (operator {operator[:12]}...)
  keys/authority.key        certifies the node; partners pin keys/authority.crt
  agreements/               agreements go here, with their volumes and signatures
Put sensors into sensors.toml, then `asman node {folder}/node.toml` runs it. To join a partner, here {other}:
  asman link invite {other} -o {member.lower()}-to-{other.lower()}.invitation --node {folder}/node.toml
The fingerprint of {member}'s key, to be compared by voice:"""


def rotate(config: Path, days: int) -> Made:
    """Make a further signing key; the one before ends after so many days. Raises InputError."""
    node = read(config)
    if node.sharing is None:
        raise ConfigError(str(config), "has no [sharing]", "Only a node that shares has keys to rotate.")
    home = Home(Path(node.sharing.folder), node.member)
    old = keys.fingerprint(keys.public_of(home.signing_key()))
    ends = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=days)
    number = 2 + len(list(home.keys.glob(f"{node.member}.[0-9]*.key")))
    key = Ed25519PrivateKey.generate()
    public = keys.public_of(key)
    path = home.keys / f"{node.member}.{number}.key"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(keys.private_to_pem(key))
    # The end first: the node announces both as soon as it sees the new key.
    home.keep_end(node.member, old, spans.to_ns(ends))
    home.keep_key(node.member, public)
    words = (
        f"wrote {path}: the node announces it to partners' nodes over the links, signed with the\n"
        "key that they know, and signs with it once all have it. Both count until\n"
        f"{ends:%Y-%m-%d %H:%M} UTC; from then on the old one is refused. To a partner that no link reaches\n"
        f"until then, give {home.keys}/{node.member}.{number}.pub for its folder keys/.\n"
        "The fingerprint, to be compared by voice:"
    )
    return Made(words, spoken(public.hex()))
