"""`asman doctor`: what is installed, compiled, reachable, and what to do about it."""

import sys

import click
import msgspec

from asman.apps.checkup import Finding, checkup


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
def command(as_json: bool) -> int:
    """Look at this installation and say what works, what does not, and what to do about it.

    Exit code 0 when a node can run, 1 when something it needs is missing.
    """
    findings = checkup()
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(findings)).decode() + "\n")
    else:
        _print(findings)
    return int(any(finding.state == "broken" for finding in findings))


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "broken": "[red]broken[/]"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(marks[finding.state], finding.what, finding.found, finding.mend)
    Console(highlight=False).print(table)
