"""A node that hears a live radar and a simulated one at once says which is which."""

import numpy as np
import pyarrow as pa
import pytest

from asman import exercise
from asman.apps import mind, scenarios
from asman.apps.plan import Plan
from asman.edge.bus import BusAddress
from asman.model.frames import Frames
from asman.pipeline import node
from asman.units import SECOND_NS
from asman.wire.asterix.decode import decode
from asman.wire.asterix.encode import encode

SIMULATED, LIVE = "KG-MANAS", "KZ-SHYMKENT"
SECONDS = 40


@pytest.fixture(scope="module")
def heard() -> node.NodeState:
    """Two radars far from each other, of which one leaves out the SIM bit, as a live one does."""
    running = exercise.start(scenarios.find("kant").scenario, aircraft=120)
    begin_ns = running.sky.begin_ns
    sensors = tuple(one for one in exercise.sensors(running) if one.id in (SIMULATED, LIVE))
    live = next(one for one in sensors if one.id == LIVE)

    def honest(table: pa.Table, category: int, edition: str, *, groups, max_block_octets):
        if category == 48 and table.num_rows:
            bit = np.array(table["I010/SIC"].to_numpy() != live.sic, np.int64)
            table = table.set_column(table.column_names.index("I020/SIM"), "I020/SIM", pa.array(bit))
        return encode(table, category, edition, groups=groups, max_block_octets=max_block_octets)

    state = node.start("KG", sensors, begin_ns)
    for second in range(SECONDS):
        span = (begin_ns + second * SECOND_NS, begin_ns + (second + 1) * SECOND_NS)
        sent = exercise.emissions(running, *span, honest)
        datagrams = tuple(one for one in sent if one.feed in (SIMULATED, LIVE))
        state, _ = node.step(state, node.Inputs(datagrams), span[1])
    return state


def test_every_record_of_a_plot_that_leaves_an_exercise_says_that_it_is_simulated():
    running = exercise.start(scenarios.find("kant").scenario, aircraft=60)
    begin_ns = running.sky.begin_ns
    sent = exercise.emissions(running, begin_ns, begin_ns + 20 * SECOND_NS, encode)
    lengths = np.array([len(one.octets) for one in sent])
    times = np.array([one.time_ns for one in sent])
    frames = Frames(np.cumsum(lengths) - lengths, lengths, times)
    tables = decode(b"".join(one.octets for one in sent), frames).tables
    assert {"CAT048", "CAT021", "CAT020"} <= set(tables)
    for category, item in (("CAT048", "I020/SIM"), ("CAT021", "I040/SIM"), ("CAT020", "I020/SIM")):
        assert set(tables[category][item].to_pylist()) == {1}, category


def test_each_sensors_plots_that_say_so_are_counted(heard):
    counts = heard.watch.sensors
    assert counts[SIMULATED].simulated == counts[SIMULATED].plots > 20
    assert counts[LIVE].simulated == 0 < counts[LIVE].plots


def test_health_says_how_many_tracks_are_simulated_and_which_sensors(heard):
    plan = Plan(bus=BusAddress("", ""), node="n", member="KG", mode="live", sensors=None, sensors_name="",
                picture_s=1.0, recordings=[], date=None, speed=1.0)  # fmt: skip
    health = mind.health(plan, heard, 0.0, {})
    assert health.simulated is True
    assert 0 < health.simulated_tracks < health.tracks
    assert {one.id for one in health.sensors if one.simulated} == {SIMULATED}


def test_tracks_carry_the_mark_of_their_own_plots(heard):
    table = node.tracks(heard)
    marks: dict[str, set[bool]] = {SIMULATED: set(), LIVE: set()}
    for contributors, simulated in zip(
        table["contributors"].to_pylist(), table["simulated"].to_pylist(), strict=True
    ):
        if len(contributors) == 1:
            marks[contributors[0]] = marks[contributors[0]] | {simulated}
    assert marks == {SIMULATED: {True}, LIVE: {False}}
