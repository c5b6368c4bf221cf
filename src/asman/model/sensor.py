"""A sensor: where it stands, how it turns, how well it measures."""

from typing import Literal

import msgspec

SensorKind = Literal["psr", "ssr", "modes", "adsb", "mlat"]
RADAR_KINDS: tuple[SensorKind, ...] = ("psr", "ssr", "modes")


class Bias(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known beforehand of a sensor's systematic errors, to be subtracted from what it says.

    range_m      m     added to every range by the sensor
    azimuth_deg  deg   added to every azimuth by the sensor
    time_s       s     added to every time stamp by the sensor
    """

    range_m: float = 0.0
    azimuth_deg: float = 0.0
    time_s: float = 0.0


class Sensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `[[sensor]]` of a sensors.toml.

    id                    unique name
    member                the state that owns it
    kind                  psr, ssr, modes (rotating radars), adsb, mlat
    lat_deg, lon_deg      deg   WGS-84 position of the antenna
    height_m              m     antenna above the WGS-84 ellipsoid
    period_s              s     rotation, or report interval of adsb and mlat
    range_max_m           m     instrumented range
    sigma_range_m         m     standard deviation in range; of the position per axis for adsb and mlat
    sigma_azimuth_deg     deg   standard deviation in azimuth; 0 for adsb and mlat
    pd                    1     probability of detection a scan
    false_plots_per_scan  1     mean number of plots a scan that come from no aircraft
    sac, sic              1     ASTERIX system area and identification codes
    asterix_edition       category ("048") -> edition ("1.32"), where pinned
    bias                  prior systematic errors
    """

    id: str
    lat_deg: float
    lon_deg: float
    member: str = "XX"
    kind: SensorKind = "modes"
    height_m: float = 0.0
    period_s: float = 4.0
    range_max_m: float = 470_000.0
    sigma_range_m: float = 50.0
    sigma_azimuth_deg: float = 0.08
    pd: float = 0.95
    false_plots_per_scan: float = 5.0
    sac: int | None = None
    sic: int | None = None
    asterix_edition: dict[str, str] = {}
    bias: Bias = Bias()


Sensors = tuple[Sensor, ...]
