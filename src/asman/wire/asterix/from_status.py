"""How sensors do, as CAT063 records: what a system tells its users of the sensors behind its tracks.

The columns are those of docs/reference/decoded-tables.md. Registered biases are what the sensor adds, as the
items want it. A bias that an item cannot say is left out.

Source: EUROCONTROL CAT063, edition 1.6 (as 1.7 but for names).
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from asman.model.registration import Registered
from asman.units import NAUTICAL_MILE_M
from asman.wire.asterix.from_tracks import Source, time_of_day_s

CAT063_EDITION: Final = "1.6"
#: I060/CON.
_CONDITIONS: Final = {"operational": 0, "degraded": 1, "initialising": 2, "disconnected": 3}
#: What 16 bits with sign say of each bias, in steps of the item.
_STEPS: Final = 32_767
_GAIN_STEP, _RANGE_STEP_NM, _AZIMUTH_STEP_DEG = 1e-5, 1 / 128, 360 / 65_536

Condition = Literal["operational", "degraded", "initialising", "disconnected"]


class SensorStatus(NamedTuple):
    """One sensor: its codes, its kind as in sensors.toml, how it does, what is known of its biases."""

    sac: int
    sic: int
    kind: str
    condition: Condition
    biases: Registered | None = None


def cat063(time_ns: int, source: Source, sensors: Sequence[SensorStatus]) -> pa.Table:
    """One record a sensor."""
    count = len(sensors)
    known = [one.biases if one.biases is not None and one.biases.used else None for one in sensors]
    primary = [one.kind == "psr" for one in sensors]
    gain = [_within(None if one is None else one.range_gain, _GAIN_STEP) for one in known]
    range_nm = [
        _within(None if one is None or one.range_m is None else one.range_m / NAUTICAL_MILE_M, _RANGE_STEP_NM)
        for one in known
    ]
    azimuth = [_within(None if one is None else one.azimuth_deg, _AZIMUTH_STEP_DEG) for one in known]
    late = [_within(None if one is None else one.time_s * 1000.0, 1.0) for one in known]
    # Gain and bias are one item: where only one is known the other is 0.
    both = [a is not None and b is not None for a, b in zip(gain, range_nm, strict=True)]

    def of(values: Sequence[float | None], which: bool) -> pa.Array:
        rows = zip(values, primary, both, strict=True)
        return pa.array([one if there and which == is_primary else None for one, is_primary, there in rows])

    def turned(which: bool) -> pa.Array:
        rows = zip(azimuth, primary, strict=True)
        return pa.array([one if which == is_primary else None for one, is_primary in rows], pa.float64())

    return pa.table(
        {
            "I010/SAC": pa.array([source.sac] * count, pa.int64()),
            "I010/SIC": pa.array([source.sic] * count, pa.int64()),
            "I015": pa.array([source.service] * count, pa.int64()),
            "I030_s": time_of_day_s(np.full(count, time_ns, np.int64)),
            "I050/SAC": pa.array([one.sac for one in sensors], pa.int64()),
            "I050/SIC": pa.array([one.sic for one in sensors], pa.int64()),
            "I060/CON": pa.array([_CONDITIONS[one.condition] for one in sensors], pa.int64()),
            "I070_ms": pa.array(late, pa.float64()),
            "I080/SRG": of(gain, False).cast(pa.float64()),
            "I080/SRB_NM": of(range_nm, False).cast(pa.float64()),
            "I081_deg": turned(False),
            "I090/PRG": of(gain, True).cast(pa.float64()),
            "I090/PRB_NM": of(range_nm, True).cast(pa.float64()),
            "I091_deg": turned(True),
        }
    )


def _within(value: float | None, step: float) -> float | None:
    """A bias that its item can say, or None."""
    return value if value is not None and abs(value) <= _STEPS * step else None
