"""A release guard for reading: one row, one recipient, straight from the documents, nothing compiled.

It shares no code with the guard but the nouns and `standing`. Places are exact fractions.
"""

import datetime
import math
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

DEGREE_M = 6_371_008.8 * math.pi / 180.0
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Row(NamedTuple):
    lon: float
    lat: float
    altitude: float
    time_ns: int
    what: str
    code: str
    identity: str
    category: str
    simulated: bool


def even_odd(lon: float, lat: float, rings: Any) -> bool:
    x, y = Fraction(lon) * 10**7, Fraction(lat) * 10**7
    inside = False
    for ring in rings:
        for (x0, y0), (x1, y1) in pairwise(ring):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * Fraction(x1 - x0, y1 - y0):
                inside = not inside
    return inside


def metres(lon: float, lat: float, rings: Any) -> float:
    """To the nearest edge, on the plane that touches the earth here; the edges a turn away count, too."""
    best = math.inf
    for ring in rings:
        flat = [
            [
                ((x / 1e7 - lon + turn) * math.cos(math.radians(lat)) * DEGREE_M, (y / 1e7 - lat) * DEGREE_M)
                for x, y in ring
            ]
            for turn in (-360.0, 0.0, 360.0)
        ]
        for one in flat:
            for (ax, ay), (bx, by) in pairwise(one):
                best = min(best, to_segment(complex(ax, ay), complex(bx, by)))
    return best


def to_segment(a: complex, b: complex) -> float:
    """From the origin; by turning the segment onto the real axis."""
    if a == b:
        return abs(a)
    turned = -a / (b - a) * abs(b - a)
    beyond = max(-turned.real, turned.real - abs(b - a), 0.0)
    return math.hypot(beyond, turned.imag)


def on_edge(row: Row, agreement: Any) -> bool:
    """Within a millimetre of an edge, or of a buffer's: there the spelling of a number decides."""
    if math.isnan(row.lon + row.lat):
        return False
    for one in agreement.terms.volume:
        away_m = metres(row.lon, row.lat, agreement.areas[one.id])
        if away_m < 1e-3 or abs(away_m - one.buffer_m) < 1e-3:
            return True
    return False


def moment(ns: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=ns // 10**9)


def counts(volume: Any, ns: int) -> bool:
    at = moment(ns)
    if (volume.begins and at.date() < volume.begins) or (volume.ends and at.date() > volume.ends):
        return False
    if not volume.schedule:
        return True
    clock = at.strftime("%H:%M")
    for one in volume.schedule:
        today, yesterday = DAYS[at.weekday()], DAYS[at.weekday() - 1]
        if one.begins < one.ends:
            if today in one.days and one.begins <= clock < one.ends:
                return True
        elif (today in one.days and clock >= one.begins) or (yesterday in one.days and clock < one.ends):
            return True
    return False


def within(agreement: Any, name: str, row: Row, *, surely: bool) -> bool:
    if name == "everywhere":
        return True
    volume = next(one for one in agreement.terms.volume if one.id == name)
    if math.isnan(row.lon + row.lat):
        return not surely
    if not counts(volume, row.time_ns):
        return False
    if math.isnan(row.altitude):
        if surely and volume.without_altitude == "outside":
            return False
    elif row.altitude >= volume.ceiling_m or (volume.floor_m > 0 and row.altitude < volume.floor_m):
        return False
    rings = agreement.areas[name]
    return even_odd(row.lon, row.lat, rings) or (
        volume.buffer_m > 0 and metres(row.lon, row.lat, rings) <= volume.buffer_m
    )


def is_about(agreement: Any, rule: Any, row: Row, *, exclusion: bool) -> bool:
    if agreement.terms.agreement.exercise and not row.simulated:
        return False
    if not (row.what in rule.what or (exclusion and not rule.what)):
        return False
    if rule.identity and row.identity not in rule.identity:
        return False
    if rule.category and row.category not in rule.category:
        return False
    return exclusion or not rule.codes or row.what != "warnings" or row.code in rule.codes


def decide(
    agreements: Any, giver: str, recipient: str, onward: str, row: Row, now_ns: int
) -> tuple[str, set[str]]:
    """`agreements` are (agreement, standing); returns the reason and the clauses that govern."""
    live = granted = placed = bound = False
    excepted = restricted = False
    wait_s = 0.0
    governing: set[str] = set()
    for agreement, standing in agreements:
        if not {giver, recipient} <= set(agreement.parties) or not standing.binds(giver, recipient):
            continue
        for number, grant in enumerate(agreement.terms.grant, 1):
            if grant.giver != giver or recipient not in grant.to:
                continue
            bound = True
            gives = standing.flows(giver, recipient) and (not onward or onward in grant.onward)
            about = is_about(agreement, grant, row, exclusion=False)
            here = within(agreement, grant.where, row, surely=True)
            live |= gives
            granted |= gives and about
            placed |= gives and about and here
            if about and here:
                governing.add(f"{agreement.id} grant {number}")
                wait_s = max(wait_s, grant.delay_s)
            if row.what in grant.what and here:
                excepted |= row.identity in grant.except_identity or row.category in grant.except_category
            if about:
                restricted |= any(within(agreement, one, row, surely=False) for one in grant.except_where)
        for one in agreement.terms.exclusion:
            if one.giver not in (giver, "") or (one.to and recipient not in one.to):
                continue
            bound = True
            if is_about(agreement, one, row, exclusion=True):
                restricted |= within(agreement, one.where, row, surely=False)
    if not live:
        return ("SUSPENDED" if bound else "NO_AGREEMENT"), governing
    if not granted:
        return "NOT_GRANTED", governing
    if not placed:
        return ("NO_PLACE" if math.isnan(row.lon + row.lat) else "OUTSIDE"), governing
    if excepted:
        return "EXCEPTED", governing
    if restricted:
        return "RESTRICTED", governing
    if row.time_ns + round(wait_s * 1e9) > now_ns:
        return "DELAYED", governing
    return "RELEASED", governing
