"""What a node's process hands to its border at the start: one frozen struct, over standard input."""

import msgspec

from asman.edge.bus import BusAddress


class BorderPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one node shares.

    folder       of the member
    listen       host:port for partners
    address      host:port that partners reach it by
    release_s    s  between two releases
    keep_s       s  how long a batch waits for a partner that does not come
    keep_octets  of batches that wait, a partner
    """

    bus: BusAddress
    node: str
    member: str
    folder: str
    listen: str
    address: str
    release_s: float
    keep_s: float
    keep_octets: int
