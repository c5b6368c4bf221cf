"""How long a person waits: from the command to the first record, cold (with compilation) and warm.

Cold means an empty folder of compiled kernels, as on a fresh machine; warm means any later start.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.run import shared_data

RECORDING = "asterix/barcelona-radar-2023-05-02.cat048.ast"


def first_record_s(recording: Path, cache: Path) -> float:
    """Seconds from starting `asman decode` to its first line on stdout."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "asman.apps.main", "decode", str(recording)]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        waited = time.perf_counter() - began
        child.kill()
    if not line.startswith(b"{"):
        raise RuntimeError(f"asman decode printed {line!r} instead of a record")
    return waited


def run() -> list[dict[str, Any]]:
    """Measure one cold and the median of five warm starts."""
    data = shared_data()
    if data is None:
        print("start: no real recordings beside the project, left out")
        return []
    with tempfile.TemporaryDirectory() as folder:
        cold = first_record_s(data / RECORDING, Path(folder))
        warm = sorted(first_record_s(data / RECORDING, Path(folder)) for _ in range(5))[2]
    return [
        figure("first record, cold with compilation", cold, "s", floor=20.0, target=12.0),
        figure("first record, warm", warm, "s", floor=2.0, target=1.0),
    ]
