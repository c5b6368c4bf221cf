"""Which events there are, told from their structs, so that a form can be made of them."""

import re
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from asman.exercise.events import Event

FieldType = Literal["aircraft", "sensor", "number", "integer", "text", "choice", "flag", "table", "list"]

#: Endings of names that are units.
UNITS: Final = {"s": "s", "m": "m", "m2": "m²", "deg": "deg", "mps": "m/s", "hpa": "hPa"}
#: Fields that name something the exercise has.
_NAMES: Final[dict[str, FieldType]] = {"who": "aircraft", "sensor": "sensor"}
_TYPES: Final[dict[Any, FieldType]] = {
    float: "number",
    int: "integer",
    str: "text",
    bool: "flag",
}


class FieldEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One field of an event.

    unit     as its name ends; empty without one
    default  null where it is required, and where the default is "nothing said"
    fields   of a table, or of each table in a list
    """

    name: str
    type: FieldType
    unit: str
    required: bool
    default: Any = None
    choices: list[str] = []
    meaning: str = ""
    fields: list["FieldEntry"] = []


class KindEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event: `kind` as it is written, its meaning, its fields."""

    kind: str
    meaning: str
    fields: list[FieldEntry]


def kinds() -> list[KindEntry]:
    """All kinds, in the order of `exercise.events.Event`."""
    return [
        KindEntry(
            kind=str(one.__struct_config__.tag),
            meaning=(one.__doc__ or "").strip().partition("\n")[0],
            fields=[_live(field) for field in _fields(one)],
        )
        for one in get_args(Event)
    ]


def _live(field: FieldEntry) -> FieldEntry:
    """While an exercise runs, an event begins now unless it says otherwise."""
    told = {
        "begin_s": "after the exercise's begin; now where it is absent",
        "end_s": "stays where it is absent",
    }
    if field.name not in told:
        return field
    return msgspec.structs.replace(field, default=None, meaning=told[field.name])


def _fields(struct: Any) -> list[FieldEntry]:
    hints, told = get_type_hints(struct), _meanings(struct.__doc__ or "")
    return [_field(one, hints[one.name], told) for one in msgspec.structs.fields(struct)]


def _field(one: Any, hint: Any, told: dict[str, str]) -> FieldEntry:
    inner = [part for part in (get_args(hint) or (hint,)) if part is not type(None)]
    kind: FieldType = _NAMES.get(one.name) or _TYPES.get(inner[0], "text")
    choices: list[str] = []
    nested: list[FieldEntry] = []
    if get_origin(hint) is Literal:
        kind, choices = "choice", [str(choice) for choice in inner]
    elif get_origin(hint) is tuple:
        kind, nested = "list", _fields(inner[0])
    elif isinstance(inner[0], type) and issubclass(inner[0], msgspec.Struct):
        kind, nested = "table", _fields(inner[0])
    return FieldEntry(
        name=one.name,
        type=kind,
        unit=UNITS.get(one.name.rpartition("_")[2], "") if "_" in one.name else "",
        required=bool(one.required),
        default=None if one.required else one.default,
        choices=choices,
        meaning=told.get(one.name, ""),
        fields=nested,
    )


def _meanings(text: str) -> dict[str, str]:
    """What a docstring's table says of each name: `radius_m   m   how far`, units left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        row = re.fullmatch(r"\s+((?:\w+, )*\w+)\s{2,}(?:(?:m|m²|s|deg|m/s|1|K|hPa)\s{1,})?(\S.*)", line)
        if row:
            found.update(dict.fromkeys(row[1].split(", "), row[2].strip()))
    return found
