"""Lay out the scenario `continental` (20,000 airframes, 64 radars), which nobody would write by hand.

    .venv/bin/python tools/lay_continental.py      writes src/asman/exercise/scenarios/continental.toml

Real: the airports, whose places the scenario looks up by their indicators. Illustrative: everything else. A
radar stands 3 km from an airport, in a direction that differs from site to site; what it is follows from the
table `SITES` below and from `CLASSES`. Nothing is drawn at random: the same table gives the same file.
"""

import math
from pathlib import Path
from typing import Final, NamedTuple

import airportsdata

from asman.units import FOOT_M

ROOT: Final = Path(__file__).resolve().parent.parent
OUT: Final = ROOT / "src" / "asman" / "exercise" / "scenarios" / "continental.toml"


class Class(NamedTuple):
    """What radars of a class have in common; m, deg, s, 1 a scan."""

    kind: str
    period_s: float
    range_m: float
    sigma_range_m: float
    sigma_azimuth_deg: float
    pd: float
    false_plots: float
    effects: str


CLASSES: Final = {
    "T": Class("modes", 4.0, 250e3, 45, 0.07, 0.97, 8, "psr = true\npsr_range_m = 110e3"),  # terminal area
    "M": Class("modes", 5.0, 370e3, 45, 0.07, 0.97, 3, ""),  # Mode S, medium range
    "L": Class("modes", 10.0, 470e3, 50, 0.08, 0.96, 4, "mast_m = 30.0"),  # Mode S, en route
    "S": Class("ssr", 8.0, 400e3, 60, 0.09, 0.95, 4, "mast_m = 30.0"),  # Mode A/C, en route
    "C": Class("ssr", 6.0, 300e3, 60, 0.09, 0.95, 10, "psr = true\npsr_range_m = 150e3"),  # both, older
    "P": Class("psr", 12.0, 400e3, 90, 0.15, 0.85, 30, "mast_m = 30.0"),  # air defence, primary only
}

#: Member, SAC, and its sites: indicator of the airport nearby, name of the town, class.
SITES: Final = (
    ("KG", 211, "UCFM MANAS T, UCFO OSH C, UCFP KARAKOL L, UAFN NARYN M, UAFT TALAS S, UAFB BATKEN L"),
    ("KZ", 213, """UAAA ALMATY T, UADD TARAZ S, UAII SHYMKENT M, UAOO KYZYLORDA L, UATT AKTOBE M,
        UATE AKTAU M, UATG ATYRAU L, UARR ORAL C, UAUU KOSTANAY S, UACC ASTANA T, UAKK KARAGANDA M,
        UASP PAVLODAR S, UASS SEMEY L, UASK OSKEMEN M,
        UAKD ZHEZKAZGAN L, UAAH BALKHASH P, UAAT TALDYKORGAN M, UATA ARALSK L,
        UACP PETROPAVL C, UAUR ARKALYK S, UASZ ZAISAN M, UAOL BAIKONUR P"""),
    ("RU", 212, """UWWW SAMARA T, UWUU UFA M, USCC CHELYABINSK T, USSS YEKATERINBURG T, UWOO ORENBURG M,
        UWOR ORSK L, UWSG SARATOV C, URWA ASTRAKHAN M, URWW VOLGOGRAD C, UWKD KAZAN M, USTR TYUMEN M,
        UNOO OMSK T, UNNT NOVOSIBIRSK T, UNBB BARNAUL M, USPP PERM S, UWPP PENZA S, USCM MAGNITOGORSK S,
        USUU KURGAN L, UAFW KANT P, USTO TOBOLSK L, UWLL ULYANOVSK C"""),
    ("UZ", 214, """UZTT TASHKENT T, UZSS SAMARKAND M, UZKF FERGANA C, UZNN NUKUS L, UZSB BUKHARA M,
        UZSU UCHKUDUK L, UZST TERMEZ S, UZSK KARSHI P, UZNU URGENCH M, UZNM MUYNAK L"""),
    ("TJ", 215, "UTDD DUSHANBE T, UTDL KHUJAND C, UTDK KULOB L, UTOD KHOROG S, UTDT BOKHTAR M"),
)  # fmt: skip

#: Receivers of ADS-B: indicator, name, by member.
RECEIVERS: Final = {
    "KG": "UCFM MANAS", "KZ": "UACC ASTANA", "RU": "UWWW SAMARA", "UZ": "UZTT TASHKENT",
}  # fmt: skip

#: id, name, first and last address of its block, callsign prefix of its state aircraft.
MEMBERS: Final = (
    ("KG", "Kyrgyzstan", 0x601000, 0x6013FF, "BARS"),
    ("KZ", "Kazakhstan", 0x683000, 0x6833FF, "BERKUT"),
    ("RU", "Russia", 0x150000, 0x15FFFF, "KANT"),
    ("UZ", "Uzbekistan", 0x507C00, 0x507FFF, "LOCHIN"),
    ("TJ", "Tajikistan", 0x515000, 0x5153FF, "SHOHIN"),
)

#: Callsign prefix, first and last address, weight. States of 1024 addresses get no more aircraft than fit.
OPERATORS: Final = (
    ("MBB", 0x601000, 0x6011FF, 1.2), ("AVJ", 0x601200, 0x6013FF, 1.2), ("KZR", 0x683000, 0x6831FF, 1.7),
    ("VSV", 0x683200, 0x6833FF, 1.7), ("UZB", 0x507C00, 0x507FFF, 3.5), ("TJK", 0x515000, 0x5151FF, 1.0),
    ("SMR", 0x515200, 0x5153FF, 1.0), ("TUA", 0x601800, 0x601BFF, 2.0), ("AHY", 0x600800, 0x600BFF, 2.0),
    ("QTR", 0x06A000, 0x06A3FF, 2.5), ("AFL", 0x140000, 0x147FFF, 9), ("SBI", 0x148000, 0x149FFF, 6),
    ("SVR", 0x14A000, 0x14BFFF, 5), ("PBD", 0x14C000, 0x14DFFF, 5), ("UTA", 0x14E000, 0x14FFFF, 4),
    ("THY", 0x4B8000, 0x4BFFFF, 6), ("PGT", 0x4B0000, 0x4B7FFF, 3), ("CSN", 0x780000, 0x787FFF, 8),
    ("CES", 0x788000, 0x78FFFF, 6), ("CCA", 0x790000, 0x797FFF, 6), ("CHH", 0x798000, 0x79FFFF, 4),
    ("CXA", 0x7A0000, 0x7A7FFF, 3), ("UAE", 0x896000, 0x896FFF, 4), ("IRA", 0x730000, 0x737FFF, 3),
    ("DLH", 0x3C0000, 0x3CFFFF, 3), ("BAW", 0x400000, 0x407FFF, 2), ("AFR", 0x390000, 0x397FFF, 2),
    ("KLM", 0x484000, 0x487FFF, 2), ("SIA", 0x768000, 0x76FFFF, 2), ("KAL", 0x718000, 0x71FFFF, 3),
    ("AIC", 0x800000, 0x807FFF, 3), ("PIA", 0x760000, 0x767FFF, 2), ("LOT", 0x488000, 0x48FFFF, 1),
    ("CLX", 0x4D0000, 0x4D03FF, 1),
)  # fmt: skip

#: Airports with traffic: a digit is the weight of those after it. Bases of state aircraft are named apart.
AIRPORTS: Final = """
    4 UCFM UAAA UACC UZTT UWWW USSS UNNT
    3 UCFO UAII UTDD UZSS UWUU USCC UNOO URWW UWKD URWA UTAA OIMM ZWWW USPP USTR OAKB
    2 UADD UATT UATE UATG UAKK UASP UAUU UZKF UZNU UZSB UTDL UWOO UWSG UWKE UWLL UWPP USCM USUU UNBB
    2 ZWSH ZWYN ZWTN ZWAK UTAM UTAT OING OAMS USII UNTT
    1 UCFL UCFP UAAT UAAH UAOO UAKD UASS UASK UACP UARR UATA UAUR UASZ UASA UACK UZNN UZKN UZKA UZST UZSK
    1 UWOR UWLW UWPS UWKB UWKS USTO USHK UNBG UTDK UTDT UTAK UTAV UTAN ZWKM ZWKC ZWTC ZWBL OIMN
    1 OAHR OAUZ OPGT OPCH URWI UAOL UZSU
"""
BASES: Final = {
    "UCFM": "KG", "UAFW": "RU", "USCC": "RU", "UNOO": "RU", "UWWW": "RU", "UAAT": "KZ", "UAKK": "KZ",
    "UASZ": "KZ", "UATE": "KZ", "UZSK": "UZ", "UZTP": "UZ", "UTDD": "TJ",
}  # fmt: skip

HEAD: Final = """\
# Continental: 20,000 airframes of five members and their neighbours under 64 radars, 3000 km each way. The
# scenario for scale: how many plots a second are made, decoded, tracked and scored, and whether one picture
# from the Volga to the Tian Shan and from the Hindu Kush to the Urals holds together.
#
# Real: the airports (places looked up by indicator) and the blocks of 24-bit addresses of states. All else
# is illustrative: no public document says which sensors stand where or how well they measure; SAC/SIC,
# callsigns and who flies what only look familiar. The traffic is three to five times what really flies there,
# so Mode 3/A codes are shared by several aircraft at once, as they are in large real skies.
#
# Laid out by tools/lay_continental.py: change that, and run it.

name = "continental"
title = "Five members from the Volga to the Tian Shan: 20,000 airframes, 64 radars"
seed = 3000
begin = 2026-06-01T06:00:00Z
duration_s = 600.0
area = { west_deg = 46.0, south_deg = 36.0, east_deg = 84.5, north_deg = 59.5 }
"""

TRAFFIC: Final = """
[traffic]
airliners = 9500
overflights = 6800
circuits = 900
helicopters = 600
fast_jets = 380
formations = 30
formation_size = 4
formation_spread_m = 600.0
dark = 250
low_flyers = 1150
drones = 300
ground_min_s = 120.0
ground_max_s = 300.0

[atmosphere]
qnh_hpa = 1012.0
isa_deviation_k = 6.0
"""


def main() -> None:
    """Write the scenario."""
    known = airportsdata.load("ICAO")
    sites = [(m, sac, *site.split()) for m, sac, text in SITES for site in text.split(",")]
    parts = [HEAD, _tables("member", [_member(row) for row in MEMBERS])]
    parts += [_agreements(), _tables("operator", [_operator(row) for row in OPERATORS])]
    parts += [_tables("airport", [_airport(*one) for one in _airports()]), TRAFFIC]
    parts += [_sensor(known, number, *site) for number, site in enumerate(sites)]
    listening = [(m, *one.split()) for m, text in RECEIVERS.items() for one in text.split(",")]
    parts += [_receiver(known, number, *one) for number, one in enumerate(listening)]
    parts += [
        f"[effects.{m}-{name}]\n{CLASSES[letter].effects}\n"
        for m, _, _, name, letter in sites
        if CLASSES[letter].effects
    ]
    OUT.write_text("\n".join(parts), encoding="utf-8")


def _tables(name: str, rows: list[str]) -> str:
    return "\n".join([f"{name} = [", *(f"    {{ {row} }}," for row in rows), "]", ""])


def _member(row: tuple[str, str, int, int, str]) -> str:
    ident, name, first, last, military = row
    return (
        f'id = "{ident}", name = "{name}", address_first = 0x{first:06X}, address_last = 0x{last:06X}, '
        f'military = "{military}"'
    )


def _agreements() -> str:
    return _tables(
        "agreement",
        [
            f'id = "{ident}", parties = ["{one}", "{other}"]'
            for ident, one, other in (
                ("kg-ru-2023", "KG", "RU"), ("ru-kz", "RU", "KZ"), ("ru-tj", "RU", "TJ"),
            )
        ],
    )  # fmt: skip


def _operator(row: tuple[str, int, int, float]) -> str:
    callsign, first, last, weight = row
    return (
        f'callsign = "{callsign}", address_first = 0x{first:06X}, address_last = 0x{last:06X}, '
        f"weight = {weight:g}"
    )


def _airports() -> list[tuple[str, int]]:
    rows: list[tuple[str, int]] = []
    for line in AIRPORTS.split("\n"):
        weight, *names = line.split() or ["0"]
        rows += [(name, int(weight)) for name in names]
    return rows + [(name, 0) for name in BASES if name not in dict(rows)]


def _airport(icao: str, weight: int) -> str:
    # Runways are illustrative: spread over the compass, the same each time.
    runway = sum(ord(letter) * (k + 3) * 17 for k, letter in enumerate(icao)) % 18 * 10
    base = f', base_of = "{BASES[icao]}"' if icao in BASES else ""
    return f'icao = "{icao}", runway_deg = {runway}, traffic = {weight}{base}'


def _sensor(known: dict[str, airportsdata.Airport], number: int, member: str, sac: int, *site: str) -> str:
    icao, name, letter = site
    one = CLASSES[letter]
    lat, lon, height = _beside(known, icao, number)
    return f"""\
[[sensor]]
id = "{member}-{name}"
member = "{member}"
kind = "{one.kind}"
lat_deg = {lat}
lon_deg = {lon}
height_m = {height}
period_s = {one.period_s}
range_max_m = {one.range_m:.0f}
sigma_range_m = {one.sigma_range_m}
sigma_azimuth_deg = {one.sigma_azimuth_deg}
pd = {one.pd}
false_plots_per_scan = {one.false_plots}
sac = {sac}
sic = {number + 1}
"""


def _receiver(known: dict[str, airportsdata.Airport], number: int, member: str, icao: str, name: str) -> str:
    lat, lon, height = _beside(known, icao, number + 7)
    sac = next(sac for owner, sac, _ in SITES if owner == member)
    return f"""\
[[sensor]]
id = "{member}-{name}-ADSB"
member = "{member}"
kind = "adsb"
lat_deg = {lat}
lon_deg = {lon}
height_m = {height}
period_s = 4.0
range_max_m = 400000
sigma_range_m = 10
sigma_azimuth_deg = 0.0
pd = 0.95
false_plots_per_scan = 0
sac = {sac}
sic = {200 + number}
"""


def _beside(known: dict[str, airportsdata.Airport], icao: str, number: int) -> tuple[float, float, int]:
    """Latitude, longitude, height of a hill 3 km from an airport."""
    airport, bearing = known[icao], math.radians(number * 137.5)
    lat = airport["lat"] + 3.0 / 111.2 * math.cos(bearing)
    lon = airport["lon"] + 3.0 / 111.2 * math.sin(bearing) / math.cos(math.radians(lat))
    return round(lat, 3), round(lon, 3), round(airport["elevation"] * FOOT_M) + 35


if __name__ == "__main__":
    main()
