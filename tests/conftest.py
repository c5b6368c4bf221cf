"""Fixtures that every test may use."""

import os
import tracemalloc  # noqa: F401  (pytest imports it while an exception is being handled, half-loaded; so before)
from pathlib import Path

import pytest
from hypothesis import settings

from asman.apps import warm

ROOT = Path(__file__).resolve().parent.parent

# A kernel is compiled at its first call, and machines here are noisy: no test asserts a time. The default
# tests try the same examples of every property at every run, so that they say the same of the same source;
# `make test-long` tries new ones.
settings.register_profile("asman", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("ASMAN_EXPLORE") else "asman")

# Before any test imports numba: its own cache would not see that a kernel of another file has changed.
warm.prepare()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the project; the test skips where it is absent."""
    folder = Path(os.environ.get("ASMAN_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}: set ASMAN_SHARED to the folder that holds data/")
    return folder
