"""The joint picture: how long a second of it takes, and what each member of `kant` gains from its agreements.

Three members of the scenario `kant` track with their own radars. Under the shipped agreements kg-ru-2023 and
ru-kz (and no kg-kz) the release guard lets go what it may; each receiver joins it to its own. Judged against
all aircraft that any radar of the scenario can see: GOSPA with c = 2000 m, p = 2, per root of aircraft.

    python -m benchmarks.bench_joint      the table of docs/explanation/joint-picture.md
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from asman.apps import warm
from benchmarks.figure import figure

SECONDS = 300
SETTLE_S = 120.0
EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "agreements"
MEMBERS = ("KG", "RU", "KZ")
AGREEMENTS = {"KG": ("kg-ru-2023",), "RU": ("kg-ru-2023", "ru-kz"), "KZ": ("ru-kz",)}
S = 10**9
AIRCRAFT = 10_000


def study() -> dict[str, dict[str, dict[str, float]]]:
    """Member -> alone, joint -> figures."""
    import asman
    from asman import tracking
    from asman.apps.agreement_dry_run import _as_if_ratified  # pyright: ignore[reportPrivateUsage]
    from asman.model.contribution import Contribution
    from asman.model.plots import PLOTS
    from asman.pipeline import joint
    from asman.scoring.config import ScoreConfig
    from asman.sharing import document
    from asman.sharing.guard import GuardState, release
    from asman.sharing.ruleset import compile_register

    def agreement(name: str) -> Any:
        path = EXAMPLES / f"{name}.toml"
        return document.read(path.read_bytes(), lambda file: (path.parent / file).read_bytes()).agreement

    made = asman.simulate("kant", seconds=SECONDS, truth_every_s=10.0)
    begin_ns = int(made.truth["time"].cast(pa.int64()).to_numpy().min()) // S * S
    names = np.array(made.plots["sensor"].cast(pa.string()).to_pylist(), object)
    registers = {m: _as_if_ratified([agreement(a) for a in AGREEMENTS[m]], m) for m in MEMBERS}
    partners = {m: sorted({p for one in registers[m].entries.values() for p in one.agreement.parties} - {m})
                for m in MEMBERS}  # fmt: skip
    rules = {m: compile_register(registers[m], m, partners[m]) for m in MEMBERS}
    states, trackers, nodes = {}, {}, {}
    for m in MEMBERS:
        own = tuple(one for one in made.sensors if one.member == m)
        mine = made.plots.filter(pa.array(np.isin(names, [one.id for one in own])))
        trackers[m] = tracking.advance(tracking.start(own, origin=m), mine, begin_ns)
        nodes[m], states[m] = joint.start(m), GuardState()
    pictures: dict[tuple[str, str], list[pa.Table]] = {
        (m, w): [] for m in MEMBERS for w in ("alone", "joint")
    }
    waiting: dict[str, list[Contribution]] = {m: [] for m in MEMBERS}
    for second in range(2, SECONDS):
        now_ns = begin_ns + second * S
        for m in MEMBERS:
            trackers[m] = tracking.advance(trackers[m], PLOTS.empty_table(), now_ns)
            received, waiting[m] = waiting[m], []
            nodes[m] = joint.step(nodes[m], trackers[m], received, now_ns)
            own = nodes[m].own
            if nodes[m].fresh and own is not None:
                states[m], outcomes = release(states[m], rules[m], registers[m], own.table, now_ns)
                for outcome in outcomes:
                    for one in outcome.released:
                        if outcome.recipient in waiting:
                            waiting[outcome.recipient].append(
                                Contribution(origin=m, via=m, sequence=second, sent_ns=now_ns, what="tracks",
                                             table=one.table)
                            )  # fmt: skip
            if second % 10 == 0:
                alone = tracking.picture(trackers[m], now_ns, confirmed_only=True)
                pictures[m, "alone"].append(alone)
                pictures[m, "joint"].append(joint.picture(nodes[m], now_ns))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (m, way), tables in pictures.items():
        report = asman.score(made.truth, pa.concat_tables(tables), config=ScoreConfig(settle_s=SETTLE_S))
        found.setdefault(m, {})[way] = {
            "gospa_m": report.gospa.per_target_m,
            "missed": report.gospa.missed_share,
            "false": report.gospa.false_share,
            "rms_m": report.siap.position_m or 0.0,
            "nees": report.nees[0].mean.mean,
        }
    return found


def second_s() -> tuple[float, float]:
    """Processor time of a step and of its picture: two members, each AIRCRAFT tracks told."""
    from asman.fusion import joint, joint_picture, joint_state
    from asman.fusion.intake import Told
    from asman.model.contribution import CONTRIBUTED

    rng = np.random.default_rng(1)
    count = AIRCRAFT
    place = rng.uniform([40.0, 50.0], [55.0, 85.0], (count, 2))
    speed = rng.uniform(-200.0, 200.0, (count, 2))

    def rows(second: int, off: Any) -> pa.Table:
        at_ns = 1_700_000_000 * S + second * S
        lat = place[:, 0] + speed[:, 0] * second / 111e3 + off[:, 0]
        lon = place[:, 1] + speed[:, 1] * second / 111e3 / np.cos(np.radians(lat)) + off[:, 1]
        zero = np.zeros(count)
        information = np.zeros((count, 10))
        information[:, 0] = information[:, 4] = 1.0 / 2_500.0
        columns: dict[str, Any] = dict.fromkeys(CONTRIBUTED.names, zero)
        columns |= {
            "time": np.full(count, at_ns), "last_plot_time": np.full(count, at_ns),
            "since": np.full(count, at_ns - S), "track": np.arange(count), "lat_deg": lat, "lon_deg": lon,
            "vn_mps": speed[:, 0], "ve_mps": speed[:, 1], "altitude_m": zero + 9e3,
            "var_e_m2": zero + 1_600.0,
            "var_n_m2": zero + 1_600.0, "var_ve_m2ps2": zero + 9.0, "var_vn_m2ps2": zero + 9.0,
            "existence": zero + 1.0, "address": np.arange(count) + 1, "callsign": ["ABC123"] * count,
            "contributors": [["r1", "r2"]] * count, "label": ["kg-ru-2023//REL KG RU"] * count,
            "origin": [""] * count,
            "about": pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(4 * count)), 4),
            "information": pa.FixedSizeListArray.from_arrays(pa.array(information.ravel()), 10),
        }  # fmt: skip
        arrays = [
            value if isinstance(value, pa.Array)
            else pa.array(np.asarray(value).astype(bool) if f.type == pa.bool_() else value).cast(f.type)
            for f, value in ((f, columns[f.name]) for f in CONTRIBUTED)
        ]  # fmt: skip
        return pa.Table.from_arrays(arrays, schema=CONTRIBUTED)

    state = joint_state.start("KG")
    offs = [rng.normal(0.0, 3e-4, (count, 2)) for _ in range(2)]
    took: list[tuple[float, float]] = []
    for second in range(1, 9):
        told = [Told("KG", rows(second, offs[0])), Told("RU", rows(second, offs[1]))]
        now_ns = 1_700_000_000 * S + second * S + S // 2
        begin = time.process_time()
        state = joint.step(state, told, now_ns)
        middle = time.process_time()
        joint_picture.picture(state, now_ns)
        took.append((middle - begin, time.process_time() - middle))
    return float(np.median([a for a, _ in took[3:]])), float(np.median([b for _, b in took[3:]]))


def run() -> list[dict[str, Any]]:
    warm.prepare()
    step_s, picture_s = second_s()
    out = [
        figure(
            "joint picture, 20,000 tracks a second",
            step_s,
            "s/s",
            floor=1.0,
            target=0.3,
        ),
        figure("joint picture of 10,000 aircraft as a table", picture_s, "s"),
    ]
    for member, of in study().items():
        alone, together = of["alone"], of["joint"]
        for name, unit in (("gospa_m", "m"), ("missed", "1")):
            out.append(
                figure(f"kant, {member} with its agreements: {name}", together[name], unit,
                       peer="alone", peer_value=alone[name])
            )  # fmt: skip
    return out


if __name__ == "__main__":
    warm.prepare()
    print("a second of 20,000 tracks: {:.3f} s, its table {:.3f} s".format(*second_s()))
    print("| member | | GOSPA m | missed | false | RMS m | NEES |\n|---|---|---|---|---|---|---|")
    for member, of in study().items():
        for way, one in of.items():
            print(f"| {member} | {way} | {one['gospa_m']:.0f} | {one['missed']:.1%} | {one['false']:.1%} "
                  f"| {one['rms_m']:.0f} | {one['nees']:.2f} |")  # fmt: skip
