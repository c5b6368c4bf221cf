"""Reports as tables: PLOTS, and what aircraft say of the quality of what they say.

Quality follows from the error that is meant: NACp is the best class whose 95 % radius holds 2.45 sigma, NIC
that of 20 sigma, because receivers guarantee far less than they have. An aircraft without satellite
navigation claims nothing (0).

Sources: RTCA DO-260B, 2.2.3.2.7.2 (NACp, NACv, SIL), tables 2-70 (NIC) and 2-84 (emergency); ICAO Doc 9871.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.identities import Said
from asman.exercise.listeners import Ghosts
from asman.exercise.scenario import Scenario
from asman.exercise.sky import Sky
from asman.kernels import navigation as nav
from asman.kernels import reports as rep
from asman.kernels.motion import LINES_MAX
from asman.kernels.radar import DARK, MODE_S
from asman.model.plots import PLOTS, TIME

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: 95 % radius [m] of each NACp, and containment radius [m] of each NIC, from 0 up; 0 claims nothing.
_EPU_M: Final = (math.inf, 18520.0, 7408.0, 3704.0, 1852.0, 926.0, 555.6, 185.2, 92.6, 30.0, 10.0, 3.0)
_NIC_M: Final = (
    math.inf, 37040.0, 14816.0, 7408.0, 3704.0, 1852.0, 1111.2, 370.4, 185.2, 75.0, 25.0, 7.5,
)  # fmt: skip
#: 95 % error of velocity [m/s] of each NACv.
_NACV_MPS: Final = (math.inf, 10.0, 3.0, 1.0, 0.3)
#: Few installations claim a better velocity than this.
_NACV_MAX: Final = 2
#: Radius of 95 % of a circular normal distribution, in standard deviations of one axis.
_SIGMAS_95: Final = math.sqrt(-2.0 * math.log(0.05))
#: What a receiver guarantees against what it has: containment over sigma.
_SIGMAS_NIC: Final = 20.0
#: Emergency state (DO-260B, table 2-84) of the codes that have one.
EMERGENCIES: Final = {0o7500: 5, 0o7600: 4, 0o7700: 1}

QUALITY: Final = pa.schema(
    [
        pa.field("nic", pa.int8(), metadata={"meaning": "navigation integrity category; null: no ADS-B"}),
        pa.field("nacp", pa.int8(), metadata={"meaning": "accuracy category of position"}),
        pa.field("nacv", pa.int8(), metadata={"meaning": "accuracy category of velocity"}),
        pa.field("sil", pa.int8(), metadata={"meaning": "source integrity level"}),
        pa.field("version", pa.int8(), metadata={"meaning": "of ADS-B; 2 is DO-260B"}),
        pa.field("emergency", pa.int8(), metadata={"meaning": "0 none, 1 general, 4 radio, 5 interference"}),
        pa.field("kind", pa.dictionary(pa.int32(), pa.string()), metadata={"meaning": "of aircraft"}),
        pa.field("transponder", pa.int8(), metadata={"meaning": "0 none (a ghost), 1 Mode A/C, 2 Mode S"}),
        pa.field("received", TIME, metadata={"meaning": "when the message came in, as the sensor stamps it"}),
        pa.field("sigma_e_m", pa.float64(), metadata={"meaning": "mlat: standard deviation east"}),
        pa.field("sigma_n_m", pa.float64(), metadata={"meaning": "mlat: standard deviation north"}),
        pa.field("cov_en_m2", pa.float64(), metadata={"meaning": "mlat: covariance"}),
    ]
)


class Rows(NamedTuple):
    """What kernels wrote: (N, REPORT_INTS) and (N, REPORT_FLOATS)."""

    ints: Ints
    floats: Floats

    def take(self, index: Ints | Flags) -> "Rows":
        """Some rows."""
        return Rows(self.ints[index], self.floats[index])


def classes(scenario: Scenario) -> dict[str, Ints]:
    """NIC, NACp, NACv, SIL of each sensor (its index) and trust: tables (S, 4), by name.

    They depend on the sensor only where its effects differ from the default's: the error belongs to aircraft.
    """
    tables = {name: np.zeros((len(scenario.sensor), 4), np.int64) for name in ("nic", "nacp", "nacv", "sil")}
    for index, sensor in enumerate(scenario.sensor):
        effects = scenario.effects_of(sensor.id)
        for trust, factor in ((nav.GOOD, 1.0), (nav.POOR_ONE, nav.POOR_FACTOR)):
            sigma = effects.gnss_sigma_m * factor
            speed = math.hypot(sigma * 2.0 * math.pi / max(effects.gnss_period_s, 1.0), rep.KNOT_MPS / 3.46)
            tables["nic"][index, trust] = _class(_NIC_M, _SIGMAS_NIC * sigma)
            tables["nacp"][index, trust] = _class(_EPU_M, _SIGMAS_95 * sigma)
            tables["nacv"][index, trust] = min(_class(_NACV_MPS, _SIGMAS_95 * speed), _NACV_MAX)
            tables["sil"][index, trust] = 3
    return tables


def _class(radii: tuple[float, ...], value: float) -> int:
    """The highest class whose radius holds a value."""
    return max(i for i, radius in enumerate(radii) if value < radius)


def make_quality(
    scenario: Scenario, sky: Sky, lost: Ghosts, rows: Rows, who: Said, located: Flags
) -> pa.Table:
    """QUALITY rows."""
    sensor, trust = rows.ints[:, rep.SENSOR], rows.ints[:, rep.TRUST]
    by_name = {
        name: pa.array(table[sensor, trust].astype(np.int8), mask=located)
        for name, table in classes(scenario).items()
    }
    kinds = (*sky.kinds, *lost.kinds)
    names = list(dict.fromkeys(kinds))
    number = np.array([names.index(kind) for kind in kinds], np.int32)
    line = rows.ints[:, rep.WHO]
    line = np.where(line >= LINES_MAX, line - LINES_MAX + len(sky.kinds), line)
    filled = {
        **by_name,
        "version": pa.array(np.full(line.size, 2, np.int8), mask=located),
        "emergency": pa.array(emergency(who.mode_3a).astype(np.int8)),
        "kind": pa.DictionaryArray.from_arrays(pa.array(number[line]), pa.array(names, pa.string())),
        "transponder": pa.array(
            np.where(rows.ints[:, rep.AIRCRAFT] < 0, DARK, who.transponder).astype(np.int8)
        ),
        "received": pa.array(rows.ints[:, rep.STAMP], pa.int64()).cast(TIME),
        "sigma_e_m": pa.array(np.sqrt(rows.floats[:, rep.VAR_E]), mask=~located),
        "sigma_n_m": pa.array(np.sqrt(rows.floats[:, rep.VAR_N]), mask=~located),
        "cov_en_m2": pa.array(rows.floats[:, rep.COV_EN].copy(), mask=~located),
    }
    return pa.Table.from_arrays([filled[field.name] for field in QUALITY], schema=QUALITY)


def emergency(mode_3a: Ints) -> Ints:
    """Emergency state of each Mode 3/A code."""
    out = np.zeros(mode_3a.size, np.int64)
    for code, state in EMERGENCIES.items():
        out[mode_3a == code] = state
    return out


def make_plots(
    scenario: Scenario, sky: Sky, lost: Ghosts, rows: Rows, who: Said, located: Flags, quality: pa.Table
) -> pa.Table:
    """PLOTS rows; `quality` are the rows of `make_quality` of the same reports."""
    count = located.size
    floats = rows.floats
    # Mode A/C answers with a code and a height, and with nothing that names.
    nameless = who.transponder != MODE_S
    callsigns = pa.DictionaryArray.from_arrays(
        pa.array(who.callsign_index, pa.int32(), mask=nameless),
        pa.array([*sky.fleet.callsigns, *lost.callsign], pa.string()),
    )
    yes = pa.array(np.ones(count, bool))
    filled = {
        "time": quality["received"].combine_chunks(),
        "sensor": pa.DictionaryArray.from_arrays(
            pa.array(rows.ints[:, rep.SENSOR], pa.int32()),
            pa.array([sensor.id for sensor in scenario.sensor], pa.string()),
        ),
        "lat_deg": pa.array(floats[:, rep.LAT].copy()),
        "lon_deg": pa.array(floats[:, rep.LON].copy()),
        "pressure_altitude_m": pa.array(floats[:, rep.PRESSURE].copy(), mask=who.no_altitude),
        # Sent as its difference from the pressure altitude: without one there is no other.
        "geometric_altitude_m": pa.array(floats[:, rep.GEOMETRIC].copy(), mask=located | who.no_altitude),
        "mode_3a": pa.array(who.mode_3a.astype(np.int16)),
        "address": pa.array(who.address.astype(np.int32), mask=nameless),
        "callsign": callsigns.cast(pa.string()),
        "detection": pa.DictionaryArray.from_arrays(
            pa.array(located.astype(np.int32)), pa.array(["adsb", "mlat"])
        ),
        # CAT021 has no word on validity.
        "mode_3a_valid": pa.array(np.ones(count, bool), mask=~located),
        "altitude_valid": pa.array(np.ones(count, bool), mask=~located | who.no_altitude),
        "sigma_m": _sigma(quality, located),
        **_axes(quality, located),
        "velocity_sigma_mps": _velocity_sigma(quality, located),
        "containment_m": pa.array(_radius(quality["nic"], _NIC_M), mask=located),
        "vn_mps": pa.array(floats[:, rep.NORTH].copy(), mask=located),
        "ve_mps": pa.array(floats[:, rep.EAST].copy(), mask=located),
        "climb_mps": pa.array(floats[:, rep.UP].copy(), mask=located),
        "on_ground": pa.array(np.zeros(count, bool)),
        "simulated": yes,
        "field_monitor": pa.array(np.zeros(count, bool)),
        "category": pa.array(np.where(located, 20, 21).astype(np.int16)),
    }
    return pa.Table.from_arrays(
        [filled[field.name] if field.name in filled else pa.nulls(count, field.type) for field in PLOTS],
        schema=PLOTS,
    )


def _radius(category: pa.ChunkedArray, radii: tuple[float, ...]) -> Floats:
    return np.array(radii)[category.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)]


def stepped(sigma_m: Floats) -> Floats:
    """In the steps of CAT020 I500/SDP, at most what it can say."""
    return np.minimum(np.rint(sigma_m * 4.0) / 4.0, 16_383.75)


def _axes(quality: pa.Table, located: Flags) -> dict[str, pa.Array]:
    """Standard deviations east and north and the covariance, as CAT020 tells them."""
    e, n = (stepped(quality[name].to_numpy()) for name in ("sigma_e_m", "sigma_n_m"))
    covariance = quality["cov_en_m2"].to_numpy()
    root = np.rint(np.sqrt(np.abs(covariance)) * 4.0) / 4.0
    return {
        "sigma_e_m": pa.array(e, mask=~located),
        "sigma_n_m": pa.array(n, mask=~located),
        "cov_en_m2": pa.array(np.copysign(root * root, covariance), mask=~located),
    }


def _velocity_sigma(quality: pa.Table, located: Flags) -> pa.Array:
    """Standard deviation per axis of the class of NACv."""
    sigma = _radius(quality["nacv"], _NACV_MPS) / _SIGMAS_95
    return pa.array(sigma, mask=located | ~np.isfinite(sigma))


def _sigma(quality: pa.Table, located: Flags) -> pa.Array:
    """Standard deviation per axis as reported: of the class of NACp, or of the geometry in 0.25 m."""
    of_class = _radius(quality["nacp"], _EPU_M) / _SIGMAS_95
    e, n = (stepped(quality[name].to_numpy()) for name in ("sigma_e_m", "sigma_n_m"))
    sigma = np.where(located, np.sqrt((e * e + n * n) / 2.0), of_class)
    return pa.array(sigma, mask=~np.isfinite(sigma))
