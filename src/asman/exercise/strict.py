"""From a parsed TOML to frozen structs, strictly: a misspelt key is refused with the nearest one named."""

from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from asman.errors import InputError, nearest

T = TypeVar("T")

SEE = "See docs/how-to/simulate.md for the keys and their units."


def to_struct(raw: Any, kind: type[T], item: str) -> T:
    """Convert a TOML value into `kind`. Raises InputError, naming `item`, the key and the mend."""
    refuse_unknown(raw, kind, item)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _worded(str(error), item) from error


def _worded(said: str, item: str) -> InputError:
    """Put the place that msgspec names, `$.event[0].code`, behind the item, and its words into ours."""
    problem, _, path = said.partition(" - at `$")
    place = path.rstrip("`").removeprefix(".")
    where = (f"{item}.{place}" if ": " in item else f"{item}: {place}") if place else item
    missing = problem.partition("Object missing required field `")[2].rstrip("`")
    if missing:
        return InputError(where, f"the key '{missing}' is missing", f"Give it. {SEE}")
    if "RFC3339" in problem:
        return InputError(where, "is no date and time", "Write it in UTC, e.g. 2026-06-01T04:00:00Z.")
    return InputError(where, problem.replace("`", "'"), SEE)


def refuse_unknown(raw: Any, kind: Any, item: str) -> None:
    """Name the nearest known key, which msgspec's own refusal does not."""
    if isinstance(raw, list):
        for i, part in enumerate(raw):
            refuse_unknown(part, _inner(kind), f"{item}[{i}]")
        return
    if not isinstance(raw, dict):
        return
    struct = _struct_of(raw, kind, item)
    if struct is None:
        return
    hints = _fields(struct)
    tag = struct.__struct_config__.tag_field
    for key, value in raw.items():
        if key == tag:
            continue
        if key not in hints:
            raise InputError(f"{item}: {key}", "unknown key", nearest(str(key), list(hints)))
        refuse_unknown(value, hints[key], f"{item}: {key}")


@cache
def _fields(struct: Any) -> dict[str, Any]:
    """The types of a struct's fields: asked for again at each table of a scenario, and for each sensor."""
    return get_type_hints(struct)


def _inner(kind: Any) -> Any:
    """The element type of tuple[T, ...]; Any where there is none."""
    for one in _alternatives(kind):
        if get_origin(one) is tuple and get_args(one):
            return get_args(one)[0]
    return Any


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _struct_of(raw: dict[str, Any], kind: Any, item: str) -> Any:
    """The struct that a table must be; of a tagged union, the one whose tag it has. None where none is."""
    structs = [
        one for one in _alternatives(kind) if isinstance(one, type) and issubclass(one, msgspec.Struct)
    ]
    if len(structs) < 2:
        return structs[0] if structs else None
    field = str(structs[0].__struct_config__.tag_field)
    tags = {str(one.__struct_config__.tag): one for one in structs}
    tag = raw.get(field)
    if not isinstance(tag, str) or tag not in tags:
        said = "is missing" if tag is None else f"'{tag}' is not known"
        raise InputError(f"{item}: {field}", said, nearest(str(tag or ""), list(tags)))
    return tags[tag]
