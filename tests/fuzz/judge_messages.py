"""What must hold of whatever octets are read as Mode S."""

import itertools
from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
from tests.fuzz.memory import Guarded

from asman.model.decoded import Decoded
from asman.wire.modes.decode import decode, hear, listen
from asman.wire.modes.recognise import recognise
from asman.wire.reading import read

#: What a position, a height and a speed may be, whatever came.
BOUNDS = {
    "lat_deg": 90.0, "lon_deg": 180.0, "track_deg": 360.0, "pressure_altitude_m": 61_000.0, "nic": 11,
    "geometric_altitude_m": 61_000.0, "ground_speed_mps": 5_200.0, "mode_3a": 4095, "address": 0xFFFFFF,
}  # fmt: skip


def judge(form: str, inputs: Sequence[bytes], memory: Guarded) -> Counter[str]:
    """Read a stream, whole and in pieces."""
    if form == "readsb":
        return _apart(inputs, memory)
    stream = b"".join(inputs)
    whole = decode(memory.put(stream), form)
    told = account(whole, stream)
    recognise(stream)
    draw = Random(len(stream))
    receiver = listen(form)
    heard: Counter[str] = Counter()
    longest = max(64, 1 + max(map(len, stream.split(b"\n"))))
    cuts = sorted(draw.randint(0, len(stream)) for _ in range(4))
    for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
        receiver, part = hear(receiver, stream[begin:end])
        heard.update({name: table.num_rows for name, table in part.tables.items()})
        assert len(receiver.rest) <= longest, "little waits"
    if form == "beast":  # text may end without the end of its line
        short = {name: table.num_rows - heard[name] for name, table in whole.tables.items()}
        assert all(0 <= one <= 1 for one in short.values()), "how a stream is cut does not show"
    return told


def account(found: Decoded, stream: bytes) -> Counter[str]:
    spans = [(0, 0)]
    told: Counter[str] = Counter()
    for name, table in found.tables.items():
        table.validate(full=True)
        spans += zip(table["offset"].to_pylist(), table["length"].to_pylist(), strict=True)
        told[name] += table.num_rows
        for column, most in BOUNDS.items():
            if column in table.column_names:
                values = table[column].drop_null().to_numpy()
                assert (np.abs(values) <= most).all(), f"{column} beyond {most}"
    found.rejected.validate(full=True)
    spans += zip(found.rejected["offset"].to_pylist(), found.rejected["length"].to_pylist(), strict=True)
    told.update(reason.split(":")[0] for reason in found.rejected["reason"].to_pylist())
    spans.sort()
    for (begin, size), (following, _) in itertools.pairwise(spans):
        assert begin + size <= following, "a stretch of octets is used once"
    assert spans[-1][0] + spans[-1][1] <= len(stream)
    if found.framing == "beast" and b"\x1a4" not in stream and b"\x1a\xe3" not in stream:
        assert sum(size for _, size in spans) == len(stream), "every octet is read or given up"
    return told


def _apart(inputs: Sequence[bytes], memory: Guarded) -> Counter[str]:
    """Documents, each a file of its own."""
    told: Counter[str] = Counter()
    for one in inputs:
        found = decode(memory.put(one), "readsb")
        told += account(found, one)
        assert found.records + found.rejected.num_rows > 0 or b'"aircraft"' in one or not one.strip()
        read(memory.put(one))
    return told
