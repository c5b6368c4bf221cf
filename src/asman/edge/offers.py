"""What the reasoning offers for release, as it travels on the bus to the border."""

import msgspec

from asman.edge.tables import pack_table, unpack_table
from asman.model.agreement import DataClass
from asman.model.contribution import Offer


class _Packed(msgspec.Struct, frozen=True):
    what: DataClass
    table: bytes
    held_as: tuple[tuple[str, str], ...] | None
    audience: tuple[tuple[str, ...] | None, ...] | None


_decoder = msgspec.msgpack.Decoder(tuple[_Packed, ...])


def pack_offers(offers: tuple[Offer, ...]) -> bytes:
    """Offers as octets."""
    packed = tuple(_Packed(one.what, pack_table(one.table), one.held_as, one.audience) for one in offers)
    return msgspec.msgpack.encode(packed)


def unpack_offers(octets: bytes) -> tuple[Offer, ...]:
    """Offers of our own reasoning; what is not as long as its table is refused by the guard's arrays."""
    return tuple(
        Offer(what=one.what, table=unpack_table(one.table), held_as=one.held_as, audience=one.audience)
        for one in _decoder.decode(octets)
    )
