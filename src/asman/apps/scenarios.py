"""Scenarios to run: those that ship, by their name, or a TOML file; and the files that stand beside one.

Airports that say only their `icao` are looked up in the package `airportsdata` (its edition is pinned, so
that the same scenario is the same sky everywhere). Paths within a scenario count from its own folder.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from asman.errors import InputError, nearest
from asman.exercise import Exercise, Scenario, parse_scenario, start
from asman.units import FOOT_M

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.terrain import Terrain

#: Farther ground hides nothing: over it, a radar sees what is 13 km up at the least (4/3 earth).
TERRAIN_RANGE_MAX_M: Final = 470_000.0
_DEGREE_M: Final = 111_200.0
_SUFFIX: Final = ".toml"


class Found(msgspec.Struct, frozen=True):
    """A scenario and where it was found.

    name    what errors call it
    text    its TOML, untouched
    folder  that paths within it count from
    """

    scenario: Scenario
    name: str
    text: str
    folder: Path


def shipped() -> tuple[str, ...]:
    """Names of the scenarios inside the package."""
    return tuple(sorted(path.stem for path in _folder().glob(f"*{_SUFFIX}")))


def find(name: str | Path) -> Found:
    """Find and parse a scenario: the name of a shipped one, or the path of a TOML file.

    Raises InputError for a name that is not known, a file that cannot be read, a scenario that is wrong.
    """
    word = str(name)
    by_path = Path(name).suffix.lower() == _SUFFIX or Path(name).name != word
    path = Path(name) if by_path else _folder() / f"{word}{_SUFFIX}"
    if not by_path and word not in shipped():
        beside = " Paths end with .toml." if Path(name).is_file() else ""
        raise InputError(f"scenario '{word}'", "is not shipped", nearest(word, shipped()) + beside)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        mend = f"Shipped scenarios: {', '.join(shipped())}."
        raise InputError(word, "no such file", mend) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(word, f"cannot be read: {error}") from error
    return Found(parse_scenario(text, path.name, _airports(text)), path.name, text, path.parent)


def begin(
    found: Found,
    *,
    scenario: Scenario | None = None,
    aircraft: int | None = None,
    seed: int | None = None,
    begin_ns: int | None = None,
    terrain: Sequence[Path] = (),
    recorded: Path | None = None,
) -> Exercise:
    """Lay out a scenario with the files that it names, or that are named instead.

    scenario  changed in place of the one found
    terrain   elevation models, files or folders, instead of the scenario's own
    recorded  trajectories instead of the scenario's own

    Raises InputError where a file is needed and missing, or cannot be read.
    """
    chosen = found.scenario if scenario is None else scenario
    files: dict[str, Any] = {
        "terrain": _terrain(chosen, found, terrain),
        "trajectories": _trajectories(chosen, found, recorded),
    }
    return start(
        chosen, aircraft, seed, begin_ns, **{name: one for name, one in files.items() if one is not None}
    )


def _folder() -> Path:
    return Path(str(files("asman.exercise"))) / "scenarios"


def _airports(text: str) -> Mapping[str, Mapping[str, Any]]:
    """Where airports are, if the scenario has any that does not say so itself."""
    try:
        raw = tomllib.loads(text).get("airport")
    except tomllib.TOMLDecodeError:
        return {}  # refused in words by parse_scenario
    keys = {"lat_deg", "lon_deg", "elevation_m"}
    if not isinstance(raw, list) or all(isinstance(one, dict) and keys <= set(one) for one in raw):
        return {}
    import airportsdata

    return {
        code: {"lat_deg": one["lat"], "lon_deg": one["lon"], "elevation_m": one["elevation"] * FOOT_M}
        for code, one in airportsdata.load("ICAO").items()
    }


def _terrain(scenario: Scenario, found: Found, given: Sequence[Path]) -> "Terrain | None":
    """The ground around the sites, where the scenario or the user names an elevation model."""
    paths = [*given] if given or not scenario.terrain else [found.folder / scenario.terrain]
    if not paths or not scenario.sensor:
        return None
    from asman.apps.elevation import read_terrain

    return read_terrain(paths, around(scenario))


def around(scenario: Scenario) -> tuple[float, float, float, float]:
    """West, south, east, north [deg] of what the sensors' ranges cover; may run past ±180."""
    boxes: list[tuple[float, float, float, float]] = []
    for sensor in scenario.sensor:
        high = min(sensor.range_max_m, TERRAIN_RANGE_MAX_M) / _DEGREE_M
        south, north = max(sensor.lat_deg - high, -90.0), min(sensor.lat_deg + high, 90.0)
        wide = high / max(math.cos(math.radians(max(abs(south), abs(north)))), high / 180.0)
        boxes.append((sensor.lon_deg - wide, south, sensor.lon_deg + wide, north))
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _trajectories(scenario: Scenario, found: Found, given: Path | None) -> "pa.Table | None":
    """Recorded flights, where the scenario has any."""
    if scenario.recorded is None:
        if given is not None:
            raise InputError(
                "--recorded", f"{found.name} has no [recorded]", "Add that table, or leave out the option."
            )
        return None
    if given is None and not scenario.recorded.file:
        raise InputError(
            f"{found.name}: recorded.file", "names no trajectories", "Give them with --recorded FILE."
        )
    from asman.apps.trajectories import read_trajectories

    return read_trajectories(given if given is not None else found.folder / scenario.recorded.file)


def airframes(scenario: Scenario) -> int:
    """How many airframes a scenario's own numbers make; those of a recording come on top."""
    traffic = scenario.traffic
    kinds = (
        traffic.airliners, traffic.overflights, traffic.circuits, traffic.helicopters, traffic.fast_jets,
        traffic.dark, traffic.low_flyers, traffic.drones, traffic.formations * traffic.formation_size,
    )  # fmt: skip
    borders = sum(border.approaches + border.violations for border in scenario.border)
    return sum(kinds) + borders + len(scenario.flight)
