"""What numbers of a scenario can be: degrees, shares, counts, addresses, before anything is laid out.

One table, by the name of the struct and of its key; a value outside is refused with its place in the file,
the limits and what was there. Limits are those of physics and of the formats (a 24-bit address, an octet),
not of taste: what is merely odd is the exercise's own business.
"""

from typing import Any, Final

import msgspec

from asman.errors import InputError, nearest
from asman.exercise.elements import Border

_LAT: Final = (-90.0, 90.0)
_LON: Final = (-180.0, 360.0)
_SHARE: Final = (0.0, 1.0)
_COUNT: Final = (0.0, 1e6)
_ADDRESS: Final = (0.0, float(0xFFFFFF))
_PLACE: Final = {"lat_deg": _LAT, "lon_deg": _LON}
_BLOCK: Final = {"address_first": _ADDRESS, "address_last": _ADDRESS}
_OCTET: Final = (0.0, 255.0)
_ALTITUDE: Final = (-500.0, 50_000.0)

#: Struct -> key -> least and most.
LIMITS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "Scenario": {"seed": (0, 2**63 - 1), "duration_s": (1.0, 31.0 * 86_400.0)},
    "Area": {"west_deg": _LON, "east_deg": _LON, "south_deg": _LAT, "north_deg": _LAT},
    "Member": _BLOCK,
    "Operator": {**_BLOCK, "weight": (0.0, 1e6)},
    "Airport": {
        **_PLACE, "elevation_m": (-500.0, 6_000.0), "runway_deg": (-360.0, 360.0), "traffic": (0.0, 1e6),
    },
    "Traffic": {
        **dict.fromkeys(
            (
                "airliners", "overflights", "circuits", "helicopters", "fast_jets", "formations", "dark",
                "low_flyers", "drones",
            ),
            _COUNT,
        ),
        "formation_size": (1, 100), "formation_spread_m": (1.0, 20_000.0),
        **dict.fromkeys(("mode_ac", "adsb", "duplicate_address", "duplicate_code", "code_change"), _SHARE),
    },
    "Atmosphere": {"qnh_hpa": (850.0, 1_100.0), "isa_deviation_k": (-60.0, 60.0)},
    "Border": {"approaches": _COUNT, "violations": _COUNT, "dark": _SHARE},
    "Waypoint": _PLACE,
    "ScriptedFlight": {
        "altitude_m": _ALTITUDE, "begin_altitude_m": _ALTITUDE, "end_altitude_m": _ALTITUDE,
        "begin_speed_mps": (10.0, 900.0), "end_speed_mps": (10.0, 900.0),
        "address": _ADDRESS, "rcs_m2": (1e-5, 1e5),
    },
    "Recorded": {
        "copies": (1, 100_000), "spread_m": (0.0, 5e6), "gap_s": (1.0, 86_400.0), "repeat_s": (60.0, 1e7),
    },
    "Sensor": {
        **_PLACE, "height_m": (-500.0, 9_000.0),
        "sigma_range_m": (0.0, 1e4), "sigma_azimuth_deg": (0.0, 10.0),
        "false_plots_per_scan": (0.0, 1e5), "sac": _OCTET, "sic": _OCTET,
    },
    "AddressChange": {"address": _ADDRESS},
    "GnssJamming": {**_PLACE, "radius_m": (1.0, 2e6)},
    "SpoofCircle": {**_PLACE, "to_lat_deg": _LAT, "to_lon_deg": _LON, "radius_m": (1.0, 2e6)},
    "SpoofDrift": {"east_mps": (-1e3, 1e3), "north_mps": (-1e3, 1e3)},
}  # fmt: skip


def check_numbers(value: Any, item: str) -> None:
    """Refuse a number outside its limits, here or in anything within. Raises InputError."""
    if isinstance(value, tuple | list):
        for i, one in enumerate(value):
            check_numbers(one, f"{item}[{i}]")
    if not isinstance(value, msgspec.Struct):
        return
    limits = LIMITS.get(type(value).__name__, {})
    for name in value.__struct_fields__:
        one, place = getattr(value, name), f"{item}{'.' if ': ' in item else ': '}{name}"
        if name in limits and one is not None:
            _check(one, limits[name], place)
        else:
            check_numbers(one, place)
    if isinstance(value, Border):
        for i, (lon_deg, lat_deg) in enumerate(value.line):
            mend = "A corner is [lon_deg, lat_deg]: longitude first."
            _check(lon_deg, _LON, f"{item}.line[{i}]", mend)
            _check(lat_deg, _LAT, f"{item}.line[{i}]", mend)


def _check(value: float, limits: tuple[float, float], place: str, mend: str = "Correct it.") -> None:
    least, most = limits
    if not least <= value <= most:
        said = f"0x{int(value):X}" if most == _ADDRESS[1] else f"{value:,.10g}"
        wanted = "0x000000 to 0xFFFFFF" if most == _ADDRESS[1] else f"{least:,.10g} to {most:,.10g}"
        raise InputError(place, f"must be {wanted}, not {said}", mend)


def check_callsign(callsign: str, longest: int, item: str) -> None:
    """Refuse what a transponder cannot send: eight letters and digits (Annex 10 volume IV, 3.1.2.9)."""
    if not (
        0 < len(callsign) <= longest
        and callsign.isascii()
        and callsign.isalnum()
        and callsign == callsign.upper()
    ):
        raise InputError(
            item, f"'{callsign}' is not 1 to {longest} capital letters and digits", "Shorten or correct it."
        )


def check_known(words: tuple[str | None, ...], known: list[str], table: str, item: str) -> None:
    """Refuse a name that no table of the scenario has. None is nobody."""
    for word in words:
        if word is not None and word not in known:
            raise InputError(item, f"no [[{table}]] '{word}'", nearest(word, known))
