"""What happens in an exercise: written in its scenario, or injected by an instructor while it runs.

Every event lasts from `begin_s` to `end_s`, seconds after the exercise's begin; without an end it stays.
`who` names aircraft: "callsign:MBB101", "address:601001", "flight:ID" of a scripted flight, or
"airliner:3", the third airframe of a kind.
"""

from typing import Literal

import msgspec

from asman.exercise.elements import ScriptedFlight


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What all events have."""

    begin_s: float = 0.0
    end_s: float | None = None


class Emergency(_Event, frozen=True, tag="emergency"):
    """A crew squawks 7700 (emergency), 7600 (radio failure) or 7500 (unlawful interference)."""

    who: str
    code: Literal["7700", "7600", "7500"] = "7700"


class TransponderLost(_Event, frozen=True, tag="transponder-lost"):
    """A transponder falls silent: all of it, its altitude, or its ADS-B."""

    who: str
    what: Literal["all", "altitude", "adsb"] = "all"


class CodeChange(_Event, frozen=True, tag="code-change"):
    """Another Mode 3/A code, four octal digits."""

    who: str
    mode_3a: str


class AddressChange(_Event, frozen=True, tag="address-change"):
    """Another 24-bit address: a wrong one, or somebody else's."""

    who: str
    address: int


class Outage(_Event, frozen=True, tag="outage"):
    """A sensor, or its primary or secondary part, says nothing."""

    sensor: str
    part: Literal["all", "psr", "ssr"] = "all"


class GnssJamming(_Event, frozen=True, tag="gnss-jamming"):
    """Satellite navigation is jammed around a place: aircraft there send no position, or one of no integrity.

    radius_m   m   on the ground, at 10 km height; lower aircraft are hit nearer, as their horizon is nearer
    """

    lat_deg: float
    lon_deg: float
    radius_m: float


class SpoofDrift(_Event, frozen=True, tag="spoof-drift"):
    """An aircraft's satellite navigation is led astray: its reports drift off, and look sound."""

    who: str
    east_mps: float = 0.0
    north_mps: float = 0.0


class SpoofCircle(_Event, frozen=True, tag="spoof-circle"):
    """Everybody's satellite navigation around a place shows one other place, as seen since 2023.

    radius_m   m   who is nearer is led astray
    to_lat_deg, to_lon_deg   deg   where they all seem to be, circling
    """

    lat_deg: float
    lon_deg: float
    radius_m: float
    to_lat_deg: float
    to_lon_deg: float


class Ghost(_Event, frozen=True, tag="ghost"):
    """An aircraft that exists in false ADS-B messages only: `flight` says what they claim."""

    flight: ScriptedFlight


class RadarJamming(_Event, frozen=True, tag="radar-jamming"):
    """Noise against primary radars: in its direction range shrinks, and false plots stand in a strobe.

    lat_deg, lon_deg, height_m   where it comes from
    power      1   0 to 10: 1 halves the range in the main beam from 100 km, each further 1 by half again;
                   side lobes hear it 35 dB less, so that 4 halves the range all around
    width_deg  deg of the strobe
    plots_per_scan  1  mean number of false plots in it
    """

    lat_deg: float
    lon_deg: float
    height_m: float = 9_000.0
    power: float = 1.0
    width_deg: float = 3.0
    plots_per_scan: float = 10.0


class Weather(_Event, frozen=True, tag="weather"):
    """A cell of rain or hail: false primary plots in it, weaker detection within and behind.

    east_mps, north_mps   how it drifts
    plots_per_scan        mean number of false plots a scan of a primary radar that sees all of it
    loss             1    share of primary detections lost within it, and behind its whole diameter, of
                          aircraft that are detected as `pd_psr` says; its top is at 8 km
    """

    lat_deg: float
    lon_deg: float
    radius_m: float
    east_mps: float = 0.0
    north_mps: float = 0.0
    plots_per_scan: float = 8.0
    loss: float = 0.2


class Launch(_Event, frozen=True, tag="flight"):
    """A scripted flight that begins `flight.begin_s` after the event's own begin."""

    flight: ScriptedFlight


Event = (
    Emergency | TransponderLost | CodeChange | AddressChange | Outage | GnssJamming | SpoofDrift
    | SpoofCircle | Ghost | RadarJamming | Weather | Launch
)  # fmt: skip


def lasts(event: Event) -> tuple[float, float]:
    """Begin and end [s after the exercise's begin]; an event without end ends at infinity."""
    return event.begin_s, float("inf") if event.end_s is None else event.end_s
