"""`asman audit`: the append-only account of every release, denial, document and decision."""

import datetime
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asman.errors import InputError

if TYPE_CHECKING:
    from asman.sharing.merkle import Tree


@click.group("audit", epilog="For example: asman audit verify kg.audit --head from-ru.json")
def command() -> None:
    """The account: what left, what did not, what was taken or refused. Nobody can rewrite it unseen."""


log_argument = click.argument("log", type=click.Path(path_type=Path), metavar="LOG")


@command.command("verify")
@log_argument
@click.option("--head", "kept", type=click.Path(path_type=Path), help="A head that a partner kept, as JSON.")
@click.option("--keys", metavar="DIR", help="Public keys, to verify heads by.  [default: keys/ beside it]")
def verify(log: Path, kept: Path | None, keys: str | None) -> None:
    """Tell whether the log is whole, agrees with every head in it, and extends the one that a partner kept.

    Exit code 2 when it does not. For example: asman audit verify kg.audit --head from-ru.json
    """
    from asman.apps.agreement_files import read_public_keys
    from asman.edge.account import read_log
    from asman.edge.segment_log import whole_octets
    from asman.sharing.audit import head_is_genuine

    tree, entries, heads = read_log(log)
    known = read_public_keys(Path(keys) if keys else log.parent / "keys")
    for before, head in heads:
        if head.size > before or tree.root(head.size).hex() != head.root:
            problem = f"entries before number {head.size} are not those that {head.member} signed"
            raise InputError(str(log), problem, "The log was rewritten: keep it, and tell the partners.")
        if known.get(head.member) and not head_is_genuine(head, known):
            raise InputError(str(log), f"the head of {head.size} entries is not signed by {head.member}")
    if kept is not None:
        _refuse_other(log, tree, kept, known)
    cut = log.stat().st_size - whole_octets(log)
    if cut:
        click.echo(f"{log}: the last {cut} octets are of a record that was never finished", err=True)
    click.echo(f"{len(entries):,} entries, {len(heads):,} heads agree; root {tree.root().hex()}")


def _refuse_other(log: Path, tree: "Tree", kept: Path, known: dict[str, tuple[bytes, ...]]) -> None:
    import msgspec

    from asman.sharing.audit import Head, head_is_genuine

    try:
        head = msgspec.json.decode(kept.read_bytes(), type=Head)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(str(kept), f"is no head: {error}", "`asman audit sign` writes one.") from error
    if not head_is_genuine(head, known):
        raise InputError(str(kept), f"is not signed with a known key of {head.member}", "Give --keys.")
    if head.size > len(tree) or tree.root(head.size).hex() != head.root:
        problem = f"does not begin with the {head.size} entries that {head.member} signed"
        raise InputError(str(log), problem, "The log was rewritten or cut: keep it, and tell the partners.")


@command.command("sign")
@log_argument
@click.option("--as", "member", required=True, metavar="MEMBER", help="Whose log it is.")
@click.option("--key", metavar="FILE", help="Private key.  [default: keys/MEMBER.key beside the log]")
def sign(log: Path, member: str, key: str | None) -> None:
    """Sign what the log holds now; the head goes into the log, and to stdout for partners.

    For example: asman audit sign kg.audit --as KG > head.json
    """
    import msgspec

    from asman.apps.agreement_files import read_key
    from asman.edge.account import HEAD, read_log
    from asman.edge.segment_log import SegmentLog
    from asman.sharing import spans
    from asman.sharing.audit import sign_head

    secret = read_key(Path(key) if key else log.parent / "keys" / f"{member}.key")
    tree, _, _ = read_log(log)
    head = sign_head(tree, member, spans.to_ns(datetime.datetime.now(datetime.UTC)), secret)
    octets = msgspec.json.encode(head)
    with SegmentLog(log) as file:
        file.append(HEAD, octets)
    sys.stdout.write(octets.decode() + "\n")


@command.command("export")
@log_argument
def export(log: Path) -> None:
    """Write every entry as a line of JSON, numbered. For example: asman audit export kg.audit | head."""
    from asman.edge.account import read_log

    _, entries, _ = read_log(log)
    for number, octets in enumerate(entries):
        line: dict[str, Any] = {"number": number, **json.loads(octets)}
        sys.stdout.write(json.dumps(line) + "\n")
