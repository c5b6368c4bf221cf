"""`asman agreement new`: questions whose answers become a document that passes the check."""

import datetime
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from asman.errors import InputError
from asman.sharing import spans
from asman.sharing.classes import DATA_CLASSES

#: Kilometres of a degree of latitude.
_DEGREE_KM: Final = 111.195
_CORNERS: Final = 48


def ask(today: datetime.date) -> dict[str, Any]:
    """Ask what is agreed; every question has a default or an example."""
    parties = _asked("Members that agree, e.g. KG RU", "", _members)
    id_ = click.prompt(
        "Short name", default="-".join(one.lower() for one in parties) + f"-{today.year}", err=True
    )
    names = {one: click.prompt(f"{one} in words", default=one, err=True) for one in parties}
    title = click.prompt("Title", default="Joint air picture", err=True)
    begins = _asked("First day", today.isoformat(), datetime.date.fromisoformat)
    duration = _asked("For how long (P5Y, P6M, P30D)", "P5Y", _period)
    purpose = click.prompt(
        "Purpose", default="A joint picture of the airspace along the common border", err=True
    )
    centre = _asked("Where: middle of the common volume, latitude and longitude", "", _place)
    radius_km = _asked("How far around it, in km", "150", lambda text: _number(text, 1.0, 5_000.0))
    ceiling_m = _asked("Up to which altitude, in m", "20000", lambda text: _number(text, 1.0, 100_000.0))
    grants: list[dict[str, Any]] = []
    for giver in parties:
        others = " and ".join(names[one] for one in parties if one != giver)
        said = f"What {names[giver]} gives {others} ({', '.join(DATA_CLASSES)}; none)"
        what = _asked(said, "tracks warnings", _classes)
        if not what:
            continue
        own = click.confirm(f"  Withhold {names[giver]}'s own state aircraft (FRIEND)?", True, err=True)
        coarse_m = _asked(
            "  Round positions to how many m (0: as measured)", "0", lambda text: _number(text, 0.0, 1e5)
        )
        late_s = _asked("  How many s late", "0", lambda text: _number(text, 0.0, 2_592_000.0))
        keep = _asked("  Kept for how long", "P30D", _period)
        to = [one for one in parties if one != giver]
        grants.append({"from": giver, "to": to, "what": what, "own": own,
                       "position_m": coarse_m, "delay_s": late_s, "retain": keep})  # fmt: skip
    return {"id": id_, "title": title, "parties": parties, "names": names, "from": begins,
            "duration": duration, "purpose": purpose, "centre": centre, "radius_km": radius_km,
            "ceiling_m": ceiling_m,
            "grants": grants}  # fmt: skip


def _asked(question: str, default: str, read: Callable[[str], Any]) -> Any:
    """Ask until the answer can be read."""

    def value(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, InputError) as error:
            raise click.UsageError(str(error)) from error

    return click.prompt(question, default=default or None, value_proc=value, err=True)


def _members(text: str) -> list[str]:
    found = text.replace(",", " ").split()
    if len(set(found)) < 2 or len(set(found)) < len(found) or not all(_is_member(one) for one in found):
        raise ValueError("two members or more, each once, in two or three capital letters")
    return found


def _is_member(word: str) -> bool:
    return word.isascii() and word.isalpha() and word.isupper() and 2 <= len(word) <= 3


def _period(text: str) -> str:
    spans.period_of(text)
    return text


def _place(text: str) -> tuple[float, float]:
    parts = [float(one) for one in text.replace(",", " ").split()]
    if len(parts) != 2 or not (abs(parts[0]) <= 85.0 and abs(parts[1]) <= 180.0):
        raise ValueError("latitude and longitude in degrees, e.g. 42.85 74.85")
    return parts[0], parts[1]


def _number(text: str, low: float, high: float) -> float:
    value = float(text.replace(",", ""))
    if not low <= value <= high:
        raise ValueError(f"a number from {low:g} to {high:g}")
    return value


def _classes(text: str) -> list[str]:
    found = text.replace(",", " ").split()
    if found == ["none"]:
        return []
    strange = [one for one in found if one not in DATA_CLASSES]
    if strange or not found:
        raise ValueError(f"'{' '.join(strange)}' is not known: {', '.join(DATA_CLASSES)}, or none")
    return list(dict.fromkeys(found))


def write(said: dict[str, Any], output: Path | None) -> Path:
    """Write the document and its volume; neither is ever overwritten. Raises InputError."""
    path = output or Path(f"{said['id']}.toml")
    volume = path.parent / "volumes" / f"{said['id']}.geojson"
    for one in (path, volume):
        if one.exists():
            raise InputError(str(one), "exists already", "Name another file with -o, or move it away.")
    volume.parent.mkdir(parents=True, exist_ok=True)
    volume.write_text(json.dumps(_circle(said["centre"], said["radius_km"])) + "\n", encoding="utf-8")
    path.write_text(_text(said, f"volumes/{volume.name}"), encoding="utf-8")
    return path


def _circle(centre: tuple[float, float], radius_km: float) -> dict[str, Any]:
    lat, lon = centre
    wide = radius_km / _DEGREE_KM / math.cos(math.radians(lat))
    turn = [2 * math.pi * k / _CORNERS for k in range(_CORNERS)]
    ring = [
        [round(lon + wide * math.sin(t), 4), round(lat + radius_km / _DEGREE_KM * math.cos(t), 4)]
        for t in turn
    ]
    if any(abs(x) > 180 or abs(y) > 90 for x, y in ring):
        raise InputError(
            "the common volume", "reaches over the 180th meridian or a pole", "Draw it as GeoJSON yourself."
        )
    return {
        "type": "Feature",
        "properties": {"title": f"{radius_km:g} km around {lat:g} N {lon:g} E"},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def _text(said: dict[str, Any], file: str) -> str:
    quoted = json.dumps
    parts = [
        "# What is not named here does not leave. docs/reference/agreement-toml.md has every term.\n",
        "[agreement]",
        f"id         = {quoted(said['id'])}",
        f"title      = {quoted(said['title'], ensure_ascii=False)}",
        f"parties    = {quoted(said['parties'])}",
        f"from       = {said['from'].isoformat()}",
        f"duration   = {quoted(said['duration'])}",
        'renewal    = "explicit"               # or "automatic", until somebody withdraws',
        'notice     = "P6M"                    # how long before it a withdrawal must be declared',
        'suspension = "unilateral-immediate"   # any party alone, at once',
        f"purpose    = {quoted(said['purpose'], ensure_ascii=False)}",
    ]
    for member, name in said["names"].items():
        parts += [
            "",
            "[[party]]",
            f"member = {quoted(member)}",
            f"name   = {quoted(name, ensure_ascii=False)}",
        ]
    parts += [
        "",
        "[[volume]]",
        'id               = "common-area"',
        f"file             = {quoted(file)}",
        "floor_m          = 0                  # the surface",
        f"ceiling_m        = {said['ceiling_m']:g}",
        'without_altitude = "inside"           # what primary radar alone sees; "outside" withholds it',
    ]
    for one in said["grants"]:
        parts += [
            "",
            "[[grant]]",
            f"from            = {quoted(one['from'])}",
            f"to              = {quoted(one['to'])}",
            f"what            = {quoted(one['what'])}",
            'where           = "common-area"',
            f"except_identity = {quoted(['friend'] if one['own'] else [])}",
            f"position_m      = {one['position_m']:g}",
            f"delay_s         = {one['delay_s']:g}",
            "onward          = []                 # nobody: the third-party rule",
            f"retain          = {quoted(one['retain'])}",
        ]
    return "\n".join(parts) + "\n"
