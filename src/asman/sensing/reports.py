"""Target reports of one category as columns of Plots, before they have a sensor and an instant.

What differs between categories is a table, `Layout` (see `layouts`): which leaf fills which column. What
does not differ is here: units, validity bits, addresses that are none, callsigns as the ether left them.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.sensor import SensorKind
from asman.sensing.arrow import column, from_floats, pc, split, to_floats
from asman.sensing.records import Records
from asman.units import DAY_S, FLIGHT_LEVEL_M

#: Words of the column `detection`; a report's detection is an index into them, -1 where none fits.
DETECTIONS: Final = ("psr", "ssr", "ssr+psr", "modes", "modes+psr", "adsb", "mlat")
PSR, SSR, SSR_PSR, MODES, MODES_PSR, ADSB, MLAT = range(len(DETECTIONS))
UNKNOWN: Final = -1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


#: No aircraft is this high; a level above it is one below zero, read without its sign as the text of CAT048
#: had it up to edition 1.31.
_LEVEL_MAX_M: Final = 2048.0 * FLIGHT_LEVEL_M


def _nothing(_: Records) -> dict[str, pa.Array]:
    return {}


class Layout(msgspec.Struct, frozen=True):
    """Where a category keeps what a plot needs; paths are the specification's, the first filled one counts.

    kinds           kinds of sensor that send this category
    stamp           time of day of the position
    wrap_s          after how long the stamp repeats
    range_, azimuth, lat, lon, x, y            position, as far as the category has such
    pressure_altitude, geometric_altitude      heights
    mode_3a, address, sensor_track, callsign   identity
    code_bits, altitude_bits                   (not validated, garbled) bits of Mode 3/A and of Mode C
    simulated                                  any of these bits set: not a real aircraft
    field_monitor                              bit of a fixed transponder
    detection       what saw it, index into DETECTIONS
    on_ground       bool, null where not said
    refused         (reason, rows) that are no measurement of a target
    projected       rows whose x, y lie in the tangent plane of the site; x, y of the others are slant
    reported        further columns of Plots, by name
    """

    category: int
    kinds: tuple[SensorKind, ...]
    stamp: tuple[str, ...]
    detection: Callable[[Records], NDArray[np.int32]]
    refused: Callable[[Records], list[tuple[str, Bools]]]
    on_ground: Callable[[Records], pa.Array]
    projected: Callable[[Records], Bools]
    wrap_s: int = DAY_S
    range_: tuple[str, ...] = ()
    azimuth: tuple[str, ...] = ()
    lat: tuple[str, ...] = ()
    lon: tuple[str, ...] = ()
    x: tuple[str, ...] = ()
    y: tuple[str, ...] = ()
    pressure_altitude: tuple[str, ...] = ()
    geometric_altitude: tuple[str, ...] = ()
    mode_3a: str = "I070/MODE3A"
    address: tuple[str, ...] = ()
    sensor_track: str = ""
    callsign: str = ""
    code_bits: tuple[str, str] = ("I070/V", "I070/G")
    altitude_bits: tuple[str, str] = ("I090/V", "I090/G")
    simulated: tuple[str, ...] = ("I020/SIM", "I020/TST")
    field_monitor: str = "I020/RAB"
    reported: Callable[[Records], dict[str, pa.Array]] = _nothing


class Reports(msgspec.Struct, frozen=True):
    """A category's records as columns; every column has a row a record, refused ones among them.

    layout      the category's table
    records     the records themselves
    source      (N,)  SAC * 256 + SIC, -1 unknown
    stamp_s     (N,)  s     time of day, NaN where not said
    range_m, azimuth_deg, lat_deg, lon_deg, x_m, y_m  (N,) position as sent, NaN where not said
    height_m    (N,)  m     best known height of the target, NaN where not said
    projected   (N,)        see Layout
    detection   (N,)        index into DETECTIONS
    refused     reasons and rows
    columns     finished columns of Plots
    """

    layout: Layout
    records: Records
    source: NDArray[np.int64]
    stamp_s: Floats
    range_m: Floats
    azimuth_deg: Floats
    lat_deg: Floats
    lon_deg: Floats
    x_m: Floats
    y_m: Floats
    height_m: Floats
    projected: Bools
    detection: NDArray[np.int32]
    refused: list[tuple[str, Bools]]
    columns: dict[str, pa.Array]


def read(layout: Layout, table: pa.Table) -> Reports:
    """Read a decoded table by its category's layout."""
    records = Records(layout.category, table)
    pressure = _signed(records.number(*layout.pressure_altitude))
    geometric = records.number(*layout.geometric_altitude)
    columns = {
        "pressure_altitude_m": pressure,
        "geometric_altitude_m": geometric,
        "mode_3a": records.integer(pa.int16(), layout.mode_3a),
        "address": records.integer(pa.int32(), *layout.address),
        "callsign": callsigns(records.text(layout.callsign)),
        "mode_3a_valid": _neither(records, layout.code_bits),
        "altitude_valid": _neither(records, layout.altitude_bits),
        "on_ground": layout.on_ground(records),
        "simulated": _any(records, layout.simulated),
        "field_monitor": _any(records, (layout.field_monitor,)),
        "sensor_track": records.integer(pa.int32(), layout.sensor_track),
        "category": column(np.full(records.rows, layout.category, np.int16), pa.int16()),
        "offset": records.offset,
    }
    columns.update(layout.reported(records))
    columns["address"] = addresses(columns["address"])
    return Reports(
        layout=layout,
        records=records,
        source=records.source,
        stamp_s=records.floats(*layout.stamp),
        range_m=records.floats(*layout.range_),
        azimuth_deg=records.floats(*layout.azimuth),
        lat_deg=records.floats(*layout.lat),
        lon_deg=records.floats(*layout.lon),
        x_m=records.floats(*layout.x),
        y_m=records.floats(*layout.y),
        height_m=to_floats(pc.coalesce(geometric, pressure)),
        projected=layout.projected(records),
        detection=layout.detection(records),
        refused=layout.refused(records),
        columns=columns,
    )


def _signed(pressure_altitude_m: pa.Array) -> pa.Array:
    """Give levels below zero their sign where an edition has none."""
    levels = to_floats(pressure_altitude_m)
    wrapped = levels >= _LEVEL_MAX_M
    return (
        from_floats(np.where(wrapped, levels - 2.0 * _LEVEL_MAX_M, levels))
        if wrapped.any()
        else pressure_altitude_m
    )


def _neither(records: Records, bits: tuple[str, str]) -> pa.Array:
    """True where both bits are clear; null where the category does not say."""
    return pc.and_(records.flag(bits[0], 0), records.flag(bits[1], 0))


def _any(records: Records, bits: tuple[str, ...]) -> pa.Array:
    """True where any of the bits is set; a bit that was not sent is not set."""
    found = np.zeros(records.rows, np.bool_)
    for bit in bits:
        found |= records.is_in(bit, (1,))
    return column(found, pa.bool_())


def addresses(address: pa.Array) -> pa.Array:
    """Null for the addresses that nobody has, all zeros, all ones (ICAO Annex 10, volume III, part I, 9)."""
    if address.null_count == len(address):
        return address
    values, valid = split(address)
    somebody = (values != 0) & (values != 0xFFFFFF)
    return column(values, pa.int32(), somebody if valid is None else somebody & valid)


def callsigns(text: pa.Array) -> pa.Array:
    """Null for a callsign that is empty or holds characters that no callsign has; few are distinct."""
    if text.null_count == len(text):
        return text
    coded = text.dictionary_encode()
    trimmed = pc.utf8_trim(coded.dictionary, characters=" \0_")
    sound = pc.match_substring_regex(trimmed, "^[A-Z0-9]{1,8}$")
    cleaned = pc.if_else(sound, trimmed, pa.scalar(None, pa.string()))
    return cleaned.take(coded.indices)
