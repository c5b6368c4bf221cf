"""Own and received tracks as one picture: who is one aircraft, who reports, what a cut link leaves."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fusion.federation import BEGIN, LAT, NOISE, Member, S, plane, row, row_of, table

from asman.fusion import constant_velocity, joint, joint_picture, joint_state
from asman.fusion.intake import Told
from asman.fusion.joint_state import BLOCK, Decisions, Source, block_of
from asman.model.tracks import TRACKS


def at(second):
    return BEGIN + round(second * S)


def run(seconds, ours, theirs, state=None):
    """Steps at whole seconds; `ours` and `theirs` give rows of a second, None: the link is cut."""
    state = state or joint_state.start("KG")
    for second in seconds:
        told = [Told("KG", table(*ours(second)))]
        if (heard := theirs(second)) is not None:
            told.append(Told("RU", table(*heard)))
        state = joint.step(state, told, at(second) + S // 4)
    return state


def shown(state, second):
    return joint_picture.picture(state, at(second) + S // 4)


def ours(second):
    return [row(second, 5)]


def theirs(second):
    return [row(second, 9, e_m=60.0, contributors=["north"], label="kg-ru", address=0x601005)]


def test_an_aircraft_that_two_members_see_is_one_track_that_says_who_contributed():
    tracks = shown(run(range(1, 6), ours, theirs), 5)
    assert tracks.schema.equals(TRACKS)
    assert tracks["track"].to_pylist() == [5]
    assert tracks["contributors"].to_pylist() == [["RU/north", "r1"]]
    assert tracks["label"].to_pylist() == ["kg-ru"]
    assert tracks["var_e_m2"][0].as_py() < 40.0**2, "two know more than one"


def test_a_member_alone_sees_its_national_picture_bit_for_bit():
    state = run(range(1, 6), ours, lambda second: None)
    alone, told = joint_picture.picture(state, at(5)), table(*ours(5))
    for name in ("lat_deg", "lon_deg", "vn_mps", "var_e_m2", "var_n_m2", "altitude_m", "existence", "plots"):
        assert alone[name].to_pylist() == pytest.approx(told[name].to_pylist(), rel=1e-12), name
    assert alone["contributors"].to_pylist() == [["r1"]]


def test_two_aircraft_stay_two():
    far = run(range(1, 9), ours, lambda s: [row(s, 9, e_m=3_000.0, address=None)])
    other = run(range(1, 9), ours, lambda s: [row(s, 9, e_m=60.0, address=0x4B0000)])
    assert len(shown(far, 8)) == len(shown(other, 8)) == 2


def test_the_same_address_elsewhere_is_not_the_same_aircraft():
    state = run(range(1, 9), ours, lambda s: [row(s, 9, e_m=5_000.0, address=0x601005)])
    assert len(shown(state, 8)) == 2


def test_aircraft_without_an_address_need_several_looks():
    def bare(second):
        return [row(second, 9, e_m=60.0, address=None, mode_3a=None)]

    def mine(second):
        return [row(second, 5, address=None, mode_3a=None)]

    assert len(shown(run(range(1, 2), mine, bare), 1)) == 2
    assert len(shown(run(range(1, 6), mine, bare), 5)) == 1


def test_what_parts_becomes_two_again():
    def leaves(second):
        return [
            row(
                second,
                9,
                e_m=60.0 + max(second - 6, 0) * 150.0,
                ve=100.0 + 150.0 * (second > 6),
                address=None,
            )
        ]

    state = run(range(1, 6), ours, leaves)
    assert len(shown(state, 5)) == 1
    state = run(range(6, 20), ours, leaves, state)
    assert len(shown(state, 19)) == 2


def test_what_a_person_paired_stays_and_what_a_person_parted_too():
    ours_, theirs_ = Source("KG", 5), Source("RU", 9)

    def apart(second):
        return [row(second, 9, e_m=2_000.0, address=None)]

    state = run(range(1, 3), ours, apart)
    state = joint.decide(state, Decisions(together=frozenset([(ours_, theirs_)])))
    state = run(range(3, 15), ours, apart, state)
    assert len(shown(state, 14)) == 1
    state = joint.decide(state, Decisions(apart=frozenset([(ours_, theirs_)])))
    assert len(shown(run(range(15, 30), ours, theirs, state), 29)) == 2


def test_a_link_is_cut_and_comes_back_and_there_are_no_doubles_ever():
    state = run(range(1, 10), ours, theirs)
    number = shown(state, 9)["track"].to_pylist()
    for second in range(10, 100):
        cut = 20 <= second < 60
        state = run([second], ours, lambda s, cut=cut: None if cut else theirs(s), state)
        tracks = shown(state, second)
        assert tracks["track"].to_pylist() == number, second
        assert len(tracks["contributors"][0]) == (1 if 38 < second < 60 else 2), second


def test_their_tracks_come_back_under_their_numbers():
    state = run(range(1, 10), lambda s: [], theirs)
    number = shown(state, 9)["track"].to_pylist()
    assert number == [block_of("RU") * BLOCK + 9]
    state = run(range(10, 50), lambda s: [], lambda s: None, state)
    assert len(shown(state, 49)) == 0
    assert shown(run(range(50, 53), lambda s: [], theirs, state), 52)["track"].to_pylist() == number


def test_without_a_partner_it_is_as_if_that_had_never_told_anything():
    state = joint.without(run(range(1, 10), ours, theirs), "RU", at(9) + S // 4)
    never = run(range(1, 10), ours, lambda s: None)
    columns = [name for name in TRACKS.names if name != "track"]
    assert shown(state, 9).select(columns).equals(shown(never, 9).select(columns))


def test_what_is_told_twice_or_late_changes_nothing():
    state = run(range(1, 10), ours, theirs)
    again = joint.step(state, [Told("RU", table(*theirs(9))), Told("RU", table(*theirs(4)))], at(9) + S // 4)
    assert shown(again, 9).equals(shown(state, 9))
    assert again.dropped["told already"] == 2


def test_the_better_member_reports_and_takes_over_only_after_a_while():
    def better(second):
        return [row(second, 9, sigma_m=15.0, address=0x601005)]

    holders = []
    state = run(range(1, 4), ours, lambda s: None)
    for second in range(4, 30):
        state = run([second], ours, better, state)
        holders += shown(state, second)["origin"].to_pylist()
    assert holders[:9] == ["KG"] * 9
    assert holders[-1] == "RU"
    assert sum(a != b for a, b in pairwise(holders)) == 1
    state = joint.decide(state, Decisions(holders={5: "KG"}))
    state = run(range(30, 50), ours, better, state)
    assert shown(state, 49)["origin"].to_pylist() == ["KG"], "handed over by people, it stays"


def test_who_is_silent_is_relieved():
    def only_at_first(second):
        return [row(second, 9, sigma_m=15.0, address=0x601005)] if second < 25 else None

    state = run(range(1, 24), ours, only_at_first)
    assert shown(state, 23)["origin"].to_pylist() == ["RU"]
    state = run(range(24, 40), ours, only_at_first, state)
    assert shown(state, 39)["origin"].to_pylist() == ["KG"]


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(["AA", "BB", "CC"]), split=st.booleans())
def test_the_order_in_which_members_tell_does_not_matter(order, split):
    rows = {
        name: [row(3, 1, e_m=30.0 * k), row(3, 2, n_m=9_000.0, e_m=25.0 * k)]
        for k, name in enumerate(("AA", "BB", "CC"))
    }
    want = joint.step(joint_state.start("KG"), [Told(n, table(*r)) for n, r in sorted(rows.items())], at(3))
    told = [Told(n, table(*rows[n])) for n in order]
    if split:
        told = [Told(n, table(one)) for n in order for one in rows[n]]
    got = joint.step(joint_state.start("KG"), told, at(3))
    columns = ["track", "lat_deg", "lon_deg", "contributors"]
    by_track = [joint_picture.picture(one, at(3)).select(columns).to_pylist() for one in (want, got)]
    assert by_track[0] == by_track[1]


def nees(state, second, truth):
    """Mean squared error of the places, in units of what is claimed; 2 where it is honest."""
    tracks = shown(state, second)
    values = []
    for address, lat, lon, ee, nn, en in zip(
        *(
            tracks[n].to_pylist()
            for n in ("address", "lat_deg", "lon_deg", "var_e_m2", "var_n_m2", "cov_en_m2")
        ),
        strict=True,
    ):
        k = address - 0x601000
        off = plane(lat, lon, LAT + 0.2 * k) - (truth[k][:2] + truth[k][2:] / 4)
        values.append(off @ np.linalg.solve([[ee, en], [en, nn]], off))
    return values


def fly(seconds, aircraft, seed):
    """Aircraft that three members see, the rows of each second, and the truth of it."""
    rng = np.random.default_rng(seed)
    motion = constant_velocity(1.0, NOISE)
    root = np.linalg.cholesky(motion.noise)
    truth = {k: np.array([0.0, 0.0, 150.0, 60.0]) for k in range(aircraft)}
    members = {name: {k: Member(rng, truth[k], 40.0) for k in truth} for name in ("AA", "BB", "CC")}
    for second in range(1, seconds + 1):
        truth = {k: motion.transition @ x + root @ rng.normal(size=4) for k, x in truth.items()}
        yield second, truth, {
            name: table(*(
                row_of(second, k, one, truth[k], lat=LAT + 0.2 * k, address=0x601000 + k)
                for k, one in of.items()
            ))
            for name, of in members.items()
        }  # fmt: skip


def test_a_loop_claims_no_more_than_it_knows():
    """BB and CC pass on to AA what the other one told them; what comes twice counts once."""
    free, loop = joint_state.start("AA"), joint_state.start("AA")
    honest, looped = [], []
    for second, truth, told in fly(30, 25, seed=4):
        direct = [Told(name, rows) for name, rows in told.items()]
        around = [Told("BB", told["BB"], "CC"), Told("CC", told["CC"], "BB")]
        free = joint.step(free, direct, at(second) + S // 4)
        loop = joint.step(loop, direct + around, at(second) + S // 4)
        if second > 15:
            honest += nees(free, second, truth)
            looped += nees(loop, second, truth)
    assert len(honest) == len(looped)
    assert abs(np.mean(looped) / np.mean(honest) - 1.0) < 0.1
    assert 1.5 < np.mean(honest) < 2.5


def test_who_believes_all_it_is_told_becomes_overconfident():
    """Three members exchange their *states*, ten rounds, and fuse each as if it were new."""
    rng = np.random.default_rng(5)
    squares = []
    for _ in range(200):
        known = [(rng.normal(0, 40.0, 2), 40.0**2) for _ in range(3)]
        for _ in range(10):
            known = [_believe(known[k], known[k - 1]) for k in range(3)]
        squares.append(known[0][0] @ known[0][0] / known[0][1])
    assert np.mean(squares) > 100.0 * 2.0


def _believe(ours, theirs):
    weight = 1.0 / ours[1] + 1.0 / theirs[1]
    return (ours[0] / ours[1] + theirs[0] / theirs[1]) / weight, 1.0 / weight
