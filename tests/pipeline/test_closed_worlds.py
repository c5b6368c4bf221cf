"""Two worlds that differ only in what BB may not have: batches, BB's picture and its view are the same bits.

As tests/sharing/test_noninterference.py, one floor up: rows carry what tracks learned, are encoded, taken by
BB beside its own tracks, and folded into the view that AA has of what BB sees. Planted beside it: a view that
goes on following what was released once (fuse, then filter), which is caught.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase
from tests.sharing.making import index, tracks
from tests.sharing.test_noninterference import RECIPIENTS, SECOND_NS, TwoWorlds, World, run

from asman.fusion import joint, joint_picture, joint_state
from asman.fusion.intake import Told
from asman.model.contribution import CONTRIBUTED
from asman.pipeline import views
from asman.sharing import classes
from asman.sharing.guard import release
from asman.wire import contribution


def contributed(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows with what was learned: made of their own content, so that it is the same in both worlds."""
    table = tracks(rows)
    count = len(table)
    lat = table["lat_deg"].to_numpy()
    about = np.stack([lat % 1 * 100, lat % 1 * 70, lat % 1, lat % 1], 1)
    information = np.zeros((count, 10))
    information[:, 0] = information[:, 4] = 1.0 / (100.0 + lat)
    more: dict[str, Any] = {name: pa.array(np.zeros(count)) for name in CONTRIBUTED.names}
    more |= {"var_ve_m2ps2": pa.array(np.full(count, 9.0)), "var_vn_m2ps2": pa.array(np.full(count, 9.0))}
    more["since"] = pa.array(table["time"].cast(pa.int64()).to_numpy() - SECOND_NS).cast(table["time"].type)
    more["about"] = pa.FixedSizeListArray.from_arrays(pa.array(about.ravel()), 4)
    more["information"] = pa.FixedSizeListArray.from_arrays(pa.array(information.ravel()), 10)
    names = table.column_names
    arrays = [table[f.name] if f.name in names else more[f.name].cast(f.type) for f in CONTRIBUTED]
    return pa.Table.from_arrays(arrays, schema=CONTRIBUTED)


def ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


class JointWorld(World):
    """AA's node, what it sends to BB, the view that it has of BB, and BB's own node."""

    def __init__(self, known: Any, shift: int) -> None:
        super().__init__(known, shift)
        self.views = views.Views(member="AA")
        self.theirs = joint_state.start("BB")

    def hear(self, rows: list[dict[str, Any]], now_ns: int) -> None:
        rows = [{**row, "track": row["track"] + self.shift} for row in rows]
        rows = rows[::-1] if self.shift else rows
        bare = [{k: v for k, v in row.items() if k not in ("identity", "category")} for row in rows]
        table = contributed(bare)
        identity = index([row["identity"] for row in rows], classes.IDENTITIES)
        category = index([row["category"] for row in rows], classes.CATEGORIES)
        self.state, outcomes = release(
            self.state, self.ruleset, self.known, table, now_ns, identity, category
        )
        payloads = [contribution.encode(one.table) for one in outcomes[0].released]
        self.sent += payloads
        told = [Told("AA", contribution.decode(one, "AA", "label")) for one in payloads]
        own = [{"track": 77, "time": now_ns, "lat_deg": 50.05, "lon_deg": 10.05, "altitude_m": 2_000.0}]
        self.theirs = joint.step(self.theirs, [Told("BB", contributed(own)), *told], now_ns)
        self.sent.append(ipc(joint_picture.picture(self.theirs, now_ns)))
        self.see(table, outcomes, now_ns)
        self.sent.append(ipc(views.picture(self.views, "BB", now_ns)))

    def see(self, table: pa.Table, outcomes: Any, now_ns: int) -> None:
        del table
        self.views = views.step(self.views, outcomes[:1], now_ns)


class LeakyWorld(JointWorld):
    """The classic mistake: what was released once is followed on, wherever it goes."""

    def see(self, table: pa.Table, outcomes: Any, now_ns: int) -> None:
        numbers = self.state.partners[RECIPIENTS[0]].numbers
        track = table["track"].to_pylist()
        known = table.filter(pa.array([one in numbers for one in track], pa.bool_()))
        theirs = pa.array([numbers[one][0] for one in known["track"].to_pylist()], pa.int64())
        known = known.set_column(1, CONTRIBUTED.field("track"), theirs)
        world = self.views.worlds.get("BB", joint_state.start("BB"))
        world = joint.step(world, [Told("AA", known)], now_ns)
        self.views = views.Views(member="AA", worlds={"BB": world})


class TwoNodes(TwoWorlds):
    world = JointWorld


class TwoLeakyNodes(TwoWorlds):
    world = LeakyWorld


def test_what_is_not_releasable_changes_no_bit_of_batches_pictures_and_views():
    run(TwoNodes, 25, (Phase.generate,), fixed=True)


@pytest.mark.long
def test_it_holds_for_a_thousand_runs():
    run(TwoNodes, 1_200)


def test_a_view_that_follows_on_is_caught():
    with pytest.raises(AssertionError):
        run(TwoLeakyNodes, 300, (Phase.generate,), fixed=True)


def test_the_views_show_something_at_all():
    seen = {"shown": 0, "empty": 0}

    class Counting(TwoNodes):
        def teardown(self) -> None:
            if hasattr(self, "one"):
                full = len(views.picture(self.one.views, "BB", self.now_ns)) > 0
                seen["shown" if full else "empty"] += 1

    run(Counting, 15, (Phase.generate,), fixed=True)
    assert seen["shown"] > 0, seen
