"""Capture files that we write: read back by our own reader, and octet by octet by the test's own parser."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.model.datagram import Datagram
from asman.wire.capture import Endpoint, head, packets
from asman.wire.framing import find

ENDPOINTS = {
    "a": Endpoint("198.18.0.1", 8600, "239.192.86.1", 8600),
    "b": Endpoint("198.18.0.2", 8601, "10.1.2.3", 8601),
}
NOW_NS = 1_780_286_400_123_456_789


def block(size: int, seed: int = 0) -> bytes:
    """Octets that look like one ASTERIX data block."""
    body = np.random.default_rng(seed).integers(0, 256, size - 3, np.uint8).tobytes()
    return struct.pack(">BH", 48, size) + body


def ones_sum(octets: bytes) -> int:
    """RFC 1071, as it stands there."""
    total = sum(
        struct.unpack(f">{len(octets + bytes(len(octets) % 2)) // 2}H", octets + bytes(len(octets) % 2))
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def parsed(file: bytes) -> list[dict]:
    """Every packet of a pcap file; checks what must always be so."""
    magic, major, minor, zone, sigfigs, snap, link = struct.unpack_from("<IHHiIII", file)
    assert (magic, major, minor, zone, sigfigs, link) == (0xA1B23C4D, 2, 4, 0, 0, 1)
    found, at = [], 24
    while at < len(file):
        seconds, nanoseconds, kept, whole = struct.unpack_from("<IIII", file, at)
        assert kept == whole <= snap
        assert nanoseconds < 10**9
        packet = file[at + 16 : at + 16 + kept]
        at += 16 + kept
        ethernet, ip, udp = packet[:14], packet[14:34], packet[34:42]
        assert ethernet[12:] == b"\x08\x00"
        assert ip[0] == 0x45 and ip[9] == 17
        assert struct.unpack(">H", ip[2:4])[0] == len(packet) - 14
        assert ones_sum(ip) == 0xFFFF
        length = struct.unpack(">H", udp[4:6])[0]
        assert length == len(packet) - 34
        assert udp[6:] != b"\0\0"
        assert ones_sum(ip[12:] + struct.pack(">HH", 17, length) + packet[34:]) == 0xFFFF
        found.append(
            {
                "time_ns": seconds * 10**9 + nanoseconds,
                "to": ethernet[:6],
                "source": ".".join(map(str, ip[12:16])),
                "destination": ".".join(map(str, ip[16:])),
                "ports": struct.unpack(">HH", udp[:4]),
                "payload": packet[42:],
            }
        )
    return found


def test_a_capture_says_who_sent_what_to_whom_and_when():
    said = [Datagram("a", NOW_NS, block(7)), Datagram("b", NOW_NS + 1, block(1400, 1))]
    one, two = parsed(head() + packets(said, ENDPOINTS))
    assert one == {
        "time_ns": NOW_NS,
        "to": bytes.fromhex("01005e405601"),  # the group's address on Ethernet, RFC 1112
        "source": "198.18.0.1",
        "destination": "239.192.86.1",
        "ports": (8600, 8600),
        "payload": block(7),
    }
    assert (two["source"], two["destination"], two["ports"]) == ("198.18.0.2", "10.1.2.3", (8601, 8601))
    assert two["payload"] == block(1400, 1)
    assert two["to"][0] & 1 == 0


def test_our_own_reader_finds_every_payload_with_its_time():
    said = [Datagram("ab"[i % 2], NOW_NS + i, block(3 + 37 * i, i)) for i in range(40)]
    file = head() + packets(said, ENDPOINTS)
    framed = find(file)
    assert (framed.name, framed.rejected) == ("pcap", ())
    assert framed.frames.time_ns.tolist() == [datagram.time_ns for datagram in said]
    stretches = zip(framed.frames.start.tolist(), framed.frames.length.tolist(), strict=True)
    assert [file[at : at + size] for at, size in stretches] == [datagram.octets for datagram in said]


@settings(max_examples=50, deadline=None)
@given(
    payloads=st.lists(st.binary(min_size=0, max_size=80), max_size=8),
    time_ns=st.integers(0, (1 << 32) * 10**9 - 9),
    cut=st.integers(0, 8),
)
def test_any_payload_at_any_time_comes_back_and_cuts_do_not_show(payloads, time_ns, cut):
    said = [Datagram("b", time_ns + i, octets) for i, octets in enumerate(payloads)]
    whole = packets(said, ENDPOINTS)
    assert packets(said[:cut], ENDPOINTS) + packets(said[cut:], ENDPOINTS) == whole
    found = parsed(head() + whole)
    assert [(one["time_ns"], one["payload"]) for one in found] == [(d.time_ns, d.octets) for d in said]


def test_a_checksum_that_comes_out_as_zero_is_sent_as_all_ones():
    # Among all values of the payload's two octets, one brings the sum to 0xFFFF, whose complement is 0.
    said = [Datagram("b", 0, struct.pack(">H", value)) for value in range(1 << 16)]
    file = np.frombuffer(packets(said, ENDPOINTS), np.uint8).reshape(1 << 16, 60)
    sums = file[:, 56].astype(int) * 256 + file[:, 57]
    assert (sums > 0).all()
    assert (sums == 0xFFFF).sum() == 1


@pytest.mark.parametrize(
    ("datagram", "endpoints", "words"),
    [
        (Datagram("c", 0, b"x"), ENDPOINTS, "feed 'c'"),
        (Datagram("a", 0, bytes(65_508)), ENDPOINTS, "65,508"),
        (Datagram("a", -1, b"x"), ENDPOINTS, "1970"),
        (Datagram("a", (1 << 32) * 10**9, b"x"), ENDPOINTS, "2106"),
        (Datagram("a", 0, b"x"), {"a": Endpoint("::1", 1, "10.0.0.1", 1)}, "IPv4"),
        (Datagram("a", 0, b"x"), {"a": Endpoint("10.0.0.2", 0, "10.0.0.1", 1)}, "port"),
    ],
)
def test_what_a_capture_cannot_say_is_refused(datagram, endpoints, words):
    with pytest.raises(InputError, match=words):
        packets([datagram], endpoints)
