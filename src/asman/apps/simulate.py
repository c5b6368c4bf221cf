"""`asman simulate` and `asman.simulate`: a scenario becomes truth, plots and real octets, or is sent live."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from asman.apps.warm import prepare
from asman.errors import ConfigError, InputError, nearest
from asman.units import SECOND_NS

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.apps.scenarios import Found
    from asman.exercise import Exercise, Scenario
    from asman.model.sensor import Sensors

#: What data sets can be written as, and what they are unless somebody says otherwise.
FORMATS: Final = ("parquet", "csv", "pcap", "raw", "beast")
USUAL: Final = "parquet,pcap"
#: And beside them where there are ADS-B receivers.
USUAL_ADSB: Final = "beast"
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Simulated(msgspec.Struct, frozen=True):
    """What `simulate` gives.

    plots        PLOTS: what a tracker may see
    truth_index  TRUTH_INDEX, row by row who is behind each plot, and why it is there: for scoring only
    truth        TRUTH_TOLD: where everybody truly was, for scoring only
    sensors      what their owners know
    """

    plots: pa.Table
    truth_index: pa.Table
    truth: pa.Table
    sensors: Sensors


def simulate(
    scenario: str | Path,
    *,
    seconds: float | None = None,
    aircraft: int | None = None,
    seed: int | None = None,
    begin: datetime.datetime | str | None = None,
    truth_every_s: float = 4.0,
    without: Sequence[str] = (),
    members: Sequence[str] = (),
    terrain: Sequence[str | Path] = (),
    recorded: str | Path | None = None,
) -> Simulated:
    """Simulate a scenario in memory.

    scenario       name of a shipped one, or the path of a TOML file
    seconds        s    how long; else as the scenario says
    aircraft       1    airframes instead of the scenario's own number
    seed                instead of the scenario's own
    begin          UTC  instead of the scenario's own
    truth_every_s  s    between two rows of truth of an aircraft; 0: no truth
    without             effects to turn off, see `asman simulate --effects`
    members             whose sensors; empty: everybody's
    terrain             elevation models instead of the scenario's own
    recorded            trajectories instead of the scenario's own

    Raises InputError.
    """
    prepare()
    import pyarrow as pa

    from asman import exercise as exercises
    from asman.apps.simulate_batches import Wanted, batches

    text = begin.isoformat() if isinstance(begin, datetime.datetime) else begin
    running, _ = _start(
        scenario,
        aircraft,
        seed,
        None if text is None else _instant(text, "begin"),
        without,
        terrain,
        recorded,
    )
    whose = _members(running.scenario, members)
    start_ns = running.sky.begin_ns
    end_ns = start_ns + _length_ns(running.scenario, seconds)
    wanted = Wanted(start_ns, end_ns, _interval(truth_every_s), octets=False, members=whose)
    made = list(batches(running, wanted))
    plots, index, truth = (
        pa.concat_tables([getattr(batch, name) for batch in made]).unify_dictionaries()
        for name in ("plots", "truth_index", "truth")
    )
    sensors = tuple(one for one in exercises.sensors(running) if not whose or one.member in whose)
    return Simulated(plots, index, truth, sensors)


def _start(
    name: str | Path,
    aircraft: int | None,
    seed: int | None,
    begin_ns: int | None,
    without: Sequence[str],
    terrain: Sequence[str | Path],
    recorded: str | Path | None,
) -> tuple[Exercise, Found]:
    from asman.apps import scenarios
    from asman.exercise import without as turned_off

    found = scenarios.find(name)
    running = scenarios.begin(
        found,
        scenario=turned_off(found.scenario, tuple(without)) if without else found.scenario,
        aircraft=aircraft,
        seed=seed,
        begin_ns=begin_ns,
        terrain=[Path(one) for one in terrain],
        recorded=None if recorded is None else Path(recorded),
    )
    return running, found


def _instant(text: str, item: str) -> int:
    """Nanoseconds since 1970 of a UTC time as ISO 8601 has it, or of `now`."""
    import time

    if text == "now":
        return time.time_ns()
    mend = "Write it as 2026-06-01T04:00:00Z, or now."
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(item, f"'{text}' is no time", mend) from error
    if when.tzinfo is None:
        raise InputError(item, f"'{text}' has no zone", mend)
    since = when - _EPOCH
    found = (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1_000
    if not 0 <= found < (1 << 32) * SECOND_NS:
        raise InputError(item, f"'{text}' is before 1970 or after 2106", mend)
    return found


def _members(scenario: Scenario, asked: Sequence[str]) -> tuple[str, ...]:
    """Members whose sensors are wanted, each once. Raises InputError for one that has none."""
    known = list(dict.fromkeys(sensor.member for sensor in scenario.sensor))
    for member in asked:
        if member not in known:
            raise InputError("members", f"'{member}' has no sensors in this scenario", nearest(member, known))
    return tuple(dict.fromkeys(asked))


def _length_ns(scenario: Scenario, seconds: float | None) -> int:
    length_s = scenario.duration_s if seconds is None else seconds
    if not 0.0 < length_s <= 31 * 86_400.0:
        raise InputError("duration", f"{length_s:g} s is not above 0 and within 31 days", "Give another.")
    return round(length_s * SECOND_NS)


def _interval(seconds: float) -> float:
    if seconds and not 0.05 <= seconds <= 86_400.0:
        raise InputError(
            "truth interval", f"{seconds:g} s is not within 0.05 s and a day", "Give another; 0 for none."
        )
    return seconds


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


_HELP: Final = """Make a data set of a scenario, or send it live.

\b
asman simulate --list                                   what ships
asman simulate kant -o kant                             truth, plots, capture file
asman simulate my.toml -o out --for 1h --seed 7         another hour, another sky
asman simulate kant --to udp://127.0.0.1:8600           live, to one port
asman simulate kant --to KG-OSH=udp://239.1.1.1:8601    live, a sensor's to its group

SCENARIO is the name of a shipped scenario or a TOML file. The same command makes the same files, bit for bit.
Everything is marked as simulated.
"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said, word by word."""

    scenario: str | None
    output: Path | None
    to: tuple[str, ...]
    formats: str
    for_: str | None
    seed: int | None
    aircraft: int | None
    begin: str | None
    truth_every: float
    without: str
    members: str
    terrain: tuple[Path, ...]
    recorded: Path | None
    speed: str
    overwrite: bool
    listing: bool
    effects: bool


@click.command(help=_HELP, short_help="Scenarios to truth, plots and octets.")
@click.argument("scenario", required=False)
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder of the data set."
)
@click.option("--to", multiple=True, metavar="[SENSOR=]URL", help="Send live, to udp://ADDRESS:PORT.")
@click.option(
    "--format",
    "formats",
    default="",
    metavar="F,F",
    help=f"Of {', '.join(FORMATS)}.  [default: {USUAL}; with ADS-B beast]",
)
@click.option("--for", "for_", metavar="TIME", help="How long: 30s, 10m, 1h.  [default: the scenario's]")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Another sky.")
@click.option("--aircraft", type=click.IntRange(1, 1_000_000), help="Airframes.  [default: the scenario's]")
@click.option(
    "--begin", metavar="TIME", help="2026-06-01T04:00:00Z, or now.  [default: the scenario's; live: now]"
)
@click.option(
    "--truth-every", type=float, default=4.0, show_default=True, metavar="S", help="Truth; 0 for none."
)
@click.option("--without", default="", metavar="E,E", help="Effects to turn off, or all; see --effects.")
@click.option("--members", default="", metavar="CC,CC", help="Whose sensors.  [default: everybody's]")
@click.option(
    "--terrain",
    multiple=True,
    metavar="DEM",
    type=click.Path(path_type=Path),
    help="Elevation models: files, folders.",
)
@click.option("--recorded", metavar="FILE", type=click.Path(path_type=Path), help="Trajectories to fly.")
@click.option(
    "--speed", default="1", show_default=True, metavar="X", help="Live: 10 is ten times real time; or max."
)
@click.option("--overwrite", is_flag=True, help="Replace a former data set in DIR.")
@click.option("--list", "listing", is_flag=True, help="Name the shipped scenarios, and end.")
@click.option("--effects", is_flag=True, help="Name the effects, and end.")
def command(**given: Any) -> int:
    """Check what was asked, and do it."""
    asked = Asked(**given)
    if asked.listing or asked.effects:
        prepare()
        from asman.apps import simulate_list

        click.echo(simulate_list.scenarios() if asked.listing else simulate_list.effects(), nl=False)
        return 0
    if asked.scenario is None:
        raise ConfigError("SCENARIO", "is missing", "`asman simulate --list` names what ships.")
    if bool(asked.to) == bool(asked.output):
        raise ConfigError("-o DIR or --to URL", "one of them is needed", "-o writes files, --to sends live.")
    if asked.output is None:
        return _live(asked, asked.scenario)
    return _files(asked, asked.scenario, asked.output)


def _files(asked: Asked, scenario: str, folder: Path) -> int:
    formats = _formats(asked.formats)
    if asked.speed != "1":
        raise ConfigError("--speed", "is of live runs only", "Files are made as fast as it goes.")
    seconds = _seconds(asked.for_)
    interval_s = _interval(asked.truth_every)
    from asman.apps.scenarios import find
    from asman.apps.simulate_files import check_folder, describe, make_files, prepare_folder

    # Who is wrong learns it before half a minute of compiling.
    check_folder(folder, overwrite=asked.overwrite)
    find(scenario)
    warmed()
    from asman.apps.simulate_batches import Wanted
    from asman.apps.simulate_beast import receivers
    from asman.apps.simulate_show import Shown, summary

    running, found = _running(asked, scenario)
    members = _members(running.scenario, _listed(asked.members))
    heard = receivers(running, members)
    if heard and not asked.formats:
        formats = (*formats, USUAL_ADSB)
    if "beast" in formats and not heard:
        raise ConfigError("--format beast", f"{found.name} has no sensor of kind adsb", "Leave it out.")
    begin_ns = running.sky.begin_ns
    wanted = Wanted(
        begin_ns,
        begin_ns + _length_ns(running.scenario, seconds),
        interval_s,
        tables=not {"parquet", "csv"}.isdisjoint(formats),
        octets=not {"pcap", "raw"}.isdisjoint(formats),
        beast="beast" in formats,
        members=members,
    )
    prepare_folder(folder, overwrite=asked.overwrite)
    manifest = describe(running, wanted, formats, found.name)
    with Shown(wanted) as tell:
        manifest = make_files(running, wanted, manifest, found.text, folder, tell)
    summary(manifest, folder, tell)
    return 0


def _live(asked: Asked, scenario: str) -> int:
    for given, option in ((asked.formats, "--format"), (asked.overwrite, "--overwrite")):
        if given:
            raise ConfigError(option, "is of files only", "Leave it out, or give -o instead of --to.")
    from asman.apps.scenarios import find

    speed, seconds = _speed(asked.speed), _seconds(asked.for_)
    find(scenario)
    warmed()
    from asman import exercise as exercises
    from asman.apps.sending import destinations
    from asman.apps.simulate_live import send

    # Whoever receives live data takes it for the present.
    running, _ = _running(asked, scenario, begin="now")
    members = _members(running.scenario, _listed(asked.members))
    ids = [one.id for one in exercises.sensors(running) if not members or one.member in members]
    send(running, destinations(asked.to, ids), speed=speed, for_s=seconds)
    return 0


def _running(asked: Asked, scenario: str, begin: str | None = None) -> tuple[Exercise, Found]:
    said = asked.begin or begin
    return _start(
        scenario,
        asked.aircraft,
        asked.seed,
        None if said is None else _instant(said, "--begin"),
        _listed(asked.without),
        asked.terrain,
        asked.recorded,
    )


def warmed() -> None:
    """Compile what a simulation needs, once for these sources, and say so."""
    from asman.apps import warm

    prepare()
    if warm.is_warm(warm.MARK_SIMULATOR):
        return
    from asman.apps.warming import compile_simulator

    click.echo("compiling kernels (once for this version) …", err=True)
    took_s = warm.warm(lambda text: click.echo(text, err=True), compile_simulator, warm.MARK_SIMULATOR)
    click.echo(f"compiled in {took_s:.1f} s", err=True)


def _formats(text: str) -> tuple[str, ...]:
    asked = _listed(text or USUAL)
    for one in asked:
        if one not in FORMATS:
            raise ConfigError("--format", f"'{one}' is not known", nearest(one, FORMATS))
    return asked


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    from asman.apps.serve import duration_s

    return duration_s(text)


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.0 < speed < 1e6:
        raise ConfigError("--speed", f"needs a number above 0, or max, not '{text}'")
    return speed
