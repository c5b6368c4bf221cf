"""Who speaks in a recording: every SAC/SIC, what it seems to be, and what is still to be said about it.

A station that reports positions (ADS-B, multilateration in WGS-84) needs nothing said: it becomes a derived
sensor. A radar measures from its site, so it needs one: taken from CAT034 item I120 where the radar sends it,
else asked for, by a sensors.toml in which everything that the recording tells is filled in already.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import Decoded
from asman.model.sensor import RADAR_KINDS, Sensor, SensorKind, Sensors
from asman.sensing import sapient, squitters
from asman.sensing.layouts import LAYOUTS
from asman.sensing.records import Records
from asman.sensing.reports import MODES, MODES_PSR, PSR, Reports, read
from asman.sensing.sensors_toml import DEFAULTS, RANGES, written
from asman.sensing.services import messages
from asman.units import NAUTICAL_MILE_M

#: Instrumented ranges are announced in steps; the farthest report is rounded up to the next.
_RANGE_STEP_M: Final = 10.0 * NAUTICAL_MILE_M
#: A target seen again after less or more than this is no measure of the period.
_PERIOD_MIN_S: Final = 0.2
_PERIOD_MAX_S: Final = 30.0
#: An interval stands for the period when at least so many were seen.
_INTERVALS_MIN: Final = 3


class Source(msgspec.Struct, frozen=True):
    """One speaker of a recording.

    sac, sic     its codes
    kind         what it seems to be
    categories   of its records, target reports and service messages
    records      how many
    lat_deg, lon_deg, height_m  site, or the middle of what it reports; None where the recording does not tell
    site_from    where the site is from, in words; empty where there is none
    period_s     rotation or report interval; None where the recording is too short to tell
    range_max_m  farthest report, rounded up; None where unknown
    name         of a receiver of Mode S, which has no codes: SAC and SIC are -1
    """

    sac: int
    sic: int
    kind: SensorKind
    categories: tuple[int, ...]
    records: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    height_m: float | None = None
    site_from: str = ""
    period_s: float | None = None
    range_max_m: float | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """The name of the sensor derived from it."""
        if self.name:
            return self.name
        return f"{'radar' if self.kind in RADAR_KINDS else self.kind}-{self.sac}-{self.sic}"

    def sensor(self) -> Sensor:
        """The sensor that it is: defaults where the recording does not tell, NaN for a site nobody told."""
        fields: dict[str, Any] = {
            "lat_deg": self.lat_deg,
            "lon_deg": self.lon_deg,
            "height_m": self.height_m,
            "period_s": self.period_s,
            "range_max_m": self.range_max_m,
        }
        told = {field: value for field, value in fields.items() if value is not None}
        blank = Sensor(
            id=self.id, kind=self.kind, lat_deg=math.nan, lon_deg=math.nan,
            sac=None if self.name else self.sac, sic=None if self.name else self.sic,
        )  # fmt: skip
        return msgspec.structs.replace(blank, **{**DEFAULTS.get(self.kind, {}), **told})


class Discovery(msgspec.Struct, frozen=True):
    """What a recording tells of its sensors.

    sources  everyone who sent a target report, by SAC and SIC
    sensors  those given, and after them those derived
    derived  sources that became sensors
    missing  sources whose site nobody told
    """

    sources: tuple[Source, ...]
    sensors: Sensors
    derived: tuple[Source, ...]
    missing: tuple[Source, ...]


def discover(decoded: Decoded, sensors: Sensors = (), recording: str = "decoded") -> Discovery:
    """Find all sources; those that no given sensor stands for are derived where the recording allows it.

    recording  names the receiver of Mode S, which names nobody
    """
    if squitters.holds(decoded):
        return _receiver(decoded, sensors, recording)
    if sapient.holds(decoded):
        return _nodes(decoded, sensors)
    sources: list[Source] = []
    sites = _sites(decoded)
    for name, layout in LAYOUTS.items():
        table = decoded.tables.get(name)
        if table is None or table.num_rows == 0:
            continue
        reports = read(layout, table)
        for code in np.flatnonzero(np.bincount(reports.source + 1)) - 1:
            if code >= 0:
                sources += _found(reports, int(code), sites.get(int(code)), decoded)
    unknown = [source for source in _merged(sources) if not _given(source, sensors)]
    derived = tuple(source for source in unknown if source.lat_deg is not None)
    return Discovery(
        sources=tuple(_merged(sources)),
        sensors=(*sensors, *(source.sensor() for source in derived)),
        derived=derived,
        missing=tuple(source for source in unknown if source.lat_deg is None),
    )


def _receiver(decoded: Decoded, sensors: Sensors, recording: str) -> Discovery:
    """The receiver of a recording of Mode S: a given sensor, or one in the middle of what it heard."""
    made = squitters.derived(decoded, recording)
    given = squitters.receiver(sensors, recording)
    one = Source(
        sac=-1,
        sic=-1,
        kind="adsb",
        categories=(),
        records=decoded.records,
        lat_deg=made.lat_deg,
        lon_deg=made.lon_deg,
        height_m=0.0,
        site_from="the middle of what it reports; its positions do not depend on it",
        name=made.id if given < 0 else sensors[given].id,
    )
    if given >= 0:
        return Discovery(sources=(one,), sensors=sensors, derived=(), missing=())
    return Discovery(sources=(one,), sensors=(*sensors, one.sensor()), derived=(one,), missing=())


def _nodes(decoded: Decoded, sensors: Sensors) -> Discovery:
    """The nodes of a recording of SAPIENT: given sensors by their id, else those whose site is told."""
    known = {one.id.lower() for one in sensors}
    sources = tuple(
        Source(
            sac=-1,
            sic=-1,
            kind="psr" if one.polar else "mlat",
            categories=(),
            records=one.records,
            lat_deg=one.lat_deg,
            lon_deg=one.lon_deg,
            height_m=one.height_m,
            site_from="where its status says"
            if one.polar
            else "the middle of what it reports, or its status",
            name=one.node,
        )
        for one in sapient.nodes(decoded)
    )
    unknown = [one for one in sources if one.name.lower() not in known]
    derived = tuple(one for one in unknown if one.lat_deg is not None)
    return Discovery(
        sources=sources,
        sensors=(*sensors, *(one.sensor() for one in derived)),
        derived=derived,
        missing=tuple(one for one in unknown if one.lat_deg is None),
    )


def template(sources: Sequence[Source]) -> str:
    """A sensors.toml of these sources: filled in as far as the recording tells, the rest marked."""
    head = "# Sensors found in the recording. Correct what is wrong, fill in what says FILL IN.\n"
    return head + "".join("\n" + _block(source) for source in sources)


def _block(source: Source) -> str:
    """One source as `[[sensor]]`, with where each value is from."""
    what = ", ".join(f"CAT{category:03d}" for category in source.categories) or "Mode S or SAPIENT"
    codes = {} if source.name else {"sac": "", "sic": ""}
    remarks = {**codes, "member": "the state that owns it"}
    site = "FILL IN: the recording does not tell" if source.lat_deg is None else source.site_from
    remarks |= {
        "lat_deg": f"WGS-84; {site}",
        "lon_deg": site,
        "height_m": f"antenna above the ellipsoid; {site}",
    }
    remarks["period_s"] = "default: the recording does not tell" if source.period_s is None else "as observed"
    remarks["range_max_m"] = "default" if source.range_max_m is None else "beyond the farthest report"
    return f"# {what}, {source.records} records\n" + written(source.sensor(), remarks)


def _given(source: Source, sensors: Sensors) -> bool:
    """Tell whether a given sensor stands for a source."""
    kinds = {kind for category in source.categories for kind in _kinds(category)}
    return any((s.sac, s.sic) == (source.sac, source.sic) and s.kind in kinds for s in sensors)


def _kinds(category: int) -> tuple[SensorKind, ...]:
    layout = LAYOUTS.get(f"CAT{category:03d}")
    return layout.kinds if layout else ()


def _found(
    reports: Reports, code: int, site: tuple[float, float, float] | None, decoded: Decoded
) -> list[Source]:
    """A source of one category; CAT010 can hold a surface radar and a multilateration under one code."""
    rows = np.flatnonzero(reports.source == code)
    for _, refused in reports.refused:
        rows = rows[~refused[rows]]
    if not rows.size:
        return []
    kind = _kind(reports, rows)
    lat, lon, height, told = None, None, None, ""
    positions = np.flatnonzero(~np.isnan(reports.lat_deg[rows]) & ~np.isnan(reports.lon_deg[rows]))
    if kind in RADAR_KINDS and site is not None:
        (lat, lon, height), told = site, "as the radar says in CAT034 I120"
    elif kind not in RADAR_KINDS and positions.size:
        lat = round(float(np.median(reports.lat_deg[rows[positions]])), 4)
        lon = round(float(np.median(reports.lon_deg[rows[positions]])), 4)
        told = "the middle of what it reports; its positions do not depend on it"
    return [
        Source(
            sac=code >> 8,
            sic=code & 255,
            kind=kind,
            categories=(reports.layout.category,),
            records=int(rows.size),
            lat_deg=lat,
            lon_deg=lon,
            height_m=height,
            site_from=told,
            period_s=_period(reports, rows, code, decoded),
            range_max_m=_range_max(reports.range_m[rows]),
        )
    ]


def _kind(reports: Reports, rows: NDArray[np.int64]) -> SensorKind:
    """What a source is by what it detects."""
    layout = reports.layout
    if len(layout.kinds) == 1:
        return layout.kinds[0]
    seen = set(np.unique(reports.detection[rows]).tolist())
    if "mlat" in layout.kinds:
        return "psr" if seen <= {PSR, -1} and PSR in seen else "mlat"
    if seen & {MODES, MODES_PSR}:
        return "modes"
    return "psr" if seen <= {PSR, -1} else "ssr"


def _period(reports: Reports, rows: NDArray[np.int64], code: int, decoded: Decoded) -> float | None:
    """Rotation as the radar says it, else between its north marks, else between sights of the same target."""
    said: list[float] = []
    marks: list[float] = []
    for name, table in decoded.tables.items():
        found = messages(name, table) if reports.layout.kinds[0] in RADAR_KINDS else None
        if found is not None:
            own = found.source == code
            periods = found.period_s[own]
            said += periods[periods > 0].tolist()
            marks += np.diff(found.stamp_s[own & (found.kind == 0)]).tolist()
    if said:
        return round(float(np.median(said)), 3)
    observed = _usual(np.array(marks))
    return observed if observed is not None else _usual(_intervals(reports, rows))


def _intervals(reports: Reports, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Seconds between successive reports of the same address, or else of the same Mode 3/A code."""
    for column in ("address", "mode_3a"):
        values = reports.columns[column]
        named = values.is_valid().to_numpy(zero_copy_only=False)[rows]
        if named.sum() > _INTERVALS_MIN:
            some = rows[named]
            who = values.to_numpy(zero_copy_only=False)[some]
            when = reports.stamp_s[some]
            order = np.lexsort((when, who))
            return np.diff(when[order])[np.diff(who[order]) == 0]
    return np.empty(0)


def _usual(intervals: NDArray[np.float64]) -> float | None:
    """The median interval; None where too few are plausible."""
    plausible = intervals[(intervals > _PERIOD_MIN_S) & (intervals < _PERIOD_MAX_S)]
    return round(float(np.median(plausible)), 2) if plausible.size >= _INTERVALS_MIN else None


def _range_max(range_m: NDArray[np.float64]) -> float | None:
    """The farthest report, rounded up to the next step."""
    farthest = float(np.nanmax(range_m, initial=0.0))
    return float(np.ceil(farthest / _RANGE_STEP_M) * _RANGE_STEP_M) if farthest > 0.0 else None


def _sites(decoded: Decoded) -> dict[int, tuple[float, float, float]]:
    """Sites that radars tell themselves: SAC * 256 + SIC -> latitude, longitude [deg], height [m]."""
    table = decoded.tables.get("CAT034", pa.table({}))
    records = Records(34, table)
    lat, lon = records.floats("I120/LAT"), records.floats("I120/LON")
    height = records.floats("I120/HGT")
    # (0, 0) is what a radar sends that was never told where it stands.
    told = (
        ~np.isnan(lat)
        & ~np.isnan(lon)
        & ((lat != 0.0) | (lon != 0.0))
        & (np.abs(lat) <= RANGES["lat_deg"][1])
    )
    return {
        int(code): (float(lat[i]), float(lon[i]), float(np.nan_to_num(height[i])))
        for i in np.flatnonzero(told)
        if (code := records.source[i]) >= 0
    }


def _merged(sources: list[Source]) -> list[Source]:
    """One entry a SAC, SIC and kind: a radar may speak CAT001 and CAT048."""
    merged: dict[tuple[int, int, bool, str], Source] = {}
    for source in sources:
        radar = source.kind in RADAR_KINDS
        key = (source.sac, source.sic, radar, "" if radar else source.kind)
        former = merged.get(key)
        merged[key] = (
            source
            if former is None
            else msgspec.structs.replace(
                source,
                categories=(*former.categories, *source.categories),
                records=former.records + source.records,
                period_s=source.period_s or former.period_s,
                range_max_m=max(source.range_max_m or 0.0, former.range_max_m or 0.0) or None,
            )
        )
    return [merged[key] for key in sorted(merged)]
