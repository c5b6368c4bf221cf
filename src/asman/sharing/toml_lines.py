"""Where in a TOML text a key stands: `tomllib` gives values without lines, and people mend lines."""

import re
from typing import Final

Path = tuple[str | int, ...]

#: Strings and comments, in the order in which TOML looks for them.
_WORDS: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_MANY: Final = re.compile(r"\s*\[\[([^\[\]]+)\]\]")
_ONE: Final = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY: Final = re.compile(r"\s*([^=\s][^=]*?)\s*=")


def lines_of(text: str) -> dict[Path, int]:
    """Path -> line, counted from 1: ("grant", 2, "to") is where the third grant says `to`."""
    bare = _WORDS.sub(_blank, text).split("\n")
    found: dict[Path, int] = {}
    seen: dict[Path, int] = {}
    table: Path = ()
    depth = 0
    for number, (line, whole) in enumerate(zip(bare, text.split("\n"), strict=True), 1):
        rest = line
        if depth == 0:
            if match := _MANY.match(line):
                table = _under(table=_parts(whole[slice(*match.span(1))]), seen=seen, again=True)
                found[table] = number
                continue
            if match := _ONE.match(line):
                table = _under(table=_parts(whole[slice(*match.span(1))]), seen=seen, again=False)
                found.setdefault(table, number)
                continue
            if match := _KEY.match(line):
                found[table + _parts(whole[slice(*match.span(1))])] = number
                rest = line[match.end() :]
        depth += sum(rest.count(sign) for sign in "[{") - sum(rest.count(sign) for sign in "]}")
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest table around it; 1 where nothing is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in found:
            return found[path[:end]]
    return 1


def _blank(match: re.Match[str]) -> str:
    """A comment becomes blanks, a string underscores; lines stay lines."""
    return re.sub(r"[^\n]", " " if match[0].startswith("#") else "_", match[0])


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _under(table: tuple[str, ...], seen: dict[Path, int], *, again: bool) -> Path:
    """The path of a header: the latest of each array of tables on the way, a new one at the end of [[ ]]."""
    path: Path = ()
    for place, part in enumerate(table):
        path += (part,)
        if again and place == len(table) - 1:
            seen[path] = seen.get(path, -1) + 1
        if path in seen:
            path += (seen[path],)
    return path
