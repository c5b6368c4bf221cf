"""`asman exercise`: run a scenario against live nodes, inject events while it runs, ask how it stands."""

import shutil
import tempfile
from pathlib import Path

import click

from asman.errors import ConfigError


@click.group("exercise")
def command() -> None:
    """Run a scenario against live nodes and inject events. Everything that it sends is SIMULATED."""


@command.command(
    "run", epilog="For example: asman exercise run kant --with-nodes --members KG,KZ --record exercise-1"
)
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--to", multiple=True, metavar="[SENSOR=]URL", help="Send there: udp://127.0.0.1:8600; may be repeated."
)
@click.option(
    "--nodes", multiple=True, metavar="NODE.TOML", help="Send to the feeds of this node; may be repeated."
)
@click.argument("more_nodes", metavar="[NODE.TOML...]", nargs=-1)
@click.option("--with-nodes", is_flag=True, help="Start a node for each member, as `asman demo` does.")
@click.option(
    "--members", default="", metavar="KG,RU,KZ", help="Whose sensors are simulated.  [default: all]"
)
@click.option("--port", type=click.IntRange(0, 65_000), help="Port of the instructor's page; nodes' follow.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve the page on.")
@click.option("--token", default="", help="Token of page and API instead of a random one.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="0.1 to 20; nodes need 1.")
@click.option("--for", "for_", metavar="TIME", help="End by itself after 30s, 5m, 1h of the exercise.")
@click.option(
    "--begin", type=click.Choice(["now", "scenario"]), default="now", show_default=True,
    help="When it begins: now, or at the scenario's own date.",
)  # fmt: skip
@click.option("--aircraft", type=click.IntRange(1, 100_000), help="Airframes, instead of the scenario's.")
@click.option("--seed", type=int, help="Another sky.")
@click.option(
    "--record", type=click.Path(file_okay=False, path_type=Path), help="Write everything down here."
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
def run(
    scenario: str,
    to: tuple[str, ...],
    nodes: tuple[str, ...],
    more_nodes: tuple[str, ...],
    with_nodes: bool,
    members: str,
    port: int | None,
    host: str,
    token: str,
    speed: float,
    for_: str | None,
    begin: str,
    aircraft: int | None,
    seed: int | None,
    record: Path | None,
    no_open: bool,
) -> int:
    """Run SCENARIO, a shipped one by its name or a TOML file, until it is ended.

    What its sensors send goes to nodes that run already (--nodes, --to) or that are started for it
    (--with-nodes). The instructor's page injects events; `asman exercise inject` does the same from a
    terminal. Addresses go to standard output, words to standard error. Ctrl-C ends everything.
    """
    from asman.apps.warm import prepare

    prepare()
    from asman.apps.exercise_run import Run, Wanted
    from asman.apps.serve import duration_s

    configs = (*nodes, *more_nodes)
    if sum((bool(to), bool(configs), with_nodes)) != 1:
        raise ConfigError(
            "where to",
            "needs exactly one of --to, --nodes, --with-nodes",
            "Without nodes of your own, add --with-nodes.",
        )
    if more_nodes and not nodes:
        raise ConfigError(more_nodes[0], "is not asked for", "Write --nodes before node.toml files.")
    folder = Path(tempfile.mkdtemp(prefix="asman-exercise-"))
    try:
        wanted = Wanted(
            scenario=scenario,
            folder=folder,
            to=to,
            nodes=tuple(Path(one) for one in configs),
            with_nodes=with_nodes,
            members=tuple(dict.fromkeys(one.strip().upper() for one in members.split(",") if one.strip())),
            port=port,
            host=host,
            token=token,
            speed=speed,
            for_s=None if for_ is None else duration_s(for_),
            from_now=begin == "now",
            aircraft=aircraft,
            seed=seed,
            opening=not no_open,
            record=record,
        )
        return Run(wanted).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@command.command(
    "inject",
    epilog="For example: asman exercise inject URL kind=outage sensor=KG-OSH after_s=60 duration_s=300",
)
@click.argument("url", metavar="URL")
@click.argument("event", metavar="EVENT.TOML|KEY=VALUE...", nargs=-1, required=True)
@click.option("--token", default="", help="Token of the exercise, where the URL does not carry it.")
@click.option("--by", default="", metavar="NAME", help="Who injects, for the record.")
def inject(url: str, event: tuple[str, ...], token: str, by: str) -> int:
    """Inject an event into the exercise at URL, the address that `asman exercise run` printed.

    EVENT.TOML holds one event as in a scenario, or some of them as [[event]]; KEY=VALUE pairs are one event.
    It begins now, unless begin_s or after_s says otherwise. What was injected goes to standard output.
    """
    from asman.apps.exercise_client import Client, read_events

    client = Client(url, token, by)
    for one in read_events(event):
        click.echo(client.ask("POST", "/api/exercise/events", one))
    return 0


@command.command("status")
@click.argument("url", metavar="URL")
@click.option("--token", default="", help="Token of the exercise, where the URL does not carry it.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def status(url: str, token: str, as_json: bool) -> int:
    """Tell how the exercise at URL stands: its clock, its sensors, its events."""
    from asman.apps.exercise_client import Client, summary

    answer = Client(url, token).ask("GET", "/api/exercise")
    click.echo(answer if as_json else summary(answer))
    return 0
