"""Compressed recordings: expanded by content, within bounds."""

import gzip
import lzma
import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.wire.compressed import SMALL_OCTETS, expanded


def zstd(octets: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(octets)
    return sink.getvalue().to_pybytes()


FORMS = {"gzip": gzip.compress, "xz": lzma.compress, "zstd": zstd}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=5000))
def test_what_was_compressed_is_expanded(form: str, octets: bytes):
    assert expanded(FORMS[form](octets), "r") == octets


@pytest.mark.parametrize("form", FORMS)
def test_several_pieces_one_behind_the_other_are_one_recording(form: str):
    assert expanded(FORMS[form](b"one") + FORMS[form](b"two"), "r") == b"onetwo"


def test_what_is_not_compressed_is_handed_back():
    for octets in (b"", b"\x30\x00\x03", b"\x1f\x8b", memoryview(b"*8D;")):
        assert expanded(octets, "r") is octets


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_is_refused_before_it_is_expanded(form: str):
    piece = bytes(16 * 1024 * 1024)
    bomb = FORMS[form](piece) if form != "gzip" else gzip.compress(piece, 9)
    bomb *= SMALL_OCTETS // len(piece) + 1
    with pytest.raises(InputError, match="expands to more than"):
        expanded(bomb, "bomb")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_damaged_or_cut_short_is_said_to_be(form: str):
    whole = FORMS[form](bytes(range(256)) * 50)
    with pytest.raises(InputError, match="damaged or cut short"):
        expanded(whole[: len(whole) // 2], "r")
    broken = bytearray(whole)
    broken[len(broken) // 2] ^= 0xFF
    try:
        expanded(bytes(broken), "r")
    except InputError as error:
        assert "damaged" in str(error)


def test_zlib_knows_the_window_of_gzip():
    assert zlib.decompressobj(31).decompress(gzip.compress(b"x")) == b"x"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_very_many_empty_members_is_read_in_one_pass(form: str):
    """What was left was copied for each member: a few megabytes of them took hours."""
    octets = FORMS[form](b"") * 200_000 + FORMS[form](b"the last")
    assert expanded(octets, "file") == b"the last"


@pytest.mark.parametrize("form", ["gzip", "xz"])
def test_what_stands_behind_padding_is_read_or_refused(form: str):
    pack = FORMS[form]
    assert expanded(pack(b"one") + bytes(12) + pack(b"two"), "file") == b"onetwo"
    with pytest.raises(InputError, match="damaged"):
        expanded(pack(b"one") + bytes(12) + b"more", "file")
