"""The border's store serves the threads of all partners at once."""

from concurrent.futures import ThreadPoolExecutor

from asman.edge.border_store import BorderStore
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
