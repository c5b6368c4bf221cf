"""Files as recorders and network analysers write them, as pieces; the blocks in them are whole or mutated."""

import gzip
import lzma
import struct
from collections.abc import Callable
from functools import cache
from random import Random

import pyarrow as pa
from tests.fuzz import records
from tests.fuzz.pieces import COUNT, DATA, LENGTH_BIG, LENGTH_LITTLE, Piece, Pieces, joined, mutated

#: Blocks that files are made of.
COMMON = ((48, "1.32"), (34, "1.29"), (62, "1.20"), (21, "2.4"), (1, "1.4"), (240, "1.3"))


@cache
def _blocks() -> tuple[bytes, ...]:
    draw = Random("blocks of files")
    return tuple(
        one
        for category, edition in COMMON
        for one in records.blocks(category, edition, draw, 40)
        if one[1:3] != b"\0\0"
    )


def _payload(draw: Random) -> bytes:
    """One block, whole blocks in a row, or something else."""
    kind = draw.random()
    if kind < 0.05:
        return draw.randbytes(draw.choice((0, 1, 2, 3, 8, 40)))
    return b"".join(draw.choice(_blocks()) for _ in range(draw.choice((1, 1, 2))))


def _length(value: int, size: int, *, big: bool = True) -> Piece:
    order = "big" if big else "little"
    kept = value & ((1 << 8 * size) - 1)
    return Piece(LENGTH_BIG if big else LENGTH_LITTLE, kept.to_bytes(size, order))


def _udp(payload: bytes) -> Pieces:
    return [
        Piece(DATA, b"\x0f\xa0\x21\x98"),
        _length(8 + len(payload), 2),
        Piece(DATA, b"\0\0"),
        Piece(DATA, payload),
    ]


def _tcp(payload: bytes, draw: Random) -> Pieces:
    """A segment of one of two connections; their octets overlap, leave gaps, or follow one another."""
    place = draw.choice((0, 0, 5, 40, 100, 300, 2**32 - 20))
    flags = draw.choice((0x10, 0x10, 0x10, 0x18, 0x02, 0x11, 0x04))
    port = draw.choice((4000, 4001))
    return [
        Piece(DATA, struct.pack(">HHII", port, 8600, place, 0)),
        Piece(COUNT, bytes((draw.choice((0x50, 0x50, 0x60)), flags))),
        Piece(DATA, bytes(6) + payload),
    ]


def _ip(payload: bytes, draw: Random) -> tuple[Pieces, int]:
    """An IP packet, and its ethertype."""
    protocol = draw.choice((17, 17, 17, 6))
    udp = _udp(payload) if protocol == 17 else _tcp(payload, draw)
    if draw.random() < 0.15:
        return _fragment(joined(udp), protocol, draw), 0x0800
    inner = joined(udp)
    if draw.random() < 0.3:
        before = b"" if draw.random() < 0.7 else bytes((17, draw.choice((0, 0, 1, 255)))) + bytes(6)
        first = protocol if not before else draw.choice((0, 43, 44, 60))
        head = [
            Piece(DATA, b"\x60\0\0\0"),
            _length(len(before) + len(inner), 2),
            Piece(COUNT, bytes((first, 64))),
        ]
        return [*head, Piece(DATA, bytes(32)), Piece(COUNT, before), *udp], 0x86DD
    options = bytes(4 * draw.choice((0, 0, 0, 1, 10)))
    fragment = draw.choice((0, 0, 0, 0, 0x4000, 0x2000, 7))
    head = [
        Piece(COUNT, bytes((0x45 + len(options) // 4,))),
        Piece(DATA, b"\0"),
        _length(20 + len(options) + len(inner), 2),
        Piece(DATA, b"\0\1" + fragment.to_bytes(2, "big")),
        Piece(COUNT, bytes((64, protocol))),
        Piece(DATA, bytes(10) + options),
    ]
    return head + udp, 0x0800


def _fragment(whole: bytes, protocol: int, draw: Random) -> Pieces:
    """A fragment of a datagram, of which two are open at a time."""
    cut = min(len(whole), draw.choice((8, 16, 40))) // 8 * 8
    first = draw.random() < 0.5
    piece, place = (whole[:cut], 0x2000) if first else (whole[cut:], cut // 8)
    return [
        Piece(DATA, b"\x45\0"),
        _length(20 + len(piece), 2),
        Piece(DATA, bytes((0, draw.choice((1, 2))))),
        Piece(LENGTH_BIG, place.to_bytes(2, "big")),
        Piece(COUNT, bytes((64, protocol))),
        Piece(DATA, bytes(10)),
        Piece(DATA, piece),
    ]


def _link(draw: Random, kind: int) -> Pieces:
    """A packet of a link layer."""
    ip, ether = _ip(_payload(draw), draw)
    if kind == 1:
        tags = b"".join(
            struct.pack(">HH", draw.choice((0x8100, 0x88A8, 0x9100)), 7)
            for _ in range(draw.choice((0, 0, 1, 2)))
        )
        trailer = [Piece(DATA, bytes(draw.choice((0, 0, 11))))]
        return [Piece(DATA, bytes(12) + tags), _length(ether, 2), *ip, *trailer]
    if kind in (0, 108):
        family = 2 if ether == 0x0800 else draw.choice((10, 24, 28, 30))
        return [Piece(DATA, struct.pack("<I" if kind == 0 else ">I", family)), *ip]
    if kind == 113:
        return [Piece(DATA, bytes(14)), _length(ether, 2), *ip]
    if kind == 276:
        return [_length(ether, 2), Piece(DATA, bytes(18)), *ip]
    return ip


LINKS = (1, 1, 1, 1, 0, 12, 14, 101, 108, 113, 228, 229, 276, 105)


def pcap(draw: Random) -> Pieces:
    big, kind = draw.random() < 0.5, draw.choice(LINKS)
    order = ">" if big else "<"
    magic = struct.pack(order + "I", draw.choice((0xA1B2C3D4, 0xA1B23C4D)))
    out = [
        Piece(DATA, magic),
        Piece(DATA, struct.pack(order + "HHiII", 2, 4, 0, 0, 65_535)),
        _length(kind, 4, big=big),
    ]
    for _ in range(draw.choice((0, 1, 2, 3, 5))):
        packet = _link(draw, kind)
        size = len(joined(packet))
        out += [
            Piece(DATA, struct.pack(order + "II", 1_700_000_000, 5)),
            _length(size, 4, big=big),
            _length(size, 4, big=big),
        ]
        out += packet
    return out


def pcapng(draw: Random) -> Pieces:
    big, out = draw.random() < 0.5, []
    order = ">" if big else "<"

    def chunk(kind: int, inside: Pieces) -> Pieces:
        size = len(joined(inside))
        pad = -size % 4
        whole = 12 + size + pad
        return [
            Piece(DATA, struct.pack(order + "I", kind)),
            _length(whole, 4, big=big),
            *inside,
            Piece(DATA, bytes(pad)),
            _length(whole, 4, big=big),
        ]

    out += chunk(0x0A0D0D0A, [Piece(DATA, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))])
    kinds = [draw.choice(LINKS) for _ in range(draw.choice((0, 1, 1, 2)))]
    for kind in kinds:
        resolution = struct.pack(
            order + "HHB3x", 9, 1, draw.choice((6, 9, 0, 18, 19, 127, 128, 0x94, 0xBF, 255))
        )
        offset = struct.pack(order + "HHq", 14, 8, draw.choice((0, 3600, -1, 2**62)))
        options = draw.choice((b"", resolution, resolution + offset)) + struct.pack(order + "HH", 0, 0)
        out += chunk(
            1,
            [
                _length(kind, 2, big=big),
                Piece(DATA, bytes(2) + struct.pack(order + "I", 65_535)),
                Piece(COUNT, options),
            ],
        )
    for _ in range(draw.choice((0, 1, 2, 3, 5))):
        interface = draw.randrange(len(kinds) + 1)
        packet = _link(draw, kinds[interface] if interface < len(kinds) else 1)
        size = len(joined(packet))
        what = draw.choice((6, 6, 6, 2, 3, 4, 5))
        stamp = [_length(draw.choice((0x17, 0, 0x7FFFFFFF, 0xFFFFFFFF)), 4, big=big), Piece(DATA, bytes(4))]
        lengths = [_length(size, 4, big=big), _length(size, 4, big=big)]
        if what == 6:
            inside = [_length(interface, 4, big=big), *stamp, *lengths, *packet]
        elif what == 2:
            inside = [_length(interface, 2, big=big), Piece(DATA, bytes(2)), *stamp, *lengths, *packet]
        elif what == 3:
            inside = [lengths[0], *packet]
        else:
            inside = [Piece(DATA, draw.randbytes(draw.choice((0, 4, 20))))]
        out += chunk(what, inside)
    # Many blocks of the least length: more packets than octets seem to allow.
    if draw.random() < 0.1:
        out += chunk(draw.choice((2, 3, 6)), []) * draw.choice((5, 40))
    return out


def final(draw: Random) -> Pieces:
    out: Pieces = []
    for _ in range(draw.choice((1, 3, 4, 6))):
        body = _payload(draw)
        out += [
            _length(len(body) + 12, 2),
            Piece(DATA, bytes(6)),
            Piece(DATA, body),
            Piece(DATA, b"\xa5" * 4),
        ]
    return out


def ioss(draw: Random) -> Pieces:
    """FINAL with anything behind the blocks, with or without a sequence number."""
    out: Pieces = []
    number = draw.choice((0, 4))
    for _ in range(draw.choice((1, 3, 4, 6))):
        body = _payload(draw)
        head = Piece(DATA, bytes(number) + bytes(6))
        out += [_length(len(body) + 12 + number, 2), head, Piece(DATA, body), Piece(DATA, draw.randbytes(4))]
    return out


def rff(draw: Random) -> Pieces:
    out: Pieces = [Piece(DATA, draw.randbytes(128))]
    for _ in range(draw.choice((1, 3, 4, 6))):
        body = _payload(draw)
        out += [Piece(DATA, bytes(4)), _length(len(body), 2, big=False), Piece(DATA, body)]
    return out


def rply(draw: Random) -> Pieces:
    out: Pieces = []
    for k in range(draw.choice((1, 3, 4, 6))):
        body = _payload(draw)
        out += [_length(len(body), 4, big=False), Piece(DATA, struct.pack("<I", k)), Piece(DATA, body)]
    return out


def gps(draw: Random) -> Pieces:
    out: Pieces = [Piece(DATA, bytes(2200))]
    for _ in range(draw.choice((1, 2, 3, 4))):
        out += [Piece(DATA, draw.choice(_blocks())), Piece(DATA, draw.randbytes(10))]
    return out


def raw(draw: Random) -> Pieces:
    out: Pieces = []
    for _ in range(draw.choice((1, 2, 3, 4))):
        one = draw.choice(_blocks())
        out += [Piece(DATA, one[:1]), Piece(LENGTH_BIG, one[1:3]), Piece(DATA, one[3:])]
    return [Piece(DATA, joined(out).hex().encode())] if draw.random() < 0.05 else out


KINDS: dict[str, Callable[[Random], Pieces]] = {
    "raw": raw, "pcap": pcap, "pcapng": pcapng, "final": final, "ioss": ioss, "rff": rff,
    "rply": rply, "gps": gps,
}  # fmt: skip


def files(kind: str, draw: Random, count: int) -> list[bytes]:
    """Files of one framing, most of them mutated."""
    out: list[bytes] = []
    before: Pieces = []
    for _ in range(count):
        one = KINDS[kind](draw)
        out.append(joined(mutated(one, draw, before) if draw.random() < 0.85 else one))
        before = one
    return out


def packed(draw: Random, count: int) -> list[bytes]:
    """Compressed files: members in a row, most of them mutated."""
    out: list[bytes] = []
    before: Pieces = []
    for _ in range(count):
        kind = draw.randrange(3)
        one = [Piece(DATA, _member(kind, draw)) for _ in range(draw.choice((1, 1, 1, 2, 3)))]
        one.append(
            Piece(DATA, draw.choice((b"", b"", bytes(8), bytes(12), b"\0" * 12 + _member(kind, draw))))
        )
        out.append(joined(mutated(one, draw, before) if draw.random() < 0.7 else one))
        before = one
    return out


def _member(kind: int, draw: Random) -> bytes:
    inside = draw.choice((b"", b"", draw.choice(_blocks()) * 3, bytes(draw.choice((10, 100_000)))))
    if kind == 0:
        return gzip.compress(inside, 1, mtime=0)
    if kind == 1:
        return lzma.compress(inside, preset=0)
    return bytes(pa.compress(inside, codec="zstd", asbytes=True))
