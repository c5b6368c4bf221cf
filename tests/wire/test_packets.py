"""Captures whose blocks lie in pieces: fragments, streams, octets before the blocks, Mode S inside."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.test_framing import ethernet, ip4, ip6, pcap, pcapng, udp

from asman.kernels.capture_join import OPEN
from asman.wire.framing import find
from asman.wire.plain import plain
from asman.wire.reading import read

#: CAT048: SAC 20, SIC 129, and a time of day that tells records apart.
RECORD = bytes.fromhex("c01481")


def block(number: int, records: int = 1) -> bytes:
    body = b"".join(RECORD + (number * 100 + k).to_bytes(3, "big") for k in range(records))
    return b"\x30" + (len(body) + 3).to_bytes(2, "big") + body


#: Where fragments may begin.
CUTS = st.sets(st.sampled_from(range(8, 121, 8)))


def sent(octets: bytes) -> list[int]:
    """The times of day of all records, in 1/128 s, in order of the table."""
    table = read(octets).tables.get("CAT048")
    return [] if table is None else [round(one * 128) for one in table["I140_s"].to_pylist()]


def fragments(payload: bytes, cuts: list[int], identity: int = 7, version: int = 4) -> list[bytes]:
    """An UDP datagram, cut at multiples of eight octets."""
    whole = udp(payload)
    edges = [0, *cuts, len(whole)]
    packets: list[bytes] = []
    for begin, end in pairwise(edges):
        more = end < len(whole)
        if version == 4:
            field = (0x2000 if more else 0) | begin // 8
            packet = bytearray(ip4(whole[begin:end], fragment=field))
            packet[4:6] = identity.to_bytes(2, "big")
            packets.append(ethernet(bytes(packet)))
        else:
            head = struct.pack(">BBHI", 17, 0, begin | int(more), identity)
            packets.append(ethernet(ip6(head + whole[begin:end], following=44), 0x86DD))
    return packets


def tcp(payload: bytes, sequence: int, *, flags: int = 0x10, port: int = 8600) -> bytes:
    head = struct.pack(">HHIIBBHHH", 4000, port, sequence & 0xFFFFFFFF, 0, 0x50, flags, 0, 0, 0)
    return ethernet(ip4(head + payload, protocol=6))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("make", [pcap, pcapng])
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_fragments_in_any_order_are_put_together(version, make, data):
    count = data.draw(st.integers(1, 4))
    packets = [
        one for k in range(count) for one in fragments(block(k, 20), sorted(data.draw(CUTS)), k, version)
    ]
    order = data.draw(st.permutations(packets))
    octets = make(*order)
    framed = find(octets)
    assert framed.rejected == ()
    assert sorted(sent(octets)) == [k * 100 + n for k in range(count) for n in range(20)]


def test_offsets_of_what_was_put_together_are_where_it_stands_in_the_capture():
    packets = fragments(block(1, 20), [64])
    octets = pcap(*packets[::-1])
    table = read(octets, originals=True).tables["CAT048"]
    for offset, record in zip(table["offset"].to_pylist(), table["octets"].to_pylist(), strict=True):
        head = record[:2]
        assert octets[offset : offset + 2] == head
    items = table["items"].to_pylist()
    assert [one["item"] for one in items[0]] == ["I010", "I140"]
    assert octets[items[0][0]["offset"] :].startswith(b"\x14\x81")


def test_fragments_that_overlap_or_lack_others_are_given_up_and_counted():
    whole = fragments(block(1, 20), [64])
    overlapping = fragments(block(1, 20), [72])
    octets = pcap(whole[0], overlapping[0], *fragments(block(2, 20), [64], 8)[1:], *fragments(block(3), []))
    framed = find(octets)
    assert sorted(one.reason[:8] for one in framed.rejected) == ["fragment"] * 3
    assert sent(octets) == [300]


def test_datagrams_that_stay_open_are_bounded():
    first = [fragments(block(k, 20), [64], k)[0] for k in range(OPEN + 50)]
    late = fragments(block(0, 20), [64], 0)[1]
    framed = find(pcap(*first, late))
    assert framed.frames.start.size == 0
    assert len(framed.rejected) == OPEN + 51


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_stream_is_laid_end_to_end_however_it_was_cut_sent_again_or_overtaken(data):
    stream = b"".join(block(k, 3) for k in range(6))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    begin = data.draw(st.sampled_from([1000, 2**32 - 40]))
    pieces = [(at, stream[at:end]) for at, end in pairwise([0, *cuts, len(stream)])]
    again = data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    order = data.draw(st.permutations(pieces + again))
    packets = [tcp(b"", begin - 1, flags=2), *(tcp(piece, begin + at) for at, piece in order)]
    octets = pcap(*packets)
    assert find(octets).rejected == ()
    assert sent(octets) == [k * 100 + n for k in range(6) for n in range(3)]


def test_behind_a_gap_in_a_stream_the_next_block_is_found():
    stream = b"".join(block(k, 3) for k in range(10))
    size = len(block(0, 3))
    pieces = [(0, stream[: size + 5]), (2 * size + 9, stream[2 * size + 9 :])]
    octets = pcap(*(tcp(piece, 1 + at) for at, piece in pieces))
    assert sent(octets) == [n + k * 100 for k in (0, 3, 4, 5, 6, 7, 8, 9) for n in range(3)]
    lost = find(octets).rejected
    assert sum(one.length for one in lost) == 5 + (3 * size - 2 * size - 9)
    assert {one.reason for one in lost} == {"octets of a TCP stream that hold no data block"}
    gap = f"2 segments of TCP laid end to end; 1 gap in them, {size + 4} octets were not captured"
    assert find(octets).notes == (gap,)


def test_other_streams_are_lost_and_acknowledgements_are_nothing():
    octets = pcap(tcp(b"GET / HTTP/1.1\r\n\r\n" * 20, 1, port=80), tcp(b"", 5), tcp(block(1), 1))
    framed = find(octets)
    assert [one.length for one in framed.rejected] == [360]
    assert sent(octets) == [100]


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=12), st.integers(0, 4))
def test_octets_before_and_behind_the_blocks_of_each_datagram_are_passed_over(before, behind):
    packets = [ethernet(ip4(udp(before + block(k) + bytes(behind)))) for k in range(20)]
    octets = pcap(*packets)
    decoded = read(octets)
    assert [round(one * 128) for one in decoded.tables["CAT048"]["I140_s"].to_pylist()] == [
        k * 100 for k in range(20)
    ]
    reasons = set(decoded.rejected["reason"].to_pylist())
    assert reasons == ({"octets behind the last data block of a packet"} if behind else set())
    assert decoded.rejected["length"].to_pylist() == [behind] * (20 if behind else 0)


def beast(count: int) -> bytes:
    message = bytes.fromhex("8D4840D6202CC371C32CE0576098")
    heads = [b"\0\0" + (k * 12_000_000).to_bytes(4, "big") + b"\x80" for k in range(count)]
    return b"".join(b"\x1a3" + (head + message).replace(b"\x1a", b"\x1a\x1a") for head in heads)


@pytest.mark.parametrize("step", [23, 50, 1000])
def test_beast_over_tcp_is_heard_with_the_time_of_capture(step):
    stream = beast(40)
    octets = pcap(*(tcp(stream[at : at + step], 1 + at) for at in range(0, len(stream), step)))
    decoded = read(octets)
    table = decoded.tables["ADSB"]
    assert table.num_rows == 40
    assert table["time"].null_count == 0
    assert decoded.rejected.num_rows == 0
    assert "Mode S as beast" in " ".join(decoded.notes)
    first = table["offset"][0].as_py()
    assert octets[first : first + 2] == b"\x1a3"


def test_beast_over_udp_and_asterix_in_one_capture_are_both_read():
    stream = beast(30)
    frame = len(stream) // 30
    packets = [ethernet(ip4(udp(stream[at : at + frame]))) for at in range(0, len(stream), frame)]
    other = [ethernet(ip4(struct.pack(">HHHH", 1, 2, 8 + len(block(k)), 0) + block(k))) for k in range(5)]
    decoded = read(pcap(*packets, *other))
    assert decoded.tables["ADSB"].num_rows == 30
    assert decoded.tables["CAT048"].num_rows == 5
    assert decoded.rejected.num_rows == 0


def test_a_replay_gets_the_same_in_one_piece():
    packets = [one for k in range(5) for one in fragments(block(k, 20), [64], k)]
    made, decoded = plain(pcap(*packets), {})
    assert decoded.rejected.num_rows == 0
    assert decoded.tables["CAT048"].num_rows == 100
    offset, length = (decoded.tables["CAT048"][name].to_numpy() for name in ("offset", "length"))
    assert {made[at : at + size][:3] for at, size in zip(offset, length, strict=True)} == {RECORD}
    stream = beast(10)
    made, decoded = plain(pcap(tcp(stream, 1)), {})
    assert (made, decoded.framing, decoded.tables["ADSB"].num_rows) == (stream, "beast", 10)


def test_a_real_recording_says_the_same_however_it_is_wrapped(shared_data):
    octets = (shared_data / "asterix" / "jahorina-modes.cat034-048.raw").read_bytes()
    expected = read(octets)
    starts = np.unique(
        expected.tables["CAT048"]["block"].to_pylist() + expected.tables["CAT034"]["block"].to_pylist()
    )
    blocks = [octets[at:end] for at, end in pairwise([*starts.tolist(), len(octets)])]
    size = 512
    wrapped = {
        "fragments": pcap(*(one for k, b in enumerate(blocks) for one in fragments(b, [8], k))),
        "tcp": pcapng(*(tcp(octets[at : at + size], 1 + at) for at in range(0, len(octets), size))),
        "before": pcap(*(ethernet(ip4(udp(b"\0\x07AB" + b))) for b in blocks)),
    }
    for name, one in wrapped.items():
        found = read(one)
        assert {key: table.num_rows for key, table in found.tables.items()} == {
            key: table.num_rows for key, table in expected.tables.items()
        }, name
        assert (
            found.tables["CAT048"]["I140_s"].to_pylist() == expected.tables["CAT048"]["I140_s"].to_pylist()
        ), name


def test_what_was_put_together_and_is_no_asterix_is_given_up_where_it_stands():
    payload = b"hello, this is no data block"
    octets = pcap(*fragments(payload, [16]))
    lost = find(octets).rejected
    assert b"".join(octets[one.offset : one.offset + one.length] for one in lost) == payload
