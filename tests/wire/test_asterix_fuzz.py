"""Damaged blocks by the million: nothing crashes or hangs, and what is read is what is there."""

import numpy as np
import pytest
from tests.wire.recordings import blocks_of, one_frame

from asman.wire.asterix import decode

RECORDINGS = [
    "alicante-adsb.cat021.ast",
    "argentina-ssr-2026-03-03.cat034-048.pcap",
    "barcelona-radar-2023-05-02.cat048.ast",
    "croatia.cat062-065.pcap",
    "samples/goasterix--sample.ast",
    "samples/jasterix--cat004ed1.4.bin",
    "samples/asterixsharp--cat240-1.bin",
]
ROUNDS, DAMAGED = 50, 150_000


def _damaged(octets: np.ndarray, starts: np.ndarray, lengths: np.ndarray, draw: np.random.Generator) -> bytes:
    """Blocks in a row, each with a few octets changed, now and then cut; their lengths put right."""
    chosen = draw.integers(0, starts.size, DAMAGED // ROUNDS)
    out = bytearray()
    for k in chosen.tolist():
        one = octets[starts[k] : starts[k] + lengths[k]].copy()
        if one.size > 4:
            hits = draw.integers(3, one.size, draw.integers(1, 5))
            one[hits] = draw.integers(0, 256, hits.size)
            one = one[: draw.integers(4, one.size + 1)] if draw.random() < 0.3 else one
        one[1], one[2] = one.size >> 8, one.size & 255
        out += one.tobytes()
    return bytes(out)


@pytest.mark.long
@pytest.mark.parametrize("name", RECORDINGS)
def test_damaged_blocks_are_accounted_for_octet_by_octet(shared_data, name):
    whole = (shared_data / "asterix" / name).read_bytes()
    blocks = blocks_of(whole)
    octets = np.frombuffer(whole, np.uint8)
    draw = np.random.default_rng(11)
    for _ in range(ROUNDS):
        damaged = _damaged(octets, blocks.start, blocks.length, draw)
        count = blocks_of(damaged).start.size
        found = decode(damaged, one_frame(damaged))
        read = sum(int(table["length"].to_numpy().sum()) for table in found.tables.values())
        given_up = int(found.rejected["length"].to_numpy().sum())
        # Headers are neither read nor given up, but where a whole block is refused.
        assert len(damaged) - 3 * count <= read + given_up <= len(damaged)
        for table in found.tables.values():
            table.validate(full=True)
            assert np.all(np.diff(table["offset"].to_numpy()) > 0)
