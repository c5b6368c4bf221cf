"""An agreement's text becomes an `Agreement`, or a list of everything that is wrong with it, with lines.

The files that it points to are asked of the caller: this floor opens nothing.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from asman.model.agreement import Agreement, Document, Ring
from asman.sharing import shapes
from asman.sharing.checks import check_terms
from asman.sharing.overlaps import explain
from asman.sharing.problems import Problem, errors
from asman.sharing.tables import convert
from asman.sharing.toml_lines import Path, line_of, lines_of

#: Returns the octets of a file that stands beside the document; raises OSError.
Read = Callable[[str], bytes]

MOST_OCTETS: Final = 1_000_000
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)")


class Checked(msgspec.Struct, frozen=True):
    """What a text turned out to be.

    agreement  None where there are errors
    problems   errors, doubts and notes, by line
    """

    agreement: Agreement | None
    problems: tuple[Problem, ...]


def read(octets: bytes, file: Read) -> Checked:
    """Read and check a whole agreement."""
    if len(octets) > MOST_OCTETS:
        said = f"the document has {len(octets):,} octets; {MOST_OCTETS:,} are the most"
        return _refused(said, "Keep shapes in files of their own.")
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        return _refused(f"octet {error.start} is not UTF-8", "Save the file as UTF-8.", line)
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error)
        match = _AT_LINE.search(said)
        where = int(match[1]) if match else text.count("\n") + 1
        return _refused(f"not TOML: {_AT_LINE.sub('', said)}", "Correct this line.", where)
    found = lines_of(text)
    document, problems = convert(raw, Document, ())
    agreement = None
    if document is not None:
        problems += check_terms(document)
        agreement, missing = _resolved(document, file)
        problems += missing
        if not errors(problems):
            problems += explain(agreement)
    told = [msgspec.structs.replace(one, line=line_of(found, one.path)) for one in problems]
    told.sort(key=_by_line)
    return Checked(None if errors(told) else agreement, tuple(told))


def _by_line(one: Problem) -> tuple[int, str]:
    return one.line, one.weight


def _refused(problem: str, mend: str, line: int = 1) -> Checked:
    return Checked(None, (Problem("error", (), problem, mend, line),))


def _resolved(document: Document, file: Read) -> tuple[Agreement, list[Problem]]:
    """The document with its shapes."""
    areas: dict[str, tuple[Ring, ...]] = {}
    lines: dict[str, Ring] = {}
    problems: list[Problem] = []
    for place, volume in enumerate(document.volume):
        got = _shape(volume.file, ("volume", place, "file"), file, shapes.polygon, problems)
        if got is not None:
            areas[volume.id] = got
    for place, handover in enumerate(document.handover):
        got = _shape(handover.line, ("handover", place, "line"), file, shapes.line, problems)
        if got is not None:
            lines[handover.line] = got
    return Agreement(document, areas, lines), problems


def _shape(name: str, path: Path, file: Read, make: Callable[[bytes], Any], problems: list[Problem]) -> Any:
    if not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        mend = "Name a file beside the document, e.g. volumes/common.geojson."
        problems.append(Problem("error", path, f"'{name}' leaves the document's folder", mend))
        return None
    try:
        return make(file(name))
    except OSError as error:
        problems.append(Problem("error", path, f"{name} cannot be read: {error.strerror}", "Check the path."))
    except shapes.ShapeError as error:
        problems.append(Problem("error", path, f"{name} {error}", "Correct the file."))
    return None


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document."""
    made = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Asman agreement", **made}
