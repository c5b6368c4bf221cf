"""`asman score`: a picture against truth, as a report for a board and as JSON for a machine."""

import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import pyarrow as pa

from asman.apps import warm
from asman.apps.score_source import read_table
from asman.errors import ConfigError, InputError, nearest
from asman.scoring.config import ScoreConfig
from asman.scoring.report import Report

Source = str | Path | pa.Table


def score(
    truth: Source,
    tracks: Source,
    config: ScoreConfig | str | Path | None = None,
    *,
    date: str | None = None,
) -> Report:
    """Score tracks against truth; each is a table, or a path to Parquet, Arrow, CSV, or a CAT062 recording.

    truth   columns as in `asman.model.truth.TRUTH`; needed are time, aircraft, lat_deg, lon_deg. Optional
            address, mode_3a, callsign, class and member are judged, or broken down by
    tracks  columns as in `asman.model.tracks.TRACKS`; needed are time, track, lat_deg, lon_deg
    config  how to score, or a path to a TOML of it; None: defaults and the shipped requirements
    date    UTC day of a recording's first record, where its packets do not say it

    Raises InputError, naming the file, the column and the mend.
    """
    warm.prepare()
    from asman.scoring.score import score_tables

    settings = config if isinstance(config, ScoreConfig) else read_config(config)
    names = [
        one if isinstance(one, str) else str(one) if isinstance(one, Path) else None
        for one in (truth, tracks)
    ]
    return score_tables(
        read_table(truth, "aircraft", date=date), read_table(tracks, date=date), settings,
        truth_name=names[0] or "truth", tracks_name=names[1] or "tracks",
    )  # fmt: skip


def read_config(path: str | Path | None, **changes: Any) -> ScoreConfig:
    """Read a TOML of `ScoreConfig`; without `requirement` in it the shipped ones stand. `changes` win."""
    shipped = tomllib.loads(files("asman.scoring").joinpath("requirements.toml").read_text(encoding="utf-8"))
    own: dict[str, Any] = {}
    if path is not None:
        try:
            own = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(path), f"is not TOML: {error}") from error
    known = [field.name for field in msgspec.structs.fields(ScoreConfig)]
    for key in own:
        if key not in known:
            raise ConfigError(f"{path}: {key}", "is not a setting of scoring", nearest(key, known))
    merged = {**shipped, **own, **{name: value for name, value in changes.items() if value is not None}}
    try:
        return msgspec.convert(merged, ScoreConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(str(path or "options"), str(error)) from error


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Score tracks against truth: GOSPA with its parts, SIAP, NEES, errors, requirements.

\b
asman score truth.parquet tracks.parquet --report out.html
asman score truth.parquet picture.pcap                        somebody's tracks, in CAT062
asman score --reference adsb REC... --sensors sensors.toml    radars against ADS-B of the same recordings
asman score --reference adsb REC... --tracks tracks.parquet   somebody's tracks against it

Truth and tracks are Parquet, Arrow, CSV, or a recording with CAT062; only time, aircraft or track, and
position are needed.
"""


@click.command("score", help=_HELP, short_help="A picture against truth.")
@click.argument("files", nargs=-1, required=True, metavar="TRUTH TRACKS | REC...")
@click.option("--report", "page", type=click.Path(dir_okay=False), help="Write a self-contained HTML page.")
@click.option(
    "--json", "data", type=click.Path(dir_okay=False, allow_dash=True), help="Write JSON; - is stdout."
)
@click.option("--config", type=click.Path(dir_okay=False), help="TOML with settings and requirements.")
@click.option("--every", "every_s", type=float, help="Judge every so many seconds.")
@click.option("--settle", "settle_s", type=float, help="Leave out so many seconds at the beginning.")
@click.option("--cutoff", "cutoff_m", type=float, help="GOSPA's c in metres [2000].")
@click.option("--grid", "grid_deg", type=float, help="Break down by cells of so many degrees.")
@click.option("--unconfirmed", is_flag=True, default=None, help="Judge unconfirmed tracks too.")
@click.option(
    "--reference", metavar="adsb|mlat|FILE", help="Judge recordings by their ADS-B or multilateration."
)
@click.option("--sensors", metavar="FILE", help="With --reference: where the radars stand.")
@click.option("--tracks", metavar="FILE", help="With --reference: judge these, not tracks of our own.")
@click.option("--ground", is_flag=True, help="With --reference: what is on the ground is truth, too.")
@click.option(
    "--date", metavar="YYYY-MM-DD", help="UTC day of a recording's first record, where packets do not say it."
)
@click.option("--title", default="", help="Title of the page.")
def command(
    files: tuple[str, ...],
    page: str | None,
    data: str | None,
    config: str | None,
    title: str,
    reference: str | None,
    sensors: str | None,
    tracks: str | None,
    ground: bool,
    date: str | None,
    **changes: Any,
) -> None:
    """Check the options, score, and write."""
    from rich.console import Console

    settings = read_config(config, **changes)
    if ground:
        from msgspec.structs import replace

        settings = replace(settings, reference=replace(settings.reference, ground=True))
    _refuse_mixture(files, reference, sensors=sensors, tracks=tracks, ground=ground)
    with Console(stderr=True).status("scoring (the first run of a version compiles for half a minute)"):
        if reference is None:
            report = score(files[0], files[1], settings, date=date)
        else:
            from asman.apps.score_recorded import score_recorded

            report = score_recorded(files, reference, sensors, tracks, settings, date=date)
    if data == "-":
        sys.stdout.write(to_json(report).decode() + "\n")
    elif data is not None:
        _write(Path(data), to_json(report) + b"\n")
    if page is not None:
        from asman.scoring.page import make_page

        _write(Path(page), make_page(report, title or _heading(files, reference, tracks)).encode())
    if data != "-":
        from asman.apps.score_table import show

        show(report)


def _refuse_mixture(files: tuple[str, ...], reference: str | None, **needs: Any) -> None:
    """Refuse options that need a reference where there is none, and too many or too few files."""
    if reference is not None:
        for file in files:
            if not Path(file).is_file():
                raise InputError(file, "there is no such file", "Check the path.")
        return
    for name, value in needs.items():
        if value:
            raise InputError(
                f"--{name}", "is for recordings that are judged by a reference", "Add --reference adsb."
            )
    if len(files) != 2:
        raise InputError(
            " ".join(files),
            f"needed a truth and tracks, there {'is' if len(files) == 1 else 'are'} {len(files)}",
            "asman score TRUTH TRACKS; or, of recordings, asman score --reference adsb REC...",
        )


def _heading(files: tuple[str, ...], reference: str | None, tracks: str | None) -> str:
    if reference is None:
        return f"{Path(files[1]).name} against {Path(files[0]).name}"
    from asman.apps.score_recorded import KINDS

    names = ", ".join(Path(file).name for file in files)
    by = KINDS.get(reference, Path(reference).name)
    return f"{Path(tracks).name} against {by} of {names}" if tracks else f"{names} against {by}"


def to_json(report: Report) -> bytes:
    """Write a report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def _write(path: Path, octets: bytes) -> None:
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
