"""Strings are written eight letters at a time: as if each letter had been looked at by itself."""

from random import Random

import pytest
from tests.wire.recordings import block, fspec, trusted

#: ICAO Annex 10 IV, table 3-9: what has a letter.
ICAO = {**{k: chr(64 + k) for k in range(1, 27)}, 32: " ", **{k: chr(k) for k in range(48, 58)}}
ROWS = 3000


def plain(codes: list[int], letters: dict[int, str]) -> str:
    """What has no letter is left out, then the blanks at the end."""
    return "".join(letters.get(code, "") for code in codes).rstrip(" ")


def drawn(draw: Random, good: list[int], top: int, count: int) -> list[int]:
    """Codes of which most are good: none, one or all are any; blanks stand behind now and then."""
    codes = [draw.choice(good) for _ in range(count)]
    kind = draw.randrange(4)
    if kind == 1:
        codes[draw.randrange(count)] = draw.randrange(top)
    if kind == 2:
        codes = [draw.randrange(top) for _ in codes]
    if kind == 3:
        blanks = draw.randrange(count + 1)
        codes[count - blanks :] = [32] * blanks
    return codes


def test_letters_of_six_bits():
    draw = Random("icao")
    every = [drawn(draw, list(ICAO), 64, 8) for _ in range(ROWS)] + [[code] * 8 for code in range(64)]
    numbers = [int("".join(f"{code:06b}" for code in codes), 2) for codes in every]
    head = fspec(48, "1.32", "010", "240") + b"\x14\x81"
    found = trusted(block(48, b"".join(head + one.to_bytes(6, "big") for one in numbers)), 48, "1.32")
    assert found.tables["CAT048"]["I240"].to_pylist() == [plain(codes, ICAO) for codes in every]


@pytest.mark.parametrize(("name", "flags", "letters"), [("CS", 0x40, 7), ("DEP", 0x02, 4)])
def test_letters_of_eight_bits(name: str, flags: int, letters: int):
    ascii_letters = {code: chr(code) for code in range(32, 127)}
    draw = Random(f"ascii {name}")
    every = [drawn(draw, list(range(32, 127)), 256, letters) for _ in range(ROWS)]
    every += [[code] * letters for code in range(256)]
    head = fspec(62, "1.20", "010", "390") + b"\x14\x81" + bytes([flags])
    found = trusted(block(62, b"".join(head + bytes(codes) for codes in every)), 62, "1.20")
    told = found.tables["CAT062"][f"I390/{name}"].to_pylist()
    assert told == [plain(codes, ascii_letters) for codes in every]
