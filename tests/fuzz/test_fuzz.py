"""Whatever octets come, nothing crashes, hangs, reads or writes beside, or passes in silence.

100,000 inputs by default, ten million with `make test-long`; how many of each format says `FORMATS`.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.fuzz import cases, watch
from tests.fuzz.formats import FORMATS
from tests.fuzz.memory import Canaries
from tests.fuzz.shrink import shrink

pytestmark = pytest.mark.system
KEPT = sorted(cases.FOLDER.glob("*.json"))


def unhurt(seed: int, inputs: int, *names: str, env: dict[str, str] | None = None) -> dict:
    result = watch.run(seed, inputs, *names, env=env)
    assert result["failures"] == [], (
        "each failure is kept, made small: mend it, name its file, leave it there"
    )
    return result["formats"]


def test_a_hundred_thousand_hostile_inputs_do_no_harm():
    formats = unhurt(1, 100_000)
    assert formats.keys() == FORMATS.keys()
    assert sum(entry["inputs"] for entry in formats.values()) >= 100_000
    for name, entry in formats.items():
        assert len(entry["told"]) >= 2, f"{name}: some are read, some refused with why"
        assert sum(entry["told"].values()) >= entry["inputs"] // 4, f"{name}: nothing passes in silence"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_million_hostile_inputs_do_no_harm(seed: int):
    unhurt(seed, 1_000_000)


@pytest.mark.long
def test_no_index_of_an_array_is_beyond_it(tmp_path: Path):
    """numba checks every index of an array: slow to compile, and slow."""
    unhurt(5, 60_000, env={"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)})


def test_uncompiled_kernels_check_every_index_and_do_the_same():
    names = [name for name in FORMATS if name not in ("contribution", "batch", "agreement", "shape")]
    plain, compiled = (
        unhurt(3, 400, *names, env={"NUMBA_DISABLE_JIT": flag, "PYTHONWARNINGS": "ignore"}) for flag in "10"
    )
    assert {name: entry["told"] for name, entry in plain.items()} == {
        name: entry["told"] for name, entry in compiled.items()
    }


def test_what_once_did_harm_does_none():
    """A failing case names its file; run it alone: python -m tests.fuzz.worker --replay FILE"""
    assert KEPT
    command = [sys.executable, "-m", "tests.fuzz.worker", "--replay", *map(str, KEPT)]
    done = subprocess.run(command, cwd=watch.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_an_octet_read_behind_guarded_ones_kills_the_reader():
    script = "import ctypes; from tests.fuzz.memory import Guarded; view = Guarded().put(b'abc'); "
    script += "print(ctypes.string_at(view.ctypes.data, {}))"
    for size, dies in ((3, False), (4, True)):
        done = subprocess.run(
            [sys.executable, "-c", script.format(size)], cwd=watch.ROOT, capture_output=True
        )
        assert (done.returncode < 0) == dies


def test_a_write_beside_an_array_is_seen():
    marks = Canaries()
    array = marks.zeros((2, 3), np.int32)
    marks.check()
    array = marks.empty(6, np.int32)
    np.lib.stride_tricks.as_strided(array, (7,), writeable=True)[6] = 1
    with pytest.raises(AssertionError, match="written beside"):
        marks.check()


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("import os; os.kill(os.getpid(), 11)", "killed by signal 11"),
        ("import time; time.sleep(100)", "hangs"),
        ("raise SystemExit(3)", "exit code 3"),
        ("", ""),
    ],
)
def test_a_worker_that_dies_or_hangs_is_seen(tmp_path: Path, script: str, how: str):
    progress = tmp_path / "progress"
    progress.write_text("asterix 1 0 10")
    worker = subprocess.Popen([sys.executable, "-c", script])
    assert watch._wait(worker, progress, silence_s=2.0 if "sleep" in script else 60.0).startswith(how)
    assert worker.poll() is not None


def test_a_failing_batch_is_made_small():
    inputs = [bytes(range(k, k + 40)) for k in range(0, 200, 20)]
    assert shrink(inputs, lambda some: any(b"\x42" in one for one in some)) == [b"\x42"]


def test_a_failing_case_is_kept_and_read_again(tmp_path: Path):
    case = cases.Case("asterix", 3, (b"\x30\x00", b""), "AssertionError: an empty record", "002 1.0")
    path = cases.save(case, tmp_path)
    assert path.name == "asterix-assertionerror-an-empty-record.json"
    assert cases.load(path)._replace(number=3) == case
