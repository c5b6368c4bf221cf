"""`asman node`: a member's node on live feeds, and its folder with keys and configuration."""

from pathlib import Path
from typing import Any

import click


class _WithRun(click.Group):
    """A group whose first word may be a file: `asman node node.toml` runs it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take what is no subcommand as words of `run`."""
        if args and args[0] not in self.commands:
            return "run", self.commands["run"], args
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options of `run` stand before the file."""
        if args and args[0] not in self.commands and not {"-h", "--help"} & set(args):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("node", cls=_WithRun, epilog="For example: asman node init KG, then: asman node KG/node.toml")
def command() -> None:
    """Run a member's node: asman node NODE.TOML; or make its folder: asman node init."""


@command.command("run")
@click.argument("config", metavar="NODE.TOML")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the console, instead of the file's.")
@click.option("--token", default="", help="Token of the console, instead of the file's or a random one.")
@click.option("--open", "opening", is_flag=True, help="Open a browser.")
@click.option("--for", "for_", metavar="TIME", help="End by itself after 30s, 5m, 1h.")
def run(config: str, port: int | None, token: str, opening: bool, for_: str | None) -> int:
    """Run a member's node: feeds in, tracks made, shared by agreement, console and API out.

    NODE.TOML names the member, its sensors and its feeds; docs/reference/node-toml.md describes it. The word
    `run` may be left out: asman node node.toml
    """
    from asman.apps.node_toml import read, secret
    from asman.apps.replay import announce, text_of
    from asman.apps.serve import duration_s
    from asman.apps.serve import run as serve
    from asman.apps.setting import Setting

    node = read(Path(config))
    return serve(
        Setting(
            node=node.name,
            member=node.member,
            mode="live",
            feeds=node.feed,
            outputs=node.output,
            sensors=text_of(node.sensors),
            sensors_name=node.sensors,
            picture_s=node.picture_s,
            bind=node.bind,
            port=node.port if port is None else port,
            token=token or secret(node.token_file, node.token_env, f"{config}: token"),
            bus_url=node.bus.url,
            bus_token=secret(node.bus.token_file, node.bus.token_env, f"{config}: bus token"),
            peers=node.peer,
            sharing=node.sharing,
            for_s=None if for_ is None else duration_s(for_),
            serving=announce(opening),
        )
    )


@command.command("init")
@click.argument("member")
@click.option("-o", "--output", metavar="DIR", help="Folder to make.  [default: MEMBER]")
@click.option(
    "--address", default="127.0.0.1:7422", show_default=True, metavar="HOST:PORT",
    help="Where partners' nodes will reach this one.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8600, show_default=True, help="Of the console."
)
def init(member: str, **asked: Any) -> None:
    """Make a member's folder: keys, certificates, node.toml with comments, and where the rest will stand.

    Nothing is ever overwritten; private files are readable by you alone. For example: asman node init KG
    """
    from asman.apps.node_init import make

    made = make(member, **asked)
    click.echo(made.words, err=True)
    click.echo(made.fingerprint)


@command.command("rotate-keys")
@click.argument("config", type=click.Path(path_type=Path), metavar="NODE.TOML")
@click.option(
    "--days", type=click.IntRange(0, 366), default=7, show_default=True, help="That the old key counts on."
)
def rotate_keys(config: Path, days: int) -> None:
    """Make a new signing key; partners' nodes learn of it over the links, signed by the one that they know.

    A running node changes over once all have it; the old key is refused after its days.

    For example: asman node rotate-keys KG/node.toml
    """
    from asman.apps.node_init import rotate

    made = rotate(config, days)
    click.echo(made.words, err=True)
    click.echo(made.fingerprint)
