"""What is wrong, doubtful or noteworthy in a document: the line, the field, and the mend."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from asman.sharing.toml_lines import Path

#: An error keeps a document from being signed; a doubt does not; a note explains how terms work together.
Weight = Literal["error", "doubt", "note"]


class Problem(msgspec.Struct, frozen=True):
    """One finding.

    path     where, e.g. ("grant", 2, "to")
    problem  what was needed and what was there
    mend     what to do about it
    line     of the document, from 1; 0 where not looked up
    """

    weight: Weight
    path: Path
    problem: str
    mend: str = ""
    line: int = 0

    @property
    def field(self) -> str:
        """The place in words: "grant 3: to"; tables are counted from 1, as people do."""
        words: list[str] = []
        for part in self.path:
            if isinstance(part, int) and words:
                words[-1] = f"{words[-1]} {part + 1}"
            else:
                words.append(str(part))
        return ": ".join(words)

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.field}" if self.path else "")
        return f"{place}: {self.problem}" + (f". {self.mend}" if self.mend else "")


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those that keep a document from being signed."""
    return tuple(one for one in problems if one.weight == "error")
