"""How fast the release guard decides, and how fast what it released is made ready for partners.

20,000 tracks over the real borders of six members, for five recipients, under all shipped agreements. A
decision is one track for one recipient: a class table and exact volumes. Timed in CPU seconds of one process,
kernels compiled. The peer decides by policies in general (Cedar), measured per decision on the same machine
class before the guard was written; it is not installed here.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from asman.apps import warm
from benchmarks.figure import figure

if TYPE_CHECKING:
    from asman.sharing.guard import Released
    from asman.sharing.register import Register

TRACKS = 20_000
EXAMPLES = Path(__file__).resolve().parent.parent / "examples/agreements"
MEMBERS = ("AM", "BY", "KG", "KZ", "RU", "TJ")
#: Where a member's tracks are in the measurement: south, north, west, east, degrees.
SKIES = {"RU": (38.0, 65.0, 22.0, 110.0), "KG": (38.5, 44.0, 68.0, 81.0)}
NOW_NS = 1_780_272_000 * 10**9  # 2026-06-01
#: A general policy engine (Cedar), decisions a second.
POLICY_ENGINE = 15_800.0


def _register(member: str) -> "Register":
    """All shipped agreements of a member, as if ratified."""
    from asman.sharing import document, spans
    from asman.sharing.canonical import agreement_hash
    from asman.sharing.register import Entry, Register
    from asman.sharing.statements import Signed, Statement

    entries: dict[str, Entry] = {}
    for path in sorted(EXAMPLES.glob("*.toml")):
        one = document.read(path.read_bytes(), lambda file: (EXAMPLES / file).read_bytes()).agreement
        if one is None or member not in one.parties:
            continue
        name, at = agreement_hash(one), spans.midnight(one.terms.agreement.begins)
        said = [Statement(agreement=name, member=each, act="ratify", number=1, at=at) for each in one.parties]
        entries[one.id] = Entry(one, name, tuple(Signed(each, "", "") for each in said))
    return Register(member=member, keys={}, entries=entries)


def _tracks(member: str, rng: np.random.Generator) -> pa.Table:
    from asman.model.tracks import TRACKS as SCHEMA

    south, north, west, east = SKIES[member]
    columns: dict[str, Any] = {
        "time": np.full(TRACKS, NOW_NS), "last_plot_time": np.full(TRACKS, NOW_NS),
        "track": np.arange(TRACKS),
        "lat_deg": rng.uniform(south, north, TRACKS), "lon_deg": rng.uniform(west, east, TRACKS),
        "altitude_m": rng.uniform(0, 13_000, TRACKS), "altitude_sigma_m": np.full(TRACKS, 15.0),
        "vn_mps": rng.normal(0, 150, TRACKS),
        "ve_mps": rng.normal(0, 150, TRACKS), "climb_mps": rng.normal(0, 5, TRACKS),
        "var_e_m2": rng.uniform(100, 9_000, TRACKS), "var_n_m2": rng.uniform(100, 9_000, TRACKS),
        "cov_en_m2": np.zeros(TRACKS), "existence": np.full(TRACKS, 0.99), "plots": np.full(TRACKS, 50),
        "address": rng.integers(0, 2**24, TRACKS), "mode_3a": rng.integers(0, 4096, TRACKS),
        "callsign": [f"KZR{k % 9000}" for k in range(TRACKS)], "contributors": [["kant", "osh"]] * TRACKS,
        "origin": [member] * TRACKS, "label": [""] * TRACKS, "confirmed": [True] * TRACKS,
        "on_ground": [False] * TRACKS, "simulated": [True] * TRACKS,
    }  # fmt: skip
    made = [
        pa.array(columns[one.name]).cast(one.type) if one.name in columns else pa.nulls(TRACKS, one.type)
        for one in SCHEMA
    ]
    return pa.Table.from_arrays(made, schema=SCHEMA)


def _best(work: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of the fastest of some runs, after one that compiles."""
    work()
    best = 1e9
    for _ in range(repeats):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def _sealing(released: "list[Released]") -> list[dict[str, Any]]:
    """The largest of some releases, encoded, signed, chained."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from asman.sharing.batches import Stream, seal
    from asman.wire import contribution

    rows = max(int(one.table.num_rows) for one in released)
    one = next(one for one in released if one.table.num_rows == rows)
    stream, key = Stream("KG", one.recipient), Ed25519PrivateKey.generate()

    def work() -> bytes:
        return seal(stream, one, contribution.encode, NOW_NS, key)[1]

    octets, took = work(), _best(work, 5)
    return [
        figure("tracks sealed for a partner", rows / took, "1/s/core"),
        figure("octets a track, sealed", len(octets) / rows, "octets"),
    ]


def run() -> list[dict[str, Any]]:
    warm.prepare()
    from asman.sharing.deciding import decide, subjects_of
    from asman.sharing.guard import GuardState, release
    from asman.sharing.ruleset import bits_of, compile_register

    rng = np.random.default_rng(1)
    figures: list[dict[str, Any]] = []
    for member in SKIES:
        recipients = [one for one in MEMBERS if one != member]
        register = _register(member)
        ruleset = compile_register(register, member, recipients)
        table, identity = _tracks(member, rng), rng.integers(0, 7, TRACKS)
        subjects, bits = subjects_of(table, identity), bits_of(ruleset, register, NOW_NS)
        took = _best(lambda: decide(ruleset, bits, subjects, NOW_NS), 50)  # noqa: B023
        figures.append(
            figure(
                f"release decisions, what {member} gives 5 members", TRACKS * 5 / took, "1/s/core",
                peer="general policy engine (Cedar)", peer_value=POLICY_ENGINE, floor=5e6, target=20e6,
            )
        )  # fmt: skip
        if member == "KG":
            took = _best(lambda: release(GuardState(), ruleset, register, table, NOW_NS, identity), 5)  # noqa: B023
            name = "releases of KG with terms, labels, numbers, account"
            figures.append(figure(name, TRACKS * 5 / took, "1/s/core"))
            _, outcomes = release(GuardState(), ruleset, register, table, NOW_NS, identity)
            figures += _sealing([one for each in outcomes for one in each.released])
    return figures
