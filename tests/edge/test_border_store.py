"""The border's store serves the threads of all partners at once."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from asman.edge.border_store import BorderStore
from asman.edge.segment_log import records
from asman.sharing.batches import Stream


def test_streams_of_several_partners_are_kept_from_several_threads_at_once(tmp_path):
    store = BorderStore(tmp_path, 0)
    partners = [f"P{number}" for number in range(4)]

    def keep(partner: str) -> None:
        for sequence in range(1, 101):
            store.keep_stream(Stream("KG", partner, sequence, ""), sequence)

    with ThreadPoolExecutor(len(partners)) as threads:
        list(threads.map(keep, partners))
    assert [store.stream("KG", one)[0].sequence for one in partners] == [100] * len(partners)
    store.close()


def test_a_store_may_be_closed_while_threads_write_into_it(tmp_path):
    """Who waited for them has been cancelled, as at the end of a node: they are refused; nothing breaks."""
    for turn in range(30):
        store = BorderStore(tmp_path / str(turn), 0)
        refused = []

        def write(store=store, refused=refused):
            for sequence in range(10_000):
                try:
                    store.keep_stream(Stream("KG", "KZ", sequence, "ab"), 1)
                    store.stream("KG", "KZ")
                except sqlite3.ProgrammingError:
                    refused.append(sequence)
                    return

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.005)
        store.close()
        for thread in threads:
            thread.join()
        assert len(refused) == len(threads)


def test_nothing_is_recorded_in_a_store_that_is_closed_and_it_can_be_opened_again(tmp_path):
    store = BorderStore(tmp_path, 0)
    store.record("sent", "KZ", [b"one"], 0)
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.record("sent", "KZ", [b"two"], 0)
    again = BorderStore(tmp_path, 0)
    again.record("sent", "KZ", [b"three"], 0)
    again.close()
    (path,) = (tmp_path / "sent").iterdir()
    assert [octets for _, octets in records(path)] == [b"one", b"three"]
