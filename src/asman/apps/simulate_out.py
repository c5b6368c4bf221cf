"""Files of a data set: each written as batches come, with its digest on the way, and nothing else growing.

How an exercise was cut into batches must not show. So Parquet's row groups are filled to the same number of
rows each, and every column of a group becomes one array, its words numbered by first use, before it is
written; the other formats are octets one behind the other anyway.
"""

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from asman.apps.simulate_batches import Batch
from asman.wire import capture

if TYPE_CHECKING:
    from asman.model.sensor import Sensors

#: Rows of a Parquet row group.
GROUP_ROWS: Final = 131_072
#: Columns whose values repeat: others only make a dictionary that is given up half way.
_WORDS: Final = (
    "sensor", "callsign", "detection", "recording", "address", "mode_3a", "category", "cause", "class",
    "member", "sigma_m", "containment_m",
)  # fmt: skip
#: Addresses for measurements between networks (RFC 2544): nobody's in any real one. A sensor's is its place.
_SOURCES: Final = "198.18"
#: A group within an organisation (RFC 2365) that all sensors send to, each to a port of its own.
GROUP: Final = "239.192.86.1"
FIRST_PORT: Final = 8600


class FileMade(msgspec.Struct, frozen=True):
    """One file of a data set, as the manifest lists it.

    rows    rows, datagrams or frames; None where it has none
    octets  its length
    """

    name: str
    octets: int
    sha256: str
    rows: int | None = None


class Sink(Protocol):
    """A file, or several, that batches go to."""

    def write(self, batch: Batch) -> None:
        """Write what of a batch belongs here."""
        ...

    def close(self) -> list[FileMade]:
        """Finish; say what was made."""
        ...


class HashedFile(io.RawIOBase):
    """A new file whose digest is known when it is closed."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self.name = name
        self.octets = 0
        self._digest = hashlib.sha256()
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """How much was written."""
        return self.octets

    def write(self, octets: Any) -> int:
        """Append octets."""
        count = memoryview(octets).nbytes
        self._file.write(octets)
        self._digest.update(octets)
        self.octets += count
        return count

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()

    def made(self, rows: int | None = None) -> FileMade:
        """Close, and say what was made."""
        self.close()
        return FileMade(self.name, self.octets, self._digest.hexdigest(), rows)


class ParquetSink:
    """One table of the batches as a Parquet file."""

    def __init__(self, folder: Path, table: str, schema: pa.Schema) -> None:
        self._table = table
        self._file = HashedFile(folder, f"{table}.parquet")
        floats = [one.name for one in schema if pa.types.is_floating(one.type) and one.name not in _WORDS]
        # pyarrow's own types know truths only; it takes the names of columns too.
        how: dict[str, Any] = {
            "use_dictionary": [one.name for one in schema if one.name in _WORDS],
            # Numbers that never repeat compress better with the first octets of all before the second.
            "use_byte_stream_split": floats,
        }
        self._writer = pyarrow.parquet.ParquetWriter(
            self._file, schema, compression="zstd", compression_level=1, **how
        )
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._rows_waiting = 0
        self.rows = 0

    def write(self, batch: Batch) -> None:
        """Write the row groups that are full."""
        table: pa.Table = getattr(batch, self._table)
        self._waiting.append(table)
        self._rows_waiting += table.num_rows
        if self._rows_waiting < GROUP_ROWS:
            return
        whole = pa.concat_tables(self._waiting)
        full = whole.num_rows // GROUP_ROWS * GROUP_ROWS
        for begin in range(0, full, GROUP_ROWS):
            self._group(whole.slice(begin, GROUP_ROWS))
        rest = whole.slice(full)
        # A slice would hold on to all that was written.
        self._waiting = [rest.take(pa.array(range(rest.num_rows), pa.int64()))]
        self._rows_waiting = rest.num_rows

    def _group(self, table: pa.Table) -> None:
        columns = [_as_one(column) for column in table.columns]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema), GROUP_ROWS)
        self.rows += table.num_rows

    def close(self) -> list[FileMade]:
        """Write the last group."""
        if self._rows_waiting or not self.rows:
            self._group(pa.concat_tables([*self._waiting, self._schema.empty_table()]))
        self._writer.close()
        return [self._file.made(self.rows)]


def _as_one(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array whose words, if it has any, are numbered by first use."""
    if pa.types.is_dictionary(column.type):
        plain = column.cast(column.type.value_type)
        return plain.combine_chunks().dictionary_encode().cast(column.type)
    return column.combine_chunks()


class CsvSink:
    """One table of the batches as CSV."""

    def __init__(self, folder: Path, table: str, schema: pa.Schema) -> None:
        self._table = table
        self._schema = pa.schema(
            [
                one.with_type(one.type.value_type) if pa.types.is_dictionary(one.type) else one
                for one in schema
            ]
        )
        self._file = HashedFile(folder, f"{table}.csv")
        self._writer = pyarrow.csv.CSVWriter(self._file, self._schema)
        self._rows = 0

    def write(self, batch: Batch) -> None:
        """Write all rows."""
        table: pa.Table = getattr(batch, self._table)
        self._writer.write_table(table.cast(self._schema))
        self._rows += table.num_rows

    def close(self) -> list[FileMade]:
        """Finish."""
        self._writer.close()
        return [self._file.made(self._rows)]


def endpoints(sensors: "Sensors") -> dict[str, capture.Endpoint]:
    """From where to where each sensor's datagrams go in a capture file."""
    return {
        sensor.id: capture.Endpoint(
            f"{_SOURCES}.{(place + 1) >> 8 & 255}.{(place + 1) & 255}", FIRST_PORT + place,
            GROUP, FIRST_PORT + place,
        )
        for place, sensor in enumerate(sensors)
    }  # fmt: skip


class PcapSink:
    """All datagrams in one capture file."""

    def __init__(self, folder: Path, sensors: "Sensors") -> None:
        self._file = HashedFile(folder, "asterix.pcap")
        self._file.write(capture.head())
        self._endpoints = endpoints(sensors)
        self._datagrams = 0

    def write(self, batch: Batch) -> None:
        """Write all datagrams."""
        if batch.datagrams:
            self._file.write(capture.packets(batch.datagrams, self._endpoints))
            self._datagrams += len(batch.datagrams)

    def close(self) -> list[FileMade]:
        """Finish."""
        return [self._file.made(self._datagrams)]


class RawSink:
    """Each sensor's data blocks in a file of its own, as recorders without a network's heads write them."""

    def __init__(self, folder: Path, sensors: "Sensors") -> None:
        names = file_names([sensor.id for sensor in sensors])
        self._files = {feed: HashedFile(folder, f"asterix/{name}.ast") for feed, name in names.items()}
        self._datagrams = dict.fromkeys(self._files, 0)

    def write(self, batch: Batch) -> None:
        """Write each datagram's octets to its sensor's file."""
        gathered: dict[str, list[bytes]] = {}
        for datagram in batch.datagrams:
            gathered.setdefault(datagram.feed, []).append(datagram.octets)
        for feed, pieces in gathered.items():
            self._files[feed].write(b"".join(pieces))
            self._datagrams[feed] += len(pieces)

    def close(self) -> list[FileMade]:
        """Finish."""
        return [file.made(self._datagrams[feed]) for feed, file in self._files.items()]


class BeastSink:
    """What each ADS-B receiver heard, as Beast frames in a file of its own.

    1090 MHz messages have no mark for "simulated": the folder's manifest says it, and each file's name.
    """

    def __init__(self, folder: Path, receivers: Sequence[str]) -> None:
        names = file_names(receivers)
        self._files = {
            one: HashedFile(folder, f"beast/{name}.simulated.beast") for one, name in names.items()
        }
        self._frames = dict.fromkeys(self._files, 0)

    def write(self, batch: Batch) -> None:
        """Write each receiver's frames."""
        for one, frames in batch.beast.items():
            self._files[one].write(frames.octets)
            self._frames[one] += frames.messages

    def close(self) -> list[FileMade]:
        """Finish."""
        return [file.made(self._frames[one]) for one, file in self._files.items()]


def file_names(ids: Sequence[str]) -> Mapping[str, str]:
    """A name for a file of each sensor: its id, without what a file system may not like; none twice."""
    names: dict[str, str] = {}
    for one in ids:
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", one).lstrip(".") or "sensor"
        name, number = plain, 2
        while name.lower() in {other.lower() for other in names.values()}:
            name, number = f"{plain}-{number}", number + 1
        names[one] = name
    return names


def text_file(folder: Path, name: str, text: str) -> FileMade:
    """Write a text."""
    file = HashedFile(folder, name)
    file.write(text.encode())
    return file.made()
