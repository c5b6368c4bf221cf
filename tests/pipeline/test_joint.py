"""A node and its partner: the tracks that the node's radar made, beside those that the partner's told."""

import numpy as np
import pytest
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table, radar

from asman import tracking
from asman.model.contribution import CONTRIBUTED, Contribution
from asman.model.plots import PLOTS
from asman.pipeline import joint, node
from asman.wire import contribution

S = 10**9
A, B = radar("A", 43.0, 75.0), radar("B", 43.4, 76.0)
SECONDS = 60


@pytest.fixture(scope="module")
def flown():
    """Both nodes after a minute, each having had the other's contributions as octets; and what was told."""
    rng = np.random.default_rng(6)
    sky = fly(rng, 12, SECONDS + 5, spread_m=60_000.0, turning=False)
    sides = {"KG": A, "RU": B}
    trackers = {}
    for m, one in sides.items():
        plots = plots_table([observe(rng, sky, one, SECONDS)], sky)[0]
        trackers[m] = tracking.advance(tracking.start((one,), origin=m), plots, EPOCH_S * S)
    nodes = {m: joint.start(m) for m in sides}
    told: dict[str, list[Contribution]] = {m: [] for m in sides}
    for second in range(1, SECONDS):
        now_ns = (EPOCH_S + second) * S
        for m in sides:
            trackers[m] = tracking.advance(trackers[m], PLOTS.empty_table(), now_ns)
            other = "RU" if m == "KG" else "KG"
            nodes[m] = joint.step(nodes[m], trackers[m], told[other][-1:], now_ns)
            if nodes[m].fresh:
                octets = contribution.encode(nodes[m].own.table)
                table = contribution.decode(octets, m, "kg-ru-2023//REL KG RU")
                told[m].append(
                    Contribution(origin=m, via=m, sequence=second, sent_ns=now_ns, what="tracks", table=table)
                )
    return nodes, trackers, told, now_ns


def test_both_see_every_aircraft_once_and_say_who_contributed(flown):
    nodes, _, _, now_ns = flown
    for m in nodes:
        tracks = joint.picture(nodes[m], now_ns)
        addresses = [one for one in tracks["address"].to_pylist() if one is not None]
        assert len(addresses) == len(set(addresses)) > 8
        both = [one for one in tracks["contributors"].to_pylist() if len(one) == 2]
        assert len(both) > 6
        number = int(tracks["track"][0].as_py())
        told = joint.sources(nodes[m], number)
        assert sum(one.responsible for one in told) == 1
        assert {one.origin for one in told} <= {"KG", "RU"}


def test_what_is_told_is_learned_since_it_was_told_last(flown):
    _, _, told, _ = flown
    last = told["KG"][-1].table
    assert last.schema.equals(CONTRIBUTED)
    since = last["since"].cast("int64").to_numpy(zero_copy_only=False)
    assert (since == EPOCH_S * S + (SECONDS - 2) * S).all()
    learned = [any(one) for one in last["information"].to_pylist()]
    assert 0 < sum(learned) < len(learned), "a radar sees some aircraft in a second, not all"


def test_octets_say_what_the_node_told(flown):
    nodes, _, told, _ = flown
    sent, got = nodes["KG"].own.table, told["KG"][-1].table
    for name in ("var_ve_m2ps2", "cov_e_ve_m2ps", "cov_n_vn_m2ps"):
        assert got[name].to_numpy() == pytest.approx(sent[name].to_numpy(), rel=0.02, abs=2.0), name
    for name in ("about", "information"):
        a, b = (np.array(one[name].to_pylist()) for one in (sent, got))
        scale = np.abs(a).max(axis=0) + 1e-12
        assert (np.abs(a - b) <= 0.002 * scale + (1.0 if name == "about" else 0.0)).all(), name
    assert (np.array(got["information"].to_pylist())[:, [0, 4, 7, 9]]
            <= np.array(sent["information"].to_pylist())[:, [0, 4, 7, 9]] * (1 + 1e-12)).all()  # fmt: skip


def test_a_partner_that_left_is_gone_at_once(flown):
    nodes, trackers, _, now_ns = flown
    tracks = joint.picture(joint.without(nodes["KG"], "RU", now_ns), now_ns)
    own = tracking.picture(trackers["KG"], now_ns, confirmed_only=True)
    assert set(tracks["origin"].to_pylist()) == {"KG"}
    assert sorted(tracks["address"].to_pylist(), key=str) == sorted(own["address"].to_pylist(), key=str)


def test_people_pair_and_part(flown):
    nodes, trackers, _, now_ns = flown
    tracks = joint.picture(nodes["KG"], now_ns)
    names = tracks["contributors"].to_pylist()
    number = tracks["track"].to_pylist()[[len(one) for one in names].index(2)]
    theirs = next(one.number for one in joint.sources(nodes["KG"], number) if one.origin == "RU")
    after = joint.paired(nodes["KG"], number, theirs, "unpair")
    assert after is not None
    assert joint.paired(nodes["KG"], 123_456, 7, "pair") is None
    told = nodes["RU"].own.table
    again = Contribution(origin="RU", sequence=99, sent_ns=now_ns, what="tracks", table=told)
    after = joint.step(after, trackers["KG"], [again], now_ns + S)
    assert len(joint.picture(after, now_ns + S)) == len(tracks) + 1


def test_a_node_becomes_federated_when_the_first_contribution_comes():
    state = node.start("KG", (A,), EPOCH_S * S)
    state, _ = node.step(state, node.Inputs(), EPOCH_S * S + S)
    assert state.federation is None
    first = Contribution(origin="RU", sequence=1, sent_ns=EPOCH_S * S, what=None)
    state, _ = node.step(state, node.Inputs(contributions=(first,)), EPOCH_S * S + 2 * S)
    assert state.federation is not None
    assert node.own_tracks(state).schema.equals(CONTRIBUTED)
    assert node.tracks(state).num_rows == 0
