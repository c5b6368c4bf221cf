"""What is read and what is refused is what libasterix reads and refuses, block by block, value by value."""

import os
from pathlib import Path

import pytest
from tests.fuzz.agreement import compare_all
from tests.fuzz.watch import ROOT

#: Libasterix reads some hundred blocks a second.
DEFAULT, LONG = 3_000, 100_000


def recordings() -> Path | None:
    """Without the real recordings all blocks are generated."""
    folder = Path(os.environ.get("ASMAN_SHARED", ROOT.parent / "shared")) / "data" / "asterix"
    return folder if folder.is_dir() else None


@pytest.mark.parametrize("count", [DEFAULT, pytest.param(LONG, marks=pytest.mark.long)])
def test_accept_reject_and_values_are_those_of_libasterix(count: int):
    found = compare_all(1, count, recordings())
    assert found.blocks == count
    assert found.records > count // 2 and found.rejected > count // 5, "both happen often"
    assert found.disagreements == []
