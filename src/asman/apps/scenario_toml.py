"""A scenario as TOML again, so that an exercise that was changed while it ran can be run once more.

Parsed, it is the same scenario, bit for bit: floats are written so that they are read back exactly.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from asman.exercise import Scenario

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(scenario: Scenario, folder: Path) -> str:
    """Return the scenario's text; what it names beside itself in `folder` is named by its full path."""
    table: dict[str, Any] = msgspec.to_builtins(_absolute(scenario, folder), builtin_types=(datetime,))
    return "\n".join(_table(_said(table), ())) + "\n"


def _absolute(scenario: Scenario, folder: Path) -> Scenario:
    def full(name: str) -> str:
        return str((folder / name).resolve()) if name else ""

    agreements = tuple(
        msgspec.structs.replace(one, file=full(one.file)) if one.file else one for one in scenario.agreement
    )
    recorded = scenario.recorded
    if recorded is not None:
        recorded = msgspec.structs.replace(recorded, file=full(recorded.file))
    return msgspec.structs.replace(
        scenario, terrain=full(scenario.terrain), agreement=agreements, recorded=recorded
    )


def _said(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without top-level keys that say nothing: those that are empty."""
    return {key: value for key, value in table.items() if value not in (None, "", (), [], {})}


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Lines of a table: plain keys first, then the tables within."""
    inner = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        name = ".".join(_key(part) for part in (*path, key))
        for one in value if _is_tables(value) else (value,):
            yield ""
            yield f"[[{name}]]" if _is_tables(value) else f"[{name}]"
            yield from _table(one, (*path, key))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return "{ " + inside + " }"
    # Python writes the shortest text that is read back exactly; TOML reads 1e+16 and inf as Python does.
    return repr(value)
