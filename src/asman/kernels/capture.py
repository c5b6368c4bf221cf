"""Walk packet captures: the packets of pcap and pcapng files, and the UDP payload of each.

Fragments of IP packets and segments of TCP are found here too, and put together in
`asman.kernels.capture_join`.

Formats: pcap and pcapng as the IETF drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng say; IPv4 RFC
791, IPv6 RFC 8200, UDP RFC 768, TCP RFC 9293, IEEE 802.1Q tags, SNAP RFC 1042, PPPoE RFC 2516, MPLS RFC 3032,
Linux cooked captures as the link-layer types of tcpdump.org.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, rare

#: A whole number, compiled or not.
Int = int | np.integer[Any]

# Why a packet gives no payload.
FOUND, NOT_IP, NOT_UDP, FRAGMENT, CUT_SHORT, LINK_UNKNOWN, NOT_ASTERIX = 0, 1, 2, 3, 4, 5, 6
# What is more than a payload: a segment of TCP, and one that carries nothing.
SEGMENT, NO_DATA = 7, 8

# Columns of what a packet holds: where its data begin, octets, FOUND or a reason, by whom to whom, what
# its fragments have in common, place of the data (in the datagram; TCP: sequence number), flags (fragment: 1
# more follow; TCP: as in its header).
AT, SIZE, VERDICT, FLOW, KEY, PLACE, FLAGS, PAYLOAD_COLUMNS = 0, 1, 2, 3, 4, 5, 6, 7
FIN, SYN, RST = 1, 2, 4
_UDP, _TCP = 17, 6
#: Numbers of so many bits are multiplied by the factor, which is more than an octet says, within 63 bits.
_HASH_MASK, _HASH_FACTOR = (1 << 54) - 1, 263

# Link-layer types (tcpdump.org/linktypes.html).
NULL, ETHERNET, PPP, RAW_OLD, RAW_BSD = 0, 1, 9, 12, 14
RAW, LOOP, COOKED, IP4, IP6, COOKED2 = 101, 108, 113, 228, 229, 276

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
    octets: NDArray[np.uint8], big: bool, fraction_ns: Int, head: Int, packets: NDArray[np.int64]
) -> tuple[Int, Int]:
    """List the packets of a pcap file.

    fraction_ns      ns of a unit of the time's fraction: 1000, or 1
    head             octets before each packet: 16, or 24 in Kuznetzov's variant
    packets (P, 4)   filled: first octet, octets, time in ns, link-layer type
    returns how many, and the octet where walking ended
    """
    link = unsigned(octets, 20, 4, big) & 0xFFFF
    at, found = 24, 0
    while at + head <= octets.size:
        kept = unsigned(octets, at + 8, 4, big)
        if at + head + kept > octets.size:
            break
        time_ns = (
            unsigned(octets, at, 4, big) * 1_000_000_000 + unsigned(octets, at + 4, 4, big) * fraction_ns
        )
        packets[found, 0], packets[found, 1], packets[found, 2], packets[found, 3] = (
            at + head,
            kept,
            time_ns,
            link,
        )
        found += 1
        at += head + kept
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
    elif link == PPP:
        at += 2 if at + 2 <= end and octets[at] == 0xFF else 0
        at, kind = at + 2, ppp_kind(unsigned(octets, at, 2, True))
    else:
        return at, -1
    return inside(octets, at, end, kind)


@rare
def ppp_kind(protocol: Int) -> Int:
    """Return the ethertype of a PPP protocol; 0 for what is no IP."""
    return 0x0800 if protocol == 0x0021 else 0x86DD if protocol == 0x0057 else 0


@rare
def inside(octets: NDArray[np.uint8], at: Int, end: Int, kind: Int) -> tuple[Int, Int]:
    """Pass over what may stand between the link layer and IP: VLAN tags, SNAP, PPPoE, MPLS."""
    for _ in range(16):
        if at + 8 > end:
            return at, kind
        if kind in (0x8100, 0x88A8, 0x9100, 0x9200):
            at, kind = at + 4, unsigned(octets, at + 2, 2, True)
        elif kind < 0x0600 and octets[at] == 0xAA and octets[at + 1] == 0xAA:
            at, kind = at + 8, unsigned(octets, at + 6, 2, True)
        elif kind == 0x8864:
            at, kind = at + 8, ppp_kind(unsigned(octets, at + 6, 2, True))
        elif kind == 0x8847:
            last = octets[at + 2] & 1
            at += 4
            if last:
                version = octets[at] >> 4
                return at, 0x0800 if version == 4 else 0x86DD if version == 6 else 0
        else:
            return at, kind
    return at, kind


@rare
def mixed(octets: NDArray[np.uint8], at: Int, size: Int, value: Int) -> Int:
    """Mix octets into a number that tells flows and datagrams apart."""
    for i in range(size):
        value = (value * _HASH_FACTOR + np.int64(octets[at + i]) + 1) & _HASH_MASK
    return value


@rare
def transport(
    octets: NDArray[np.uint8], at: Int, end: Int, kind: Int, row: NDArray[np.int64]
) -> tuple[Int, Int, Int]:
    """Find what an IP packet carries; fills what its fragments have in common.

    Returns where it begins, where it ends, and its protocol or a reason, as negative number.
    """
    if kind == 0x0800:
        if at + 20 > end:
            return at, end, -CUT_SHORT
        header = (octets[at] & 15) * 4
        total = unsigned(octets, at + 2, 2, True)
        stop = at + total if total else end
        protocol, flags = np.int64(octets[at + 9]), unsigned(octets, at + 6, 2, True)
        row[FLOW] = mixed(octets, at + 12, 8, protocol)
        if header < 20 or at + header > min(stop, end):
            return at, end, -NOT_UDP
        if flags & 0x3FFF:
            row[KEY] = mixed(octets, at + 4, 2, row[FLOW])
            row[PLACE], row[FLAGS] = (flags & 0x1FFF) * 8, (flags >> 13) & 1
            return at + header, stop, -FRAGMENT if protocol == _UDP else -NOT_UDP
        return at + header, stop, protocol
    if kind != 0x86DD:
        return at, end, -LINK_UNKNOWN if kind < 0 else -NOT_IP
    if at + 40 > end:
        return at, end, -CUT_SHORT
    size = unsigned(octets, at + 4, 2, True)
    stop = at + 40 + size if size else end
    following = np.int64(octets[at + 6])
    row[FLOW] = mixed(octets, at + 8, 32, 0)
    at += 40
    while following in (0, 43, 60) and at + 8 <= end:
        following, at = np.int64(octets[at]), at + (np.int64(octets[at + 1]) + 1) * 8
    if following == 44 and at + 8 <= end:
        row[KEY] = mixed(octets, at + 4, 4, row[FLOW])
        place = unsigned(octets, at + 2, 2, True)
        row[PLACE], row[FLAGS] = place & 0xFFF8, place & 1
        return at + 8, stop, -FRAGMENT if octets[at] == _UDP else -NOT_UDP
    return at, stop, following


@rare
def udp(octets: NDArray[np.uint8], at: Int, end: Int, row: NDArray[np.int64]) -> Int:
    """Find the payload of the UDP datagram that begins at `at`, and return FOUND or a reason."""
    if at + 8 > end:
        return CUT_SHORT
    size = unsigned(octets, at + 4, 2, True) - 8
    row[FLOW] = mixed(octets, at, 4, row[FLOW])
    at += 8
    if size < 0 or at + size > end:
        return CUT_SHORT
    row[AT], row[SIZE] = at, size
    block = unsigned(octets, at + 1, 2, True)
    return FOUND if size >= 3 and octets[at] != 0 and 3 <= block <= size else NOT_ASTERIX


@rare
def tcp(octets: NDArray[np.uint8], at: Int, end: Int, row: NDArray[np.int64]) -> Int:
    """Find the data of the TCP segment that begins at `at`, and return SEGMENT, NO_DATA or a reason."""
    if at + 20 > end:
        return CUT_SHORT
    header = (octets[at + 12] >> 4) * 4
    if header < 20 or at + header > end:
        return CUT_SHORT
    row[FLOW] = mixed(octets, at, 4, row[FLOW])
    row[PLACE], row[FLAGS] = unsigned(octets, at + 4, 4, True), np.int64(octets[at + 13]) & 7
    row[AT], row[SIZE] = at + header, end - at - header
    return SEGMENT if row[SIZE] or row[FLAGS] & (SYN | RST) else NO_DATA


@kernel
def find_payloads(octets: NDArray[np.uint8], packets: NDArray[np.int64], payloads: NDArray[np.int64]) -> None:
    """Find what every packet carries, and tell whether a data block begins there.

    packets  (P, 4)  first octet, octets, time, link-layer type
    payloads (P, 7)  filled: AT, SIZE ... of this file; of a packet that carries nothing, the packet itself
    """
    for i in range(packets.shape[0]):
        row = payloads[i]
        row[:] = 0
        begin, end = packets[i, 0], packets[i, 0] + packets[i, 1]
        at, kind = network(octets, begin, end, packets[i, 3])
        at, stop, protocol = transport(octets, at, end, kind, row)
        whole = stop <= end
        stop = min(stop, end)
        reason = -protocol
        if protocol == _UDP:
            reason = udp(octets, at, stop, row)
        elif protocol == _TCP:
            reason = tcp(octets, at, stop, row) if whole else CUT_SHORT
        elif protocol >= 0:
            reason = NOT_UDP
        elif reason == FRAGMENT:
            row[AT], row[SIZE] = at, stop - at
            reason = FRAGMENT if whole and stop > at else CUT_SHORT
        if reason not in (FOUND, FRAGMENT, SEGMENT, NOT_ASTERIX):
            row[AT], row[SIZE] = begin, packets[i, 1]
        row[VERDICT] = reason


@kernel
def reassembled(octets: NDArray[np.uint8], starts: NDArray[np.int64], payloads: NDArray[np.int64]) -> None:
    """Find the payloads of datagrams that were put together: UDP with its head.

    starts   (N + 1,)  where each begins and ends
    payloads (N, 7)    filled, as by `find_payloads`; FLOW holds what the addresses were mixed into
    """
    for i in range(starts.size - 1):
        reason = udp(octets, starts[i], starts[i + 1], payloads[i])
        if reason == CUT_SHORT:
            payloads[i, AT], payloads[i, SIZE] = starts[i], starts[i + 1] - starts[i]
        payloads[i, VERDICT] = reason


@kernel
def section_head(octets: NDArray[np.uint8], heads: NDArray[np.int64]) -> Int:
    """List the blocks of a pcapng file that say how its last section is to be read; return how many.

    heads (K, 2)  filled: first octet, octets
    """
    big, at, found = False, 0, 0
    while at + 12 <= octets.size:
        kind = unsigned(octets, at, 4, big)
        if kind == 0x0A0D0D0A:
            big = unsigned(octets, at + 8, 4, True) == 0x1A2B3C4D
            found = 0
        size = unsigned(octets, at + 4, 4, big)
        if size < 12 or at + size > octets.size:
            break
        if kind in (0x0A0D0D0A, 1) and found < heads.shape[0]:
            heads[found, 0], heads[found, 1] = at, size
            found += 1
        at += size
    return found
