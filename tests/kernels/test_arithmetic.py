"""The fingerprint of a machine's arithmetic: the same however it is compiled, another where a bit differs."""

import math

import pytest

from asman.kernels import arithmetic


@pytest.mark.filterwarnings("ignore:overflow")
def test_compiled_and_interpreted_give_the_same_fingerprint():
    assert int(arithmetic.fingerprint()) == int(arithmetic.fingerprint.py_func())


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("name", ["sin", "cos", "exp", "log", "atan2"])
def test_one_bit_of_one_function_shows(monkeypatch, name):
    plain = int(arithmetic.fingerprint.py_func())
    asked = []

    def other(*values: float) -> float:
        asked.append(values)
        found = getattr(math, name)(*values)
        return math.nextafter(found, 2.0) if len(asked) == 77 else found

    functions = {key: getattr(math, key) for key in ("sin", "cos", "exp", "log", "atan2")} | {name: other}
    monkeypatch.setattr(
        arithmetic, "math", type("Other", (), {k: staticmethod(f) for k, f in functions.items()})
    )
    assert int(arithmetic.fingerprint.py_func()) != plain
