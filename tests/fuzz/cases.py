"""Inputs that once did harm, kept: tests/golden/hostile, a file each, named by what they did."""

import json
import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "hostile"


class Case(NamedTuple):
    """A batch of inputs.

    number  of the batch; for ASTERIX it names the edition, which `edition` says in words: "048 1.32"
    why     what went wrong when it was found
    """

    format: str
    number: int
    inputs: tuple[bytes, ...]
    why: str
    edition: str = ""


def load(path: Path) -> Case:
    from tests.fuzz.records import EDITIONS

    raw = json.loads(path.read_text())
    number = int(raw.get("number", 0))
    if raw.get("edition"):
        category, edition = raw["edition"].split()
        number = EDITIONS.index((int(category), edition))
    inputs = tuple(bytes.fromhex(one) for one in raw["inputs"])
    return Case(raw["format"], number, inputs, raw["why"], raw.get("edition", ""))


def save(case: Case, folder: Path = FOLDER) -> Path:
    """Write a case under a name made of what it did."""
    folder.mkdir(parents=True, exist_ok=True)
    words = "-".join(re.findall(r"[a-z0-9]+", case.why.lower())[:7])
    path = folder / f"{case.format}-{words}.json"
    raw = {"format": case.format, "why": case.why, "inputs": [one.hex() for one in case.inputs]}
    raw |= {"edition": case.edition} if case.edition else {"number": case.number}
    path.write_text(json.dumps(raw, indent=1) + "\n")
    return path
