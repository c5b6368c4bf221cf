"""How fast the release guard decides: 20,000 tracks over five members' borders, for five recipients.

A decision is one track for one recipient: a class table and exact volumes with real borders. Timed in CPU
seconds of one process, kernels compiled. The peer is what the guard would be with the same exactness in
shapely and numpy, which is not installed here; a general policy engine decides some 16,000 a second.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np

from asman.apps import warm
from benchmarks.figure import figure

TRACKS = 20_000
REPEATS = 50
EXAMPLES = Path(__file__).resolve().parent.parent / "examples/agreements"
MEMBERS = ("AM", "BY", "KG", "KZ", "RU", "TJ")


def run() -> list[dict[str, Any]]:
    warm.prepare()
    from asman.sharing import classes, document, spans
    from asman.sharing.canonical import agreement_hash
    from asman.sharing.guard import Subjects, decide
    from asman.sharing.lifecycle import Standing
    from asman.sharing.ruleset import bits_at, compile_rules

    agreements = []
    for name in ("csto", "kg-ru-2023", "ru-by", "ru-kz", "ru-tj"):
        path = EXAMPLES / f"{name}.toml"
        got = document.read(path.read_bytes(), lambda file: (EXAMPLES / file).read_bytes()).agreement
        assert got is not None
        agreements.append((got, agreement_hash(got)))
    now_ns = spans.to_ns(spans.midnight(agreements[0][0].terms.agreement.begins)) + 24 * 365 * 86_400 * 10**9
    active = Standing(state="active", begins_ns=0, ends_ns=2**62, last_day=spans.from_ns(now_ns).date())
    standing = {one.id: active for one, _ in agreements}
    rng = np.random.default_rng(1)
    figures = []
    for giver, south, north, west, east in (("RU", 38.0, 65.0, 22.0, 110.0), ("KG", 38.5, 44.0, 68.0, 81.0)):
        recipients = [one for one in MEMBERS if one != giver]
        ruleset = compile_rules(agreements, giver, recipients)
        bits = bits_at(ruleset, standing)
        none = np.zeros(TRACKS, np.int64)
        subjects = Subjects(
            rng.uniform(west, east, TRACKS),
            rng.uniform(south, north, TRACKS),
            rng.uniform(0, 13_000, TRACKS),
            np.full(TRACKS, now_ns),
            classes.numbers("tracks", rng.integers(0, 7, TRACKS), none, rng.random(TRACKS) < 0.5),
        )
        best, decisions = 1e9, decide(ruleset, bits, subjects, now_ns)
        for _ in range(REPEATS):
            before = time.process_time()
            decisions = decide(ruleset, bits, subjects, now_ns)
            best = min(best, time.process_time() - before)
        rate = decisions.reason.size / best
        figures.append(
            figure(
                f"release decisions, what {giver} gives {len(recipients)} members",
                rate,
                "1/s/core",
                peer="general policy engine (Cedar), as published",
                peer_value=15_800.0,
                floor=5e6,
                target=20e6,
            )
        )
    return figures
