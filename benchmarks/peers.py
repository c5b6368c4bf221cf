"""Environments of the programs that we compare with, each its own: licences and module names collide.

They are made when a benchmark first wants them, in benchmarks/.peers/, and never imported by Asman.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / ".peers"


def python_of(name: str, requirement: str) -> Path | None:
    """Return the Python of a peer's environment, made if need be; None when it cannot be made."""
    python = FOLDER / name / "bin" / "python"
    done = FOLDER / name / "requirement"
    if done.is_file() and done.read_text() == requirement:
        return python
    print(f"making an environment for {requirement} (once)")
    commands = [
        [sys.executable, "-m", "venv", "--clear", str(FOLDER / name)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement],
    ]
    for command in commands:
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode:
            print(f"{name}: left out, because its environment cannot be made: {ran.stderr.strip()[-300:]}")
            return None
    done.write_text(requirement)
    return python
