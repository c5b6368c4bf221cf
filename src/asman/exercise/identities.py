"""What an aircraft says of itself at a time: its own identity, and what an exercise's events make of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.exercise.events import AddressChange, CodeChange, Emergency, Event, TransponderLost, lasts
from asman.exercise.scenario import Scenario
from asman.exercise.sky import Sky, flight_of, line_of
from asman.kernels.radar import DARK
from asman.units import SECOND_NS

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Said(NamedTuple):
    """What N aircraft say at N times.

    transponder     (N,)  DARK, MODE_AC, MODE_S
    mode_3a         (N,)  what the crew has set
    address         (N,)  ICAO 24-bit
    callsign_index  (N,)  index into `sky.fleet.callsigns`
    no_altitude     (N,)  the encoder of altitudes has failed
    adsb            (N,)  ADS-B is sent
    """

    transponder: Ints
    mode_3a: Ints
    address: Ints
    callsign_index: Ints
    no_altitude: Flags
    adsb: Flags


class Who(NamedTuple):
    """Aircraft that an event is about: a line, and which of its two flights (-1: both)."""

    line: int
    flight: int


def said(scenario: Scenario, sky: Sky, aircraft: Ints, at_ns: Ints) -> Said:
    """What each aircraft (N,), a number from the sky, says at its time (N,) [ns UTC]."""
    line = line_of(aircraft)
    seconds = (at_ns - sky.begin_ns) / SECOND_NS
    lap = (seconds + sky.phase_s[line]) / sky.cycle_s[line]
    answer = Said(
        transponder=sky.equipment[line],
        mode_3a=sky.fleet.mode_3a(aircraft, lap - np.floor(lap)),
        address=sky.fleet.address[line],
        callsign_index=sky.fleet.callsign_index(aircraft),
        no_altitude=np.zeros(line.size, bool),
        adsb=sky.adsb[line],
    )
    for event in scenario.event:
        if isinstance(event, Emergency | TransponderLost | CodeChange | AddressChange):
            about = _about(event, sky, line, flight_of(aircraft), seconds)
            if about.any():
                _apply(event, about, answer)
    return answer


def _about(event: Event, sky: Sky, line: Ints, flight: Ints, seconds: NDArray[np.float64]) -> Flags:
    who = resolve(getattr(event, "who", ""), sky)
    begin, end = lasts(event)
    about = (line == who.line) & (seconds >= begin) & (seconds < end)
    return about if who.flight < 0 else about & (flight % 2 == who.flight)


def _apply(event: Event, about: Flags, answer: Said) -> None:
    """Change what is said, in place."""
    if isinstance(event, Emergency):
        answer.mode_3a[about] = int(event.code, 8)
    elif isinstance(event, CodeChange):
        answer.mode_3a[about] = int(event.mode_3a, 8)
    elif isinstance(event, AddressChange):
        answer.address[about] = event.address
    elif isinstance(event, TransponderLost):
        if event.what == "all":
            answer.transponder[about] = DARK
        if event.what == "altitude":
            answer.no_altitude[about] = True
        else:
            answer.adsb[about] = False


def names_of(sky: Sky) -> list[str]:
    """How events may call each airframe (L,): "flight:ID", or its kind and which of that kind it is."""
    names: list[str] = []
    counts: dict[str, int] = {}
    scripts = {line: name for name, line in sky.scripts.items()}
    for line, kind in enumerate(sky.kinds):
        counts[kind] = counts.get(kind, 0) + 1
        names.append(f"flight:{scripts[line]}" if line in scripts else f"{kind}:{counts[kind]}")
    return names


def resolve(who: str, sky: Sky) -> Who:
    """Find whom an event is about. Raises InputError naming what there is.

    who   "callsign:MBB101", "address:601001", "flight:ID", or "airliner:3", the third of a kind
    """
    name, _, value = who.partition(":")
    if name == "callsign":
        found = [i for i, callsign in enumerate(sky.fleet.callsigns) if callsign == value]
        if found:
            return Who(found[0] // 2, -1 if len(found) > 1 else found[0] % 2)
        raise InputError(f"who: {who}", "nobody has this callsign", nearest(value, sky.fleet.callsigns))
    if name == "address":
        wanted = int(value, 16) if value and all(c in "0123456789abcdefABCDEF" for c in value) else -1
        lines = np.flatnonzero(sky.fleet.address == wanted)
        if lines.size:
            return Who(int(lines[0]), -1)
        raise InputError(f"who: {who}", "nobody has this address", "Write six hexadecimal digits.")
    if name == "flight":
        if value in sky.scripts:
            return Who(sky.scripts[value], -1)
        raise InputError(f"who: {who}", "no scripted flight of this id", nearest(value, list(sky.scripts)))
    lines = [i for i, kind in enumerate(sky.kinds) if kind == name]
    if not lines:
        known = ["callsign", "address", "flight", *dict.fromkeys(sky.kinds)]
        raise InputError(f"who: {who}", f"'{name}' is no kind of aircraft here", nearest(name, known))
    if not value.isdecimal() or not 1 <= int(value) <= len(lines):
        raise InputError(
            f"who: {who}", f"there are {len(lines)} of this kind", f"Write {name}:1 to {name}:{len(lines)}."
        )
    return Who(lines[int(value) - 1], -1)
