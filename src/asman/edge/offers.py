"""What the reasoning offers for release, as it travels on the bus to the border; and what our people hold
partners' tracks to be, which our own terms may withhold from whom those would be passed on to.
"""

from collections.abc import Mapping

import msgspec

from asman.edge.tables import pack_table, unpack_table
from asman.model.agreement import DataClass
from asman.model.contribution import Offer


class _Packed(msgspec.Struct, frozen=True):
    what: DataClass
    table: bytes
    held_as: tuple[tuple[str, str], ...] | None
    audience: tuple[tuple[str, ...] | None, ...] | None


#: Partner -> its number of a track, as it told us -> identity and category that we hold it to be.
Held = Mapping[str, Mapping[int, tuple[str, str]]]


class _Whole(msgspec.Struct, frozen=True):
    offers: tuple[_Packed, ...]
    held: dict[str, dict[int, tuple[str, str]]]


_decoder = msgspec.msgpack.Decoder(_Whole)


def pack_offers(offers: tuple[Offer, ...], held: Held) -> bytes:
    """Offers as octets."""
    packed = tuple(_Packed(one.what, pack_table(one.table), one.held_as, one.audience) for one in offers)
    return msgspec.msgpack.encode(_Whole(packed, {name: dict(some) for name, some in held.items()}))


def unpack_offers(octets: bytes) -> tuple[tuple[Offer, ...], Held]:
    """Offers of our own reasoning; what is not as long as its table is refused by the guard's arrays."""
    whole = _decoder.decode(octets)
    offers = tuple(
        Offer(what=one.what, table=unpack_table(one.table), held_as=one.held_as, audience=one.audience)
        for one in whole.offers
    )
    return offers, whole.held
