"""Lay out the scripted flights of the scenarios `formations` and `dense`, whose places must fit to metres.

    .venv/bin/python tools/lay_flights.py      rewrites the end of both scenarios, from the line of MARK on

A formation's ships fly the same way, moved sideways and back: they turn together, and keep their places.
Splits and merges are mirrored at the middle, so that both halves come at the same time.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from asman.exercise.routes import Place, bank_radius_m, bearing_deg, moved, place

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "src" / "asman" / "exercise" / "scenarios"
MARK: Final = "# --- Scripted flights, laid out by tools/lay_flights.py: change that, and run it "


class Pack(NamedTuple):
    """Ships that fly one way.

    name     of each ship, with its number behind it
    way      places of the leader
    apart_m  from ship to ship
    lit      what each ship has for a transponder, by turns from the leader
    side     1: wingmen to the right first; -1: mirrored
    """

    name: str
    way: Sequence[Place]
    ships: int
    apart_m: float
    lit: Sequence[str]
    speed_mps: float
    altitude_m: float
    side: int = 1
    bank_deg: float = 45.0


def main() -> None:
    """Rewrite both scenarios."""
    for name, lines in (("formations", formations()), ("dense", dense())):
        path = FOLDER / f"{name}.toml"
        head = path.read_text(encoding="utf-8").split(MARK)[0]
        path.write_text(head + MARK + "-" * (104 - len(MARK)) + "\n" + "\n".join(lines) + "\n", "utf-8")


def formations() -> Iterator[str]:
    """What the scenario's formations do, a paragraph each."""
    west, east = place(44.30, 72.60), place(44.15, 76.60)
    yield _says("Two ships 200 m apart, the wingman's transponder on standby, with two turns of 20 degrees.")
    yield from _ships(Pack("PAIR", [west, place(44.35, 73.8), place(44.05, 75.0), east],
                           2, 200.0, ("mode_s", "none"), 200.0, 7_000.0))  # fmt: skip
    middle = place(43.70, 74.00)
    yield _says(
        "Three of Mode S, 300 m apart, cross four of Mode A/C, 400 m apart, at right angles: minute 5."
    )
    yield from _ships(
        Pack("THREE", _through(middle, 80.0, 63e3, 130e3), 3, 300.0, ("mode_s",), 210.0, 6_000.0)
    )
    yield from _ships(
        Pack("FOUR", _through(middle, 170.0, 63e3, 90e3), 4, 400.0, ("mode_ac",), 210.0, 6_150.0)
    )
    yield _says("Five ships 550 m apart behind one transponder, around a square.")
    square = [place(43.35, 75.35), place(43.80, 75.35), place(43.80, 76.10), place(43.40, 76.10),
              place(43.40, 75.30), place(43.85, 75.30)]  # fmt: skip
    yield from _ships(Pack("FIVE", square, 5, 550.0, ("mode_s", "none"), 190.0, 5_000.0))
    yield _says(
        "Six ships, 700 m apart: in minute 4 they split into three and three, in minute 9 they merge."
    )
    yield from _six(place(43.05, 72.40), 75.0)
    yield _says(
        "Two of Mode S come together at 10 degrees each and are a pair, 300 m apart, from minute 5 on."
    )
    yield from _merge(place(44.75, 74.60), 95.0)
    yield _says("Two pairs, 350 m within each, cross at 15 degrees, 100 m above one another: minute 6.")
    cross = place(42.75, 73.40)
    yield from _ships(
        Pack("SHALLOW-A", _through(cross, 75.0, 72e3, 100e3), 2, 350.0, ("mode_s", "none"), 200.0, 8_000.0)
    )
    yield from _ships(
        Pack("SHALLOW-B", _through(cross, 90.0, 72e3, 100e3), 2, 350.0, ("mode_s", "none"), 200.0, 8_100.0)
    )
    yield _says("One of Mode A/C overtakes another, 250 m beside it, 25 m/s faster: minute 3 to 4.")
    lane = place(44.55, 73.00)
    yield from _ships(Pack("SLOW", _through(lane, 100.0, 0.0, 170e3), 1, 0.0, ("mode_ac",), 160.0, 4_500.0))
    behind = moved(moved(lane, 280.0, 5e3), 190.0, 250.0)
    yield from _ships(Pack("FAST", _through(behind, 100.0, 0.0, 190e3), 1, 0.0, ("mode_ac",), 185.0, 4_500.0))
    yield _says(
        "Four without a transponder, 300 m apart, fan out in minute 7, 30 degrees from one to the next."
    )
    yield from _fan(place(43.10, 74.10), 60.0)


def _through(middle: Place, course_deg: float, before_m: float, after_m: float) -> list[Place]:
    """Begin and end of a straight way through a place."""
    return [moved(middle, course_deg + 180.0, before_m), moved(middle, course_deg, after_m)]


def _six(start: Place, course_deg: float) -> Iterator[str]:
    """Split into halves at 12 degrees to either side, and merge again."""
    legs = 42e3, 30e3, 30e3
    for half, side in (("LEFT", -1), ("RIGHT", 1)):
        begin = moved(start, course_deg + 90.0, side * 350.0)
        parting = moved(begin, course_deg, legs[0])
        apex = moved(parting, course_deg + side * 12.0, legs[1])
        # A turn passes its place before it turns: they meet 80 m farther out, and are where they belong.
        meeting = moved(moved(apex, course_deg - side * 12.0, legs[2]), course_deg + 90.0, side * 80.0)
        end = moved(moved(begin, course_deg, 101e3), course_deg, 90e3)
        yield from _ships(Pack(f"SIX-{half}", [begin, parting, apex, meeting, end], 3, 700.0,
                               ("mode_s", "none"), 190.0, 6_500.0, side))  # fmt: skip


def _merge(meeting: Place, course_deg: float) -> Iterator[str]:
    """Two singles become a pair, side by side."""
    for half, side in (("LEFT", -1), ("RIGHT", 1)):
        near = moved(meeting, course_deg + 90.0, side * 210.0)
        begin = moved(near, course_deg + 180.0 - side * 10.0, 60e3)
        end = moved(moved(meeting, course_deg + 90.0, side * 150.0), course_deg, 130e3)
        yield from _ships(
            Pack(f"MERGE-{half}", [begin, near, end], 1, 0.0, ("mode_s",), 200.0, 7_500.0, side)
        )


def _fan(start: Place, course_deg: float) -> Iterator[str]:
    """Four ships abreast, then apart: who is left goes left."""
    for ship in range(4):
        begin = moved(start, course_deg + 90.0, (ship - 1.5) * 300.0)
        parting = moved(begin, course_deg, 76e3)
        end = moved(parting, course_deg + (ship - 1.5) * 30.0, 90e3)
        yield from _ships(Pack(f"FAN-{ship + 1}", [begin, parting, end], 1, 0.0, ("none",), 190.0, 4_000.0))


def dense() -> Iterator[str]:
    """Four stacks of five, and two airways that cross at one level."""
    for name, lat, lon, course in (
        ("TASHKENT", 41.05, 69.85, 280.0), ("FERGANA", 40.65, 71.20, 100.0),
        ("SHYMKENT", 42.15, 69.95, 300.0), ("SAMARKAND", 39.85, 67.60, 250.0),
    ):  # fmt: skip
        yield _says(
            f"A stack for {name.title()}: five levels, 1,000 ft apart, left and right turns of a minute."
        )
        for level in range(5):
            yield from _hold(f"HOLD-{name}-{level + 1}", place(lat, lon), course, level)
    for name, course, begin in (("EASTBOUND", 85.0, 0.0), ("SOUTHBOUND", 175.0, 6e3)):
        yield _says(f"An airway at one level, {name.lower()}: six aircraft 12 km apart, through the other's.")
        for k in range(6):
            way = _through(place(41.20, 70.60), course, 130e3 - 12e3 * k - begin, 200e3)
            yield from _ships(
                Pack(f"{name}-{k + 1}", way, 1, 0.0, ("mode_s",), 235.0, 10_060.0, bank_deg=25.0)
            )


def _hold(name: str, fix: Place, course_deg: float, level: int) -> Iterator[str]:
    """Four laps about a fix; legs of a minute, 25 degrees of bank; who is higher is a step behind."""
    speed, bank = 118.0, 25.0
    out = moved(
        moved(fix, course_deg + 90.0, 2.0 * bank_radius_m(speed, bank)), course_deg + 180.0, 60.0 * speed
    )
    start = moved(fix, course_deg + 180.0, 4e3 + 5e3 * level)
    yield from _ships(
        Pack(
            name, [start, *[fix, out] * 4], 1, 0.0, ("mode_s",), speed, 2_750.0 + 304.8 * level, bank_deg=bank
        )
    )


def _ships(pack: Pack) -> Iterator[str]:
    """A table each: the leader, then wingmen by turns at either side, each behind the one within."""
    course = bearing_deg(pack.way[0], pack.way[1])
    for ship in range(pack.ships):
        row, turn = (ship + 1) // 2, pack.side * (1 if ship % 2 else -1)
        way = [moved(one, course + turn * 135.0, row * pack.apart_m) if ship else one for one in pack.way]
        yield _table(
            id=f"{pack.name}-{ship + 1}" if pack.ships > 1 else pack.name,
            speed_mps=pack.speed_mps, altitude_m=pack.altitude_m, bank_deg=pack.bank_deg,
            transponder=pack.lit[min(ship, len(pack.lit) - 1)],
            adsb=False, way=way,
        )  # fmt: skip


def _table(way: Sequence[Place], **keys: Any) -> str:
    lines = ["", "[[flight]]"]
    for key, value in keys.items():
        said = f'"{value}"' if isinstance(value, str) else str(value).lower()
        lines.append(f"{key} = {said}")
    lines.append("waypoint = [")
    for one in way:
        lat, lon = math.degrees(math.asin(one[2])), math.degrees(math.atan2(one[1], one[0]))
        lines.append(f"    {{ lat_deg = {lat:.5f}, lon_deg = {lon:.5f} }},")
    return "\n".join([*lines, "]"])


def _says(text: str) -> str:
    return f"\n# {text}"


if __name__ == "__main__":
    main()
