"""Watch over the process that is fuzzed: it may be killed by a signal, or never come back.

What fails is made small and written to tests/golden/hostile, to be mended and kept.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fuzz import cases
from tests.fuzz.shrink import shrink

ROOT = Path(__file__).resolve().parents[2]
#: A batch that takes longer hangs. Batches take a tenth of a second; a kernel's first call compiles it.
SILENCE_S = 240.0


def run(
    seed: int, total: int, *names: str, env: dict[str, str] | None = None, silence_s: float = SILENCE_S
) -> dict[str, Any]:
    """Fuzz in a process of its own; gives the worker's result, with `failures` of all formats."""
    with tempfile.TemporaryDirectory() as folder:
        progress, out = Path(folder) / "progress", Path(folder) / "out"
        progress.write_text("")
        command = [sys.executable, "-m", "tests.fuzz.worker", str(seed), str(total), str(progress), *names]
        with out.open("wb") as sink:
            worker = subprocess.Popen(
                command, stdout=sink, stderr=subprocess.PIPE, cwd=ROOT, env={**os.environ, **(env or {})}
            )
            how = _wait(worker, progress, silence_s)
        said = worker.stderr.read().decode(errors="replace") if worker.stderr else ""
        if not how:
            result = json.loads(out.read_text().splitlines()[-1])
            result["failures"] = _kept(result)
            return result
        where = progress.read_text()
    failure = _lost(where, how, env) if where else {"error": f"{how} before the first batch: {said[-2000:]}"}
    return {"seed": seed, "formats": {}, "failures": [failure], "peak_octets": 0}


def _wait(worker: subprocess.Popen[bytes], progress: Path, silence_s: float) -> str:
    """Wait for the end; how it ended where it was not well."""
    while True:
        try:
            code = worker.wait(1.0)
        except subprocess.TimeoutExpired:
            if time.time() - progress.stat().st_mtime > silence_s:
                worker.kill()
                worker.wait()
                return f"hangs: nothing in {silence_s:.0f} s"
            continue
        return "" if code == 0 else f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _kept(result: dict[str, Any]) -> list[dict[str, Any]]:
    failures = [
        {"format": name, **one} for name, entry in result["formats"].items() for one in entry["failures"]
    ]
    for one in failures:
        one["kept"] = str(
            _save(one["format"], one["number"], [bytes.fromhex(text) for text in one["inputs"]], one["error"])
        )
    return failures


def _save(name: str, number: int, inputs: list[bytes], why: str) -> Path:
    from tests.fuzz.formats import edition

    words = f"{edition(number)[0]:03} {edition(number)[1]}" if name == "asterix" else ""
    return cases.save(cases.Case(name, number, tuple(inputs), why, words))


def _lost(where: str, how: str, env: dict[str, str] | None) -> dict[str, Any]:
    """Find out by which inputs of its batch a worker was lost."""
    from tests.fuzz.formats import make

    name, seed, number, size = where.split()
    inputs = make(name, int(seed), int(number), int(size))
    small = shrink(inputs, lambda some: not survives(name, int(number), some, env=env), tries=60)
    kept = _save(name, int(number), small, how)
    return {
        "format": name,
        "number": int(number),
        "error": how,
        "inputs": [one.hex() for one in small],
        "kept": str(kept),
    }


def survives(
    name: str, number: int, inputs: list[bytes], *, env: dict[str, str] | None = None, timeout_s: float = 60.0
) -> bool:
    """Judge inputs in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder), name, number, inputs)
        command = [sys.executable, "-m", "tests.fuzz.worker", "--replay", str(path)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env={**os.environ, **(env or {})}, capture_output=True, timeout=timeout_s
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def _write(folder: Path, name: str, number: int, inputs: list[bytes]) -> Path:
    return cases.save(cases.Case(name, number, tuple(inputs), "replay"), folder)
