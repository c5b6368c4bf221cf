"""What there is to simulate: the shipped scenarios, and the effects that can be turned off."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from asman.apps.scenarios import airframes, find, shipped
from asman.exercise import CATALOGUE, Scenario


def scenarios() -> str:
    """A line a shipped scenario."""
    rows = [_scenario(name, find(name).scenario) for name in shipped()]
    return table(("scenario", "airframes", "sensors", "members", "length", "what it is"), rows)


def _scenario(name: str, scenario: Scenario) -> tuple[str, ...]:
    kinds = Counter(sensor.kind for sensor in scenario.sensor)
    return (
        name,
        f"{airframes(scenario):,}" + ("+" if scenario.recorded is not None else ""),
        ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        " ".join(member.id for member in scenario.member),
        f"{scenario.duration_s / 60:g} min",
        scenario.title,
    )


#: What the sources' abbreviations stand for; in full in exercise/effects.py.
SOURCES: Final = (
    "STD  EUROCONTROL Standard Document for Radar Surveillance, 1997",
    "SKO  Skolnik, Radar Handbook, 3rd edition",
    "STE  Stevens, Secondary Surveillance Radar, 1988",
    "A10  ICAO Annex 10 volume IV",
    "P453 ITU-R P.453",
    "260B RTCA DO-260B",
)


def effects() -> str:
    """A line an effect, and what the sources are."""
    rows = [
        (
            one.name,
            one.unit,
            one.source,
            ", ".join(f"{key} = {_toml(value)}" for key, value in one.without.items()),
        )
        for one in CATALOGUE
    ]
    return table(("effect", "unit", "source", "what turns it off"), rows) + "\n" + "\n".join(SOURCES) + "\n"


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines of columns, wide as what is in them; the last as long as it is."""
    everything = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(row[place]) for row in everything) for place in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in everything
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)
