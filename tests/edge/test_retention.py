"""What a partner gave is deleted when its label says so, and nothing else."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.edge.border_store import BATCH, GAP
from asman.edge.retention import Retention, keep_until_ns
from asman.edge.segment_log import SegmentLog, records
from asman.model.label import Label
from asman.sharing import batches

DAY_NS = 86_400 * 10**9
SENT_NS = 1_800_000_000 * 10**9


def batch(sequence, retain, rows=3):
    """Octets that carry a label; nobody asks for the signature of what is on record already."""
    label = retain and Label(
        origin="KG", agreements=(("a", "00"),), classification="", releasable_to=("RU",),
        until="2030-01-01", retain=retain,
    )  # fmt: skip
    header = batches.Header(
        origin="KG", recipient="RU", sequence=sequence, previous="", sent_ns=SENT_NS,
        what="tracks" if label else None, label=label or None, rows=rows if label else 0, key="",
    )  # fmt: skip
    head = batches.msgspec.msgpack.encode(header)
    return b"ASMB" + len(head).to_bytes(4, "little") + head + b"rows" + bytes(64)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "KG-2027-01-15T08.log"
    with SegmentLog(path) as made:
        for octets in (batch(1, "P7D"), batch(2, "P30D", 5), batch(3, "")):
            made.append(BATCH, octets)
        made.append(GAP, b"its signed word")
    return path


def kept(path):
    return [octets for _, octets in records(path)]


def at(folder, now_ns):
    """What stands in the account after the record was looked through at a time."""
    told = []

    async def account(entries):
        told.extend(entries)

    asyncio.run(Retention(folder, account, lambda: now_ns).forget())
    return [(one.kind, one.member, one.withheld) for one in told]


def test_each_batch_goes_when_its_own_time_is_over_and_signed_words_stay(log):
    assert at(log.parent, SENT_NS + 7 * DAY_NS - 1) == []
    assert at(log.parent, SENT_NS + 7 * DAY_NS) == [("deleted", "KG", {"batches": 1, "rows": 3})]
    assert kept(log) == [batch(2, "P30D", 5), batch(3, ""), b"its signed word"]
    assert at(log.parent, SENT_NS + 29 * DAY_NS) == []
    assert at(log.parent, SENT_NS + 30 * DAY_NS) == [("deleted", "KG", {"batches": 1, "rows": 5})]
    assert kept(log) == [batch(3, ""), b"its signed word"]


def test_a_file_of_which_nothing_is_left_goes(tmp_path):
    path = tmp_path / "KG-2027-01-15T08.log"
    with SegmentLog(path) as made:
        made.append(BATCH, batch(1, "PT1H"))
    assert len(at(tmp_path, SENT_NS + DAY_NS)) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_being_written_is_left_alone(log):
    with SegmentLog(log):
        assert at(log.parent, SENT_NS + 90 * DAY_NS) == []
    assert len(at(log.parent, SENT_NS + 90 * DAY_NS)) == 1


def test_what_cannot_be_accounted_for_is_not_deleted(log):
    before = log.read_bytes()

    async def full(_):
        raise OSError(28, "No space left on device")

    retention = Retention(log.parent, full, lambda: SENT_NS + 90 * DAY_NS)
    asyncio.run(retention.forget())
    assert log.read_bytes() == before and "cannot be deleted" in retention.problem


def test_what_cannot_be_read_is_not_taken_for_old():
    assert keep_until_ns(BATCH, b"noise") > SENT_NS + 10_000 * DAY_NS


def test_what_was_passed_on_goes_by_its_origins_word_and_what_is_our_own_stays(tmp_path):
    inner = batch(1, "P7D")
    stream, passed = batches.enclose(
        batches.Stream("RU", "KZ"), inner, SENT_NS + DAY_NS, Ed25519PrivateKey.from_private_bytes(bytes(32))
    )
    own = bytes(batch(2, "P7D"))
    for folder in ("received", "sent"):
        (tmp_path / folder).mkdir()
        with SegmentLog(tmp_path / folder / "RU-2027-01-15T08.log") as made:
            for octets in (passed, own):
                made.append(BATCH, octets)
    told = []

    async def account(entries):
        told.extend(entries)

    looked = Retention(
        tmp_path / "received", account, lambda: SENT_NS + 7 * DAY_NS, sent=tmp_path / "sent"
    )  # fmt: skip
    asyncio.run(looked.forget())
    assert not list((tmp_path / "received").iterdir())
    assert kept(tmp_path / "sent/RU-2027-01-15T08.log") == [own]
    assert [(one.member, one.withheld) for one in told] == [
        ("KG", {"batches": 2, "rows": 6}), ("KG", {"batches": 1, "rows": 3}),
    ]  # fmt: skip
    assert stream.sequence == 1
