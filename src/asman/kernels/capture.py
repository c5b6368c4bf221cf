"""Walk packet captures: the packets of pcap and pcapng files, and the UDP payload of each.

Formats: pcap and pcapng as the IETF drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng say; IPv4 RFC
791, IPv6 RFC 8200, UDP RFC 768, IEEE 802.1Q tags, Linux cooked captures as the link-layer types of
tcpdump.org.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, rare

#: A whole number, compiled or not.
Int = int | np.integer[Any]

# Why a packet gives no payload.
FOUND, NOT_IP, NOT_UDP, FRAGMENT, CUT_SHORT, LINK_UNKNOWN, NOT_ASTERIX = 0, 1, 2, 3, 4, 5, 6

# Link-layer types (tcpdump.org/linktypes.html).
NULL, ETHERNET, RAW_OLD, RAW_BSD, RAW, LOOP, COOKED, IP4, IP6, COOKED2 = (
    0,
    1,
    12,
    14,
    101,
    108,
    113,
    228,
    229,
    276,
)

NO_TIME = np.iinfo(np.int64).min
#: Interfaces that a section of a pcapng file may describe; packets of more are of unknown link type.
INTERFACES = 256


@rare
def unsigned(octets: NDArray[np.uint8], at: Int, size: Int, big: bool) -> Int:
    """Return an unsigned integer of `size` octets; octets after the end count as 0."""
    value = 0
    for i in range(size):
        place = at + (i if big else size - 1 - i)
        value = (value << 8) | (np.int64(octets[place]) if place < octets.size else 0)
    return value


@kernel
def walk_pcap(
    octets: NDArray[np.uint8], big: bool, fraction_ns: Int, packets: NDArray[np.int64]
) -> tuple[Int, Int]:
    """List the packets of a pcap file.

    fraction_ns      ns of a unit of the time's fraction: 1000, or 1
    packets (P, 4)   filled: first octet, octets, time in ns, link-layer type
    returns how many, and the octet where walking ended
    """
    link = unsigned(octets, 20, 4, big) & 0xFFFF
    at, found = 24, 0
    while at + 16 <= octets.size:
        kept = unsigned(octets, at + 8, 4, big)
        if at + 16 + kept > octets.size:
            break
        time_ns = (
            unsigned(octets, at, 4, big) * 1_000_000_000 + unsigned(octets, at + 4, 4, big) * fraction_ns
        )
        packets[found, 0], packets[found, 1], packets[found, 2], packets[found, 3] = (
            at + 16,
            kept,
            time_ns,
            link,
        )
        found += 1
        at += 16 + kept
    return found, at


@rare
def tick(octets: NDArray[np.uint8], at: Int, end: Int, big: bool) -> tuple[Int, Int]:
    """Read an interface's clock from its options: units a second, and seconds to add."""
    units, offset_s = 1_000_000, 0
    while at + 4 <= end:
        option, size = unsigned(octets, at, 2, big), unsigned(octets, at + 2, 2, big)
        if option == 0:
            break
        if option == 9 and size == 1:
            exponent = np.int64(octets[at + 4])
            base, power = (2, exponent & 0x7F) if exponent & 0x80 else (10, exponent)
            units = 1
            for _ in range(min(power, 62 if base == 2 else 18)):
                units *= base
        elif option == 14 and size == 8:
            offset_s = unsigned(octets, at + 4, 8, big)
        at += 4 + (size + 3) // 4 * 4
    return units, offset_s


@rare
def to_ns(high: Int, low: Int, units: Int, offset_s: Int) -> Int:
    """Turn a time in units into ns, without overflow."""
    ticks = (high << 32) | low
    seconds, rest = ticks // units, ticks % units
    if units <= 1_000_000_000:
        return (seconds + offset_s) * 1_000_000_000 + rest * 1_000_000_000 // units
    return (seconds + offset_s) * 1_000_000_000 + np.int64(np.float64(rest) / units * 1e9)


@kernel
def walk_pcapng(octets: NDArray[np.uint8], packets: NDArray[np.int64]) -> tuple[Int, Int]:
    """List the packets of a pcapng file; arguments and results as `walk_pcap`."""
    big = False
    interfaces = np.zeros((INTERFACES, 3), np.int64)
    known, at, found = 0, 0, 0
    while at + 12 <= octets.size:
        kind = unsigned(octets, at, 4, big)
        if kind == 0x0A0D0D0A:
            big = unsigned(octets, at + 8, 4, True) == 0x1A2B3C4D
            known = 0
        size = unsigned(octets, at + 4, 4, big)
        if size < 12 or at + size > octets.size:
            break
        if kind == 1 and known < INTERFACES:
            units, offset_s = tick(octets, at + 16, at + size - 4, big)
            link = unsigned(octets, at + 8, 2, big)
            interfaces[known, 0], interfaces[known, 1], interfaces[known, 2] = link, units, offset_s
            known += 1
        elif kind in (2, 3, 6):
            begin, kept, time_ns, interface = at + 28, unsigned(octets, at + 20, 4, big), np.int64(NO_TIME), 0
            if kind == 3:
                begin, kept = at + 12, min(unsigned(octets, at + 8, 4, big), size - 16)
            else:
                interface = unsigned(octets, at + 8, 4 if kind == 6 else 2, big)
                if interface < known:
                    high, low = unsigned(octets, at + 12, 4, big), unsigned(octets, at + 16, 4, big)
                    time_ns = to_ns(high, low, interfaces[interface, 1], interfaces[interface, 2])
            begin = min(begin, at + size - 4)  # a block too short for its own head holds no packet
            kept = max(0, min(kept, at + size - 4 - begin))
            link = interfaces[interface, 0] if interface < known else -1
            packets[found, 0], packets[found, 1], packets[found, 2], packets[found, 3] = (
                begin,
                kept,
                time_ns,
                link,
            )
            found += 1
        at += size
    return found, at


@rare
def network(octets: NDArray[np.uint8], at: Int, end: Int, link: Int) -> tuple[Int, Int]:
    """Return where the IP packet begins and its ethertype; -1 for a link type that is not known."""
    if link in (RAW_OLD, RAW_BSD, RAW, IP4, IP6):
        version = (octets[at] >> 4) if at < end else 0
        return at, 0x0800 if version == 4 else 0x86DD if version == 6 else 0
    if link in (NULL, LOOP):
        family = max(unsigned(octets, at, 4, True), unsigned(octets, at, 4, False)) >> 24
        return at + 4, 0x0800 if family == 2 else 0x86DD if family in (10, 24, 28, 30) else 0
    if link == COOKED:
        at, kind = at + 16, unsigned(octets, at + 14, 2, True)
    elif link == COOKED2:
        at, kind = at + 20, unsigned(octets, at, 2, True)
    elif link == ETHERNET:
        at, kind = at + 14, unsigned(octets, at + 12, 2, True)
    else:
        return at, -1
    while kind in (0x8100, 0x88A8, 0x9100) and at + 4 <= end:
        at, kind = at + 4, unsigned(octets, at + 2, 2, True)
    return at, kind


@rare
def transport(octets: NDArray[np.uint8], at: Int, end: Int, kind: Int) -> tuple[Int, Int, Int]:
    """Return where UDP begins, where the IP packet ends, and FOUND or a reason."""
    if kind == 0x0800:
        if at + 20 > end:
            return at, end, CUT_SHORT
        header = (octets[at] & 15) * 4
        total = unsigned(octets, at + 2, 2, True)
        stop = at + total if total else end
        if unsigned(octets, at + 6, 2, True) & 0x3FFF:
            return at, end, FRAGMENT
        if octets[at + 9] != 17 or header < 20:
            return at, end, NOT_UDP
        return at + header, stop, FOUND
    if kind != 0x86DD:
        return at, end, LINK_UNKNOWN if kind < 0 else NOT_IP
    if at + 40 > end:
        return at, end, CUT_SHORT
    stop = at + 40 + unsigned(octets, at + 4, 2, True)
    following = np.int64(octets[at + 6])
    at += 40
    while following in (0, 43, 60) and at + 8 <= end:
        following, at = np.int64(octets[at]), at + (np.int64(octets[at + 1]) + 1) * 8
    if following == 44:
        return at, end, FRAGMENT
    return at, stop, FOUND if following == 17 else NOT_UDP


@kernel
def find_payloads(octets: NDArray[np.uint8], packets: NDArray[np.int64], payloads: NDArray[np.int64]) -> None:
    """Find the UDP payload of every packet, and tell whether a data block begins there.

    packets  (P, 4)  first octet, octets, time, link-layer type
    payloads (P, 3)  filled: first octet, octets, FOUND or a reason
    """
    for i in range(packets.shape[0]):
        begin, end = packets[i, 0], packets[i, 0] + packets[i, 1]
        at, kind = network(octets, begin, end, packets[i, 3])
        at, stop, reason = transport(octets, at, end, kind)
        size = 0
        if reason == FOUND:
            if at + 8 > end:
                reason = CUT_SHORT
            else:
                size = unsigned(octets, at + 4, 2, True) - 8
                at += 8
                if size < 0 or at + size > min(stop, end):
                    reason = CUT_SHORT
                else:
                    block = unsigned(octets, at + 1, 2, True)
                    reason = FOUND if size >= 3 and octets[at] != 0 and 3 <= block <= size else NOT_ASTERIX
        if reason != FOUND:
            at, size = begin, packets[i, 1]
        payloads[i, 0], payloads[i, 1], payloads[i, 2] = at, size, reason
