"""The house stays in order: sizes, floors' purity that import contracts cannot see, commands with help."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from asman.apps.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
SHELL = ("edge", "apps", "__init__.py")
CORE = [p for p in SOURCES if p.relative_to(ROOT / "src/asman").parts[0] not in SHELL]


def asman(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asman.apps.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_holds_one_idea_and_so_stays_short(path: Path):
    assert len(path.read_text().splitlines()) <= 400, "look for the seam and split it"


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_opens_no_file_and_prints_nothing(path: Path):
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "exec", "eval"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_keeps_state(path: Path):
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)], "state is a parameter"


def test_every_command_has_a_help_page_that_says_how():
    for name in COMMANDS:
        done = asman(name, "--help")
        assert done.returncode == 0, done.stderr
        assert "Usage:" in done.stdout and "asman" in done.stdout


def test_an_unknown_command_is_the_users_mistake():
    done = asman("fly")
    assert done.returncode == 2
    assert "fly" in done.stderr
