"""Live sources write editions of their own: each is judged on its first blocks, then watched, not flipped."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from asman.model.datagram import Datagram
from asman.model.frames import NO_TIME, Frames
from asman.model.sensor import Sensor
from asman.pipeline import events, node, recording
from asman.pipeline.editions import JUDGED_BLOCKS, JUDGED_OCTETS, SOURCES_MAX, Editions, weigh
from asman.pipeline.events import EditionDoubted, EditionFits, EditionSettled
from asman.pipeline.node import Inputs, NodeState
from asman.units import SECOND_NS

BEGIN_NS = 1_700_000_000 * SECOND_NS


def from_source(block: bytes, sic: int) -> bytes:
    """The block as another source's: its first item is SAC and SIC, behind its field specification."""
    at = 3
    while block[at] & 1:
        at += 1
    return block[: at + 1] + bytes([0, sic]) + block[at + 3 :]


@pytest.fixture(scope="module")
def old(shared_data: Path) -> bytes:
    """A real block of CAT021 edition 0.26 (it reads as 0.24 and 0.25 as well)."""
    return (shared_data / "asterix/samples/jasterix--cat021ed0.26.bin").read_bytes()


@pytest.fixture(scope="module")
def new(shared_data: Path) -> bytes:
    """A real block of CAT021 edition 2.1 (it reads as all later ones as well)."""
    return (shared_data / "asterix/samples/jasterix--cat021ed2.1.bin").read_bytes()


def heard(
    pieces: Iterable[list[bytes]], state: NodeState | None = None
) -> tuple[NodeState, list[events.Event]]:
    """What a node knows and said after pieces of a feed, one a step."""
    state = state or node.start("XX", (), BEGIN_NS)
    said: list[events.Event] = []
    for blocks in pieces:
        now_ns = state.now_ns + SECOND_NS
        sent = tuple(Datagram("f", now_ns, one, 0) for one in blocks)
        state, new = node.step(state, Inputs(sent), now_ns)
        said += new
    return state, said


def cut_blocks(octets: bytes) -> list[bytes]:
    """Whole blocks of a recording."""
    found, at = list[bytes](), 0
    while at + 3 <= len(octets):
        end = at + int.from_bytes(octets[at + 1 : at + 3], "big")
        if end > len(octets):
            break
        found.append(octets[at:end])
        at = end
    return found


def cut(blocks: list[bytes], size: int) -> list[list[bytes]]:
    return [blocks[at : at + size] for at in range(0, len(blocks), size)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_each_source_gets_its_own_edition_wherever_pieces_end(old: bytes, new: bytes, size: int):
    blocks = [from_source(one, sic) for _ in range(JUDGED_BLOCKS + 9) for one, sic in ((old, 5), (new, 6))]
    state, said = heard(cut(blocks, size))
    settled = {one.source: one for one in said if isinstance(one, EditionSettled)}
    assert {name: one.edition for name, one in settled.items()} == {
        "CAT021@0/5": "0.26",
        "CAT021@0/6": "2.7",
    }
    assert settled["CAT021@0/5"].records == settled["CAT021@0/5"].plausible == JUDGED_BLOCKS
    assert "2.7 4%" in settled["CAT021@0/5"].others
    assert not [one for one in said if isinstance(one, events.BlocksRejected)]
    assert all(one.kept == b"" for one in state.editions.values()), "octets are kept until then, not longer"


def test_records_before_the_verdict_are_read_with_what_their_source_looks_like_so_far(old: bytes, new: bytes):
    state, said = heard([[from_source(old, 5), from_source(new, 6)]])
    known = {name: (one.edition, one.settled) for name, one in state.editions.items()}
    assert known == {"CAT021@0/5": ("0.26", False), "CAT021@0/6": ("2.7", False)}
    assert not said or not any(isinstance(one, events.BlocksRejected) for one in said)


def test_what_a_sensor_pins_is_not_judged(old: bytes, new: bytes):
    pinned = Sensor(
        id="s", lat_deg=0.0, lon_deg=0.0, kind="adsb", sac=0, sic=6, asterix_edition={"021": "2.2"}
    )
    state = node.start("XX", (pinned,), BEGIN_NS)
    state, said = heard([[from_source(old, 5), from_source(new, 6)]] * JUDGED_BLOCKS, state)
    assert set(state.editions) == {"CAT021@0/5"}
    assert not [one for one in said if isinstance(one, events.BlocksRejected)]


def test_an_edition_that_fits_no_more_is_told_once_and_stays(old: bytes, new: bytes):
    good, bad = [from_source(new, 6)] * 8, [from_source(old, 6)] * 8
    state, _ = heard([good] * 10)
    state, said = heard([bad] * 40, state)
    (doubt,) = [one for one in said if isinstance(one, EditionDoubted)]
    assert (doubt.source, doubt.edition) == ("CAT021@0/6", "2.7")
    assert "23% of 104 records plausible" in doubt.reason
    assert "plausible as 0.24, 0.25, 0.26" in doubt.reason
    assert state.editions["CAT021@0/6"].edition == "2.7"
    assert [one for one in said if isinstance(one, events.BlocksRejected)], "and none is read into garbage"
    state, said = heard([good] * 40, state)
    assert [type(one) for one in said] == [EditionFits]
    assert state.editions["CAT021@0/6"].doubt == ""


def test_a_replay_begins_with_the_edition_of_each_source(shared_data: Path, old: bytes):
    recorded = (shared_data / "asterix/alicante-adsb.cat021.ast").read_bytes()[:20_000]
    octets = b"".join([*([from_source(old, 5)] * 20), *cut_blocks(recorded)])
    prepared = recording.prepare({"mixed": octets}, None, None)
    known = {name: (one.edition, one.settled) for name, one in prepared.editions.items()}
    assert known["CAT021"] == ("2.7", True)
    assert known["CAT021@0/5"] == ("0.26", True)


def test_noise_before_a_source_speaks_does_not_settle_anything(new: bytes):
    noise = bytes([21, 0, 49]) + new[3:8] + b"\xff" * 41
    blocks = [from_source(noise, 6)] * JUDGED_BLOCKS + [from_source(new, 6)] * (2 * JUDGED_BLOCKS)
    for size in (1, 11, 1000):
        state, said = heard(cut(blocks, size))
        assert [one.edition for one in said if isinstance(one, EditionSettled)] == ["2.7"]
        assert state.editions["CAT021@0/6"].settled


def test_what_is_kept_of_sources_is_bounded(new: bytes):
    at = 3
    while new[at] & 1:
        at += 1
    many = [new[: at + 1] + bytes([sac, sic]) + new[at + 3 :] for sac in range(4) for sic in range(256)]
    octets = b"".join(many)
    length = np.full(len(many), len(new))
    frames = Frames(np.cumsum(length) - length, length, np.full(len(many), NO_TIME))
    known: Editions = {}
    for _ in range(3):
        known = weigh(known, octets, frames, {})
    assert len(known) == SOURCES_MAX
    assert all(len(one.kept) <= JUDGED_OCTETS for one in known.values())
