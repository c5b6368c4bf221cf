"""`asman agreement`: draft, check, sign, explain, compare agreements; try them on a recording; suspend."""

import datetime
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from asman.errors import InputError

if TYPE_CHECKING:
    from asman.sharing.document import Checked
    from asman.sharing.register import Register

_EXAMPLE: Final = (
    "For example: asman agreement check kg-ru-2023.toml; docs/how-to/agreements.md leads through all."
)


@click.group("agreement", epilog=_EXAMPLE)
def command() -> None:
    """Agreements between members: what may leave whom, for whom, where, and until when.

    A document is a TOML that lawyers read and nodes enforce; `asman agreement new` begins one.
    """


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _keys_option(function: Any) -> Any:
    return click.option(
        "--keys", metavar="DIR", help="Members' public keys.  [default: keys/ beside the document]"
    )(function)


document_argument = click.argument("document", type=click.Path(path_type=Path), metavar="DOCUMENT")


def _read(document: Path) -> "Checked":
    """Read a document that must be right."""
    from asman.apps.agreement_files import read_agreement
    from asman.sharing.problems import errors

    checked = read_agreement(document)
    found = errors(checked.problems)
    if found:
        first, more = found[0], len(found) - 1
        others = f"{more} more; `asman agreement check` tells all." if more else ""
        raise InputError(
            f"{document}: line {first.line}: {first.field}", first.problem, f"{first.mend} {others}".strip()
        )
    return checked


def _register(
    document: Path, checked: "Checked", keys: str | None, audit: Path | None = None
) -> "tuple[Register, list[str]]":
    """What is known of the agreement: the statements that hold, and lines on those that were refused."""
    from asman.apps.agreement_files import read_public_keys, read_statements
    from asman.edge.account import write_entries
    from asman.sharing import spans
    from asman.sharing.audit import Entry, of_answer
    from asman.sharing.register import Refused, Register, add, say

    assert checked.agreement is not None
    known = read_public_keys(Path(keys) if keys else document.parent / "keys")
    register = Register(member=checked.agreement.parties[0], keys=known)
    register, _ = add(register, checked.agreement)
    refused: list[str] = []
    account: list[Entry] = []
    for signed in read_statements(document):
        register, answer = say(register, checked.agreement.id, signed, spans.to_ns(_now()))
        account.append(of_answer(answer, spans.to_ns(_now())))
        if isinstance(answer, Refused):
            said = signed.statement
            refused.append(
                f"{said.member} {said.act} (number {said.number}) is refused: {answer.reason.value}"
            )
    if audit is not None:
        write_entries(audit, account)
    return register, refused


@command.command("new")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write.  [default: ID.toml]")
def new(output: Path | None) -> None:
    """Ask what is agreed, and write a document that passes the check, with every term explained in it.

    Answers may come from a pipe. For example: asman agreement new -o kg-ru.toml
    """
    from asman.apps.agreement_new import ask, write

    path = write(ask(_now().date()), output)
    click.echo(f"wrote {path}; read it, then: asman agreement check {path}", err=True)


@command.command("check")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DOCUMENT...")
@_keys_option
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Errors and doubts only, no notes.")
@click.option("--audit", type=click.Path(path_type=Path), metavar="FILE", help="Account for every statement.")
def check(
    documents: tuple[Path, ...], keys: str | None, as_json: bool, quiet: bool, audit: Path | None
) -> None:
    """Tell everything that is wrong, doubtful or noteworthy in documents, with line and mend.

    Explains where grants meet and what nobody gives, and whether signatures hold. Exit code 2 when there are
    errors or refused signatures. For example: asman agreement check kg-ru-2023.toml
    """
    from asman.apps.agreement_files import read_agreement
    from asman.sharing import spans
    from asman.sharing.canonical import agreement_hash
    from asman.sharing.register import standings
    from asman.sharing.words import state_in_words

    bad = False
    report: list[dict[str, Any]] = []
    for document in documents:
        checked = read_agreement(document)
        shown = [one for one in checked.problems if not (quiet and one.weight == "note")]
        told: dict[str, Any] = {"document": str(document), "hash": "", "state": "", "refused": []}
        if not as_json:
            click.echo(
                "\n".join(f"{document}: {one.weight}: {one}" for one in shown) + "\n" * bool(shown), nl=False
            )
        if checked.agreement is None:
            bad = True
        else:
            register, refused = _register(document, checked, keys, audit)
            (now,) = standings(register, spans.to_ns(_now())).values()
            told.update(hash=agreement_hash(checked.agreement), state=now.state, refused=refused)
            bad |= bool(refused)
            if not as_json:
                for line in refused:
                    click.echo(f"{document}: error: {line}")
                click.echo(f"{document}: {state_in_words(checked.agreement, now)} {told['hash']}")
        told["findings"] = [
            {
                "weight": one.weight,
                "line": one.line,
                "field": one.field,
                "problem": one.problem,
                "mend": one.mend,
            }
            for one in checked.problems
        ]
        report.append(told)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    if bad:
        sys.exit(2)


@command.command("key")
@click.argument("member")
@click.option("-o", "--output", default="keys", metavar="DIR", help="Folder of keys.  [default: keys]")
def key(member: str, output: str) -> None:
    """Make a member's key pair: MEMBER.key to keep, MEMBER.pub to give to partners.

    The private key is readable by you alone and is never overwritten. For example: asman agreement key KG
    """
    from asman.apps.agreement_files import make_key

    if not (member.isalpha() and member.isupper() and 2 <= len(member) <= 3):
        raise InputError("MEMBER", f"'{member}' is no member", "Use two or three capital letters, e.g. KG.")
    secret, shown, name = make_key(member, Path(output))
    click.echo(f"wrote {secret} (keep it) and {shown} (give it to partners)", err=True)
    click.echo(name)


def _act_options(function: Any) -> Any:
    for option in (
        click.option("--reason", default="", help="Why, in words that the partners will read."),
        click.option("--key", "key_file", metavar="FILE", help="Private key.  [default: keys/MEMBER.key]"),
        click.option("--as", "member", required=True, metavar="MEMBER", help="Who says so."),
        _keys_option,
        document_argument,
    ):
        function = option(function)
    return function


@command.command("sign")
@_act_options
def sign(document: Path, **said: Any) -> None:
    """Ratify: sign the document's hash for a member. It is active when every party has.

    What is signed is the canonical form of all terms and shapes. For example:
    asman agreement sign kg-ru-2023.toml --as KG
    """
    _say(document, "ratify", **said)


@command.command("suspend")
@_act_options
@click.option("--towards", multiple=True, metavar="MEMBER", help="These partners only.  [default: all]")
def suspend(document: Path, **said: Any) -> None:
    """Suspend at once, alone: nothing more goes to or from the member.

    For example: asman agreement suspend kg-ru-2023.toml --as KG --reason "..."
    """
    _say(document, "suspend", **said)


@command.command("resume")
@_act_options
@click.option("--towards", multiple=True, metavar="MEMBER", help="These partners only.  [default: all]")
def resume(document: Path, **said: Any) -> None:
    """Take back a suspension of one's own. For example: asman agreement resume kg-ru-2023.toml --as KG."""
    _say(document, "resume", **said)


@command.command("renew")
@_act_options
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="Last day of the prolonged agreement.")
def renew(document: Path, until: str, **said: Any) -> None:
    """Agree to prolong; it is prolonged when all parties have.

    For example: asman agreement renew kg-ru-2023.toml --as KG --until 2033-10-10
    """
    try:
        day = datetime.date.fromisoformat(until)
    except ValueError as error:
        raise InputError("--until", f"'{until}' is no day", "Write it as 2033-10-10.") from error
    _say(document, "renew", until=day, **said)


@command.command("withdraw")
@_act_options
def withdraw(document: Path, **said: Any) -> None:
    """Leave the agreement after its notice. For example: asman agreement withdraw csto.toml --as AM."""
    _say(document, "withdraw", **said)


def _say(
    document: Path, act: Any, *, member: str, key_file: str | None, keys: str | None, reason: str,
    towards: tuple[str, ...] = (), until: datetime.date | None = None,
) -> None:  # fmt: skip
    """Sign one statement, as the register would take it, and put it beside the document."""
    from asman.apps.agreement_files import append_statement, read_key
    from asman.sharing import spans, statements
    from asman.sharing.canonical import agreement_hash
    from asman.sharing.register import Refused, say, standings
    from asman.sharing.words import state_in_words

    checked = _read(document)
    assert checked.agreement is not None
    register, refused = _register(document, checked, keys)
    if refused:
        raise InputError(str(document), refused[0], "Ask for the file of statements again.")
    folder = Path(keys) if keys else document.parent / "keys"
    secret = read_key(Path(key_file) if key_file else folder / f"{member}.key")
    number = 1 + max((one.number for one in _said(register) if one.member == member), default=0)
    statement = statements.Statement(
        agreement=agreement_hash(checked.agreement), member=member, act=act, number=number, at=_now(),
        until=until, towards=towards, reason=reason,
    )  # fmt: skip
    signed = statements.sign(statement, secret)
    register, answer = say(register, checked.agreement.id, signed, spans.to_ns(_now()))
    if isinstance(answer, Refused):
        raise InputError(f"{document}: {act} of {member}", answer.reason.value)
    path = append_statement(document, signed)
    (now,) = standings(register, spans.to_ns(_now())).values()
    click.echo(f"wrote {path}: {member} {act}. {state_in_words(checked.agreement, now)}", err=True)


def _said(register: "Register") -> list[Any]:
    return [one for entry in register.entries.values() for one in entry.statements]


@command.command("show")
@document_argument
@_keys_option
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with a map.")
def show(document: Path, keys: str | None, html: Path | None) -> None:
    """Say in plain words what a document means, or write it as a page with a map.

    For example: asman agreement show kg-ru-2023.toml --html kg-ru.html
    """
    from asman.apps.agreement_page import make_page
    from asman.sharing import spans
    from asman.sharing.register import standings
    from asman.sharing.words import plain

    checked = _read(document)
    assert checked.agreement is not None
    register, refused = _register(document, checked, keys)
    (entry,), now_ns = register.entries.values(), spans.to_ns(_now())
    (now,) = standings(register, now_ns).values()
    sections = plain(checked.agreement, entry.statements, now_ns)
    for line in refused:
        click.echo(f"{document}: {line}", err=True)
    if html is not None:
        try:
            html.write_text(
                make_page(checked.agreement, now, sections, entry.hash, entry.signed), encoding="utf-8"
            )
        except OSError as error:
            raise InputError(str(html), f"cannot be written: {error.strerror}") from error
        click.echo(f"wrote {html}", err=True)
        return
    for section in sections:
        click.echo(f"{section.heading}\n" + "".join(f"  {one}\n" for one in section.sentences))


@command.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def diff(before: Path, after: Path) -> None:
    """Tell every term that differs between two documents.

    For example: asman agreement diff signed.toml draft.toml
    """
    from asman.sharing.comparison import compare

    old, new_ = _read(before).agreement, _read(after).agreement
    assert old is not None and new_ is not None
    changes = compare(old, new_)
    for one in changes:
        was, is_ = one.before or "(not there)", one.after or "(not there)"
        click.echo(f"{one.field}: {was} -> {is_}")
    click.echo(f"{len(changes)} terms differ" if changes else "no term differs", err=True)


@command.command("schema")
def schema() -> None:
    """Write the JSON Schema of documents. For example: asman agreement schema > agreement.schema.json."""
    from asman.sharing.document import schema as made

    sys.stdout.write(json.dumps(made(), indent=1) + "\n")


@command.command("dry-run")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DOCUMENT... ")
@click.option("--tracks", required=True, metavar="FILE", help="Tracks, or a recording of them (CAT062).")
@click.option("--as", "member", required=True, metavar="MEMBER", help="Whose tracks they are.")
@click.option("--identities", metavar="FILE", help="CSV: address or callsign, identity, category.")
@click.option(
    "--at", "moment", metavar="YYYY-MM-DD", help="As if recorded on this day.  [default: as it was]"
)
@click.option(
    "--audit",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Add to this account; `asman audit` reads it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write what each partner would get.",
)
@click.option("--json", "as_json", is_flag=True, help="The table as JSON on stdout.")
def dry_run(documents: tuple[Path, ...], as_json: bool, **asked: Any) -> None:
    """Replay tracks under draft terms: what would leave for each partner, and why the rest would not.

    Documents need no signature: they are tried as if all parties had ratified them. For example:
    asman agreement dry-run kg-ru-2023.toml ru-kz.toml --tracks tracks.parquet --as KG
    """
    from asman.apps.agreement_dry_run import dry_run as run
    from asman.apps.agreement_dry_run import shown

    result = run([_read(one).agreement for one in documents], **asked)
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if as_json else shown(result))
