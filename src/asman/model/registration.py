"""Registered: what is known of one sensor's systematic errors."""

import msgspec


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """Biases as added by the sensor to what it says, each with its standard deviation; what was measured and
    what sensors.toml said beforehand together.

    range_m, range_sigma_m          m    None: no radar
    range_gain, range_gain_sigma    1    share of the range that is added to it
    azimuth_deg, azimuth_sigma_deg  deg
    time_s, time_sigma_s            s    added to every time stamp; a report whose position is old counts, too
    used                            1    straight flights compared with other sensors; 0: all is prior
    blamed                          1    those that did not fit because of this sensor, or were not cleared
    restarts                        1    how often it had changed, so that all was learnt anew
    """

    sensor: str
    range_m: float | None = None
    range_sigma_m: float | None = None
    range_gain: float | None = None
    range_gain_sigma: float | None = None
    azimuth_deg: float | None = None
    azimuth_sigma_deg: float | None = None
    time_s: float
    time_sigma_s: float
    used: int
    blamed: int
    restarts: int
