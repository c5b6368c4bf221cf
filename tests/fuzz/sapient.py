"""SAPIENT messages, as pieces: lengths, keys and contents of Protocol Buffers; and what must hold of them."""

import itertools
from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
from tests.fuzz.memory import Guarded
from tests.fuzz.pieces import COUNT, DATA, LENGTH_LITTLE, TEXT, Piece, Pieces, joined, mutated

from asman.wire import protobuf as pb
from asman.wire import sapient

LIMITS = {"lat_deg": 90.0, "lon_deg": 180.0, "range_m": 1e7, "azimuth_deg": 360.0}


def _inside(field: int, pieces: Pieces) -> Pieces:
    """A message within another, its key and its length apart."""
    size = pb.varint(len(joined(pieces)))
    return [Piece(COUNT, pb.varint(field << 3 | pb.OCTETS)), Piece(COUNT, size), *pieces]


def _reals(draw: Random, *fields: int) -> Pieces:
    odd = (float("nan"), float("inf"), -1e308, 1e-320)
    return [
        Piece(DATA, pb.double(field, draw.choice(odd) if draw.random() < 0.05 else draw.uniform(-90, 90)))
        for field in fields
    ]


def _wholes(draw: Random, *fields: int) -> Pieces:
    return [Piece(COUNT, pb.number(field, draw.choice((1, 1, 2, 3, 5)))) for field in fields]


def _text(draw: Random, field: int) -> Pieces:
    return _inside(field, [Piece(TEXT, draw.choice((b"node-1", b"node-2", b"", b"drone")))])


def _message(draw: Random) -> Pieces:
    kind = draw.choice((7, 7, 7, 6, 4, draw.choice((5, 8, 9, 10, 11, 12))))
    if kind == 7:
        place = _inside(6, [*_reals(draw, 1, 2, 3, 4, 5), *_wholes(draw, 7, 8)])
        polar = _inside(5, [*_reals(draw, 1, 2, 3), *_wholes(draw, 7, 8)])
        inside = [*_text(draw, 2), *draw.choice((place, polar, [])), *_inside(19, _reals(draw, 1, 2, 3))]
        inside += _inside(11, [*_text(draw, 1), *_reals(draw, 2)]) * draw.choice((0, 1, 2))
    elif kind == 4:
        speed = _inside(6, _inside(4, _wholes(draw, 1, 2)))
        inside = [*_text(draw, 3), *_inside(7, _inside(10, speed))]
    else:
        inside = [*_wholes(draw, 2), *_inside(7, [*_reals(draw, 1, 2, 3), *_wholes(draw, 7, 8)])]
    stamp = _inside(1, [Piece(COUNT, pb.number(1, 1_780_000_000)), Piece(COUNT, pb.number(2, 5))])
    body = [*stamp, *_text(draw, 2), *_inside(kind, inside)]
    return [Piece(LENGTH_LITTLE, len(joined(body)).to_bytes(4, "little")), *body]


def messages(draw: Random, count: int) -> list[bytes]:
    """Messages in a row, most of them mutated; the length in front is put right as often as not."""
    out: list[bytes] = []
    before: Pieces = []
    for _ in range(count):
        one = _message(draw)
        octets = joined(mutated(one, draw, before, text=draw.random() < 0.2) if draw.random() < 0.8 else one)
        if draw.random() < 0.7:
            octets = max(len(octets) - 4, 0).to_bytes(4, "little") + octets[4:]
        out.append(octets)
        before = one
    return out


def judge(inputs: Sequence[bytes], memory: Guarded) -> Counter[str]:
    """Read a stream whole, and in pieces: the same; every octet is read or given up."""
    stream = b"".join(inputs)
    whole = sapient.decode(memory.put(stream))
    told: Counter[str] = Counter()
    spans = [(0, 0)]
    for name, table in whole.tables.items():
        table.validate(full=True)
        told[name] += table.num_rows
        spans += zip(table["offset"].to_pylist(), table["length"].to_pylist(), strict=True)
        for column, most in LIMITS.items():
            if column in table.column_names:
                assert (np.abs(table[column].drop_null().to_numpy()) <= most).all(), column
    whole.rejected.validate(full=True)
    told.update(reason.split(" octet")[0][:60] for reason in whole.rejected["reason"].to_pylist())
    spans += zip(whole.rejected["offset"].to_pylist(), whole.rejected["length"].to_pylist(), strict=True)
    spans.sort()
    for (begin, size), (following, _) in itertools.pairwise(spans):
        assert begin + size == following, "a stretch of octets is used once, and none is passed over"
    assert sum(spans[-1]) == len(stream), "to the last"
    draw = Random(len(stream))
    cuts = sorted(draw.randint(0, len(stream)) for _ in range(6))
    part = sapient.Stream()
    heard: Counter[str] = Counter()
    for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
        part, decoded = sapient.hear(part, stream[begin:end])
        heard.update({name: table.num_rows for name, table in decoded.tables.items()})
        assert len(part.units) <= sapient.NODES_MAX
        assert len(part.left) <= sapient.MESSAGE_OCTETS_MAX + sapient.HEAD, "little waits"
    # Behind a length that cannot be, where reading goes on depends on what has come: cuts may show there.
    if not any("cannot be" in reason for reason in whole.rejected["reason"].to_pylist()):
        assert heard == {name: table.num_rows for name, table in whole.tables.items()}, "cuts show"
    return told
