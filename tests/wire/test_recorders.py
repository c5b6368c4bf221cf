"""Framings of recorders: FINAL, RFF and .rply are told from each other and from bare blocks."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.wire.framing import find

BLOCK = b"\x30\x00\x08\xe0\x14\x81\x00\x00"


def final(blocks: bytes, stamp: int = 0) -> bytes:
    head = (len(blocks) + 12).to_bytes(2, "big") + bytes((1, 2, 3)) + stamp.to_bytes(3, "big")
    return head + blocks + b"\xa5" * 4


def rff(*frames: bytes) -> bytes:
    head = b"2023-05-02 08:00:00".ljust(20, b"\0") + b"2023-05-02 09:00:00".ljust(20, b"\0") + bytes(88)
    return head + b"".join(
        k.to_bytes(4, "big") + len(f).to_bytes(2, "little") + f for k, f in enumerate(frames)
    )


def rply(*frames: bytes) -> bytes:
    return b"".join(len(f).to_bytes(4, "little") + k.to_bytes(4, "little") + f for k, f in enumerate(frames))


def ioss(*frames: bytes) -> bytes:
    return b"".join(final(one)[:-4] + k.to_bytes(4, "big") for k, one in enumerate(frames))


def ioss_seq(*frames: bytes) -> bytes:
    sized = [(len(one) + 16).to_bytes(2, "big") + k.to_bytes(4, "big") for k, one in enumerate(frames)]
    return b"".join(head + final(one)[2:-4] + bytes(4) for head, one in zip(sized, frames, strict=True))


FORMS = {
    "final": lambda *f: b"".join(final(one) for one in f),
    "ioss": ioss,
    "ioss-seq": ioss_seq,
    "rff": rff,
    "rply": rply,
}


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_the_blocks_of_each_frame_are_found(name: str, counts: list[int]):
    frames = [BLOCK * count for count in counts]
    octets = FORMS[name](*frames)
    found = find(octets)
    assert found.name == name and found.rejected == ()
    pieces = [
        octets[at : at + size]
        for at, size in zip(found.frames.start.tolist(), found.frames.length.tolist(), strict=True)
    ]
    assert pieces == frames


@pytest.mark.parametrize("name", FORMS)
def test_a_recording_that_ends_within_a_frame_says_so(name: str):
    octets = FORMS[name](*([BLOCK] * 5))
    found = find(octets[:-6])
    assert found.frames.start.size == 4
    assert [one.reason for one in found.rejected] == [f"no frame of {name} where the next one begins"]
    assert found.rejected[0].offset + found.rejected[0].length == len(octets) - 6


@pytest.mark.parametrize("name", ["final", "ioss", "ioss-seq", "rff", "rply"])
@pytest.mark.parametrize("before", [b"\x00" * 7, b"\xff" * 3])
def test_frames_alike_that_begin_late_are_those_of_their_recorder_and_lose_no_second_block(
    name: str, before: bytes
):
    """They are spaced evenly; taken for that, the second category of each frame would be passed over."""
    status = b"\x22\x00\x08\xe0\x14\x81\x00\x00"
    whole = FORMS[name](*[BLOCK + status] * 40)
    octets = before + whole[128 if name == "rff" else 0 :]
    found = find(octets)
    assert found.name == name
    assert found.frames.length.tolist() == [16] * 40
    assert [one.length for one in found.rejected] == [len(before)]


def test_bare_blocks_stay_bare_blocks():
    assert find(BLOCK * 20).name == "raw"
    assert find(BLOCK).name == "raw"


def test_recordings_that_are_none_of_these_are_taken_for_none_of_them(shared_data: Path):
    for path in sorted((shared_data / "asterix").rglob("*")):
        if path.is_file() and path.suffix in (".ast", ".raw", ".bin", ".pcap", ".gps"):
            assert find(path.read_bytes()).name in ("raw", "pcap", "pcapng", "gps", "text"), path.name


def test_a_real_frame_of_final(shared_data: Path):
    octets = (
        shared_data / "asterix/samples/jade-javaast--final_frame_062_one_packet_sample2.FF"
    ).read_bytes()
    found = find(octets)
    assert found.name == "final" and found.rejected == () and octets[int(found.frames.start[0])] == 62


def test_a_file_that_seems_to_hold_frames_everywhere_is_read_in_one_pass():
    """From each of its octets a frame of millions of blocks seems to begin: it took hours."""
    block = bytes((48, 0x0B, 0xB8)) + bytes(2997)
    frames = b"".join(struct.pack("<II", len(block), k) + block for k in range(3))
    found = find(frames + b"\x01" + bytes((0x28, 0, 3)) * 1_000_000)
    assert found.name == "rply"
    assert found.frames.start.size == 3
    assert [one.offset for one in found.rejected] == [len(frames)]
