"""Recordings made ready to replay: who speaks in them, which octets arrive when, and where the traffic is."""

import math
from datetime import date
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.vectors import components
from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.pipeline.editions import Editions, Evidence
from asman.pipeline.receivers import messages
from asman.pipeline.schedule import Piece, Schedule, arrivals, schedule
from asman.sensing import sapient, squitters
from asman.sensing.discover import Source, discover, template
from asman.sensing.plots import Extracted, extract
from asman.sensing.sensors_toml import pinned
from asman.sensing.timeline import TimelineState
from asman.units import SECOND_NS
from asman.wire.framing import find
from asman.wire.plain import plain

#: Clocks that differ by more are not late, but set differently: the picture follows the sensors'.
CLOCK_DIFFERS_S: Final = 5.0
#: Detections that span so much more time than the packets were not captured as they were made.
HURRIED: Final = 1.5
#: Share of the plots left out on each side of the view: a false plot must not widen the map.
VIEW_LEFT_OUT: Final = 0.01
VIEW_MARGIN: Final = 0.08
METRES_A_DEGREE: Final = 111_195.0


class View(msgspec.Struct, frozen=True):
    """Where the traffic is, in degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


class Prepared(msgspec.Struct, frozen=True):
    """What a replay needs.

    schedule  octets by step
    sensors   given, and derived from the recordings
    editions  which edition each category is read with
    missing   sources that are left out, because nobody said where they stand
    plots     how many the recordings hold
    records   how many records, of which `rejected` blocks could not be read
    forms     recording of Mode S -> its form
    clock_s   s  recording -> what its packets' clock was moved by, to agree with its sensors'
    """

    schedule: Schedule
    sensors: Sensors
    editions: Editions
    missing: tuple[Source, ...]
    view: View | None
    plots: int
    records: int
    rejected: int
    clock_s: dict[str, float]
    forms: dict[str, str] = {}


def prepare(recordings: dict[str, bytes], given: Sensors | None, day: date | None) -> Prepared:
    """Make recordings ready. Raises InputError when there is nothing in them that could be shown.

    recordings  name -> octets
    given       sensors.toml; None = as derived
    day         day of the first time stamp of a recording that does not say it
    """
    configured = pinned(given or ())
    made = {name: plain(octets, configured) for name, octets in recordings.items()}
    decoded = {name: one for name, (_, one) in made.items()}
    _refuse_empty(decoded)
    sensors, missing = _sensors(decoded, given or ())
    pieces: list[Piece] = []
    extracted: list[pa.Table] = []
    clock_s: dict[str, float] = {}
    for name, (octets, _) in made.items():
        found, _ = extract(decoded[name], sensors, TimelineState(), recording=name, date=day)
        extracted.append(found.plots)
        piece, moved_s = _piece(name, octets, decoded[name], found, day)
        pieces.append(piece)
        if moved_s:
            clock_s[name] = moved_s
    plots = pa.concat_tables(extracted)
    if not plots.num_rows:
        raise _nothing(list(recordings), missing)
    return Prepared(
        schedule=schedule(tuple(pieces)),
        sensors=sensors,
        editions=_editions(decoded),
        missing=missing,
        view=_view(plots, sensors),
        plots=plots.num_rows,
        records=sum(one.records for one in decoded.values()),
        rejected=sum(one.rejected.num_rows for one in decoded.values()),
        clock_s=clock_s,
        forms={
            name: one.framing for name, one in decoded.items() if squitters.holds(one) or sapient.holds(one)
        },
    )


def _refuse_empty(decoded: dict[str, Decoded]) -> None:
    for name, one in decoded.items():
        if not one.records:
            first = one.rejected["reason"][0].as_py() if one.rejected.num_rows else "it is empty"
            raise InputError(
                name,
                f"holds no ASTERIX records, no Mode S and no SAPIENT messages ({first})",
                "Look with: asman decode",
            )


def _sensors(decoded: dict[str, Decoded], given: Sensors) -> tuple[Sensors, tuple[Source, ...]]:
    sensors, missing = given, list[Source]()
    for name, one in decoded.items():
        found = discover(one, sensors, name)
        sensors = found.sensors
        missing += found.missing
    known = {(sensor.sac, sensor.sic) for sensor in sensors}
    unique = {source.id: source for source in missing if (source.sac, source.sic) not in known}
    return sensors, tuple(unique.values())


def _nothing(names: list[str], missing: tuple[Source, ...]) -> InputError:
    item = ", ".join(names)
    if not missing:
        return InputError(
            item, "holds records, but no report of an aircraft's position", "Look with: asman plots"
        )
    return InputError(
        item,
        "radars measure from their site, and nobody says where these stand: "
        + ", ".join(f"SAC {source.sac} SIC {source.sic}" for source in missing),
        "Write this to sensors.toml, fill in latitude, longitude and height, and add "
        "--sensors sensors.toml\n\n" + template(missing),
    )


def _editions(decoded: dict[str, Decoded]) -> Editions:
    chosen: Editions = {}
    for one in decoded.values():
        for category, choice in one.editions.items():
            said = Evidence(choice.edition, True, choice.records, choice.plausible, choice.scores)
            chosen.setdefault(category, said)
            for source, judged in choice.judged.items():
                alone = Evidence(judged.edition, True, judged.records, judged.plausible)
                chosen.setdefault(f"{category}@{source}", alone)
    return chosen


def _piece(
    name: str, octets: bytes, decoded: Decoded, found: Extracted, day: date | None
) -> tuple[Piece, float]:
    """Return when which octets arrive, and by how many seconds the packets' clock was moved."""
    if squitters.holds(decoded) or sapient.holds(decoded):
        return messages(name, octets, decoded, day), 0.0
    start, length, time_ns = find(octets).frames
    timed = time_ns != NO_TIME
    if not timed.any() or _was_hurried(time_ns[timed], found.plots):
        return _untimed(name, octets, decoded, found), 0.0
    start, length, time_ns = start[timed], length[timed], time_ns[timed]
    moved_ns = _clock_difference_ns(start, time_ns, found.plots)
    order = np.argsort(time_ns, kind="stable")
    return Piece(name, octets, start[order], length[order], time_ns[order] + moved_ns), moved_ns / SECOND_NS


def _was_hurried(time_ns: NDArray[np.int64], plots: pa.Table) -> bool:
    """Whether the packets were captured from something that played faster than the world."""
    if not plots.num_rows:
        return False
    detected_ns = plots["time"].cast(pa.int64()).to_numpy()
    seen_s, took_s = np.ptp(np.quantile(detected_ns, (0.02, 0.98))) / SECOND_NS, np.ptp(time_ns) / SECOND_NS
    return bool(seen_s > HURRIED * took_s + CLOCK_DIFFERS_S)


def _clock_difference_ns(start: NDArray[np.int64], time_ns: NDArray[np.int64], plots: pa.Table) -> int:
    """Sensors' clock minus packets', where they are set differently; 0 where plots are only late."""
    if not plots.num_rows:
        return 0
    frame = np.searchsorted(start, plots["offset"].to_numpy(), side="right") - 1
    ahead = plots["time"].cast(pa.int64()).to_numpy() - time_ns[np.maximum(frame, 0)]
    middle = int(np.median(ahead))
    return middle if abs(middle) > CLOCK_DIFFERS_S * SECOND_NS else 0


def _untimed(name: str, octets: bytes, decoded: Decoded, found: Extracted) -> Piece:
    """Blocks of a recording that does not say when they came: when the latest plot in them was made."""
    blocks = np.unique(np.concatenate([table["block"].to_numpy() for table in decoded.tables.values()]))
    offset, time_ns = (found.plots[column].cast(pa.int64()).to_numpy() for column in ("offset", "time"))
    if not len(offset):
        blocks = blocks[:0]
    length = np.diff(blocks, append=len(octets))
    return Piece(name, octets, blocks, length, arrivals(offset, time_ns, blocks))


def _view(plots: pa.Table, sensors: Sensors) -> View | None:
    """Where nearly all plots are. Rough on purpose: a map's first view, no geometry."""
    site = {sensor.id: sensor for sensor in sensors if sensor.kind in RADAR_KINDS}
    lat, lon = (
        plots[name].combine_chunks().to_numpy(zero_copy_only=False).copy() for name in ("lat_deg", "lon_deg")
    )
    away, azimuth = (plots[name].to_numpy() for name in ("range_m", "azimuth_deg"))
    names = np.array(plots["sensor"].cast(pa.string()).to_pylist(), dtype=object)
    for name, sensor in site.items():
        mine = names == name
        north, east = components(away[mine], np.radians(azimuth[mine]))
        lat[mine] = sensor.lat_deg + north / METRES_A_DEGREE
        lon[mine] = sensor.lon_deg + east / (METRES_A_DEGREE * math.cos(math.radians(sensor.lat_deg)))
    good = np.isfinite(lat) & np.isfinite(lon)
    if not good.any():
        return None
    (south, north), (west, east) = (
        np.quantile(values[good], (VIEW_LEFT_OUT, 1 - VIEW_LEFT_OUT)) for values in (lat, lon)
    )
    high, wide = VIEW_MARGIN * (north - south) + 0.01, VIEW_MARGIN * (east - west) + 0.01
    return View(float(west - wide), float(south - high), float(east + wide), float(north + high))
