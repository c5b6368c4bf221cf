"""Decoded Mode S messages as Arrow tables: which column is filled from where, in which type.

Three tables, a row a message: ADSB (extended squitters), MODES (replies), COMM_B (replies with a register).
Names are those that `encode` takes, so that what was decoded can be encoded again.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels import comm_b_read as reg
from asman.kernels import modes_read as mr
from asman.kernels import squitter_read as sq
from asman.kernels.modes_codes import spell
from asman.model.plots import TIME
from asman.wire.modes.columns import SETS

Ints = NDArray[np.int64]

SQUITTER_KINDS: Final = (
    "position", "surface", "velocity", "identification", "emergency", "status", "all_call", "target",
    "resolution", "other",
)  # fmt: skip
REPLY_KINDS: Final = ("altitude", "identity", "air_air", "all_call", "extended_length", "mode_ac")
#: How a position was found, or why not; nothing is said where it only waits for another message.
FOUND: Final = (
    "", "global", "local", "refused: too far from the last", "refused: two pairs contradict each other",
    "", "no place nearby", "refused: beyond any receiver's range", "sent twice",
)  # fmt: skip
REGISTERS: Final = tuple(f"{one >> 4:X},{one & 15:X}" for one in reg.BDS)
WORD: Final = pa.dictionary(pa.int8(), pa.string())


class Column(NamedTuple):
    """A column, and where it comes from.

    source  "whole", "real", "name" or "bits": which array of the kernel
    row     which of its rows
    words   what whole numbers stand for
    meaning unit and what is said
    """

    name: str
    source: str
    row: int
    kind: pa.DataType
    meaning: str = ""
    words: tuple[str, ...] = ()


def _whole(name: str, row: int, kind: pa.DataType, meaning: str = "") -> Column:
    return Column(name, "whole", row, kind, meaning)


def _flag(name: str, row: int, meaning: str = "") -> Column:
    return Column(name, "whole", row, pa.bool_(), meaning)


def _word(name: str, row: int, words: tuple[str, ...], meaning: str = "") -> Column:
    return Column(name, "whole", row, WORD, meaning, words)


def _real(name: str, row: int, meaning: str = "") -> Column:
    return Column(name, "real", row, pa.float64(), meaning)


_SMALL: Final = pa.int8()
ADSB: Final = (
    _whole("df", sq.DF, _SMALL, "downlink format"),
    _whole("address", sq.ADDRESS, pa.int32(), "hex"),
    _whole(
        "control_field",
        sq.CONTROL,
        _SMALL,
        "DF18: 0, 1 other devices; 2, 5 fine TIS-B; 6 ADS-R; 3, 4 not read",
    ),
    _whole("capability", sq.CAPABILITY, _SMALL),
    _whole("type_code", sq.TYPE, _SMALL),
    _whole("subtype", sq.SUBTYPE, _SMALL),
    _word("kind", sq.KIND, SQUITTER_KINDS),
    _flag("on_ground", sq.GROUND),
    _whole("corrected_bits", sq.CORRECTED, _SMALL, "bits that were put right"),
    _flag("odd", sq.ODD, "CPR format"),
    _whole("cpr_lat", sq.CPR_LAT, pa.int32(), "17 bits"),
    _whole("cpr_lon", sq.CPR_LON, pa.int32(), "17 bits"),
    _word("position", sq.HOW, FOUND, "how the position was found, or why there is none"),
    _flag("position_confirmed", sq.CONFIRMED, "a second pair, independent of the first, gave the same place"),
    _real("lat_deg", sq.LAT, "WGS-84"),
    _real("lon_deg", sq.LON, "WGS-84"),
    _real("pressure_altitude_m", sq.PRESSURE),
    _real("geometric_altitude_m", sq.GEOMETRIC, "above the ellipsoid"),
    _whole("surveillance_status", sq.SURVEILLANCE, _SMALL, "1 permanent alert, 2 temporary alert, 3 SPI"),
    _whole("nic", sq.NIC, _SMALL, "integrity, versions 1 and 2"),
    _whole("nucp", sq.NUCP, _SMALL, "integrity, version 0 or version not heard"),
    _real("containment_m", sq.CONTAINMENT, "radius that surely holds the position; infinite: none does"),
    _real("vn_mps", sq.VN),
    _real("ve_mps", sq.VE),
    _real("climb_mps", sq.CLIMB),
    _flag("climb_geometric", sq.CLIMB_GEOMETRIC, "false: barometric"),
    _real("geometric_above_m", sq.ABOVE, "geometric less pressure altitude"),
    _whole("nacv", sq.NACV, _SMALL),
    _flag("ifr", sq.IFR),
    _real("heading_deg", sq.HEADING),
    _real("airspeed_mps", sq.AIRSPEED),
    _flag("airspeed_true", sq.AIRSPEED_TRUE, "false: indicated"),
    _real("ground_speed_mps", sq.SPEED, "middle of its step"),
    _real("track_deg", sq.TRACK),
    Column("callsign", "name", sq.CALLSIGN, pa.string()),
    _word("category_set", sq.SET, SETS),
    _whole("category", sq.CATEGORY, _SMALL),
    _whole("emergency", sq.EMERGENCY, _SMALL, "1 general, 2 medical, 3 fuel, 4 radio, 5 hijack, 6 downed"),
    Column("mode_3a", "whole", sq.MODE_3A, pa.int16(), "octal"),
    _whole("version", sq.VERSION, _SMALL, "of ADS-B"),
    _whole("nacp", sq.NACP, _SMALL),
    _whole("sil", sq.SIL, _SMALL),
    _flag("sil_per_sample", sq.SIL_SAMPLE),
    _whole("gva", sq.GVA, _SMALL),
    _whole("sda", sq.SDA, _SMALL),
    _flag("nic_baro", sq.NIC_BARO),
    _flag("tcas", sq.TCAS),
    _real("selected_altitude_m", sq.SELECTED),
    _flag("selected_by_fms", sq.SELECTED_FMS),
    _real("selected_heading_deg", sq.SELECTED_HEADING),
    _real("baro_setting_pa", sq.BARO),
    _flag("autopilot", sq.AUTOPILOT),
    _flag("vnav", sq.VNAV),
    _flag("altitude_hold", sq.ALTITUDE_HOLD),
    _flag("approach", sq.APPROACH),
    _flag("lnav", sq.LNAV),
    _real("latest/vn_mps", sq.LAST_VN, "beside a position: what the aircraft said lately"),
    _real("latest/ve_mps", sq.LAST_VE),
    _real("latest/climb_mps", sq.LAST_CLIMB),
    _real("latest/geometric_above_m", sq.LAST_ABOVE),
    Column("latest/callsign", "name", sq.LAST_CALLSIGN, pa.string()),
    Column("latest/mode_3a", "whole", sq.LAST_MODE_3A, pa.int16(), "octal"),
    _whole("latest/emergency", sq.LAST_EMERGENCY, _SMALL),
    _whole("latest/nacp", sq.LAST_NACP, _SMALL),
    _whole("latest/sil", sq.LAST_SIL, _SMALL),
    _whole("latest/version", sq.LAST_VERSION, _SMALL),
    _whole("latest/nacv", sq.LAST_NACV, _SMALL),
)
_REPLY: Final = (
    _whole("df", mr.DF, _SMALL, "downlink format"),
    _whole("address", mr.ADDRESS, pa.int32(), "hex"),
    _flag("address_proven", mr.PROVEN, "heard in a message that proves it, or again within a minute"),
    _word("kind", mr.KIND, REPLY_KINDS),
    _whole("corrected_bits", mr.CORRECTED, _SMALL, "bits that were put right"),
    _flag("on_ground", mr.GROUND),
    _flag("alert", mr.ALERT),
    _flag("spi", mr.SPI, "special position identification"),
    Column("mode_3a", "whole", mr.MODE_3A, pa.int16(), "octal"),
    _real("pressure_altitude_m", mr.PRESSURE),
)
MODES: Final = (
    *_REPLY,
    _whole("interrogator", mr.INTERROGATOR, _SMALL, "II, or 16 + SI"),
    _whole("capability", mr.CAPABILITY, _SMALL),
)
_CODES: Final = mr.CODES
_VALUES: Final = mr.VALUES
COMM_B: Final = (
    *_REPLY,
    Column("mb", "bits", 0, pa.binary(7), "the 56 bits of the register"),
    _word("register", mr.REGISTER, REGISTERS, "which register it is taken for"),
    _real("register_probability", mr.SURE, "how sure that is, of all registers that it could be"),
    Column("callsign", "name", 1, pa.string()),
    _real("selected_altitude_m", _VALUES + reg.SELECTED, "at the panel"),
    _real("managed_altitude_m", _VALUES + reg.MANAGED, "of the flight management"),
    _real("baro_setting_pa", _VALUES + reg.BARO),
    _real("roll_deg", _VALUES + reg.ROLL, "right wing down is positive"),
    _real("track_deg", _VALUES + reg.TRACK, "true"),
    _real("ground_speed_mps", _VALUES + reg.SPEED),
    _real("turn_degps", _VALUES + reg.TURN),
    _real("true_airspeed_mps", _VALUES + reg.TRUE_AIRSPEED),
    _real("heading_deg", _VALUES + reg.HEADING, "magnetic"),
    _real("indicated_airspeed_mps", _VALUES + reg.AIRSPEED),
    _real("mach", _VALUES + reg.MACH),
    _real("climb_baro_mps", _VALUES + reg.CLIMB_BARO),
    _real("climb_inertial_mps", _VALUES + reg.CLIMB_INERTIAL),
    _real("wind_speed_mps", _VALUES + reg.WIND_SPEED),
    _real("wind_from_deg", _VALUES + reg.WIND_FROM),
    _real("temperature_degc", _VALUES + reg.TEMPERATURE),
    _real("static_pressure_pa", _VALUES + reg.PRESSURE_PA),
    _real("humidity_percent", _VALUES + reg.HUMIDITY),
    _real("radio_height_m", _VALUES + reg.RADIO_HEIGHT),
    _whole("turbulence", _CODES + reg.TURBULENCE, _SMALL, "0 nil to 3 severe"),
    _whole("wind_shear", _CODES + reg.WIND_SHEAR, _SMALL),
    _whole("microburst", _CODES + reg.MICROBURST, _SMALL),
    _whole("icing", _CODES + reg.ICING, _SMALL),
    _whole("wake_vortex", _CODES + reg.WAKE, _SMALL),
    Column("common_usage", "whole", _CODES + reg.CAPABILITY_17, pa.int32(), "24 bits of register 1,7"),
    _flag("overlay_command", _CODES + reg.OVERLAY),
    _whole("subnetwork_version", _CODES + reg.SUBNETWORK, pa.int16()),
    _whole("threat_type", _CODES + reg.THREAT, _SMALL),
)  # fmt: skip
TABLES: Final = {"ADSB": ADSB, "MODES": MODES, "COMM_B": COMM_B}
#: What every table begins with.
HEAD: Final = (
    pa.field("time", TIME, metadata={"meaning": "UTC; null where neither message nor packet says the day"}),
    pa.field("clock_ns", pa.int64(), metadata={"meaning": "ns of the receiver's clock; see `clock`"}),
    pa.field("offset", pa.int64(), metadata={"meaning": "octet in the recording where the message begins"}),
    pa.field("length", pa.int32(), metadata={"meaning": "octets of it in the recording"}),
    pa.field("block", pa.int64(), metadata={"meaning": "the same as offset"}),
    pa.field("signal", pa.int16(), metadata={"meaning": "level, 255 is full scale"}),
)
_KINDS: Final = {pa.int8(): np.int8, pa.int16(): np.int16, pa.int32(): np.int32, pa.bool_(): np.bool_}


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([*HEAD, *(pa.field(one.name, one.kind, metadata=_metadata(one)) for one in columns)])


def _metadata(one: Column) -> dict[str, str]:
    if one.meaning == "octal":
        return {"meaning": "12-bit Mode 3/A code", "format": "octal", "bits": "12"}
    if one.meaning == "hex":
        return {"meaning": "ICAO 24-bit address", "format": "hexadecimal", "bits": "24"}
    return {"meaning": one.meaning}


#: The columns of each table, all of them.
SCHEMAS: Final = {name: _schema(columns) for name, columns in TABLES.items()}


def batch(name: str, head: list[pa.Array], whole: Any, real: Any, names: Ints, count: int) -> pa.RecordBatch:
    """Rows of a table from what the kernel filled; `head` are the arrays of HEAD."""
    arrays = head + [_array(one, whole, real, names, count) for one in TABLES[name]]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMAS[name])


def _array(one: Column, whole: Any, real: Any, names: Ints, count: int) -> pa.Array:
    if one.source == "real":
        return floats(real[one.row, :count], one.kind)
    if one.source == "bits":
        octets = names[one.row, :count].astype(">i8").view(np.uint8).reshape(count, 8)[:, 1:]
        return pa.Array.from_buffers(one.kind, count, [None, pa.py_buffer(np.ascontiguousarray(octets))])
    if one.source == "name":
        return callsigns(names[one.row, :count])
    values = whole[one.row, :count]
    there = values >= 0
    if not there.any():
        return pa.nulls(count, one.kind)
    if one.words:
        return words(values, there, one.words)
    return plain(values, there, one.kind)


def floats(values: NDArray[np.float64], kind: pa.DataType | None = None) -> pa.Array:
    """Null for NaN."""
    there = values == values  # noqa: PLR0124  (NaN is not itself; half the time of isnan and its inverse)
    if not there.any():
        return pa.nulls(values.size, kind or pa.float64())
    bitmap = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.float64(), values.size, [bitmap, pa.py_buffer(values.copy())])


def plain(values: NDArray[Any], there: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """Whole numbers in their width, null where not there."""
    bitmap = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    if pa.types.is_boolean(kind):
        data: Any = np.packbits(values > 0, bitorder="little")
    else:
        data = values.astype(_KINDS[kind])
    return pa.Array.from_buffers(kind, values.size, [bitmap, pa.py_buffer(data)])


def words(values: NDArray[Any], there: NDArray[np.bool_], said: Iterable[str]) -> pa.Array:
    """Words of whole numbers; the empty word is null."""
    known = list(said)
    silent = [place for place, word in enumerate(known) if not word]
    for place in silent:
        there = there & (values != place)
    indices: Any = plain(np.where(there, values, 0), there, pa.int8())
    return pa.DictionaryArray.from_arrays(indices, pa.array(known, pa.string()))


def callsigns(codes: Ints) -> pa.Array:
    """Callsigns of 48 bits as strings; null below 0."""
    there = codes >= 0
    if not there.any():
        return pa.nulls(codes.size, pa.string())
    edges, octets = np.empty(codes.size + 1, np.int32), np.empty(8 * int(there.sum()), np.uint8)
    used = spell(np.ascontiguousarray(codes), edges, octets)
    bitmap = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(
        pa.string(), codes.size, [bitmap, pa.py_buffer(edges), pa.py_buffer(octets[:used].copy())]
    )


def whole_table(name: str, batches: list[pa.RecordBatch], clock: str) -> pa.Table:
    """Batches as one table, without the columns that nothing fills; its metadata say what the clock is."""
    table = pa.Table.from_batches(batches, schema=SCHEMAS[name])
    always = {"time", "clock_ns", "offset", "length", "block", "df", "address"}
    kept = [
        field.name
        for field in table.schema
        if field.name in always or table[field.name].null_count < len(table)
    ]
    return table.select(kept).replace_schema_metadata({"clock": clock})
