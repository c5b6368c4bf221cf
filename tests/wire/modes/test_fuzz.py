"""Damaged messages by the hundred thousand: nothing crashes, every octet is accounted for.

100,000 damaged messages by default, ten million with `make test-long`.
"""

import itertools
import json

import numpy as np
import pytest
from tests.wire.modes.reader import remainder
from tests.wire.modes.test_decode import a_flight, frames
from tests.wire.modes.test_texts import DOCUMENT, SBS

from asman.wire.modes.decode import decode, hear, listen
from asman.wire.modes.recognise import recognise
from asman.wire.reading import read

OCTETS, SECONDS = a_flight(200)
SINGLE = [frames([message], [second]) for message, second in zip(OCTETS, SECONDS, strict=True)]
LINES = [
    b"@%012x%s;\n" % (round((1.0 + second) * 12e6), message.hex().encode())
    for message, second in zip(OCTETS, SECONDS, strict=True)
]
#: Octets that mean something to a reader.
SPECIAL = np.array([0x1A, 0x31, 0x32, 0x33, 0x34, 0xE3, 0x0A, 0x2A, 0x3B, 0x00, 0xFF], np.uint8)


def damaged(pieces: list[bytes], count: int, draw: np.random.Generator, share: float = 1.0) -> bytes:
    """Pieces in their order, a share of them with octets changed, put in, left out, doubled or cut off."""
    out = bytearray()
    for k in range(count):
        one = bytearray(pieces[k % len(pieces)])
        if draw.random() < share:
            for _ in range(int(draw.integers(1, 4))):
                at = int(draw.integers(0, len(one))) if one else 0
                value = (
                    int(SPECIAL[draw.integers(0, SPECIAL.size)])
                    if draw.random() < 0.5
                    else int(draw.integers(0, 256))
                )
                what = draw.integers(0, 5)
                if what <= 1 and one:
                    one[at] = value
                elif what == 2:
                    one.insert(at, value)
                elif what == 3 and one:
                    del one[at]
                elif one:
                    one = one[: at + 1]
        out += one
    return bytes(out)


def judge(stream: bytes, form: str) -> int:
    """Decode, and check what must hold whatever came; gives how many messages were read."""
    found = decode(stream, form)
    spans = [(0, 0)]
    for table in (*found.tables.values(), found.rejected):
        table.validate(full=True)
        spans += zip(table["offset"].to_pylist(), table["length"].to_pylist(), strict=True)
    spans.sort()
    for (begin, size), (following, _) in itertools.pairwise(spans):
        assert begin + size <= following, "a stretch of octets is used once"
    assert spans[-1][0] + spans[-1][1] <= len(stream)
    if form == "beast" and b"\x1a4" not in stream and b"\x1a\xe3" not in stream:
        assert sum(size for _, size in spans) == len(stream), "every octet is read or given up"
    if "ADSB" in found.tables:
        _believable(stream, form, found.tables["ADSB"].to_pylist())
    return found.records


def _believable(stream: bytes, form: str, rows: list[dict]) -> None:
    for row in rows:
        if form == "beast":
            piece = stream[row["offset"] + 2 : row["offset"] + row["length"]].replace(b"\x1a\x1a", b"\x1a")[
                7:
            ]
            assert len(piece) == 14 and remainder(piece) == 0
        if row.get("lat_deg") is not None:
            assert abs(row["lat_deg"]) <= 90 and abs(row["lon_deg"]) <= 180
            # All positions that were sent lie on one line.
            if row["position_confirmed"] and row["address"] == 0x3C6586:
                assert 47.999 < row["lat_deg"] < 48.5 and abs(row["lon_deg"] - 11.0) < 0.001


@pytest.mark.parametrize(("form", "pieces"), [("beast", SINGLE), ("avr", LINES)])
def test_fifty_thousand_damaged_messages(form: str, pieces: list[bytes]):
    draw = np.random.default_rng(17)
    read_at_all = sum(judge(damaged(pieces, 2500, draw), form) for _ in range(20))
    assert read_at_all < 25_000, "most were damaged"


@pytest.mark.long
@pytest.mark.parametrize(("form", "pieces"), [("beast", SINGLE), ("avr", LINES)])
@pytest.mark.parametrize("seed", range(10))
def test_half_a_million_damaged_messages(form: str, pieces: list[bytes], seed: int):
    draw = np.random.default_rng(seed)
    for _ in range(200):
        judge(damaged(pieces, 2500, draw, share=draw.random()), form)


def test_good_messages_among_damaged_ones_are_read():
    draw = np.random.default_rng(4)
    stream = damaged(SINGLE, 2000, draw, share=0.3)
    assert judge(stream, "beast") > 1300


def test_octets_without_any_order():
    draw = np.random.default_rng(2)
    for size in (1, 2, 3, 20, 1000, 20_000):
        noise = draw.choice(SPECIAL, size).tobytes()
        for form in ("beast", "avr"):
            judge(noise, form)
        recognise(noise)
        read(noise)


@pytest.mark.parametrize("text", [SBS, json.dumps(DOCUMENT).encode() + b"\n"], ids=["sbs", "readsb"])
def test_damaged_text_is_read_or_given_up(text: bytes):
    draw = np.random.default_rng(9)
    form = recognise(text)
    for _ in range(1500):
        found = decode(damaged([text], 3, draw), form)
        for table in (*found.tables.values(), found.rejected):
            table.validate(full=True)
        assert found.records + found.rejected.num_rows > 0


def test_a_stream_of_any_octets_keeps_little(tmp_path):
    """What waits for more octets is never more than a frame or a line, and aircraft are forgotten."""
    draw = np.random.default_rng(8)
    receiver = listen("beast")
    for _ in range(50):
        receiver, _ = hear(receiver, draw.choice(SPECIAL, 5000).tobytes(), 1)
        assert len(receiver.rest) < 64
    assert receiver.aircraft.key.size <= 131_072


def test_more_addresses_than_aircraft_are_forgotten_not_kept():
    """300,000 replies, each of another address: half a minute of noise must not fill the memory."""
    draw = np.random.default_rng(1)
    count = 300_000
    messages = np.zeros((count, 14), np.uint8)
    messages[:, :7] = draw.integers(0, 256, (count, 7))
    messages[:, 0] = 0x20
    from asman.wire.modes import beast_frames

    stream = beast_frames(messages, np.full(count, 7), np.arange(count) * 1200, np.zeros(count, np.int64))
    receiver, heard = hear(listen("beast"), stream)
    assert heard.tables["MODES"].num_rows == count
    assert receiver.aircraft.key.size == 131_072
    proven = heard.tables["MODES"]["address_proven"].to_numpy(zero_copy_only=False).sum()
    assert proven < 0.02 * count
