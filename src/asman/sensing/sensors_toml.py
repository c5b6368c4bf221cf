"""`sensors.toml`: which sensors there are. Strict, because a mistyped key would silently become a default.

    [[sensor]]
    id      = "kant"
    kind    = "modes"
    lat_deg = 42.853
    lon_deg = 74.846

The fields are those of `asman.model.sensor.Sensor`; docs/reference/sensors.md describes them.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from asman.errors import ConfigError, nearest
from asman.model.sensor import RADAR_KINDS, Bias, Sensor, SensorKind, Sensors

#: Field -> least and greatest value that make sense on this earth, both included.
RANGES: Final[dict[str, tuple[float, float]]] = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "height_m": (-500.0, 20_000.0),
    "period_s": (0.01, 3_600.0),
    "range_max_m": (100.0, 2_000_000.0),
    "sigma_range_m": (0.01, 20_000.0),
    "sigma_azimuth_deg": (0.0, 20.0),
    "pd": (0.01, 1.0),
    "false_plots_per_scan": (0.0, 100_000.0),
    "sac": (0, 255),
    "sic": (0, 255),
    "bias.range_m": (-20_000.0, 20_000.0),
    "bias.azimuth_deg": (-180.0, 180.0),
    "bias.time_s": (-3_600.0, 3_600.0),
}

#: What a kind has where the file does not say, and the general default would be wrong. An ADS-B or
#: multilateration position has no azimuth error of its own, and comes about once a second.
DEFAULTS: Final[dict[SensorKind, dict[str, float]]] = {
    "adsb": {"period_s": 1.0, "sigma_range_m": 30.0, "sigma_azimuth_deg": 0.0, "false_plots_per_scan": 0.0},
    "mlat": {"period_s": 1.0, "sigma_range_m": 30.0, "sigma_azimuth_deg": 0.0, "false_plots_per_scan": 0.0},
}

_FIELDS: Final = Sensor.__struct_fields__
_REQUIRED: Final = ("id", "lat_deg", "lon_deg")


def parse(text: str, name: str) -> Sensors:
    """Read the text of a sensors.toml; `name` is what messages call it.

    Raises ConfigError, naming the sensor and the field, for what is no TOML, unknown or missing keys, values
    of the wrong type or beyond `RANGES`, and sensors that cannot be told apart.
    """
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, f"not TOML: {error}", "Each sensor begins with a line [[sensor]].") from error
    for key in whole:
        if key != "sensor":
            raise ConfigError(f"{name}: {key}", "unknown key", nearest(key, ["sensor"]))
    tables = whole.get("sensor", [])
    if not isinstance(tables, list) or not tables:
        raise ConfigError(name, "holds no sensor", "Each sensor begins with a line [[sensor]].")
    sensors = tuple(_sensor(table, f"{name}: {_called(table, i)}") for i, table in enumerate(tables))
    _refuse_twins(sensors, name)
    return sensors


def _called(table: Any, index: int) -> str:
    """What messages call a sensor: its id where it has one."""
    named = table.get("id") if isinstance(table, dict) else None
    return f"sensor '{named}'" if isinstance(named, str) and named else f"sensor number {index + 1}"


def _sensor(table: Any, item: str) -> Sensor:
    """One `[[sensor]]`, checked."""
    if not isinstance(table, dict):
        raise ConfigError(item, "not a table", "Each sensor begins with a line [[sensor]].")
    _refuse_unknown(table, _FIELDS, item)
    for field in _REQUIRED:
        if field not in table:
            raise ConfigError(f"{item}: {field}", "missing", f"Add {field} = ...")
    kinds = get_args(SensorKind)
    kind = table.get("kind", "modes")
    if kind not in kinds:
        raise ConfigError(f"{item}: kind", f"'{kind}' is no kind of sensor", nearest(str(kind), kinds))
    if isinstance(table.get("bias"), dict):
        _refuse_unknown(table["bias"], Bias.__struct_fields__, f"{item}: bias")
    try:
        sensor = msgspec.convert({**DEFAULTS.get(kind, {}), **table}, Sensor)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise ConfigError(f"{item}: {path.rstrip('`')}", problem, "Correct the value's type.") from error
    _check(sensor, item)
    return sensor


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], item: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"{item}: {key}", "unknown key", nearest(key, known))


def _check(sensor: Sensor, item: str) -> None:
    """Refuse values that no sensor has."""
    for field, (low, high) in RANGES.items():
        group, _, leaf = field.rpartition(".")
        value = getattr(sensor.bias if group else sensor, leaf)
        if isinstance(value, float) and math.isnan(value):
            raise ConfigError(f"{item}: {field}", "still to be filled in", "Write the value in place of nan.")
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{item}: {field}", f"{value} is not within {low:g} to {high:g}", "Correct it.")
    if not sensor.id.strip():
        raise ConfigError(f"{item}: id", "empty", "Give the sensor a name.")
    if (sensor.sac is None) != (sensor.sic is None):
        lone, other = ("sac", "sic") if sensor.sic is None else ("sic", "sac")
        raise ConfigError(f"{item}: {lone}", f"given without {other}", f"Add {other}, or leave out both.")
    if sensor.kind in RADAR_KINDS and sensor.sigma_azimuth_deg <= 0.0:
        raise ConfigError(f"{item}: sigma_azimuth_deg", "0 for a radar", "A radar's azimuth has an error.")
    for category, edition in sensor.asterix_edition.items():
        if not re.fullmatch(r"\d{3}", category) or not re.fullmatch(r"\d+\.\d+", edition):
            mend = 'Write the category in three digits and the edition as text: "048" = "1.31".'
            raise ConfigError(f"{item}: asterix_edition", f"'{category}' = '{edition}' is unreadable", mend)


def _refuse_twins(sensors: Sensors, name: str) -> None:
    """Refuse sensors that have the same id, or that the same record could belong to."""
    ids: set[str] = set()
    sources: dict[tuple[int, int, bool, str], str] = {}
    for sensor in sensors:
        if sensor.id in ids:
            raise ConfigError(f"{name}: sensor '{sensor.id}'", "given twice", "Every id must be its own.")
        ids.add(sensor.id)
        if sensor.sac is None or sensor.sic is None:
            continue
        radar = sensor.kind in RADAR_KINDS
        source = (sensor.sac, sensor.sic, radar, "" if radar else sensor.kind)
        if source in sources:
            problem = f"has SAC {sensor.sac}, SIC {sensor.sic} and a kind like sensor '{sources[source]}'"
            raise ConfigError(
                f"{name}: sensor '{sensor.id}'", problem, "Their records could not be told apart."
            )
        sources[source] = sensor.id


def pinned(sensors: Sensors) -> dict[str, str]:
    """Editions that sensors pin, as decoders take them: for the SAC and SIC of a sensor that has them.

    Where sensors without disagree on a category, detection decides.
    """
    found: dict[str, str] = {}
    disagreed: set[str] = set()
    for sensor in sensors:
        source = f"@{sensor.sac}/{sensor.sic}" if sensor.sac is not None else ""
        for category, edition in sensor.asterix_edition.items():
            key = f"CAT{category}{source}"
            if found.setdefault(key, edition) != edition:
                disagreed.add(key)
    return {key: edition for key, edition in found.items() if key not in disagreed}


def written(sensor: Sensor, remarks: Mapping[str, str] | None = None) -> str:
    """One sensor as `[[sensor]]`: what it must say, and what differs from the defaults.

    remarks  field -> what stands behind it as a comment; a field named here is always written
    """
    remarks = remarks or {}
    plain = Sensor(id=sensor.id, lat_deg=sensor.lat_deg, lon_deg=sensor.lon_deg, kind=sensor.kind)
    lines = ["[[sensor]]"]
    for field in _FIELDS:
        value = getattr(sensor, field)
        default = DEFAULTS.get(sensor.kind, {}).get(field, getattr(plain, field))
        always = field in remarks or field in (*_REQUIRED, "kind")
        if not always and value == default:
            continue
        remark = remarks.get(field, "")
        line = f"{field:<17} = {_toml(value)}"
        lines.append(f"{line:<40} # {remark}" if remark else line)
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Bias):
        value = {field: getattr(value, field) for field in Bias.__struct_fields__}
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(one)}' for key, one in value.items()) + " }"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
