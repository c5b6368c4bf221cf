"""`asman link`: two members join by exchanging one file each way."""

from pathlib import Path
from typing import Any

import click

_EXAMPLE = "For example: asman link invite RU -o kg-to-ru.invitation; docs/how-to/link.md leads through all."


@click.group("link", epilog=_EXAMPLE)
def command() -> None:
    """Links to partners' nodes: invite, accept, list, remove. What passes over them, agreements decide."""


def _node_option(function: Any) -> Any:
    return click.option(
        "--node", "config", default="node.toml", show_default=True, metavar="NODE.TOML",
        type=click.Path(path_type=Path), help="Whose links they are.",
    )(function)  # fmt: skip


@command.command("invite")
@click.argument("partner")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--days", type=click.IntRange(1, 90), default=14, show_default=True, help="To answer within.")
@_node_option
def invite(partner: str, output: Path, days: int, config: Path) -> None:
    """Write a file that invites a partner; it holds nothing secret, but must not be altered on the way.

    For example: asman link invite RU -o kg-to-ru.invitation
    """
    from asman.apps.linking import home_of, invite

    words, fingerprint = invite(*home_of(config), partner, output, days)
    click.echo(words, err=True)
    click.echo(fingerprint)


@command.command("accept")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where the answer goes."
)
@click.option("--fingerprint", metavar="WORDS", help="As the partner read it out; otherwise you are asked.")
@_node_option
def accept(file: Path, output: Path | None, fingerprint: str | None, config: Path) -> None:
    """Accept a partner's invitation, and write the answer to it; or accept the answer to our own.

    For example: asman link accept kg-to-ru.invitation -o ru-to-kg.answer
    """
    from asman.apps.linking import accept, home_of

    click.echo(accept(*home_of(config), file, output, fingerprint), err=True)


@command.command("list")
@_node_option
def list_(config: Path) -> None:
    """List partners that were accepted, and those that were invited.

    For example: asman link list
    """
    from asman.apps.linking import home_of, listed

    for line in listed(*home_of(config)):
        click.echo(line)


@command.command("remove")
@click.argument("partner")
@_node_option
def remove(partner: str, config: Path) -> None:
    """End a link: its node cuts it off within a second. The record and the account stay.

    For example: asman link remove RU
    """
    from asman.apps.linking import home_of, remove

    click.echo(remove(*home_of(config), partner), err=True)
