"""The guard against the naive oracle, and examples that read as documentation."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sharing import making, oracle
from tests.sharing.making import (
    BEGIN_NS,
    HOUR_NS,
    KEYS,
    agreement,
    example,
    grant,
    register,
    square,
    statement,
)

from asman.kernels import release as kernel
from asman.model.agreement import Exclusion, Volume
from asman.sharing import classes
from asman.sharing.deciding import Decisions, Reason, Subjects, decide
from asman.sharing.register import say, standings
from asman.sharing.ruleset import bits_of, compile_register
from asman.sharing.statements import sign

NAMES = (
    "RELEASED",
    "NO_AGREEMENT",
    "SUSPENDED",
    "NOT_GRANTED",
    "NO_PLACE",
    "OUTSIDE",
    "EXCEPTED",
    "RESTRICTED",
    "DELAYED",
)
NAN = math.nan
NOON_NS = BEGIN_NS + 12 * HOUR_NS


def subjects(rows: list[oracle.Row]) -> Subjects:
    kind = np.concatenate(
        [
            classes.numbers(
                row.what,
                making.index([row.identity], classes.IDENTITIES),
                making.index([row.category], classes.CATEGORIES),
                np.array([row.simulated]),
                row.code,
            )
            for row in rows
        ]
    )
    return Subjects(
        np.array([row.lon for row in rows]),
        np.array([row.lat for row in rows]),
        np.array([row.altitude for row in rows]),
        np.array([row.time_ns for row in rows]),
        kind,
    )


def run(known, rows, now_ns, giver="AA", recipients=("BB",), onward="") -> Decisions:
    ruleset = compile_register(known, giver, recipients, onward)
    return decide(ruleset, bits_of(ruleset, known, now_ns), subjects(rows), now_ns)


def row(**fields) -> oracle.Row:
    plain = {
        "lon": 10.5,
        "lat": 50.5,
        "altitude": 9_000.0,
        "time_ns": NOON_NS,
        "what": "tracks",
        "code": "",
        "identity": "pending",
        "category": "unspecified",
        "simulated": False,
    }
    return oracle.Row(**{**plain, **fields})


def reason(known, one, now_ns=NOON_NS, **more) -> str:
    return NAMES[run(known, [one], now_ns, **more).reason[0, 0]]


def test_what_is_granted_leaves():
    assert reason(register(agreement(grant())), row()) == "RELEASED"


def test_what_nobody_granted_does_not():
    known = register(agreement(grant(what=("warnings",))))
    assert reason(known, row()) == "NOT_GRANTED"
    assert reason(register(), row()) == "NO_AGREEMENT"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"lon": 11.5}, "OUTSIDE"),
        ({"altitude": 20_000.0}, "OUTSIDE"),
        ({"altitude": -40.0}, "RELEASED"),  # a floor of 0 is the surface, whatever the pressure
        ({"altitude": NAN}, "RELEASED"),
        ({"lon": NAN}, "NO_PLACE"),
        ({"time_ns": NOON_NS + 1}, "DELAYED"),
    ],
)
def test_a_volume_bounds_a_grant(fields, expected):
    assert reason(register(agreement(grant())), row(**fields)) == expected


def test_what_has_no_altitude_is_outside_unless_the_volume_says_otherwise():
    volume = Volume(id="here", file="here.geojson", ceiling_m=20_000.0)
    known = register(agreement(grant(), volumes=(volume,), areas={"here": square(10, 50)}))
    assert reason(known, row(altitude=NAN)) == "OUTSIDE"


def test_what_has_no_altitude_is_withheld_wherever_an_exception_may_hold():
    low = Volume(id="low", file="low.geojson", ceiling_m=1_000.0)
    high = Volume(id="here", file="here.geojson", ceiling_m=20_000.0, without_altitude="inside")
    areas = {"here": square(10, 50), "low": square(10, 50)}
    known = register(agreement(grant(except_where=("low",)), volumes=(high, low), areas=areas))
    assert reason(known, row(altitude=NAN)) == "RESTRICTED"
    assert reason(known, row()) == "RELEASED"


def test_an_exception_of_one_grant_holds_in_the_overlap_with_another():
    known = register(agreement(grant(except_identity=("friend",)), grant(where="everywhere")))
    assert reason(known, row(identity="friend")) == "EXCEPTED"
    assert reason(known, row(identity="friend", lon=12.0)) == "RELEASED"
    assert reason(known, row(identity="neutral")) == "RELEASED"


def test_an_exception_of_one_agreement_holds_in_another():
    close = agreement(grant(except_identity=("friend",)))
    wide = agreement(grant(where="everywhere"), id_="wide")
    assert reason(register(close, wide), row(identity="friend")) == "EXCEPTED"


def test_a_suspended_agreement_gives_nothing_and_still_withholds():
    close, wide = (
        agreement(grant(except_identity=("friend",))),
        agreement(grant(where="everywhere"), id_="wide"),
    )
    known = register(close, wide)
    known, _ = say(known, close.id, sign(statement(close, "BB", "suspend", 2), KEYS["BB"]), NOON_NS)
    assert reason(known, row(identity="friend")) == "EXCEPTED"
    alone = register(close)
    alone, _ = say(alone, close.id, sign(statement(close, "AA", "suspend", 2), KEYS["AA"]), NOON_NS)
    assert reason(alone, row()) == "SUSPENDED"


def test_an_exclusion_stands_above_every_grant():
    never = Exclusion(reason="leadership", category=("state",))
    known = register(agreement(grant(), exclusions=(never,)))
    assert reason(known, row(category="state")) == "RESTRICTED"
    assert reason(known, row(category="civil")) == "RELEASED"


def test_nothing_leaves_before_its_delay():
    known = register(agreement(grant(delay_s=30.0)))
    assert reason(known, row(), NOON_NS + 30 * 10**9 - 1) == "DELAYED"
    assert reason(known, row(), NOON_NS + 30 * 10**9) == "RELEASED"


def test_an_exercise_lets_only_simulated_things_out():
    known = register(agreement(grant(), exercise=True))
    assert reason(known, row()) == "NOT_GRANTED"
    assert reason(known, row(simulated=True)) == "RELEASED"


def test_a_warning_leaves_by_its_code():
    known = register(agreement(grant(what=("warnings",), codes=("COMLOSS",))))
    assert reason(known, row(what="warnings", code="COMLOSS")) == "RELEASED"
    assert reason(known, row(what="warnings", code="UNKNOWN_TRACK")) == "NOT_GRANTED"
    assert reason(known, row(what="warnings", code="not yet known")) == "NOT_GRANTED"


def test_onward_leaves_only_to_whom_the_grant_names():
    known = register(agreement(grant(onward=("CC",))))
    assert reason(known, row(), onward="CC") == "RELEASED"
    assert reason(known, row(), onward="DD") == "SUSPENDED"  # bound, and nothing given


def test_a_buffer_reaches_over_the_180th_meridian():
    volume = Volume(id="here", file="f", ceiling_m=20_000.0, buffer_m=60_000.0)
    known = register(agreement(grant(), volumes=(volume,), areas={"here": square(179, 10)}))
    assert reason(known, row(lon=-179.6, lat=10.5)) == "RELEASED"
    assert reason(known, row(lon=-179.2, lat=10.5)) == "OUTSIDE"


place = st.one_of(st.just(NAN), st.floats(-40, 40).map(lambda x: x / 10))
rows = st.lists(
    st.builds(
        oracle.Row,
        lon=place.map(lambda x: 10 + x),
        lat=place.map(lambda x: 50 + x),
        altitude=st.sampled_from((NAN, -20.0, 0.0, 999.0, 1_000.0, 5_000.0, 8_000.0, 10_000.0, 14_000.0)),
        time_ns=st.integers(0, 74).map(lambda h: BEGIN_NS + h * HOUR_NS),
        what=st.sampled_from(("tracks", "tracks", "warnings", "health")),
        code=st.sampled_from(("", "COMLOSS")),
        identity=st.sampled_from(classes.IDENTITIES[:4]),
        category=st.sampled_from(classes.CATEGORIES[:3]),
        simulated=st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(making.registers(), rows, st.sampled_from(("", "", "CC")))
def test_the_guard_decides_as_the_oracle_reads_the_documents(made, asked, onward):
    known, now_ns = made
    decisions = run(known, asked, now_ns, recipients=("BB", "CC", "DD"), onward=onward)
    ruleset = compile_register(known, "AA", ("BB", "CC", "DD"), onward)
    standing = standings(known, now_ns)
    agreements = [(entry.agreement, standing[id_]) for id_, entry in known.entries.items()]
    for r, recipient in enumerate(("BB", "CC", "DD")):
        for i, one in enumerate(asked):
            if any(oracle.on_edge(one, each) for each, _ in agreements):
                continue
            expected, clauses = oracle.decide(agreements, "AA", recipient, onward, one, now_ns)
            assert NAMES[decisions.reason[r, i]] == expected
            bits = int(decisions.governing[r, i])
            governing = {rule.clause for bit, rule in enumerate(ruleset.rules) if bits >> bit & 1}
            assert {one for one in governing if "grant" in one} == clauses


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(making.registers(), rows, st.data())
def test_a_suspension_never_lets_anything_leave_that_did_not_before(made, asked, data):
    known, now_ns = made
    id_ = data.draw(st.sampled_from(sorted(known.entries)))
    one = known.entries[id_].agreement
    member = data.draw(st.sampled_from(one.parties))
    before = run(known, asked, now_ns, recipients=("BB", "CC")).reason == kernel.RELEASED
    known, _ = say(known, id_, sign(statement(one, member, "suspend", 99), KEYS[member]), now_ns)
    after = run(known, asked, now_ns, recipients=("BB", "CC")).reason == kernel.RELEASED
    assert not (after & ~before).any()


def test_the_random_agreements_lead_to_every_answer():
    """Else the comparison with the oracle would be about little."""
    seen: set[str] = set()

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(making.registers(), rows)
    def look(made, asked):
        known, now_ns = made
        got = run(known, asked, now_ns, recipients=("BB", "DD"))
        seen.update(NAMES[code] for code in got.reason.ravel())

    look()
    assert seen == set(NAMES)


def test_every_reason_of_the_kernel_has_words():
    assert {name for name in NAMES if name != "RELEASED"} < {one.name for one in Reason}


def test_real_borders_are_decided_exactly():
    """Places all over the shipped volumes, and hard by their corners, against exact fractions."""
    known = register(*[example("csto"), example("kg-ru-2023")], member="RU", now_ns=NOON_NS)
    rng = np.random.default_rng(5)
    for giver, recipient in (("RU", "KG"), ("KG", "RU")):
        corners = [point for rings in example("csto").areas.values() for ring in rings for point in ring]
        near = [corners[k] for k in rng.integers(0, len(corners), 150)]
        lons = [x / 1e7 + d for (x, _), d in zip(near, rng.normal(0, 0.01, 150), strict=True)]
        lats = [y / 1e7 + d for (_, y), d in zip(near, rng.normal(0, 0.01, 150), strict=True)]
        asked = [row(lon=float(x), lat=float(y), identity="suspect") for x, y in zip(lons, lats, strict=True)]
        got = run(known, asked, NOON_NS, giver=giver, recipients=(recipient,))
        standing = standings(known, NOON_NS)
        both = [(entry.agreement, standing[id_]) for id_, entry in known.entries.items()]
        for i, one in enumerate(asked):
            if not any(oracle.on_edge(one, each) for each, _ in both):
                assert NAMES[got.reason[0, i]] == oracle.decide(both, giver, recipient, "", one, NOON_NS)[0]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(making.registers(), rows, st.sampled_from(("tracks", "warnings")), st.sampled_from(classes.IDENTITIES))
def test_an_exclusion_more_never_lets_anything_leave(made, asked, what, identity):
    known, now_ns = made
    before = run(known, asked, now_ns, recipients=("BB", "CC")).reason == kernel.RELEASED
    entries = dict(known.entries)
    for id_, entry in entries.items():
        terms = entry.agreement.terms
        never = Exclusion(reason="new", what=(what,), identity=(identity,))
        terms = msgspec.structs.replace(terms, exclusion=(*terms.exclusion, never))
        changed = msgspec.structs.replace(entry.agreement, terms=terms)
        entries[id_] = msgspec.structs.replace(entry, agreement=changed)
    known = msgspec.structs.replace(known, entries=entries)
    after = run(known, asked, now_ns, recipients=("BB", "CC")).reason == kernel.RELEASED
    assert not (after & ~before).any()
    struck = np.array([one.what == what and one.identity == identity for one in asked])
    assert not (after & struck & np.array([one.simulated for one in asked])).any()
