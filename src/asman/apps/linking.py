"""Joining members by files: what `asman link` does."""

import datetime
import secrets
from pathlib import Path
from typing import Final

import click
import msgspec

from asman.apps.agreement_files import read_public_keys
from asman.apps.home import Home, write_private
from asman.apps.node_toml import SharingConfig, read
from asman.edge.border import our_user, pass_for
from asman.edge.invitation import MOST_OCTETS, Invitation, Link, name_of, open_file, seal, spoken
from asman.errors import ConfigError, InputError
from asman.sharing import keys, spans

_MEND: Final = "Ask the partner for the file again."


def home_of(config: Path) -> tuple[Home, SharingConfig]:
    """The folder of a node's member. Raises ConfigError where it shares nothing."""
    node = read(config)
    if node.sharing is None:
        raise ConfigError(str(config), "has no [sharing]", "`asman node init` writes one with it.")
    return Home(Path(node.sharing.folder), node.member), node.sharing


def invite(home: Home, sharing: SharingConfig, partner: str, output: Path, days: int) -> tuple[str, str]:
    """Write an invitation, and remember it. Returns words and our fingerprint."""
    if not (partner.isalpha() and partner.isupper() and 2 <= len(partner) <= 3) or partner == home.member:
        raise InputError(
            "PARTNER", f"'{partner}' is no partner", "Use its two or three capital letters, e.g. RU."
        )
    if partner in home.links():
        raise InputError(partner, "is linked already", f"`asman link remove {partner}` first.")
    made = _word(home, sharing, partner, days)
    _write_new(output, seal(made, home.signing_key()))
    invited = home.folder / "links" / "invited"
    invited.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(invited / f"{partner}.json", msgspec.json.encode(made))
    words = (
        f"wrote {output}: give it to {partner} by {made.expires:%Y-%m-%d}. {partner} does\n"
        f"  asman link accept {output.name} -o ANSWER\n"
        f"and gives you its answer, which you accept likewise. Compare by voice {home.member}'s key:"
    )
    return words, spoken(made.key)


def accept(
    home: Home, sharing: SharingConfig, file: Path, output: Path | None, fingerprint: str | None
) -> str:
    """Accept an invitation or an answer. Returns words on what is next."""
    now = _now()
    try:
        with file.open("rb") as opened:
            octets = opened.read(MOST_OCTETS + 1)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}", "Check the path.") from error
    found = open_file(octets, str(file), home.member, now)
    partner = found.origin
    _refuse_known(home, file, found)
    ours: Invitation | None = None
    if found.answers:
        ours = _invited(home, partner)
        if ours is None or name_of(ours) != found.answers:
            problem = f"answers an invitation that is not ours, or not the latest for {partner}"
            raise InputError(str(file), problem, f"Send {partner} the latest one.")
    elif output is None:
        mend = f"Add: -o {home.member.lower()}-to-{partner.lower()}.answer"
        raise InputError("-o", "an invitation needs a file for the answer", mend)
    _compare(file, found, fingerprint)
    if output is not None and not found.answers:
        answer = msgspec.structs.replace(
            _word(home, sharing, partner, max((found.expires - now).days, 1)),
            answers=name_of(found),
            door_pass=pass_for(home.secret(), partner, found.asks_as, spans.to_ns(now)),
        )
        _write_new(output, seal(answer, home.signing_key()))
    home.keep_link(Link(partner=found, door_pass=found.door_pass))
    (home.folder / "links" / "invited" / f"{partner}.json").unlink(missing_ok=True)
    if found.answers:
        return f"{partner} is linked. A running node joins within seconds; otherwise start it."
    return (
        f"{partner} is accepted. Give {output} to {partner}, which accepts it: then both are linked.\n"
        f"Compare by voice {home.member}'s key: {spoken(keys.public_of(home.signing_key()).hex())}"
    )


def listed(home: Home, _: SharingConfig) -> list[str]:
    """Lines on accepted and invited partners."""
    lines = [
        f"{member}  {link.partner.address}  key {spoken(link.partner.key)}"
        + ("" if link.door_pass else "  (waits for its first word)")
        for member, link in home.links().items()
    ]
    for path in sorted((home.folder / "links" / "invited").glob("*.json")):
        invited = _invited(home, path.stem)
        if invited is not None:
            lines.append(f"{path.stem}  invited, to answer by {invited.expires:%Y-%m-%d}")
    return lines or ["no links yet"]


def remove(home: Home, _: SharingConfig, partner: str) -> str:
    """End a link, or take an invitation back."""
    removed = False
    for path in (
        home.folder / "links" / f"{partner}.json", home.folder / "links" / f"{partner}.crt",
        home.folder / "links" / "invited" / f"{partner}.json",
    ):  # fmt: skip
        removed |= path.exists()
        path.unlink(missing_ok=True)
    if not removed:
        raise InputError(partner, "is neither linked nor invited", "`asman link list` lists who is.")
    kept = f"Its public key stays in {home.keys}: agreements that it signed stay signed."
    return f"{partner} is not linked any more. {kept}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _word(home: Home, sharing: SharingConfig, partner: str, days: int) -> Invitation:
    secret, now = home.secret(), _now()
    return Invitation(
        origin=home.member, recipient=partner, address=sharing.address,
        authority=(home.keys / "authority.crt").read_text(),
        key=keys.public_of(home.signing_key()).hex(),
        asks_as=our_user(secret, "ask", partner).public, pulls_as=our_user(secret, "in", partner).public,
        made=now, expires=now + datetime.timedelta(days=days), nonce=secrets.token_hex(16),
    )  # fmt: skip


def _refuse_known(home: Home, file: Path, found: Invitation) -> None:
    known = home.links().get(found.origin)
    if known is not None:
        again = known.partner.nonce == found.nonce
        problem = "was accepted already" if again else f"is from {found.origin}, which is linked already"
        raise InputError(str(file), problem, f"`asman link remove {found.origin}` first, to join anew.")
    public = read_public_keys(home.keys).get(found.origin, ())
    if public and bytes.fromhex(found.key) not in public:
        problem = f"is signed with another key than the one of {found.origin} in {home.keys}"
        raise InputError(str(file), problem, "Compare by voice; remove the old key only if it was replaced.")


def _invited(home: Home, partner: str) -> Invitation | None:
    path = home.folder / "links" / "invited" / f"{partner}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Invitation)
    except (OSError, msgspec.MsgspecError):
        return None


def _compare(file: Path, found: Invitation, fingerprint: str | None) -> None:
    """Have the person compare the key's fingerprint. Raises InputError where it is another."""
    name = spoken(found.key)
    if fingerprint is not None:
        if fingerprint.replace(" ", "").lower() != name.replace(" ", ""):
            problem = f"holds the key {name}, not {fingerprint}"
            raise InputError(str(file), problem, "Somebody may have changed the file: get it by another way.")
        return
    click.echo(f"{file} is from {found.origin} at {found.address}, signed with the key\n  {name}", err=True)
    if not click.confirm(f"Has {found.origin} read out the same?", default=False, err=True):
        raise InputError(str(file), "was not accepted", "Ask by telephone, or give --fingerprint.")


def _write_new(path: Path, octets: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(octets)
    except FileExistsError as error:
        raise InputError(str(path), "exists already", "Name another file.") from error
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}", "Check the path.") from error
