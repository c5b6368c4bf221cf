"""Warnings as CAT004 records, where the category has a message of the same meaning; the others are counted.

    code                    I004/000
    AIRSPACE_VIOLATION      99  airspace infringement warning (AIW)
    AIRSPACE_APPROACH       99  the same, predicted (CN/AIW)
    ADIZ_NONCONFORMANCE      5  area proximity warning (APW)
    ROUTE_DEVIATION          3  route adherence monitor (RAMHD)
    TRACK_LOST              97  lost track warning (LTW)

Source: EUROCONTROL CAT004, edition 1.12, items I004/000, 020, 030, 040, 060, 120.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from asman.wire.asterix.from_tracks import NUMBERS, Source, time_of_day_s

CAT004_EDITION: Final = "1.12"
ALIVE: Final = 1
#: warning code -> (message type, predicted)
MESSAGES: Final = {
    "AIRSPACE_VIOLATION": (99, False),
    "AIRSPACE_APPROACH": (99, True),
    "ADIZ_NONCONFORMANCE": (5, False),
    "ROUTE_DEVIATION": (3, False),
    "TRACK_LOST": (97, False),
}


class Told(NamedTuple):
    """A warning: when, its number, its code (`asman.model.warning`), the 16-bit number of its track."""

    time_ns: int
    number: int
    code: str
    track: int | None = None


class Alerts(NamedTuple):
    """CAT004 records, and codes that the category cannot say -> how many."""

    table: pa.Table
    unsaid: dict[str, int]


def cat004(warnings: Sequence[Told], source: Source) -> Alerts:
    """One record a warning that can be said; alert numbers are the warnings' own, modulo 65,536."""
    told = [one for one in warnings if one.code in MESSAGES]
    unsaid: dict[str, int] = {}
    for one in warnings:
        if one.code not in MESSAGES:
            unsaid[one.code] = unsaid.get(one.code, 0) + 1
    kinds = [MESSAGES[one.code] for one in told]
    table = pa.table(
        {
            **_heads(source, np.array([one.time_ns for one in told], np.int64), [kind for kind, _ in kinds]),
            "I040": pa.array([one.number % NUMBERS for one in told], pa.int64()),
            "I030": pa.array([one.track for one in told], pa.int64()),
            "I120/CN/AIW": pa.array([1 if early else None for _, early in kinds], pa.int64()),
        }
    )
    return Alerts(table, unsaid)


def cat004_alive(time_ns: int, source: Source, *, degraded: bool) -> pa.Table:
    """One alive message, with the functions that the codes above stand for."""
    said = {
        f"I060/{name}": pa.array([int(on)], pa.int64())
        for name, on in (("RAMHD", True), ("APW", True), ("AIW", True), ("PAIW", True), ("LTW", True))
    }
    return pa.table(
        {
            **_heads(source, np.array([time_ns], np.int64), [ALIVE]),
            **said,
            "I060/DG": pa.array([int(degraded)], pa.int64()),
        }
    )


def _heads(source: Source, time_ns: np.ndarray, kinds: list[int]) -> dict[str, pa.Array]:
    count = len(kinds)
    return {
        "I010/SAC": pa.array([source.sac] * count, pa.int64()),
        "I010/SIC": pa.array([source.sic] * count, pa.int64()),
        "I000": pa.array(kinds, pa.int64()),
        "I020_s": time_of_day_s(time_ns),
    }
