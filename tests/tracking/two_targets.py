"""One line a stage: its name and a digest of all bits that it gave. Run as a process of its own, see below.

    python -m tests.tracking.two_targets OCTETS    (octets as `write` left them)

From octets to the picture, in one piece and in a node's steps, in the steps with plots that come late.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from asman import tracking
from asman.kernels.arithmetic import fingerprint
from asman.model.datagram import Datagram
from asman.model.frames import Frames
from asman.model.sensor import Sensor
from asman.pipeline import node
from asman.sensing.plots import extract
from asman.sensing.timeline import TimelineState
from asman.units import SECOND_NS
from asman.wire import stream
from asman.wire.asterix.decode import decode


class Sent(msgspec.Struct, frozen=True):
    """What sensors sent, in order of arrival, from a time on."""

    begin_ns: int
    seconds: int
    sensors: tuple[Sensor, ...]
    datagrams: tuple[Datagram, ...]


def write(sent: Sent, path: Path) -> None:
    path.write_bytes(msgspec.msgpack.encode(sent))


def digest(*tables: pa.Table) -> str:
    """Of all values and which are null; what memory holds under a null does not count."""
    bits = hashlib.sha256()
    for table in tables:
        for column in table.combine_chunks().columns:
            array = column.combine_chunks()
            if pa.types.is_floating(array.type):
                values = array.fill_null(0.0).to_numpy(zero_copy_only=False).tobytes()
                bits.update(values + array.is_null().to_numpy(zero_copy_only=False).tobytes())
            else:
                plain = array.cast(pa.int64()) if pa.types.is_timestamp(array.type) else array
                bits.update(repr(plain.to_pylist()).encode())
    return bits.hexdigest()[:16]


def stages(sent: Sent) -> Iterator[tuple[str, str]]:
    """Name and digest of each stage."""
    yield "arithmetic", f"{int(fingerprint()):016x}"
    lengths = np.array([len(one.octets) for one in sent.datagrams])
    times = np.array([one.time_ns for one in sent.datagrams])
    frames = Frames(np.cumsum(lengths) - lengths, lengths, times)
    decoded = decode(b"".join(one.octets for one in sent.datagrams), frames)
    for name, table in sorted(decoded.tables.items()):
        yield name, digest(table)
    plots = extract(decoded, sent.sensors, TimelineState(), recording="")[0].plots
    yield "plots", digest(plots)
    end_ns = sent.begin_ns + sent.seconds * SECOND_NS
    whole = tracking.start(sent.sensors, origin="KG")
    whole = tracking.advance(whole, plots, end_ns, updates=True)
    yield "batch: updates", digest(tracking.updates(whole))
    yield "batch: picture", digest(tracking.picture(whole, end_ns))
    yield "stream: picture", digest(tracking.picture(cut(sent, plots, end_ns), end_ns))
    told = tracking.explain(whole, tracking.picture(whole, end_ns)["track"][0].as_py(), 0, end_ns)
    yield "explanation", hashlib.sha256(msgspec.json.encode(told.decisions)).hexdigest()[:16]
    yield from live(sent)


def cut(sent: Sent, plots: pa.Table, end_ns: int) -> tracking.Tracker:
    """The same plots in uneven pieces."""
    times = plots["time"].cast(pa.int64()).to_numpy()
    order = np.argsort(times, kind="stable")
    plots, times = plots.take(pa.array(order)), times[order]
    tracker = tracking.start(sent.sensors, origin="KG")
    done, until_ns, turn = 0, sent.begin_ns, 0
    while until_ns < end_ns:
        turn += 1
        until_ns = min(until_ns + (70_000_000, 1_130_000_000, 410_000_000)[turn % 3], end_ns)
        end = int(np.searchsorted(times, until_ns)) if until_ns < end_ns else len(times)
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until_ns)
        done = end
    return tracker


def live(sent: Sent) -> Iterator[tuple[str, str]]:
    """A node's frames, tracks and trails, fed each second with what had arrived."""
    state = node.start("KG", sent.sensors, sent.begin_ns)
    bits = hashlib.sha256()
    done = 0
    for second in range(sent.seconds):
        now_ns = sent.begin_ns + (second + 1) * SECOND_NS
        first = done
        while done < len(sent.datagrams) and sent.datagrams[done].time_ns < now_ns:
            done += 1
        state, _ = node.step(state, node.Inputs(sent.datagrams[first:done]), now_ns)
        bits.update(stream.encode_picture(node.picture(state), now_ns / SECOND_NS))
    yield "node: frames", bits.hexdigest()[:16]
    yield "node: tracks", digest(node.tracks(state))
    trails = stream.encode_trails(node.trails_of(state), state.now_ns / SECOND_NS)
    yield "node: trails", hashlib.sha256(trails).hexdigest()[:16]


def main() -> None:
    sent = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Sent)
    for name, bits in stages(sent):
        print(f"{name}\t{bits}")


if __name__ == "__main__":
    main()
