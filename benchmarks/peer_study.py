"""The whole comparison, run by run: sweeps of the peer, then all rows on held-out seeds.

    python -m benchmarks.peer_study sweep FILE [AIRCRAFT]         tune the peer on the tuning seeds
    python -m benchmarks.peer_study runs FILE AIRCRAFT SEEDS PEER [JPDA]   seeds; of them with GNN, JPDA
    python -m benchmarks.peer_study merge FILE...                 into benchmarks/results_peer.json

Every run is written as soon as it is done, and not repeated when it is in the file.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from asman.apps import warm

warm.prepare()

from benchmarks import peer_case, peer_runs  # noqa: E402  (the cache of kernels is named first)
from benchmarks.peer_case import Case  # noqa: E402

RESULTS: Final = Path(__file__).with_name("results_peer.json")
#: Never among the seeds that are reported.
TUNING_SEEDS: Final = (101, 102)
#: The best of the sweep, which is in results_peer.json.
TUNED: Final[dict[str, Any]] = {
    "kind": "gnn", "q": 30.0, "gate": 4.0, "points": 3, "silence_s": 25.0, "young_silence_s": 14.0,
    "speed_mps": 80.0, "slot_s": 0.1,
}  # fmt: skip
JPDA: Final[dict[str, Any]] = {**TUNED, "kind": "jpda", "pd": 0.85, "clutter_pm2": 1e-10}
SWEEP: Final[tuple[tuple[str, tuple[float, ...]], ...]] = (
    ("q", (2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)),
    ("gate", (4.0, 5.0, 6.0, 8.0, 10.0)),
    ("silence_s", (15.0, 20.0, 25.0, 30.0)),
    ("points", (2, 3, 4)),
    ("young_silence_s", (10.0, 14.0, 20.0)),
    ("speed_mps", (80.0, 150.0, 250.0)),
    ("q", (8.0, 12.0, 15.0, 20.0, 30.0)),
)
CV_NOISE_M2PS3: Final = (2.0, 6.0, 20.0, 60.0, 120.0)

Row = dict[str, Any]


class Book:
    """Rows in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = json.loads(path.read_text()) if path.is_file() else []

    def once(self, key: Row, work: Callable[[], dict[str, float] | None]) -> Row | None:
        """The row of a key, made if it is not there yet."""
        for row in self.rows:
            if all(row.get(name) == value for name, value in key.items()):
                return row
        found = work()
        if found is None:
            return None
        row = {**key, **{name: float(f"{value:.6g}") for name, value in found.items()}}
        self.rows.append(row)
        self.path.write_text("[\n" + ",\n".join(json.dumps(one) for one in self.rows) + "\n]\n")
        print(*(f"{name}={value}" for name, value in row.items()), flush=True)
        return row


def sweep(book: Book, aircraft: int, level: peer_case.Level = "mode_c") -> None:
    """One setting after the other, each at the best of those before it, on the tuning seeds."""
    cases = {seed: peer_case.make(aircraft, seed) for seed in TUNING_SEEDS}
    best = dict(TUNED)
    for step, (name, values) in enumerate(SWEEP):
        found: dict[float, float] = {}
        for value in values:
            settings = {**best, name: value}
            squares: list[float] = []
            for seed, case in cases.items():
                key = {"what": "sweep", "step": step, "aircraft": aircraft, "seed": seed, **settings}

                def work(case: Case = case, settings: Row = settings) -> dict[str, float] | None:
                    return peer_runs.stone_soup(case, peer_case.given(case, level), settings)

                row = book.once(key, work)
                if row is not None:
                    squares.append(row["gospa_m"])
            if squares:
                found[value] = sum(squares) / len(squares)
        if found:
            best[name] = min(found, key=lambda one: found[one])
            print("best", name, best[name], found, flush=True)


def runs(book: Book, aircraft: int, seeds: int, peer_seeds: int, jpda_seeds: int) -> None:
    """All rows of a size of sky."""
    for seed in range(1, seeds + 1):
        case = peer_case.make(aircraft, seed)
        _ours(book, case, aircraft, seed)
        for kind, settings, count in (("gnn", TUNED, peer_seeds), ("jpda", JPDA, jpda_seeds)):
            if seed <= count:
                key = {"what": f"peer {kind}", "aircraft": aircraft, "seed": seed}
                book.once(key, lambda c=case, s=settings: peer_runs.stone_soup(c, _mode_c(c), s))
        if seed <= min(peer_seeds, 3):
            key = {"what": "peer gnn, echoes", "aircraft": aircraft, "seed": seed}
            book.once(key, lambda c=case: peer_runs.stone_soup(c, peer_case.given(c, "echo"), TUNED))
            key = {"what": "peer gnn, stock models", "aircraft": aircraft, "seed": seed}
            book.once(key, lambda c=case: peer_runs.stone_soup(c, _mode_c(c), {**TUNED, "plain": True}))


def _mode_c(case: Case) -> Any:
    return peer_case.given(case, "mode_c")


def _ours(book: Book, case: Case, aircraft: int, seed: int) -> None:
    def key(what: str) -> Row:
        return {"what": what, "aircraft": aircraft, "seed": seed}

    plots = _mode_c(case)
    peer_runs.compiled(case)
    book.once(key("asman"), lambda: peer_runs.ours(case, plots))
    book.once(key("asman, echoes"), lambda: peer_runs.ours(case, peer_case.given(case, "echo")))
    book.once(key("asman, codes"), lambda: peer_runs.ours(case, peer_case.given(case, "codes")))
    book.once(key("asman, oracle"), lambda: peer_runs.ours(case, peer_case.oracle(case), timed=False))
    for noise in CV_NOISE_M2PS3:
        config = peer_runs.constant_velocity(noise)
        book.once(
            key(f"asman, CV {noise:g}"), lambda c=config: peer_runs.ours(case, plots, config=c, timed=False)
        )
    for sensor in case.sensors:
        mine: Any = peer_case.only(plots, sensor)
        book.once(
            key(f"asman, {sensor.id} alone"),
            partial(peer_runs.ours, case, mine, (sensor,), timed=False),
        )


def merge(files: list[str]) -> None:
    """Put the rows of files together."""
    rows = [row for name in files for row in json.loads(Path(name).read_text())]
    RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(f"{len(rows)} rows in {RESULTS}")


def main(words: list[str]) -> None:
    """Do what is asked."""
    what, rest = words[0], words[1:]
    if what == "sweep":
        sweep(Book(Path(rest[0])), int(rest[1]) if len(rest) > 1 else 100)
    elif what == "runs":
        numbers = [int(word) for word in rest[1:]]
        aircraft, seeds, peer_seeds, jpda_seeds = (*numbers, 0)[:4]
        runs(Book(Path(rest[0])), aircraft, seeds, peer_seeds, jpda_seeds)
    else:
        merge(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
