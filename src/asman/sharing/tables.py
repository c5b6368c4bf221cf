"""TOML tables become structs, with every error found rather than the first one."""

from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from asman.errors import nearest
from asman.sharing.problems import Problem
from asman.sharing.toml_lines import Path

T = TypeVar("T", bound=msgspec.Struct)

#: What messages call the types that a document may hold.
_TYPES: Final = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
                 "array": "a list", "object": "a table", "date": "a date such as 2023-10-11"}  # fmt: skip


def convert(raw: Any, kind: type[T], path: Path) -> tuple[T | None, list[Problem]]:
    """Make `kind` of a table; None where there are errors, which are all told."""
    if not isinstance(raw, dict):
        return None, [Problem("error", path, "needed a table", _written(path))]
    problems: list[Problem] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in fields:
            problems.append(Problem("error", (*path, key), "unknown key", nearest(str(key), list(fields))))
            continue
        got, found = _value(value, fields[key].type, (*path, key))
        values[fields[key].name] = got
        problems += found
    for name, field in fields.items():
        if field.required and name not in raw:
            problems.append(Problem("error", path, f"the key '{name}' is missing", f"Add {name} = ..."))
    return (None if problems else kind(**values)), problems


def _value(value: Any, kind: Any, path: Path) -> tuple[Any, list[Problem]]:
    """One value; tables inside it are looked into."""
    inner = _struct(kind)
    if inner is not None and isinstance(value, dict) and get_origin(kind) is not tuple:
        return convert(value, inner, path)
    if inner is not None and isinstance(value, list) and get_origin(kind) is tuple:
        done = [convert(one, inner, (*path, place)) for place, one in enumerate(value)]
        return tuple(one for one, _ in done), [problem for _, found in done for problem in found]
    words = _literal(kind)
    if words:
        given = value if isinstance(value, list) else [value]
        strange = [one for one in given if one not in words]
        if strange and isinstance(strange[0], str):
            said = f"'{strange[0]}' is not known here"
            return None, [Problem("error", path, said, nearest(strange[0], words))]
    try:
        return msgspec.convert(value, kind), []
    except msgspec.ValidationError as error:
        return None, [Problem("error", path, _worded(str(error)), _mend(kind))]


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that a type is, may be, or is a tuple of."""
    parts = get_args(kind) if get_origin(kind) in (tuple, Union, UnionType) else (kind,)
    for part in parts:
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _literal(kind: Any) -> tuple[str, ...]:
    """The words that a type allows, itself or as a tuple's elements."""
    one = get_args(kind)[0] if get_origin(kind) is tuple else kind
    words = get_args(one) if get_origin(one) is Literal else ()
    return tuple(word for word in words if isinstance(word, str))


def _worded(said: str) -> str:
    """Say in the document's words what msgspec says."""
    problem, _, at = said.partition(" - at `$")
    problem = problem.replace("Expected", "needed").replace("got", "there is")
    for code, words in _TYPES.items():
        problem = problem.replace(f"`{code}`", words)
    place = at.rstrip("`")
    return problem.replace("`", "'") + (f" at {place}" if place else "")


def _mend(kind: Any) -> str:
    return 'Write it as a list: ["..."].' if get_origin(kind) is tuple else "Correct the value."


def _written(path: Path) -> str:
    name = ".".join(str(part) for part in path if isinstance(part, str))
    return f"Begin it with a line [[{name}]]." if path and isinstance(path[-1], int) else f"Write [{name}]."
