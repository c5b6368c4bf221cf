"""Parity and altitude: against long division and against the reflected code read back."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes import reader

from asman.kernels.modes_bits import remainders


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=14, max_size=14), st.booleans())
def test_the_remainder_is_that_of_long_division(octets: bytes, short: bool):
    length = 7 if short else 14
    found = remainders(np.frombuffer(octets, np.uint8).reshape(1, 14), np.array([length]))
    assert found[0] == reader.remainder(octets[:length])


def test_one_wrong_bit_anywhere_leaves_a_remainder():
    right = int("8D4840D6202CC371C32CE0576098", 16)
    wrong = [(right ^ 1 << k).to_bytes(14) for k in range(112)]
    messages = np.frombuffer(b"".join([right.to_bytes(14), *wrong]), np.uint8).reshape(-1, 14)
    found = remainders(messages, np.full(113, 14))
    assert found[0] == 0
    assert np.unique(found[1:]).size == 112 and (found[1:] != 0).all()
