"""Write packet captures: payloads as records of a pcap file, in Ethernet, IPv4 and UDP with right checksums.

Each packet may not be fragmented and has the identification 0, as RFC 6864 allows for such packets: so none
depends on those before it. Formats: pcap as draft-ietf-opsawg-pcap says, least significant octet first, times
in nanoseconds; IPv4 RFC 791, UDP RFC 768, checksums RFC 1071.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part

Octets = NDArray[np.uint8]
Ints = NDArray[np.int64]

#: Octets of a pcap record's head, and of the three heads before the payload.
RECORD: Final = 16
ETHERNET: Final = 14
IP: Final = 20
UDP: Final = 8
HEADS: Final = ETHERNET + IP + UDP


@part
def put_little(out: Octets, at: int, value: int) -> None:
    """Write 32 bits, the least significant octet first."""
    for k in range(4):
        out[at + k] = np.uint8((value >> (8 * k)) & 0xFF)


@part
def put_big(out: Octets, at: int, value: int) -> None:
    """Write 16 bits in network order."""
    out[at] = np.uint8((value >> 8) & 0xFF)
    out[at + 1] = np.uint8(value & 0xFF)


@part
def word_sum(octets: Octets, at: int, length: int) -> int:
    """Sum of the 16-bit words of a stretch, an odd octet at the end as if a 0 followed."""
    even, odd = 0, 0
    for k in range(length // 2):
        even += int(octets[at + 2 * k])
        odd += int(octets[at + 2 * k + 1])
    if length % 2:
        even += int(octets[at + length - 1])
    return (even << 8) + odd


@part
def checksum(total: int) -> int:
    """One's complement of a one's complement sum."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@kernel
def write_packets(
    octets: Octets,
    starts: Ints,
    time_ns: Ints,
    endpoint: Ints,
    heads: Octets,
    out: Octets,
) -> int:
    """Write one record a payload, one behind the other; return the octets written.

    octets    all payloads, one behind the other
    starts    (P + 1,)  where each begins, and the end; each 65,507 octets at most
    time_ns   (P,)  ns since 1970, below 2^32 s
    endpoint  (P,)  row of `heads`
    heads     (E, 42)  Ethernet, IPv4 and UDP heads with lengths and checksums 0
    out       RECORD + HEADS octets a payload, and the payloads
    """
    at = 0
    for i in range(time_ns.size):
        size = starts[i + 1] - starts[i]
        whole = HEADS + size
        put_little(out, at, time_ns[i] // 1_000_000_000)
        put_little(out, at + 4, time_ns[i] % 1_000_000_000)
        put_little(out, at + 8, whole)
        put_little(out, at + 12, whole)
        at += RECORD
        for k in range(HEADS):
            out[at + k] = heads[endpoint[i], k]
        for k in range(size):
            out[at + HEADS + k] = octets[starts[i] + k]
        ip, udp = at + ETHERNET, at + ETHERNET + IP
        put_big(out, ip + 2, IP + UDP + size)
        put_big(out, ip + 10, checksum(word_sum(out, ip, IP)))
        put_big(out, udp + 4, UDP + size)
        # The pseudo head: both addresses, protocol 17, the length. 0 means "none", so it is sent as all ones.
        total = word_sum(out, ip + 12, 8) + 17 + UDP + size + word_sum(out, udp, UDP + size)
        value = checksum(total)
        put_big(out, udp + 6, value if value else 0xFFFF)
        at += whole
    return at
