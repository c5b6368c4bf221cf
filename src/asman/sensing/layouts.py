"""Where each category keeps what a plot needs.

Sources: EUROCONTROL-SPEC-0149, parts 2a (CAT001), 4 (CAT048), 7 (CAT010), 12 (CAT021), 14 (CAT020), in the
editions that the decoder reads; item and value names are theirs.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.vectors import components
from asman.sensing.arrow import column as as_column
from asman.sensing.arrow import from_floats, pc, split, to_floats
from asman.sensing.records import Records
from asman.sensing.reports import ADSB, MLAT, MODES, MODES_PSR, PSR, SSR, SSR_PSR, UNKNOWN, Bools, Layout

Codes = NDArray[np.int32]
Refusals = list[tuple[str, Bools]]

#: CAT048 I020/TYP -> detection; 0 is "no detection".
_CAT048_TYPES: Final = (UNKNOWN, PSR, SSR, SSR_PSR, MODES, MODES, MODES_PSR, MODES_PSR)
#: CAT001 I020/SSRPSR -> detection; 0 is "no detection".
_CAT001_TYPES: Final = (UNKNOWN, PSR, SSR, SSR_PSR)
#: CAT010 I020/TYP -> detection; magnetic loops and "other" have no word of their own.
_CAT010_TYPES: Final = (MLAT, MLAT, ADSB, PSR, UNKNOWN, MLAT, UNKNOWN, UNKNOWN)
#: CAT048, CAT020 I230/STAT: "no alert, no SPI, aircraft airborne / on ground" and the same with alert.
_AIRBORNE: Final = (0, 2)
_ON_GROUND: Final = (1, 3)

#: Radius [m] that holds the position with 95 % (EPU), by NACp; ICAO Doc 9871, table of NACp. 0: unknown.
_EPU_M: Final = (math.nan, 18520.0, 7408.0, 3704.0, 1852.0, 926.0, 555.6, 185.2, 92.6, 30.0, 10.0, 3.0)
#: The same by NUCp of the first transponders (MOPS version 0); RTCA DO-260, 2000.
_NUCP_M: Final = (math.nan, 18520.0, 9260.0, 1852.0, 926.0, 463.0, 185.2, 92.6, 10.0, 3.0)
#: Radius [m] that the aircraft guarantees to hold its position, by PIC, which is the same for all versions of
#: transponders; CAT021 edition 2.1, I021/090. 0: no guarantee.
_PIC_M: Final = (
    math.inf, 37040.0, 18520.0, 14816.0, 7408.0, 3704.0, 1852.0, 1111.2, 926.0, 555.6, 370.4, 185.2, 75.0,
    25.0, 7.5,
)  # fmt: skip
#: The same by NIC, where there is no PIC; ICAO Doc 9871, table of NIC.
_NIC_M: Final = (
    math.inf, 37040.0, 14816.0, 7408.0, 3704.0, 1852.0, 1111.2, 370.4, 185.2, 75.0, 25.0, 7.5,
)  # fmt: skip
#: 95 % error [m/s] of the ground velocity, by NACv or NUCr; ICAO Doc 9871, table of NACv. 0: unknown.
_NACV_MPS: Final = (math.nan, 10.0, 3.0, 1.0, 0.3)
#: What a standard deviation of CAT020 I500 counts to: 16 bits of 0.25 m.
_SDP_WRAP_M: Final = 16_384.0
#: Radius of 95 % of a circular normal distribution, in standard deviations of one axis: sqrt(-2 ln 0.05).
_SIGMAS_95: Final = math.sqrt(-2.0 * math.log(0.05))

_COASTED: Final = "no detection in this scan: the sensor's own tracker coasted"
_STATUS: Final = "a status message, no target report"


def _coded(path: str, words: tuple[int, ...]) -> Callable[[Records], Codes]:
    """A reader of a detection code by a table of words."""

    def detection(records: Records) -> Codes:
        column = records.column(path)
        if column is None:
            return np.full(records.rows, UNKNOWN, np.int32)
        codes, valid = split(column)
        table = np.array(words, np.int32)
        return table[codes] if valid is None else np.where(valid, table[np.where(valid, codes, 0)], UNKNOWN)

    return detection


def _always(detection: int) -> Callable[[Records], Codes]:
    """A reader for a category that has but one kind of detection."""

    def constant(records: Records) -> Codes:
        return np.full(records.rows, detection, np.int32)

    return constant


def _constant(value: bool) -> Callable[[Records], Bools]:
    """A reader that says the same of every record."""

    def constant(records: Records) -> Bools:
        return np.full(records.rows, value, np.bool_)

    return constant


def _ground_bit(path: str) -> Callable[[Records], pa.Array]:
    """A reader of a transponder's ground bit."""

    def on_ground(records: Records) -> pa.Array:
        return records.flag(path)

    return on_ground


def _flight_status(records: Records) -> pa.Array:
    """On the ground by the transponder's flight status; null for the states that leave it open."""
    ground = records.is_in("I230/STAT", _ON_GROUND)
    return as_column(ground, pa.bool_(), ground | records.is_in("I230/STAT", _AIRBORNE))


def _never_said(records: Records) -> pa.Array:
    return pa.nulls(records.rows, pa.bool_())


def _undetected(path: str) -> Callable[[Records], Refusals]:
    return lambda records: [(_COASTED, records.is_in(path, (0,)))]


def _cat010_refused(records: Records) -> Refusals:
    return [
        (_STATUS, ~records.is_in("I000", (1,))),
        # 1, "extrapolation due to the sensor's refresh period", is a measurement brought to a common time.
        (_COASTED, records.is_in("I170/CST", (2, 3))),
    ]


def _cat020_refused(records: Records) -> Refusals:
    return [(_COASTED, records.is_in("I170/CST", (1,)))]


def _cat021_refused(records: Records) -> Refusals:
    disbelieved = records.is_in("I040/RCF", (1,)) | records.is_in("I040/CPR", (1,))
    return [("the ground station's own range or CPR check failed", disbelieved)]


def _cat010_reported(records: Records) -> dict[str, pa.Array]:
    return {"sigma_m": _sigma(records, "I500/DEVX", "I500/DEVY")}


def _cat020_reported(records: Records) -> dict[str, pa.Array]:
    if not (records.has("I500/SDP/X") and records.has("I500/SDP/Y")):
        return {}
    columns = {
        "sigma_m": _sigma(records, "I500/SDP/X", "I500/SDP/Y"),
        "sigma_e_m": from_floats(records.floats("I500/SDP/X")),
        "sigma_n_m": from_floats(records.floats("I500/SDP/Y")),
    }
    if records.has("I500/SDP/XY"):
        # In two's complement, and the root of the covariance with its sign.
        root = records.floats("I500/SDP/XY")
        root = np.where(root >= _SDP_WRAP_M / 2.0, root - _SDP_WRAP_M, root)
        columns["cov_en_m2"] = from_floats(np.copysign(root * root, root))
    return columns


def _sigma(records: Records, x: str, y: str) -> pa.Array:
    """Standard deviation per axis of a position whose axes differ: the root of the mean variance."""
    if not (records.has(x) and records.has(y)):
        return pa.nulls(records.rows, pa.float64())
    return from_floats(np.sqrt((records.floats(x) ** 2 + records.floats(y) ** 2) / 2.0))


def _cat021_reported(records: Records) -> dict[str, pa.Array]:
    """Accuracy, ground vector and vertical rate; and no address where it is anonymous, so not ICAO's."""
    track = np.radians(records.floats("I160/TA"))
    speed = records.floats("I160/GS")
    # A speed with "range exceeded" is a lower bound, not a speed.
    speed[records.is_in("I160/RE", (1,))] = math.nan
    north, east = components(speed, track)
    climb = pc.coalesce(_in_range(records, "I155", "BVR"), _in_range(records, "I157", "GVR"))
    columns = {
        "sigma_m": _cat021_sigma(records),
        "containment_m": _cat021_containment(records),
        "velocity_sigma_mps": from_floats(_looked_up(records, "I090/NUCRNACV", _NACV_MPS) / _SIGMAS_95),
        "vn_mps": from_floats(north),
        "ve_mps": from_floats(east),
        "climb_mps": climb,
    }
    anonymous = records.is_in("I040/ATP", (3,))
    if anonymous.any():
        columns["address"] = pc.if_else(
            as_column(anonymous, pa.bool_()), pa.scalar(None, pa.int32()), records.integer(pa.int32(), "I080")
        )
    return columns


def _in_range(records: Records, item: str, leaf: str) -> pa.Array:
    """A vertical rate of either item layout, null where its range is exceeded."""
    rate = records.number(f"{item}/{leaf}", item)
    if not records.has(f"{item}/RE"):
        return rate
    return pc.if_else(pc.fill_null(records.flag(f"{item}/RE"), False), pa.scalar(None, pa.float64()), rate)


def _cat021_sigma(records: Records) -> pa.Array:
    """Per axis, of the 95 % radius that the aircraft reports; null where it reports none."""
    by_nacp = _looked_up(records, "I090/NACP", _EPU_M)
    first_version = records.is_in("I210/VN", (0,))
    by_nucp = np.where(first_version, _looked_up(records, "I090/NUCPNIC", _NUCP_M), math.nan)
    return from_floats(np.where(np.isnan(by_nacp), by_nucp, by_nacp) / _SIGMAS_95)


def _cat021_containment(records: Records) -> pa.Array:
    """Integrity: infinite where the aircraft guarantees nothing, null where the report does not say."""
    by_pic = _looked_up(records, "I090/PIC", _PIC_M)
    later_version = records.is_in("I210/VN", (1, 2, 3))
    by_nic = np.where(later_version, _looked_up(records, "I090/NUCPNIC", _NIC_M), math.nan)
    radius = np.where(np.isnan(by_pic), by_nic, by_pic)
    # Transponders of version 0 have no SIL, and send zeros.
    return from_floats(np.where(later_version & records.is_in("I090/SIL", (0,)), math.inf, radius))


def epu_m(nacp: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius [m] that holds a position with 95 %, by NACp; NaN where unknown."""
    return _in_table(nacp, _EPU_M)


def nucp_m(nucp: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same by NUCp of version 0."""
    return _in_table(nucp, _NUCP_M)


def _in_table(code: NDArray[np.float64], words: tuple[float, ...]) -> NDArray[np.float64]:
    known = (code >= 0) & (code < len(words))
    return np.where(known, np.array(words)[np.where(known, code, 0).astype(np.int64)], math.nan)


def _looked_up(records: Records, path: str, words: tuple[float, ...]) -> NDArray[np.float64]:
    return _in_table(to_floats(records.number(path)), words)


_RADAR: Final = ("modes", "ssr", "psr")
_TYPE: Final = "I020/TYP"

LAYOUTS: Final[dict[str, Layout]] = {
    "CAT001": Layout(
        category=1,
        kinds=_RADAR,
        stamp=("I141",),
        wrap_s=512,
        range_=("I040/RHO",),
        azimuth=("I040/THETA",),
        x=("I042/X",),
        y=("I042/Y",),
        pressure_altitude=("I090/HGT",),
        sensor_track="I161",
        detection=_coded("I020/SSRPSR", _CAT001_TYPES),
        refused=_undetected("I020/SSRPSR"),
        on_ground=_never_said,
        projected=_constant(False),
    ),
    "CAT048": Layout(
        category=48,
        kinds=_RADAR,
        stamp=("I140",),
        range_=("I040/RHO",),
        azimuth=("I040/THETA",),
        x=("I042/X",),
        y=("I042/Y",),
        pressure_altitude=("I090/FL", "I090"),
        geometric_altitude=("I110/3DH", "I110"),
        address=("I220",),
        sensor_track="I161/TRN",
        callsign="I240",
        detection=_coded(_TYPE, _CAT048_TYPES),
        refused=_undetected(_TYPE),
        on_ground=_flight_status,
        projected=lambda records: records.is_in("I170/TCC", (1,)),
    ),
    "CAT010": Layout(
        category=10,
        kinds=("mlat", "psr", "adsb"),
        stamp=("I140",),
        range_=("I040/RHO",),
        azimuth=("I040/TH",),
        lat=("I041/LAT",),
        lon=("I041/LON",),
        x=("I042/X",),
        y=("I042/Y",),
        pressure_altitude=("I090/FL",),
        mode_3a="I060/MODE3A",
        code_bits=("I060/V", "I060/G"),
        address=("I220",),
        sensor_track="I161/TRK",
        callsign="I245/CHR",
        detection=_coded(_TYPE, _CAT010_TYPES),
        refused=_cat010_refused,
        on_ground=_ground_bit("I020/GBS"),
        projected=_constant(True),
        reported=_cat010_reported,
    ),
    "CAT020": Layout(
        category=20,
        kinds=("mlat",),
        stamp=("I140",),
        lat=("I041/LAT",),
        lon=("I041/LON",),
        x=("I042/X",),
        y=("I042/Y",),
        pressure_altitude=("I090/FL",),
        geometric_altitude=("I105",),
        address=("I220",),
        sensor_track="I161/TRN",
        callsign="I245/CHR",
        detection=_always(MLAT),
        refused=_cat020_refused,
        on_ground=_ground_bit("I020/GBS"),
        projected=_constant(True),
        reported=_cat020_reported,
    ),
    "CAT021": Layout(
        category=21,
        kinds=("adsb",),
        # Of the position where it is told: applicability, reception; else of the whole report.
        stamp=("I071", "I073", "I030", "I075", "I077"),
        lat=("I131/LAT", "I130/LAT"),
        lon=("I131/LON", "I130/LON"),
        pressure_altitude=("I145",),
        geometric_altitude=("I140",),
        address=("I080",),
        sensor_track="I161/TRNUM",
        callsign="I170",
        simulated=("I040/SIM", "I040/TST"),
        field_monitor="I040/RAB",
        detection=_always(ADSB),
        refused=_cat021_refused,
        on_ground=_ground_bit("I040/GBS"),
        projected=_constant(False),
        reported=_cat021_reported,
    ),
}
