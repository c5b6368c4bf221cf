"""An independent reader of Mode S messages for tests: plain Python, bit by bit, from the published formulae.

Sources: J. Sun, "The 1090 Megahertz Riddle", 2nd edition; ICAO Annex 10 Vol IV.
"""

import math

KNOT, FOOT, FPM = 1852 / 3600, 0.3048, 0.3048 / 60
LETTERS = "?ABCDEFGHIJKLMNOPQRSTUVWXYZ????? ???????????????0123456789??????"


def remainder(octets: bytes) -> int:
    """Long division by the generator, one bit after another, parity included."""
    number, size = int.from_bytes(octets), 8 * len(octets)
    for place in range(size - 1, 23, -1):
        if number >> place & 1:
            number ^= 0x1FFF409 << (place - 24)
    return number


def bits(octets: bytes, first: int, last: int) -> int:
    """Bits `first` to `last`, counted from 1."""
    return int.from_bytes(octets) >> (8 * len(octets) - last) & ((1 << (last - first + 1)) - 1)


def me(octets: bytes, first: int, last: int) -> int:
    """Bits of an extended squitter's message."""
    return bits(octets, 32 + first, 32 + last)


def zones(lat_deg: float) -> int:
    """NL, by its closed formula."""
    if abs(lat_deg) == 87:
        return 2
    if abs(lat_deg) > 87:
        return 1
    part = 1 - (1 - math.cos(math.pi / 30)) / math.cos(math.radians(lat_deg)) ** 2
    return math.floor(2 * math.pi / math.acos(part))


def global_position(even: int, odd: int, last_odd: bool) -> tuple[float, float] | None:
    """Position of the later of two messages (34 bits of CPR each); None if they lie in different zones."""
    half = 1 << 17
    lat_e, lon_e, lat_o, lon_o = ((code >> s) % half / half for code in (even, odd) for s in (17, 0))
    j = math.floor(59 * lat_e - 60 * lat_o + 0.5)
    lat = [6 * (j % 60 + lat_e), 360 / 59 * (j % 59 + lat_o)]
    lat = [one - 360 if one >= 270 else one for one in lat]
    if zones(lat[0]) != zones(lat[1]):
        return None
    nl = zones(lat[0])
    m = math.floor(lon_e * (nl - 1) - lon_o * nl + 0.5)
    count = max(nl - last_odd, 1)
    lon = 360 / count * (m % count + (lon_o if last_odd else lon_e))
    return lat[last_odd], (lon + 180) % 360 - 180


def surface_position(even: int, odd: int, last_odd: bool, near: tuple[float, float]):
    """Position on the ground nearest to one that is known; None if the messages lie in different zones."""
    found = []
    for shift in (0, -90):
        # The southern solution has its own zones of longitude.
        half = 1 << 17
        lat_e, lon_e, lat_o, lon_o = ((code >> s) % half / half for code in (even, odd) for s in (17, 0))
        j = math.floor(59 * lat_e - 60 * lat_o + 0.5)
        lat = [1.5 * (j % 60 + lat_e) + shift, 90 / 59 * (j % 59 + lat_o) + shift]
        if zones(lat[0]) != zones(lat[1]):
            continue
        nl = zones(lat[0])
        m = math.floor(lon_e * (nl - 1) - lon_o * nl + 0.5)
        count = max(nl - last_odd, 1)
        lon = 90 / count * (m % count + (lon_o if last_odd else lon_e))
        found += [(lat[last_odd], (lon + quarter + 180) % 360 - 180) for quarter in (0, 90, 180, 270)]
    return min(found, key=lambda one: distance_m(one, near), default=None)


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance on a sphere of the greatest radius, from the chord."""

    def unit(at):
        lat, lon = map(math.radians, at)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    return 2 * 6_378_137 * math.asin(min(1, math.dist(unit(a), unit(b)) / 2))


def squawk(code: int) -> int:
    """The 13 bits of an identity reply as a 12-bit Mode 3/A code."""
    c1, a1, c2, a2, c4, a4, _, b1, d1, b2, d2, b4, d4 = (code >> k & 1 for k in range(12, -1, -1))
    digits = [4 * a4 + 2 * a2 + a1, 4 * b4 + 2 * b2 + b1, 4 * c4 + 2 * c2 + c1, 4 * d4 + 2 * d2 + d1]
    return int("".join(map(str, digits)), 8)


def altitude_ft(code: int) -> int | None:
    """The 13 bits of an altitude reply in feet; None for none, metres and what is no code."""
    if code == 0 or code & 0x40:
        return None
    if code & 0x10:
        return 25 * (code >> 7 << 5 | (code >> 5 & 1) << 4 | code & 15) - 1000
    c1, a1, c2, a2, c4, a4, _, b1, _, b2, d2, b4, d4 = (code >> k & 1 for k in range(12, -1, -1))
    fives = 0
    for bit in (d2, d4, a1, a2, a4, b1, b2, b4):
        fives = fives << 1 | (bit ^ (fives & 1))
    ones = {1: 0, 3: 1, 2: 2, 6: 3, 4: 4}.get(4 * c1 + 2 * c2 + c4)
    if ones is None:
        return None
    return 500 * fives + 100 * (4 - ones if fives & 1 else ones) - 1200


def altitude_12_ft(code: int) -> int | None:
    """The 12 bits of a squitter's altitude in feet."""
    return altitude_ft(code >> 6 << 7 | code & 0x3F)


def callsign(code: int) -> str:
    return "".join(LETTERS[code >> k & 63] for k in range(42, -1, -6))


def signed(size_bits: int, first: bool, step: float) -> float | None:
    """A size counted from 1, with its sign apart; None for 0; -0.0 is told from 0.0."""
    return None if size_bits == 0 else (-1.0 if first else 1.0) * (size_bits - 1) * step
