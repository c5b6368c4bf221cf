"""`asman demo`: three members, simulated radars, real octets over UDP, each member's console in a browser."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import click

from asman.apps.warm import prepare
from asman.errors import ConfigError

MEMBERS: Final = ("KG", "RU", "KZ")


@click.command(
    "demo",
    epilog="KG and RU share under kg-ru-2023, RU and KZ under ru-kz; KG and KZ have agreed nothing.",
)
@click.option(
    "--aircraft", type=click.IntRange(1, 100_000), default=300, show_default=True, help="Airframes."
)
@click.option("--seed", type=int, help="Another sky.")
@click.option("--members", default=",".join(MEMBERS), show_default=True, help="Whose nodes run.")
@click.option("--port", type=click.IntRange(1, 65_000), help="Port of the first console; the others follow.")
@click.option("--token", default="", help="Token of the consoles instead of a random one.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--for", "for_", metavar="TIME", help="End by itself after 30s, 5m, 1h.")
def command(
    aircraft: int,
    seed: int | None,
    members: str,
    port: int | None,
    token: str,
    no_open: bool,
    for_: str | None,
) -> int:
    """Simulate aircraft and rotating radars around Kant, live in the console.

    Every member runs its own node. The radars' CAT048 and CAT034 octets reach it over UDP on this machine,
    marked as simulated. The consoles' addresses go to standard output, words to standard error; the first
    member's console opens. Ctrl-C ends everything.
    """
    prepare()
    from asman.apps.demonstration import Demonstration
    from asman.apps.serve import duration_s

    chosen = tuple(dict.fromkeys(name.strip().upper() for name in members.split(",") if name.strip()))
    unknown = [name for name in chosen if name not in MEMBERS]
    if unknown or not chosen:
        raise ConfigError("--members", f"needs some of {','.join(MEMBERS)}, not '{members}'")
    for_s = None if for_ is None else duration_s(for_)
    folder = Path(tempfile.mkdtemp(prefix="asman-demo-"))
    try:
        demonstration = Demonstration(folder, chosen, aircraft, seed, token)
        return demonstration.run(port, opening=not no_open, for_s=for_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
