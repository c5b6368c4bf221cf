"""Tables as they travel on the bus: Arrow streams."""

import pyarrow as pa


def pack_table(table: pa.Table) -> bytes:
    """Return a table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def unpack_table(octets: bytes) -> pa.Table:
    """Return the table of an Arrow stream of our own making."""
    with pa.ipc.open_stream(octets) as reader:
        return reader.read_all()
