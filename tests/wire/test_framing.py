import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.model.frames import NO_TIME
from asman.wire.asterix import decode
from asman.wire.framing import find

#: CAT048, one record: I010 = SAC 20, SIC 129, and I140 = 1 s.
BLOCK = bytes.fromhex("300009c0148100 0080".replace(" ", ""))
SECONDS, NANOSECONDS = 1_700_000_000, 123_456_789


def udp(payload: bytes) -> bytes:
    return struct.pack(">HHHH", 4000, 8600, 8 + len(payload), 0) + payload


def ip4(payload: bytes, *, options: bytes = b"", protocol: int = 17, fragment: int = 0) -> bytes:
    words = 5 + len(options) // 4
    total = words * 4 + len(payload)
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, total, 1, fragment, 64, protocol, 0)
    return head + bytes(8) + options + payload


def ip6(payload: bytes, *, following: int = 17) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + bytes(32) + payload


def ethernet(packet: bytes, kind: int = 0x0800, tags: tuple[int, ...] = ()) -> bytes:
    tagged = b"".join(struct.pack(">HH", tag, 7) for tag in tags)
    return bytes(12) + tagged + struct.pack(">H", kind) + packet


def pcap(*packets: bytes, order: str = "<", link: int = 1, nanoseconds: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    fraction = NANOSECONDS if nanoseconds else NANOSECONDS // 1000
    for packet in packets:
        out += struct.pack(order + "IIII", SECONDS, fraction, len(packet), len(packet)) + packet
    return out


def pcapng(*packets: bytes, order: str = "<", link: int = 1, nanoseconds: bool = True) -> bytes:
    def chunk(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = 12 + len(body)
        return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)

    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nanoseconds else b""
    out = chunk(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += chunk(1, struct.pack(order + "HHI", link, 0, 65535) + options)
    ticks = SECONDS * 10**9 + NANOSECONDS if nanoseconds else SECONDS * 10**6 + NANOSECONDS // 1000
    for packet in packets:
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet))
        out += chunk(6, head + packet)
    return out


def payloads(octets: bytes) -> list[bytes]:
    framed = find(octets)
    return [
        framed.octets[at : at + size].tobytes()
        for at, size in zip(framed.frames.start, framed.frames.length, strict=True)
    ]


def reasons(octets: bytes) -> list[str]:
    return [lost.reason for lost in find(octets).rejected]


PACKET = ethernet(ip4(udp(BLOCK)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
@pytest.mark.parametrize(("name", "make"), [("pcap", pcap), ("pcapng", pcapng)])
def test_captures_of_every_order_and_clock_give_payload_and_time(name, make, order, nanoseconds):
    octets = make(PACKET, PACKET, order=order, nanoseconds=nanoseconds)
    framed = find(octets)
    assert (framed.name, framed.rejected) == (name, ())
    assert payloads(octets) == [BLOCK, BLOCK]
    expected = SECONDS * 10**9 + (NANOSECONDS if nanoseconds else NANOSECONDS // 1000 * 1000)
    assert framed.frames.time_ns.tolist() == [expected] * 2


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        (1, PACKET),
        (1, ethernet(ip4(udp(BLOCK)), tags=(0x8100,))),
        (1, ethernet(ip4(udp(BLOCK)), tags=(0x88A8, 0x8100))),
        (1, ethernet(ip4(udp(BLOCK), options=bytes(8)))),
        (1, ethernet(ip6(udp(BLOCK)), 0x86DD)),
        (1, ethernet(ip6(bytes([17, 0]) + bytes(6) + udp(BLOCK), following=0), 0x86DD)),
        (1, PACKET + bytes(11)),  # Ethernet pads short packets
        (101, ip4(udp(BLOCK))),
        (12, ip6(udp(BLOCK))),
        (228, ip4(udp(BLOCK))),
        (0, struct.pack("<I", 2) + ip4(udp(BLOCK))),
        (0, struct.pack(">I", 2) + ip4(udp(BLOCK))),
        (108, struct.pack(">I", 24) + ip6(udp(BLOCK))),
        (113, bytes(14) + b"\x08\x00" + ip4(udp(BLOCK))),
        (276, b"\x08\x00" + bytes(18) + ip4(udp(BLOCK))),
        (1, bytes(12) + b"\x00\x40\xaa\xaa\x03\0\0\0\x08\x00" + ip4(udp(BLOCK))),  # SNAP
        (1, ethernet(bytes.fromhex("1100000100300021") + ip4(udp(BLOCK)), 0x8864)),  # PPPoE
        (1, ethernet(bytes.fromhex("0001004000020140") + ip4(udp(BLOCK)), 0x8847)),  # two labels of MPLS
        (9, bytes.fromhex("ff030021") + ip4(udp(BLOCK))),
        (9, bytes.fromhex("0057") + ip6(udp(BLOCK))),
    ],
)
def test_every_link_layer_is_unwrapped_to_the_udp_payload(link, packet):
    assert payloads(pcap(packet, link=link)) == [BLOCK]
    assert payloads(pcapng(packet, link=link)) == [BLOCK]


@pytest.mark.parametrize(
    ("packet", "link", "reason"),
    [
        (ethernet(bytes(28), 0x0806), 1, "packet that is not IP"),
        (ethernet(ip4(bytes(20), protocol=1)), 1, "packet that is neither UDP nor TCP"),
        (ethernet(ip4(udp(BLOCK), fragment=0x2000)), 1, "fragment of an IP packet whose other"),
        (ethernet(ip4(udp(BLOCK), fragment=3)), 1, "fragment of an IP packet whose other"),
        (ethernet(ip6(bytes([17, 0, 0, 1]) + bytes(4) + udp(BLOCK), following=44), 0x86DD), 1, "fragment"),
        (PACKET[:-1], 1, "cut short"),
        (PACKET[:38], 1, "cut short"),
        (PACKET, 105, "link layer that we do not know (type 105)"),
        (ethernet(ip4(udp(b"hello"))), 1, "does not begin with a data block"),
    ],
)
def test_what_is_no_asterix_is_counted_with_why_and_not_fatal(packet, link, reason):
    octets = pcap(packet, PACKET if link == 1 else packet, link=link)
    assert reason in reasons(octets)[0]
    assert len(payloads(octets)) == (link == 1)


def test_a_payload_holds_several_blocks_and_what_follows_them_is_rejected():
    octets = pcap(ethernet(ip4(udp(BLOCK + BLOCK + b"\x00\x01"))))
    found = decode(octets, find(octets).frames)
    assert found.records == 2
    assert found.rejected["length"].to_pylist() == [2]
    assert "no data block" in found.rejected["reason"][0].as_py()


def test_a_capture_of_no_packets_says_so():
    assert find(pcap()).notes == ("it holds no packets",)


def test_a_capture_that_ends_within_a_packet_keeps_what_came_before():
    octets = pcap(PACKET, PACKET)[:-5]
    assert payloads(octets) == [BLOCK]
    assert reasons(octets) == ["the capture ends within a packet"]


def test_bare_blocks_are_one_frame_of_unknown_time():
    framed = find(BLOCK * 3)
    assert (framed.name, framed.frames.length.tolist()) == ("raw", [27])
    assert framed.frames.time_ns.tolist() == [NO_TIME]
    assert find(b"").frames.start.size == 0


def test_gps_framing_is_recognised_by_its_blocks():
    octets = b"\xcd" * 2200 + (BLOCK + bytes(10)) * 3
    framed = find(octets)
    assert (framed.name, framed.frames.start.size) == ("gps", 3)
    assert decode(octets, framed.frames).records == 3


def test_octets_written_as_text_are_refused_with_the_mend():
    framed = find(BLOCK.hex().encode() + b"\n")
    assert framed.frames.start.size == 0
    assert "xxd -r -p" in framed.rejected[0].reason


@pytest.mark.parametrize("seed", range(5))
def test_noise_before_or_between_blocks_costs_nothing_but_itself(seed):
    """Chance makes blocks of noise, as long as two octets can say: they must not swallow real ones."""
    draw = np.random.default_rng(seed)
    records = draw.integers(1, 12, 2500).tolist()
    blocks = [b"\x30" + (3 + 6 * many).to_bytes(2, "big") + BLOCK[3:] * many for many in records]
    noise = draw.integers(0, 256, 500, dtype=np.uint8).tobytes()
    for octets in (noise + b"".join(blocks), b"".join([*blocks[:900], noise, *blocks[900:]])):
        framed = find(octets)
        assert framed.name == "raw"
        found = decode(octets, framed.frames)
        # A chance block of usual size may cost a few real ones; it never costs a stretch of the file.
        assert found.tables["CAT048"].num_rows >= sum(records) - 3 * 2048 // 6


def test_of_several_rows_of_blocks_the_longest_tells_the_spacing():
    chance = b"".join(BLOCK + bytes(21) for _ in range(7))
    framed = find(b"\xcd" * 40 + chance + (BLOCK + bytes(4)) * 60)
    assert framed.name == "spaced"
    assert framed.frames.start.size >= 60
    assert framed.notes[0].startswith("4 octets behind")


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", pcap(), pcapng(), pcap(PACKET)[:60], pcapng(PACKET)[:90]])
)
def test_random_octets_in_any_framing_never_crash_nor_leave_the_buffer(noise, begin):
    octets = begin + noise
    framed = find(octets)
    frames, size = framed.frames, framed.octets.size
    assert np.all((frames.start >= 0) & (frames.length >= 0) & (frames.start + frames.length <= size))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_captures_never_crash_nor_leave_the_buffer(data):
    make = data.draw(st.sampled_from([pcap, pcapng]))
    octets = bytearray(make(PACKET, ethernet(ip6(udp(BLOCK)), 0x86DD), PACKET))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    framed = find(bytes(octets))
    frames, size = framed.frames, framed.octets.size
    assert np.all((frames.start >= 0) & (frames.length >= 0) & (frames.start + frames.length <= size))
