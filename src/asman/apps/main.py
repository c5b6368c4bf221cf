"""The command `asman`: finds the subcommand, imports only that, and turns errors into exit codes.

Exit codes: 0 done, 2 the user's input was wrong, 1 our fault. Machine output goes to stdout, words to
stderr.
"""

import sys
from importlib import import_module
from typing import Final

import click

from asman.errors import AsmanError, InputError

#: subcommand -> (module that holds its `command`, the line that `asman --help` shows)
COMMANDS: Final = {
    "demo": ("asman.apps.demo", "Simulated radars around Kant, live in your browser."),
    "replay": ("asman.apps.replay", "Any recording, live in the console."),
    "node": ("asman.apps.node", "A member's node on live feeds."),
    "decode": ("asman.apps.decode", "ASTERIX recordings to NDJSON, Parquet or Arrow."),
    "encode": ("asman.apps.encode", "Decoded tables back to ASTERIX, in any category and edition."),
    "plots": ("asman.apps.plots", "Recordings to plots: time, sensor, position, codes."),
    "track": ("asman.apps.track", "Plots or recordings to tracks."),
    "convert": ("asman.apps.convert", "Tracks or plots to ASTERIX, Cursor on Target, SBS, GeoJSON."),
    "explain": ("asman.apps.explain", "Why a track is what it is: plots, weights, what else was close."),
    "exercise": ("asman.apps.exercise", "Run a scenario against live nodes and inject events."),
    "score": ("asman.apps.score", "Tracks against truth: GOSPA, SIAP, NEES, requirements, as a page."),
    "simulate": ("asman.apps.simulate", "Scenarios to truth, plots and real octets, or live over UDP."),
    "agreement": ("asman.apps.agreement", "Agreements: draft, check, sign, explain, try on a recording."),
    "link": ("asman.apps.link", "Links to partners' nodes: invite, accept, list, remove."),
    "audit": ("asman.apps.audit", "The account of releases, denials and decisions."),
    "doctor": ("asman.apps.doctor", "What is installed, compiled, reachable, and what to do about it."),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it runs: help must not wait for a compiler."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one subcommand; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        return import_module(COMMANDS[cmd_name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


#: What a newcomer tries first; the backspace keeps click from joining the lines.
FIRST_STEPS: Final = (
    "\b\n"
    "First minute:   asman replay capture.pcap\n"
    "No recording:   asman demo\n"
    "A question:     asman decode capture.pcap | head"
)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=FIRST_STEPS)
@click.version_option(package_name="asman", message="asman %(version)s")
def cli() -> None:
    """One sky, many owners: sensors' octets become one air picture, shared by agreement."""


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except InputError as error:
        click.echo(f"asman: {error}", err=True)
        sys.exit(2)
    except AsmanError as error:
        click.echo(f"asman: {error}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("asman: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`asman decode x | head`): not an error of anybody.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
