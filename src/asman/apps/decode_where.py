"""`asman decode --where`: a small language over item names that says which records are wanted.

    I048/040.RHO < 50 and not I020.TYP = 0
    MODE3A in (7500, 7600, 7700)          octal, where the item is octal
    I090.FL in 100..200                   both ends included; also: between 100 and 200
    I240 like "AUA*" and I140 >= 08:00:00 letters with * and ?; a time of day is its seconds
    I380 is not null

A comparison with what a record does not have is false, and so `not` of it is true. Of what is repeated, one
that fits is enough. Nothing is executed: the text is read into a tree of comparisons.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.apps.decode_names import Named, columns_of, parsed
from asman.errors import InputError
from asman.sensing.arrow import pc

Mask = NDArray[np.bool_]
#: Deeper nesting of brackets is refused.
DEPTH_MAX: Final = 50
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)(?![\w:])
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))(?![\w/:])|(?P<range>\.\.)
    |(?P<name>[A-Za-z0-9_]+(?:[/.:][A-Za-z0-9_]+)*)|(?P<sign><=|>=|==|!=|<>|[=<>(),]))""",
    re.VERBOSE,
)
_COMPARE: Final[dict[str, Callable[..., Any]]] = {
    "=": pc.equal, "==": pc.equal, "!=": pc.not_equal, "<>": pc.not_equal,
    "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
}  # fmt: skip
_WORDS: Final = ("and", "or", "not", "in", "is", "null", "between", "like")


class Literal(NamedTuple):
    """A value as it was written: kind "text", "clock", "number" or "name", and its text."""

    kind: str
    text: str


class Test(NamedTuple):
    """One comparison: a name, what is asked ("=", "<", "null", "like"), and with what."""

    name: Named
    asked: str
    value: Literal


class Node(NamedTuple):
    """What holds when all ("and"), some ("or") or none ("not") of the parts hold."""

    how: str
    parts: "tuple[Node | Test, ...]"


Condition = Node | Test


def parse(text: str, tables: Iterable[str] = ()) -> Condition:
    """Read an expression; names are those of `tables`, empty: of all.

    Raises InputError that names the place, and the nearest name where one is not known.
    """
    return _Parser(text, tuple(tables)).whole()


def _tokens(text: str) -> Iterator[re.Match[str] | int]:
    """Give the tokens of a text, and last where there is none."""
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            yield len(text) - len(text[at:].lstrip())
            return
        yield match
        at = match.end()


class _Parser:
    """Descends over the tokens."""

    def __init__(self, text: str, tables: tuple[str, ...]) -> None:
        self.text = text
        self.tables = tables
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.depth = 0
        for match in _tokens(text):
            if isinstance(match, int):
                self.fail("this is no name, number or sign", match)
                return
            kind = str(match.lastgroup)
            word, place = match[kind], match.start(kind)
            if kind == "name" and word.casefold() in _WORDS:
                kind, word = "word", word.casefold()
            self.tokens.append((kind, word, place))

    def fail(self, problem: str, place: int | None = None) -> Any:
        """Raise InputError that points to the token at hand."""
        if place is None:
            place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
        rest = self.text[place : place + 20] or "its end"
        raise InputError(f"--where, at '{rest}'", problem, 'As in: "I040.RHO < 50 and MODE3A = 7700"')

    def take(self, *words: str) -> str:
        """Take the next token when it is one of the words; else give nothing."""
        if (
            self.at < len(self.tokens)
            and self.tokens[self.at][1] in words
            and self.tokens[self.at][0] != "text"
        ):
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def whole(self) -> Condition:
        """Read all of it."""
        found = self.either()
        if self.at < len(self.tokens):
            self.fail("nothing more was expected")
        return found

    def either(self) -> Condition:
        """Read what "or" joins."""
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def both(self) -> Condition:
        """Read what "and" joins."""
        parts = [self.single()]
        while self.take("and"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Node("and", tuple(parts))

    def single(self) -> Condition:
        """Read a comparison, or one in brackets, or its contrary."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self.fail(f"more than {DEPTH_MAX} brackets deep")
        if self.take("not"):
            found: Condition = Node("not", (self.single(),))
        elif self.take("("):
            found = self.either()
            if not self.take(")"):
                self.fail("')' was expected")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> Condition:
        """Read a name and what is asked of it."""
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "name":
            self.fail("the name of an item was expected")
        name = parsed(self.tokens[self.at][1], self.tables)
        self.at += 1
        if sign := self.take(*_COMPARE):
            return Test(name, sign, self.value())
        if self.take("is"):
            contrary = bool(self.take("not"))
            if not self.take("null"):
                self.fail("'null' was expected")
            test = Test(name, "null", Literal("name", ""))
            return Node("not", (test,)) if contrary else test
        contrary = bool(self.take("not"))
        found: Condition | None = None
        if self.take("in"):
            found = self.among(name)
        elif self.take("between"):
            low = self.value()
            if not self.take("and"):
                self.fail("'and' was expected")
            found = Node("and", (Test(name, ">=", low), Test(name, "<=", self.value())))
        elif self.take("like"):
            found = Test(name, "like", self.value())
        if found is None:
            self.fail("a comparison was expected: = != < <= > >= in between like is")
            raise AssertionError
        return Node("not", (found,)) if contrary else found

    def among(self, name: Named) -> Condition:
        """Read a list in brackets, or a range."""
        if not self.take("("):
            low = self.value()
            if not self.take(".."):
                self.fail("'..' was expected, or a list in brackets")
            return Node("and", (Test(name, ">=", low), Test(name, "<=", self.value())))
        parts: list[Condition] = [Test(name, "=", self.value())]
        while self.take(","):
            parts.append(Test(name, "=", self.value()))
        if not self.take(")"):
            self.fail("',' or ')' was expected")
        return Node("or", tuple(parts))

    def value(self) -> Literal:
        """Read a value."""
        if self.at >= len(self.tokens) or self.tokens[self.at][0] in ("word", "sign", "range"):
            self.fail("a value was expected")
        kind, word, _ = self.tokens[self.at]
        self.at += 1
        return Literal(kind, word[1:-1] if kind == "text" else word)


def mask(condition: Condition, name: str, table: pa.Table) -> Mask:
    """Which rows of the table `name` the condition holds for.

    Raises InputError for values that do not fit.
    """
    if isinstance(condition, Node):
        parts = [mask(part, name, table) for part in condition.parts]
        if condition.how == "not":
            return ~parts[0]
        join: Any = np.logical_and if condition.how == "and" else np.logical_or
        return join.reduce(parts)
    found = np.zeros(table.num_rows, np.bool_)
    for column, leaf in columns_of(condition.name, name, table):
        values, field, row = _flat(table, column, leaf)
        if condition.asked == "null":
            found[row[values.is_valid().to_numpy(zero_copy_only=False)]] = True
        else:
            fits = _test(condition, field, values).fill_null(False)
            found[row[fits.to_numpy(zero_copy_only=False)]] = True
    return ~found if condition.asked == "null" else found


def _flat(table: pa.Table, column: str, leaf: str) -> tuple[pa.Array, pa.Field, NDArray[np.int64]]:
    """Values of a column, what they are, and the row of each: several of a row where they are repeated."""
    whole, field = table[column].combine_chunks(), table.schema.field(column)
    if not pa.types.is_list(field.type):
        return whole, field, np.arange(table.num_rows)
    row = pc.list_parent_indices(whole).to_numpy().astype(np.int64)
    inner = pc.list_flatten(whole)
    if leaf:
        return inner.field(leaf), field.type.value_type.field(leaf), row
    return inner, pa.field(column, inner.type, metadata=field.metadata), row


def _test(test: Test, field: pa.Field, values: pa.Array) -> pa.Array:
    """Compare values with a literal."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(pa.string())
    if test.asked == "like":
        if not pa.types.is_string(values.type):
            _refuse(test, "is not letters: compare it with =, <, >")
        pattern = re.escape(test.value.text.upper()).replace(r"\*", ".*").replace(r"\?", ".")
        return pc.match_substring_regex(pc.utf8_upper(values), f"^{pattern}$")
    if pa.types.is_nested(values.type):
        _refuse(test, "has parts: name one of them")
    try:
        value = _value(test, field, values.type)
        return _COMPARE[test.asked](values, value)
    except (ValueError, pa.ArrowException) as error:
        raise InputError(
            f"--where {test.name.text}", f"cannot be compared with '{test.value.text}': {error}"
        ) from error


def _value(test: Test, field: pa.Field, kind: pa.DataType) -> Any:
    """A literal as a value of a column's type."""
    literal, meaning = test.value, field.metadata or {}
    if pa.types.is_string(kind):
        return pa.scalar(literal.text)
    if pa.types.is_binary(kind):
        return pa.scalar(bytes.fromhex(literal.text.removeprefix("0x")))
    if pa.types.is_timestamp(kind):
        return pa.scalar(np.datetime64(literal.text.removesuffix("Z").replace(" ", "T"), "ns")).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.scalar({"true": True, "false": False, "1": True, "0": False}[literal.text.casefold()])
    if meaning.get(b"format") == b"octal" and literal.kind != "clock":
        if not re.fullmatch("[0-7]+", literal.text):
            raise ValueError("it is octal, of the digits 0 to 7")
        return pa.scalar(int(literal.text, 8), kind)
    if meaning.get(b"format") == b"hexadecimal":
        return pa.scalar(int(literal.text, 16), kind)
    if literal.kind == "clock":
        hours, minutes, *seconds = literal.text.split(":")
        return pa.scalar(int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds[0] if seconds else 0))
    if literal.kind == "number":
        text = literal.text
        number = float(int(text, 16)) if "x" in text.casefold() else float(text)
        return (
            pa.scalar(int(number)) if number.is_integer() and pa.types.is_integer(kind) else pa.scalar(number)
        )
    words: dict[str, str] = msgspec.json.decode(meaning.get(b"values", b"{}"))
    for number, word in words.items():
        if word.casefold() == literal.text.casefold():
            return pa.scalar(int(number), kind)
    raise ValueError("it is a number" + (f", or one of: {', '.join(words.values())}" if words else ""))


def _refuse(test: Test, problem: str) -> None:
    raise InputError(f"--where {test.name.text}", problem)
