"""A data set on disk: a folder with truth, plots, octets, sensors, and a manifest that says what they are.

The manifest is written first, as incomplete, and last, with every file's digest: a folder without a complete
one was broken off. It holds no time of day and no path, so that the same order gives the same octets.
"""

import datetime
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from asman import exercise as exercises
from asman.apps.simulate_batches import LONGEST_S, TRUTH_INDEX, Batch, Wanted, batches
from asman.apps.simulate_beast import receivers
from asman.apps.simulate_out import (
    BeastSink,
    CsvSink,
    FileMade,
    ParquetSink,
    PcapSink,
    RawSink,
    Sink,
    endpoints,
    file_names,
    text_file,
)
from asman.errors import InputError
from asman.exercise import Exercise
from asman.model.plots import PLOTS
from asman.model.truth import TRUTH_TOLD
from asman.sensing.sensors_toml import written
from asman.units import SECOND_NS

MANIFEST: Final = "manifest.json"
NOTE: Final = (
    "Everything in this folder is simulated, and marked so in the octets and plots that have a mark for it. "
    "truth and truth_index are for scoring only: no tracker may see them."
)

Tell = Callable[[Batch], None]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a data set is, and how to make it again.

    made_with    versions of what decides about octets
    begin        UTC
    effects_off  names of `exercise.CATALOGUE` that were turned off for all sensors
    members      whose sensors; empty: everybody's
    feeds        of a capture file: each sensor's addresses
    """

    note: str = NOTE
    complete: bool
    scenario: str
    title: str
    seed: int
    begin: str
    duration_s: float
    truth_every_s: float
    airframes: int
    effects_off: tuple[str, ...]
    members: tuple[str, ...]
    formats: tuple[str, ...]
    made_with: dict[str, str]
    files: tuple[FileMade, ...] = ()
    feeds: tuple[dict[str, Any], ...] = ()


def check_folder(folder: Path, *, overwrite: bool) -> list[str]:
    """What is in the folder. Raises InputError where it is none, or holds what must not be overwritten."""
    if folder.exists() and not folder.is_dir():
        raise InputError(str(folder), "is a file", "Name a folder.")
    inside = sorted(one.name for one in folder.iterdir()) if folder.exists() else []
    if inside and MANIFEST not in inside:
        raise InputError(str(folder), f"is not empty ({inside[0]})", "Name a new folder.")
    if inside and not overwrite:
        raise InputError(str(folder), "holds a data set", "Name a new folder, or give --overwrite.")
    return inside


def prepare_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the folder, or empty it of a former data set. Raises InputError where it holds anything else."""
    inside = check_folder(folder, overwrite=overwrite)
    if inside:
        _remove(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), f"cannot be made: {error}") from error


def _remove(folder: Path) -> None:
    """Remove the files within the folder that a former manifest names, and nothing else."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(str(path), f"is no manifest of a data set: {error}", "Name a new folder.") from error
    for name in [*(file.name for file in manifest.files), MANIFEST]:
        one = (folder / name).resolve()
        if one.is_relative_to(folder.resolve()):
            one.unlink(missing_ok=True)


def describe(running: Exercise, wanted: Wanted, formats: tuple[str, ...], name: str) -> Manifest:
    """What will be made, as the manifest says it before anything is."""
    scenario = running.scenario
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        microseconds=wanted.begin_ns // 1000
    )
    return Manifest(
        complete=False,
        scenario=name,
        title=scenario.title,
        seed=scenario.seed,
        begin=begin.isoformat().replace("+00:00", "Z"),
        duration_s=(wanted.end_ns - wanted.begin_ns) / SECOND_NS,
        truth_every_s=wanted.truth_every_s,
        airframes=len(running.sky.kinds),
        effects_off=tuple(scenario.effects.get("default", {}).get("off", ())),
        members=wanted.members,
        formats=formats,
        made_with={one: version(one) for one in ("asman", "numba", "numpy", "pyarrow")},
        feeds=_feeds(running, wanted) if "pcap" in formats else (),
    )


def _feeds(running: Exercise, wanted: Wanted) -> tuple[dict[str, Any], ...]:
    sensors = exercises.sensors(running)
    where = endpoints(sensors)
    return tuple(
        {"sensor": one.id, "member": one.member, **where[one.id]._asdict()}
        for one in sensors
        if not wanted.members or one.member in wanted.members
    )


def make_files(
    running: Exercise,
    wanted: Wanted,
    manifest: Manifest,
    text: str,
    folder: Path,
    tell: Tell = lambda _: None,
    longest_s: float = LONGEST_S,
) -> Manifest:
    """Write a data set into a folder that is there and empty; `tell` hears of each batch when it is written.

    text  the scenario's TOML, which goes with it

    Returns the complete manifest. What is broken off leaves an incomplete one. Raises InputError where the
    folder takes no more.
    """
    try:
        return _make_files(running, wanted, manifest, text, folder, tell, longest_s)
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error}", "Make room, or name another.") from error


def _make_files(
    running: Exercise,
    wanted: Wanted,
    manifest: Manifest,
    text: str,
    folder: Path,
    tell: Tell,
    longest_s: float,
) -> Manifest:
    _write_manifest(folder, manifest)
    made = _texts(running, wanted, text, folder)
    sinks = _sinks(running, wanted, manifest.formats, folder)
    # Named before they are there: whoever overwrites a folder that was broken off finds them.
    expected = tuple(FileMade(name, 0, "") for name in [*(file.name for file in made), *_names(running)])
    _write_manifest(folder, msgspec.structs.replace(manifest, files=expected))
    for batch in batches(running, wanted, longest_s):
        for sink in sinks:
            sink.write(batch)
        tell(batch)
    made += [file for sink in sinks for file in sink.close()]
    complete = msgspec.structs.replace(manifest, complete=True, files=tuple(made))
    _write_manifest(folder, complete)
    return complete


def _sinks(running: Exercise, wanted: Wanted, formats: tuple[str, ...], folder: Path) -> list[Sink]:
    sensors = exercises.sensors(running)
    tables = {"truth": TRUTH_TOLD, "plots": PLOTS, "truth_index": TRUTH_INDEX}
    if not wanted.truth_every_s:
        del tables["truth"]
    found: list[Sink] = []
    for name, schema in tables.items():
        if "parquet" in formats:
            found.append(ParquetSink(folder, name, schema))
        if "csv" in formats:
            found.append(CsvSink(folder, name, schema))
    if "pcap" in formats:
        found.append(PcapSink(folder, sensors))
    if "beast" in formats:
        found.append(BeastSink(folder, receivers(running, wanted.members)))
    if "raw" in formats:
        mine = [one for one in sensors if not wanted.members or one.member in wanted.members]
        found.append(RawSink(folder, tuple(mine)))
    return found


def _names(running: Exercise) -> list[str]:
    """Every file that some format may make."""
    tables = [f"{one}.{end}" for one in ("truth", "plots", "truth_index") for end in ("parquet", "csv")]
    ids = [sensor.id for sensor in exercises.sensors(running)]
    raw = (f"asterix/{name}.ast" for name in file_names(ids).values())
    heard = (f"beast/{name}.simulated.beast" for name in file_names(ids).values())
    return [*tables, "asterix.pcap", *raw, *heard]


def _texts(running: Exercise, wanted: Wanted, text: str, folder: Path) -> list[FileMade]:
    """What owners know of their sensors, all and each member's, and the scenario as it was given."""
    members = wanted.members or tuple(one.id for one in running.scenario.member)
    own = {member: exercises.sensors(running, member) for member in members}
    own = {member: sensors for member, sensors in own.items() if sensors}
    everybody = [sensor for sensor in exercises.sensors(running) if sensor.member in own]
    files = {"sensors.toml": everybody, **{f"sensors-{one}.toml": own[one] for one in own}}
    made = [
        text_file(folder, name, "\n".join(written(one) for one in sensors)) for name, sensors in files.items()
    ]
    return [*made, text_file(folder, "scenario.toml", text)]


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    octets = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / MANIFEST).write_bytes(octets + b"\n")
