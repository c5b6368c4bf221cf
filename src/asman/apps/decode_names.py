"""Names of items as people write them, and what they mean: I048/040.RHO, I040/RHO_NM, 040, RHO, callsign.

Any of `/ . :` parts a name, upper and lower case are one, a leaf's unit may be left out, and so may all
before the last part. `I048/040` (a category before the item) names it in that category alone.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final, NamedTuple

import pyarrow as pa

from asman.errors import InputError, nearest

#: Columns that tables have beside those of a specification.
HEAD: Final = ("time", "offset", "length", "block", "edition", "octets", "items", "recording")
_CATEGORY: Final = re.compile(r"^(?:CAT|I)?0*(\d{1,3})[/.:](?=I?\d{3}\b|RE\b|SP\b|RFS\b)", re.IGNORECASE)
#: A category that may be meant, where nothing has the name.
_PERHAPS: Final = re.compile(r"^(?:CAT|I)0*(\d{1,3})[/.:]", re.IGNORECASE)


class Named(NamedTuple):
    """What a name means.

    text      as it was written
    table     "CAT048" where it names a category; empty for all
    columns   lower-case names of columns, without units, that it fits: itself, or what lies below it
    """

    text: str
    table: str
    columns: frozenset[str]


def parsed(text: str, tables: Iterable[str] = ()) -> Named:
    """Read a name, held against all that tables of these categories may have; empty: of all there are.

    Raises InputError with the nearest known name.
    """
    match = _CATEGORY.match(text)
    table = f"CAT{int(match[1]):03}" if match else ""
    rest = text[match.end() :] if match else text
    asked = re.sub(r"[.:]", "/", rest).casefold()
    known = known_names(table, tuple(sorted(tables)))
    if not known:
        raise InputError(text, f"there is no category {table}", nearest(table, list(_categories())))
    found = _fitting(_forms(asked), known)
    if not found:
        raise InputError(text, "no item has this name", _nearest(text, asked, table, known))
    return Named(text, table, frozenset(found))


def _nearest(text: str, asked: str, table: str, known: frozenset[str]) -> str:
    """The nearest name of the category that is named, or seems to be; else of all, by its last part."""
    match = _PERHAPS.match(text)
    if not table and match and f"CAT{int(match[1]):03}" in _categories():
        asked, table = text[match.end() :].casefold(), f"CAT{int(match[1]):03}"
        known = known_names(table, ())
    shown = {one.upper(): one for one in known}
    last = {one.rsplit("/", 1)[-1]: one for one in shown}
    if begun := _begun(asked.upper(), shown, last):
        return f"Did you mean '{begun}'{f' of {table}' if table else ''}?"
    close = get_close_matches(asked.upper(), list(shown), n=1, cutoff=0.6)
    close = close or get_close_matches("I" + asked.upper(), list(shown), n=1, cutoff=0.6)
    near = get_close_matches(asked.upper().rsplit("/", 1)[-1], list(last), n=1, cutoff=0.5)
    if "/" not in asked and near:
        # One word is a part of a name: that is what is shown, for it can be asked for by itself.
        return f"Did you mean '{near[0]}'{f' of {table}' if table else ''}?"
    close = close or [last[one] for one in near]
    if not close:
        return "`--fields ?` lists the names"
    return f"Did you mean '{close[0]}'{f' of {table}' if table else ''}?"


def _begun(asked: str, *groups: Iterable[str]) -> str:
    """The shortest name that begins so: a name of which the end was left out; empty for none."""
    forms = (asked, "I" + asked) if asked[:1].isdigit() else (asked,)
    fitting = [one for names in groups for one in names if len(asked) > 1 and one.startswith(forms)]
    # As far as the part that was begun goes: of I04, I040, not I040/RHO.
    parts = asked.count("/") + 1
    items = ["/".join(one.split("/")[:parts]) for one in fitting]
    return min(items, key=lambda one: (len(one), one), default="")


def _forms(asked: str) -> list[str]:
    """A name, and as an item's number where it is one; without its unit, too."""
    forms = [asked]
    if re.match(r"\d{3}\b", asked):
        forms.append("i" + asked)
    return list(dict.fromkeys([*forms, *(bare(one) for one in forms)]))


@cache
def _units() -> frozenset[str]:
    from asman.wire.asterix.columns import UNITS

    mode_s = {"ns", "ft", "kt", "deg", "m", "mps", "ftpmin", "dbfs", "s", "hpa", "degc", "nm", "percent"}
    return frozenset({unit.casefold() for unit in UNITS.values() if unit} | mode_s)


def _fitting(forms: list[str], known: frozenset[str]) -> set[str]:
    """Names that are it, that lie below it, or that end with it."""
    whole = {one for one in known for form in forms if one == form or one.startswith(form + "/")}
    if whole:
        return whole
    return {one for one in known for form in forms if one.endswith("/" + form)}


def bare(name: str) -> str:
    """A column's name in lower case, without its unit and without the edition that some have behind."""
    name = name.split("@", maxsplit=1)[0].casefold()
    before, _, unit = name.rpartition("_")
    return before if before and unit in _units() else name


@cache
def known_names(table: str, tables: tuple[str, ...]) -> frozenset[str]:
    """Names, as `bare`, of all columns that tables of that name may have; of these, where it is empty."""
    from asman.wire.asterix.layout import layout
    from asman.wire.asterix.specification import specifications
    from asman.wire.modes import readsb, sbs
    from asman.wire.modes.tables import SCHEMAS

    wanted = {table} if table else set(tables)
    found: set[str] = set()
    everything = specifications()
    for editions, expansion in ((everything.categories, False), (everything.expansions, True)):
        for category, several in editions.items():
            if wanted and f"CAT{category:03}" not in wanted:
                continue
            for one in several:
                shape = layout(category, one.edition, expansion)
                names = [column.name for column in shape.columns]
                for index, repetition in enumerate(shape.repetitions):
                    inner = [child.name for child in shape.children if child.repetition == index]
                    alone = [not name or name[0] == "_" for name in inner]
                    names += [repetition] * any(alone) + [f"{repetition}/{name}" for name in inner]
                found |= {bare(f"RE/{name}" if expansion else name) for name in names}
    for name, schema in SCHEMAS.items() | {("SBS", sbs.SCHEMA), ("READSB", readsb.SCHEMA)}:
        if not wanted or name in wanted:
            found |= {bare(field.name) for field in schema}
    return frozenset(found | set(HEAD)) if found else frozenset()


def _categories() -> list[str]:
    from asman.wire.asterix.specification import specifications

    return [f"CAT{category:03}" for category in specifications().categories]


def columns_of(named: Named, name: str, table: pa.Table) -> list[tuple[str, str]]:
    """Columns of a table that a name means, each with the leaf within it that is meant; empty: all of it."""
    if named.table and named.table != name:
        return []
    found: list[tuple[str, str]] = []
    for field in table.schema:
        own = bare(field.name)
        if own in named.columns:
            found.append((field.name, ""))
        elif pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            inner = [one.name for one in field.type.value_type if f"{own}/{bare(one.name)}" in named.columns]
            whole = len(inner) == field.type.value_type.num_fields
            found += [(field.name, "")] if whole and inner else [(field.name, one) for one in inner]
    return found


def selected(fields: list[Named], name: str, table: pa.Table) -> pa.Table:
    """A table with the columns that are asked for, in the order in which they are asked for."""
    chosen: dict[str, list[str]] = {}
    for field in fields:
        for column, leaf in columns_of(field, name, table):
            chosen.setdefault(column, []).append(leaf)
    columns: list[pa.ChunkedArray] = []
    schema: list[pa.Field] = []
    for column, leaves in chosen.items():
        one, field = table[column], table.schema.field(column)
        if all(leaves):
            one, field = _narrowed(one, field, leaves)
        columns.append(one)
        schema.append(field)
    return pa.table(columns, schema=pa.schema(schema)) if columns else table.select([])


def _narrowed(
    column: pa.ChunkedArray, field: pa.Field, leaves: list[str]
) -> tuple[pa.ChunkedArray, pa.Field]:
    """A list of structs with some of their leaves."""
    whole = column.combine_chunks()
    kind = field.type.value_type
    kept = [one for one in kind if one.name in leaves]
    inner = pa.StructArray.from_arrays([whole.values.field(one.name) for one in kept], fields=kept)
    made = pa.ListArray.from_arrays(whole.offsets, inner, mask=whole.is_null() if whole.null_count else None)
    return pa.chunked_array([made]), pa.field(field.name, made.type)
