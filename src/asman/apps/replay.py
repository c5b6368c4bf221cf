"""`asman replay REC...`: any recording, live in the console."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from asman.errors import InputError


@click.command(
    "replay",
    epilog="For example: asman replay radar.ast --sensors sensors.toml --date 2023-05-02 --speed 10",
)
@click.argument("recordings", nargs=-1, required=True, metavar="REC...")
@click.option("--sensors", metavar="FILE", help="sensors.toml; without it, what the recording tells is used.")
@click.option(
    "--date", "day", metavar="YYYY-MM-DD", help="UTC day of the first record, where nothing says it."
)
@click.option(
    "--speed", type=float, default=1.0, show_default=True, help="1 as recorded; 0 as fast as it goes."
)
@click.option("--member", default="XX", show_default=True, help="The state whose node this is.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port of the console.  [default: the first free from 8600]"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--token", default="", help="Token of the console instead of a random one.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--for", "for_", metavar="TIME", help="End by itself after 30s, 5m, 1h.")
def command(
    recordings: tuple[str, ...],
    sensors: str | None,
    day: str | None,
    speed: float,
    member: str,
    port: int | None,
    host: str,
    token: str,
    no_open: bool,
    for_: str | None,
) -> int:
    """Play recordings as a live picture in the console.

    REC is one or more ASTERIX recordings, raw or pcap; several are played together by their times. The
    console's address goes to standard output, words to standard error. At the end the last picture stays;
    Ctrl-C ends it.
    """
    from asman.apps.serve import duration_s, run
    from asman.apps.setting import Setting

    for name in recordings:
        if not Path(name).is_file():
            raise InputError(name, "there is no such file")
    if day is not None:
        _check_day(day)
    if not 0 <= speed <= 1000:
        raise InputError("--speed", f"needs 0 (as fast as it goes) to 1000, not {speed:g}")
    return run(
        Setting(
            node="replay",
            member=member,
            mode="replay",
            sensors=None if sensors is None else text_of(sensors),
            sensors_name=sensors or "",
            recordings=[str(Path(name).resolve()) for name in recordings],
            date=day,
            speed=speed,
            bind=host,
            port=port,
            token=token,
            for_s=None if for_ is None else duration_s(for_),
            serving=announce(not no_open),
        )
    )


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise InputError("--date", f"needs YYYY-MM-DD, not '{day}'") from error


def text_of(path: str) -> str:
    """Read a text file. Raises InputError."""
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}") from error


def announce(opening: bool) -> Callable[[str], None]:
    """Return what prints the console's address, and opens it."""

    def told(url: str) -> None:
        from asman.apps import browser

        click.echo(url)
        if opening and not browser.show(url):
            click.echo("no browser found: open the address above", err=True)

    return told
