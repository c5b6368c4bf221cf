"""The same bits on two targets: machine code for this very processor, and for any of its family.

The scenario has everything on: radars of all kinds, multilateration, ADS-B, clutter, reflections, late and
doubled datagrams. numpy, too, is told to do without what only this processor has.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba import njit
from tests.tracking.two_targets import Sent, write

from asman import exercise
from asman.apps import scenarios, warm
from asman.kernels import jit
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 40
GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Callable[..., dict[str, str]]:
    """Runs the stages in a process with other settings; stage -> digest of its bits."""
    running = exercise.start(scenarios.find("kant").scenario, aircraft=120)
    begin_ns = running.sky.begin_ns
    sent = exercise.emissions(running, begin_ns, begin_ns + SECONDS * SECOND_NS, encode)
    path = tmp_path_factory.mktemp("targets") / "octets"
    write(Sent(begin_ns, SECONDS, exercise.sensors(running), tuple(sent)), path)

    def run(**environment: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.tracking.two_targets", str(path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(line.split("\t") for line in done.stdout.splitlines())

    return run


def without_numpys_own() -> dict[str, str]:
    """What keeps numpy from choosing code for this processor."""
    config = np.show_config(mode="dicts")
    found = config["SIMD Extensions"]["found"]
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(found)} if found else {}


@pytest.mark.system
def test_native_and_generic_machine_code_give_the_same_bits_from_octets_to_the_picture(told):
    native = told()
    # Compiled code of two targets in one folder would be written by two processes at once.
    folder = warm.prepare() / "generic"
    folder.mkdir(parents=True, exist_ok=True)
    generic = told(NUMBA_CACHE_DIR=str(folder), **GENERIC, **without_numpys_own())
    assert {"CAT020", "CAT021", "CAT048", "plots", "node: frames"} <= set(native)
    assert [name for name in native if native[name] != generic[name]] == []
    assert native["stream: picture"] == native["batch: picture"]


def test_products_and_sums_are_rounded_apart():
    # What may be contracted to one instruction; compiled as kernels are, but not kept on disk.
    fused_if_allowed = njit(**jit._OPTIONS)(lambda a, b, c: a * b + c)
    # 1 + 2^-27 squared is 1 + 2^-26 + 2^-54: the last term is lost by the product's own rounding.
    a = 1.0 + 2.0**-27
    assert fused_if_allowed(a, a, -(1.0 + 2.0**-26)) == 0.0
    for code in fused_if_allowed.inspect_asm().values():
        assert "vfmadd" not in code and "fmadd" not in code
