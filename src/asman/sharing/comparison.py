"""What differs between two texts of an agreement, term by term: to be read before signing again."""

from typing import Any, Literal

import msgspec

from asman.model.agreement import Agreement
from asman.sharing.canonical import plain


class Change(msgspec.Struct, frozen=True):
    """One term that differs; `before` or `after` is empty where it stands in one text only."""

    field: str
    before: str
    after: str
    kind: Literal["changed", "added", "removed"]


def compare(before: Agreement, after: Agreement) -> tuple[Change, ...]:
    """Every term and shape that differs. Rows of a table are matched by what names them, else by place."""
    changes: list[Change] = []
    _walk("", plain(before.terms), plain(after.terms), changes)
    for kind, old, new in (("area", before.areas, after.areas), ("line", before.lines, after.lines)):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                counts = [_points(shapes.get(name)) for shapes in (old, new)]
                changes.append(Change(f"{kind} {name}", counts[0], counts[1], _kind(counts[0], counts[1])))
    return tuple(changes)


def _points(shape: Any) -> str:
    if shape is None:
        return ""
    rings = shape if shape and isinstance(shape[0][0], tuple) else (shape,)
    return f"{sum(len(ring) for ring in rings)} points"


def _walk(field: str, old: Any, new: Any, changes: list[Change]) -> None:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(one for one in new if one not in old)]:
            _walk(f"{field}: {key}" if field else str(key), old.get(key), new.get(key), changes)
    elif _rows(old) and _rows(new) and (old or new):
        for name, a, b in _matched(old or [], new or []):
            _walk(f"{field} {name}", a, b, changes)
    else:
        before, after = _said(old), _said(new)
        changes.append(Change(field, before, after, _kind(before, after)))


def _kind(before: str, after: str) -> Literal["changed", "added", "removed"]:
    return "added" if not before else "removed" if not after else "changed"


def _rows(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and all(isinstance(one, dict) for one in value))


def _matched(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """Rows of both, by id where they have one."""
    if all("id" in one for one in (*old, *new)):
        names = dict.fromkeys([one["id"] for one in (*old, *new)])
        by = [{one["id"]: one for one in rows} for rows in (old, new)]
        return [(name, by[0].get(name), by[1].get(name)) for name in names]
    count = max(len(old), len(new))
    pad = [[*rows, *[None] * (count - len(rows))] for rows in (old, new)]
    return [(str(place + 1), pad[0][place], pad[1][place]) for place in range(count)]


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{key} = {_said(one)}" for key, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
