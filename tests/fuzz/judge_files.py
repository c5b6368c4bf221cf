"""What must hold of whatever octets are read as a file: framings, compressed files."""

import gzip
import lzma
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.fuzz.judge_asterix import account
from tests.fuzz.memory import Guarded

from asman.errors import InputError
from asman.model.frames import Frames
from asman.wire import compressed, framing, reading
from asman.wire.asterix import decode

#: Octets that a framing has beside each frame, and those of the file's head.
BESIDE = {
    "final": (12, 0),
    "rff": (6, 128),
    "ioss": (12, 0),
    "ioss-seq": (16, 0),
    "rply": (8, 0),
    "gps": (10, 2200),
}


def judge_file(octets: bytes, memory: Guarded, *, whole: bool) -> Counter[str]:
    """Find the ASTERIX, and check that every octet is in a frame, given up, or the framing's own.

    whole  read the records too, editions detected
    """
    framed = framing.find(memory.put(octets))
    told: Counter[str] = Counter({f"found as {framed.name}": 1})
    told.update(one.reason for one in framed.rejected)
    starts, lengths = framed.frames.start.tolist(), framed.frames.length.tolist()
    frames = list(zip(starts, lengths, strict=True))
    lost = [(one.offset, one.length) for one in framed.rejected]
    here = sorted(span for span in frames if span[0] < len(octets))
    _apart(sorted([*here, *lost]), len(octets))
    _apart(sorted(frames), len(framed.octets))
    assert framed.octets.size <= 3 * len(octets) + 100, "what is put together is not more than there was"
    assert bytes(framed.octets[: len(octets)]) == octets, "and stands behind the recording"
    told.update(" ".join(word for word in note.split() if not word[0].isdigit()) for note in framed.notes)
    for stream in framed.streams:
        assert stream.octets.size == stream.ends[-1] <= len(octets), "a stream has its packets' octets"
    free = len(octets) - sum(length for _, length in [*here, *lost])
    if framed.name in ("raw", "text", "other"):
        assert not free, "every octet is handed on"
    elif framed.name in BESIDE:
        each, before = BESIDE[framed.name]
        beside = [some + each * len(frames) - free for some in (0, before)]  # a file cut out has no head
        assert any(0 <= one <= each for one in beside), "but for the framing's own, every octet is handed on"
    elif not framed.notes and not framed.streams:
        assert frames == sorted(frames), "frames stand in their order"
        packets = list(_packets(octets))
        spans = [*here, *lost]
        inside = [span for span in spans if any(a <= span[0] and sum(span) <= b for a, b in packets)]
        rest = [span for span in spans if span not in inside]
        empty = sum(b"\x06" in octets[a:b] for a, b in packets)  # segments of TCP without data
        assert len(packets) - empty <= len(inside) <= len(packets), "a packet gives a frame or a reason"
        assert not rest or (len(rest) == 1 and sum(rest[0]) == len(octets)), "what follows is given up"
    if whole:
        _read(octets, framed, memory)
    return told


def _apart(spans: Sequence[tuple[int, int]], size: int) -> None:
    at = 0
    for start, length in spans:
        assert start >= at and length >= 0, "a stretch of octets is used once"
        at = start + length
    assert at <= size, "within the file"


def _read(octets: bytes, framed: framing.Framed, memory: Guarded) -> None:
    """Read the records; what is put together is accounted for where it was put."""
    found = reading.read(memory.put(octets))
    if found.framing != framed.name:
        return  # Mode S, by chance
    for table in (*found.tables.values(), found.rejected):
        table.validate(full=True)
    decoded = decode(framed.octets, framed.frames, framing=framed.name)
    account(decoded, framed.octets.tobytes(), Frames(*framed.frames))
    assert sum(found.tables[name].num_rows for name in decoded.tables) >= decoded.records


def _packets(octets: bytes) -> Iterator[tuple[int, int]]:
    """First octet and end of each packet of a capture: a second reader, as short as can be."""
    if octets[:4] != framing.PCAPNG:
        order = "big" if octets[0] == 0xA1 else "little"
        at = 24
        while at + 16 <= len(octets):
            kept = int.from_bytes(octets[at + 8 : at + 12], order)
            if at + 16 + kept > len(octets):
                return
            yield at + 16, at + 16 + kept
            at += 16 + kept
        return
    at, order = 0, "little"
    while at + 12 <= len(octets):
        if octets[at : at + 4] == framing.PCAPNG:
            order = "big" if octets[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "little"
        kind, size = (int.from_bytes(octets[k : k + 4], order) for k in (at, at + 4))
        if size < 12 or at + size > len(octets):
            return
        if kind in (2, 3, 6):
            yield at, at + size
        at += size


def judge_packed(octets: bytes, memory: Guarded) -> Counter[str]:
    """What Python's own libraries expand is expanded to the same, or refused; nothing beyond bounds."""
    view = memory.put(octets)
    try:
        out = compressed.expanded(view, "file")
    except InputError as error:
        return Counter({error.problem.split(":")[0].split(" after ")[0]: 1})
    if out is view:
        return Counter({"not compressed": 1})
    assert len(out) <= max(compressed.SMALL_OCTETS, compressed.EXPANSION_MAX * len(octets))
    expected = _expected(octets)
    # Python's lzma passes over what stands behind padding; the format says that it is another stream.
    if expected is not None:
        same = bytes(out) == expected if octets[:2] == b"\x1f\x8b" else bytes(out).startswith(expected)
        assert same, "expanded to something else"
    return Counter({"expanded": 1})


def _expected(octets: bytes) -> bytes | None:
    try:
        if octets[:2] == b"\x1f\x8b":
            return gzip.decompress(octets)
        if octets[:6] == b"\xfd7zXZ\0":
            return lzma.decompress(octets, lzma.FORMAT_XZ)
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return None
    return None


def judge_files(inputs: Sequence[bytes], memory: Guarded, *, every: int) -> Counter[str]:
    told: Counter[str] = Counter()
    for k, one in enumerate(inputs):
        told += judge_file(one, memory, whole=k % every == 0)
    return told


def judge_all_packed(inputs: Sequence[bytes], memory: Guarded) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in inputs:
        told += judge_packed(one, memory)
    return told
