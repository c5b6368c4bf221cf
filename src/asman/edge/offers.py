"""What the reasoning offers for release, as it travels on the bus to the border."""

import msgspec
import pyarrow as pa

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
    packed = tuple(_Packed(one.what, _ipc(one.table), one.held_as, one.audience) for one in offers)
    return msgspec.msgpack.encode(packed)


def unpack_offers(octets: bytes) -> tuple[Offer, ...]:
    """Offers of our own reasoning; what is not as long as its table is refused by the guard's arrays."""
    return tuple(
        Offer(what=one.what, table=_table(one.table), held_as=one.held_as, audience=one.audience)
        for one in _decoder.decode(octets)
    )


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(octets: bytes) -> pa.Table:
    with pa.ipc.open_stream(octets) as reader:
        return reader.read_all()
