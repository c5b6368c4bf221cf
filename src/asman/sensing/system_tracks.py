"""Another system's tracks, as it sends them in CAT062, become Tracks: to be judged, or to be judged by.

What the records say is taken as it is said; what they do not say is null. Three things need care:

- A track number (I040) is used again after its track has ended. A record after the track's end (TSE), or
  after a silence, is another track. Silence is counted in the time in which the source spoke at all, so
  that a pause of the whole feed ends nobody.
- Accuracy (I500): the Cartesian deviations (APC) with their covariance component, which is the root of the
  covariance with its sign; else the deviations in degrees (APW). APC's axes are the system plane's, turned
  against east and north by the meridians' convergence; without the plane's middle they are taken as they
  are. Within 200 km of it at 45° of latitude that turns the ellipse by less than 2°.
- Height: tracks carry pressure altitude. So the tracked barometric altitude (I135) unless it is corrected
  to QNH, else the measured level (I136); a geometric altitude alone (I130) is none.

Source: EUROCONTROL-SPEC-0149-9 (CAT062), editions as the decoder reads them; the covariance component: note
1 to I062/500, the axes of velocity: note to I062/185 (y is geographical north at the target).
"""

from collections import Counter
from datetime import date
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.timeline import LEAPED, UNTIMED
from asman.kernels.vectors import components
from asman.model.decoded import Decoded
from asman.model.plots import TIME
from asman.model.tracks import TRACKS
from asman.sensing.arrow import column, from_floats, pc, to_floats
from asman.sensing.records import Records
from asman.sensing.reports import addresses, callsigns
from asman.sensing.timeline import Stamps, TimelineState, absolute
from asman.units import DAY_S, SECOND_NS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TABLE: Final = "CAT062"
#: A number that was silent for so long, while its source spoke, stands for another track: five of the
#: slowest updates in use (12 s, long-range radars).
SILENCE_S: Final = 60.0
#: A source that sends nothing at all for longer is paused: that time is nobody's silence.
PAUSE_S: Final = 12.0
#: Track numbers of later lives and of further sources are shown above those sent, which have 16 bits.
LIFE: Final = 100_000
SOURCE: Final = 1_000_000_000

#: Ages in I290 that are a sensor's latest plot; TRK is the age of the track itself.
_AGES: Final = tuple(
    f"I290/{name}" for name in ("PSR", "SSR", "MDS", "ADS", "ES", "VDL", "UAT", "LOP", "MLT")
)
#: Radii of curvature are near enough to a sphere's to turn a standard deviation from degrees into metres.
_EARTH_M: Final = 6_371_000.0
#: I380/COM/STAT: flight status of the transponder; 1 and 3 are on the ground, 4 and 5 leave it open.
_ON_GROUND: Final = (1, 3)
_AIRBORNE: Final = (0, 2)


class SystemTracks(msgspec.Struct, frozen=True):
    """What CAT062 records gave.

    tracks   TRACKS, in file order
    ignored  reason -> records that became no row
    counted  what is worth knowing of those that did -> how many
    """

    tracks: pa.Table
    ignored: dict[str, int]
    counted: dict[str, int]


def read_tracks(decoded: Decoded, day: date | None = None) -> SystemTracks:
    """Read a recording's CAT062 records; `day` is the UTC day of the first one, where packets do not say it.

    Without records the tables are empty. Times are settled as those of plots are.
    """
    table = decoded.tables.get(TABLE)
    if table is None or not table.num_rows:
        return SystemTracks(TRACKS.empty_table(), {}, {})
    records = Records(62, table)
    source = records.source
    stamps = Stamps(
        source=source,
        stamp_s=records.floats("I070"),
        wrap_s=np.full(records.rows, DAY_S, np.int64),
        packet_ns=records.packet_ns,
    )
    instants, verdicts, _ = absolute(TimelineState(), stamps, day)
    lat = records.floats("I105/LAT")
    lon = records.floats("I105/LON")
    number = to_floats(records.integer(pa.int32(), "I040"))
    ignored: Counter[str] = Counter()
    usable = np.ones(records.rows, np.bool_)
    for reason, rows in (
        ("no track number (a message of the service)", np.isnan(number)),
        ("no absolute time", (verdicts == UNTIMED) | np.isnan(stamps.stamp_s)),
        ("time of day leaps by over an hour, not believed", verdicts == LEAPED),
        (
            "position only as X, Y of the system's own plane, whose middle the recording does not tell",
            (np.isnan(lat) | np.isnan(lon)) & ~np.isnan(records.floats("I100/X")),
        ),
        ("no position", np.isnan(lat) | np.isnan(lon)),
        ("a latitude or longitude that is not on the earth", (np.abs(lat) > 90.0) | (np.abs(lon) > 180.0)),
    ):
        count = int(np.count_nonzero(rows & usable))
        if count:
            ignored[f"{TABLE}: {reason}"] += count
            usable &= ~rows
    kept = np.flatnonzero(usable)
    identity, lives = _identities(
        source[kept], number[kept].astype(np.int64), instants[kept], records.is_in("I080/TSE", (1,))[kept]
    )
    whole = np.zeros(records.rows, np.int64)
    whole[kept] = identity
    columns = {**_columns(records, lat), "time": column(instants, TIME), "track": column(whole, pa.int64())}
    columns["last_plot_time"] = _last_plot(records, instants)
    filled = [
        columns[field.name] if field.name in columns else pa.nulls(records.rows, field.type)
        for field in TRACKS
    ]
    tracks = pa.Table.from_arrays(
        [
            one if one.type == field.type else one.cast(field.type)
            for one, field in zip(filled, TRACKS, strict=True)
        ],
        schema=TRACKS,
    )
    counted = {
        "track numbers that were used again, for another track": lives,
        "records with a geometric altitude only, which is no track's height": _geometric_only(
            records, usable
        ),
    }
    return SystemTracks(
        tracks=tracks if usable.all() else tracks.take(pa.array(kept)),
        ignored=dict(ignored),
        counted={words: count for words, count in counted.items() if count},
    )


def _identities(source: Ints, number: Ints, time_ns: Ints, ended: Bools) -> tuple[Ints, int]:
    """One number for each track of each source, never used again; and how many begin anew.

    A first source's first tracks keep their numbers as sent; see LIFE and SOURCE.
    """
    sources, place = np.unique(source, return_inverse=True)
    heard_s = np.zeros(time_ns.size)
    for index in range(sources.size):
        rows = place == index
        times, back = np.unique(time_ns[rows], return_inverse=True)
        steps = np.minimum(np.diff(times) / SECOND_NS, PAUSE_S)
        heard_s[rows] = np.concatenate(([0.0], np.cumsum(steps)))[back]
    order = np.lexsort((np.arange(time_ns.size), time_ns, number, place))
    key = place[order] * SOURCE + number[order]
    same = np.zeros(order.size, np.bool_)
    same[1:] = key[1:] == key[:-1]
    anew = np.zeros(order.size, np.bool_)
    later = time_ns[order][1:] > time_ns[order][:-1]
    silent = np.diff(heard_s[order]) > SILENCE_S
    anew[1:] = same[1:] & (silent | (ended[order][:-1] & later))
    begun = np.cumsum(anew)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(order.size)))
    life = begun - begun[first] if order.size else begun
    identity = np.empty(order.size, np.int64)
    identity[order] = key + LIFE * life
    return identity, int(anew.sum())


def _columns(records: Records, lat: Floats) -> dict[str, pa.Array]:
    """Everything that needs neither time nor identity."""
    var_e, var_n, covariance = _accuracy(records, lat)
    ground = records.is_in("I380/COM/STAT", _ON_GROUND) | records.is_in("I080/SFC", (1,))
    said = ground | records.is_in("I380/COM/STAT", _AIRBORNE)
    codes = np.array([f"{code >> 8}/{code & 255}" if code >= 0 else "" for code in records.source])
    return {
        "lat_deg": records.number("I105/LAT"),
        "lon_deg": records.number("I105/LON"),
        "altitude_m": from_floats(_altitude_m(records)),
        "vn_mps": records.number("I185/VY"),
        "ve_mps": records.number("I185/VX"),
        "climb_mps": records.number("I220"),
        "var_e_m2": from_floats(var_e),
        "var_n_m2": from_floats(var_n),
        "cov_en_m2": from_floats(covariance),
        "confirmed": records.flag("I080/CNF", 0),
        "mode_3a": records.integer(pa.int16(), "I060/MODE3A"),
        "address": addresses(records.integer(pa.int32(), "I380/ADR")),
        "callsign": pc.coalesce(callsigns(records.text("I245/CHR")), callsigns(records.text("I380/ID"))),
        "origin": pa.array(codes),
        "on_ground": column(ground, pa.bool_(), said),
        "simulated": pc.fill_null(records.flag("I080/SIM"), False),
    }


def _altitude_m(records: Records) -> Floats:
    tracked = records.floats("I135/CTB")
    tracked[records.is_in("I135/QNH", (1,))] = np.nan
    return np.where(np.isnan(tracked), records.floats("I136"), tracked)


def _geometric_only(records: Records, usable: Bools) -> int:
    alone = np.isnan(_altitude_m(records)) & ~np.isnan(records.floats("I130"))
    return int(np.count_nonzero(alone & usable))


def _accuracy(records: Records, lat: Floats) -> tuple[Floats, Floats, Floats]:
    """Variances east and north and their covariance [m²]; NaN where not said."""
    east, north = records.floats("I500/APC/X"), records.floats("I500/APC/Y")
    metres = np.radians(1.0) * _EARTH_M
    missing = np.isnan(east) | np.isnan(north)
    north = np.where(missing, records.floats("I500/APW/LAT") * metres, north)
    east = np.where(
        missing,
        records.floats("I500/APW/LON") * components(np.full(lat.size, metres), np.radians(lat))[0],
        east,
    )
    component = records.floats("I500/COV")
    return east**2, north**2, np.sign(component) * component**2


def _last_plot(records: Records, instants: Ints) -> pa.Array:
    """When the youngest of the sensors' ages says that the latest plot came; null where none says."""
    ages = np.stack([records.floats(path) for path in _AGES])
    youngest = np.fmin.reduce(ages, axis=0)
    said: Bools = ~np.isnan(youngest)
    moved = np.where(said, np.rint(np.where(said, youngest, 0.0) * SECOND_NS), 0.0).astype(np.int64)
    return column(instants - moved, TIME, said)
