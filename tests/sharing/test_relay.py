"""Third parties: what a relay may pass on of another member, what its partner takes of it, and why not."""

import datetime
import math
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing import oracle
from tests.sharing.making import (
    HOUR_NS,
    KEYS,
    PUBLIC,
    agreement,
    grant,
    register,
    registers,
    square,
    statement,
    tracks,
)
from tests.sharing.test_gate import NOON_NS, SECOND_NS, bent, sent

from asman.model.agreement import Volume
from asman.sharing import batches
from asman.sharing.audit import of_passing
from asman.sharing.batches import Stream, enclose, enclosed, take_apart
from asman.sharing.deciding import Reason, subjects_of
from asman.sharing.gate import Admitted, Inbox, Rejected, Rejection, compile_inbound, inspect
from asman.sharing.register import Refused, Register, add, say
from asman.sharing.relay import Onward, may_pass_on, pass_on, rulesets
from asman.sharing.relay_gate import admit_relayed
from asman.sharing.ruleset import compile_register
from asman.sharing.statements import Refusal, sign
from asman.sharing.terms import terms_of
from asman.wire import contribution

ONWARD = agreement(grant(onward=("CC",)), grant("BB", "AA"))
BB_CC = agreement(grant("BB", "CC", where="everywhere"), parties=("BB", "CC"), id_="bb-cc")


def of_bb(*agreements) -> Register:
    return msgspec.structs.replace(register(*agreements, member="BB"), member="BB")


def of_cc(*agreements) -> Register:
    """CC's register: it is no party of AA's and BB's agreement, and was given its text and statements."""
    return msgspec.structs.replace(register(*agreements, member="CC"), member="CC")


def subjects(*rows):
    return subjects_of(tracks([{"time": NOON_NS, **row} for row in rows or ({},)]))


def onward(octets, known, now_ns=NOON_NS, third="CC", rows=({},)):
    header = take_apart(octets).header
    rules = rulesets(known, header.origin, third)
    return pass_on(octets, header, subjects(*rows), known, rules, now_ns)


def stopped(known, one, member, *towards, act="suspend", number=2, at_ns=NOON_NS):
    said = sign(statement(one, member, act, number, at_ns, towards=towards), KEYS[member])
    known, answer = say(known, one.id, said, at_ns)
    assert not isinstance(answer, Refused), answer
    return known


# --- The relay ------------------------------------------------------------------------------------------


def test_what_may_go_on_carries_the_octets_as_they_came_and_the_clauses_of_both():
    (octets,) = sent(one=ONWARD)
    said = onward(octets, of_bb(ONWARD, BB_CC))
    assert isinstance(said, Onward)
    assert (said.octets, said.recipient, said.clauses) == (octets, "CC", ("bb-cc grant 1",))
    stream, made = enclose(Stream("BB", "CC"), said.octets, NOON_NS, KEYS["BB"])
    batch = take_apart(made)
    assert enclosed(batch.header, batch.payload) == octets
    assert (stream.sequence, batch.header.label, batch.header.rows) == (1, None, 0)


def test_nobody_else_can_make_what_may_go_on():
    (octets,) = sent(one=ONWARD)
    header = take_apart(octets).header
    with pytest.raises(TypeError, match="third-party rule"):
        Onward(object(), "CC", octets, header, header.label, ())


def test_a_batch_that_was_passed_on_once_goes_no_further():
    known = of_bb(ONWARD, BB_CC)
    (octets,) = sent(one=ONWARD)
    assert onward(bent(octets, recipient="DD"), known) is Reason.HOPS


@pytest.mark.parametrize(
    ("who", "towards", "reason"),
    [
        ("AA", (), Reason.SUSPENDED), ("BB", (), Reason.SUSPENDED), ("AA", ("CC",), Reason.STRUCK),
        ("BB", ("CC",), Reason.STRUCK), ("AA", ("BB",), Reason.SUSPENDED), ("AA", ("DD",), None),
    ],
)  # fmt: skip
def test_either_party_stops_it_at_once_whole_or_towards_the_third_party_alone(who, towards, reason):
    known = of_bb(ONWARD, BB_CC)
    (octets,) = sent(one=ONWARD)
    after = stopped(known, ONWARD, who, *towards)
    said = onward(octets, after, NOON_NS + SECOND_NS)
    assert (said if reason else type(said)) is (reason or Onward)
    resumed = stopped(after, ONWARD, who, *towards, act="resume", number=3, at_ns=NOON_NS)
    assert isinstance(onward(octets, resumed, NOON_NS + SECOND_NS), Onward)


def test_our_own_suspension_of_the_third_party_stops_it():
    known = of_bb(ONWARD, BB_CC)
    (octets,) = sent(one=ONWARD)
    assert onward(octets, stopped(known, BB_CC, "CC")) is Reason.SUSPENDED


def test_when_the_originators_agreement_has_ended_nothing_goes_on():
    (octets,) = sent(one=ONWARD)
    late_ns = NOON_NS + 366 * 24 * HOUR_NS
    longer = agreement(
        grant("BB", "CC", where="everywhere"), parties=("BB", "CC"), id_="bb-cc", duration="P9Y"
    )
    lasting = agreement(grant(onward=("CC",), retain="P5Y"), grant("BB", "AA"))
    assert onward(octets, of_bb(ONWARD, longer), late_ns) is Reason.OUTLIVED
    (octets,) = sent(one=lasting)
    assert onward(octets, of_bb(lasting, longer), late_ns) is Reason.SUSPENDED


def test_what_may_not_be_kept_any_longer_does_not_go_on():
    one = agreement(grant(onward=("CC",), retain="PT1H"), grant("BB", "AA"))
    (octets,) = sent(one=one)
    assert isinstance(onward(octets, of_bb(one, BB_CC), NOON_NS + HOUR_NS - 1), Onward)
    assert onward(octets, of_bb(one, BB_CC), NOON_NS + HOUR_NS) is Reason.OUTLIVED


def test_under_another_text_of_the_agreement_it_does_not_go_on():
    (octets,) = sent(one=ONWARD)
    other = agreement(grant(onward=("CC",), retain="P7D"), grant("BB", "AA"))
    assert onward(octets, of_bb(other, BB_CC)) is Reason.NO_AGREEMENT


def test_identities_are_the_originators_own_judgement_and_ours_hold_for_what_we_give():
    one = agreement(grant(onward=("CC",), identity=("unknown",)), grant("BB", "AA"))
    header = take_apart(sent(one=ONWARD)[0]).header
    known = of_bb(one, BB_CC)
    label = msgspec.structs.replace(header.label, agreements=((one.id, known.entries[one.id].hash),))
    header = msgspec.structs.replace(header, label=label)
    assert may_pass_on(header, subjects(), known, "CC", NOON_NS) is None
    picky = agreement(
        grant("BB", "CC", where="everywhere", identity=("unknown",)), parties=("BB", "CC"), id_="bb-cc"
    )
    assert may_pass_on(header, subjects(), of_bb(one, picky), "CC", NOON_NS) is Reason.NOT_GRANTED


def test_our_own_delay_holds_it_back_for_as_long():
    late = agreement(grant("BB", "CC", where="everywhere", delay_s=30.0), parties=("BB", "CC"), id_="bb-cc")
    (octets,) = sent(one=ONWARD)
    known = of_bb(ONWARD, late)
    assert onward(octets, known, NOON_NS + 29 * SECOND_NS) is Reason.DELAYED
    assert isinstance(onward(octets, known, NOON_NS + 30 * SECOND_NS), Onward)


def test_what_has_no_room_to_be_enclosed_does_not_go_on(monkeypatch):
    (octets,) = sent(one=ONWARD)
    monkeypatch.setattr("asman.sharing.relay.MOST_OCTETS", len(octets))
    assert onward(octets, of_bb(ONWARD, BB_CC)) is Reason.TOO_LARGE
    monkeypatch.setattr(batches, "MOST_OCTETS", len(octets))
    with pytest.raises(ValueError, match="no room"):
        enclose(Stream("BB", "CC"), octets, NOON_NS, KEYS["BB"])


def test_every_batch_stands_in_the_account_with_its_clauses_or_its_reason():
    went = of_passing("AA", "CC", "tracks", 4, ("bb-cc grant 1",), "d1", NOON_NS)
    kept = of_passing("AA", "CC", "plots", 4, Reason.STRUCK, "d2", NOON_NS)
    assert (went.kind, went.member, went.origin, went.released) == (
        "release",
        "CC",
        "AA",
        {"bb-cc grant 1": 4},
    )
    assert (went.withheld, went.what) == ({}, "")
    assert (kept.released, kept.withheld, kept.about, kept.what) == (
        {},
        {"STRUCK": 4},
        Reason.STRUCK.value,
        "plots",
    )


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "lon_deg": st.integers(-35, 35).map(lambda x: 10.03 + x / 10),
            "lat_deg": st.integers(-35, 35).map(lambda x: 50.03 + x / 10),
            "altitude_m": st.sampled_from((None, 500.0, 9_000.0)),
            "simulated": st.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
)


def test_it_goes_on_where_the_oracle_gives_every_row_twice_and_nothing_alters_it():
    """By AA's grants to BB that name the third, and by BB's own grants to the third, read off the texts."""
    seen = Counter()

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        made=registers(count=2, classes_=("tracks",)), rows=ROWS, third=st.sampled_from(("CC", "DD")),
        terms=st.sampled_from(({}, {"where": "here"}, {"position_m": 500.0})),
    )  # fmt: skip
    def run(made, rows, third, terms):
        seen.update(judged_as_the_texts_say(*made, rows, third, terms))

    run()
    # Silence would pass every comparison.
    assert seen[None] > 5 and len(seen) > 5, seen


def judged_as_the_texts_say(known, now_ns, rows, third, terms):
    own = agreement(
        grant("BB", third, **{"where": "everywhere", **terms}), parties=("BB", third), id_="own"
    )  # fmt: skip
    known = msgspec.structs.replace(known, member="BB")
    known = msgspec.structs.replace(known, entries={**known.entries, **of_bb(own).entries})
    rows = [{"time": now_ns, **row} for row in rows]
    head = take_apart(sent(one=ONWARD)[0]).header
    for id_, entry in known.entries.items():
        label = msgspec.structs.replace(
            head.label, agreements=((id_, entry.hash),), releasable_to=("BB", third), retain="P30D"
        )
        header = msgspec.structs.replace(head, label=label, sent_ns=now_ns)
        reason = may_pass_on(header, subjects_of(tracks(rows)), known, third, now_ns)
        yield reason
        if reason is None:
            assert may_by_the_texts(known, id_, rows, third, now_ns)
        elif reason in (Reason.OUTSIDE, Reason.EXCEPTED, Reason.RESTRICTED, Reason.VERBATIM):
            # So far only the rows can have been against it.
            assert not may_by_the_texts(known, id_, rows, third, now_ns)


def may_by_the_texts(known, id_, rows, third, now_ns) -> bool:
    from asman.sharing.register import standings

    standing = standings(known, now_ns)
    agreements = [(entry.agreement, standing[one]) for one, entry in known.entries.items()]
    named = any(
        one.giver == "AA" and "BB" in one.to and third in one.onward
        for one in known.entries[id_].agreement.terms.grant
    )
    if not named or not standing[id_].flows("AA", "BB"):
        return False
    ours = compile_register(known, "BB", (third,))
    for row in rows:
        altitude = math.nan if row["altitude_m"] is None else row["altitude_m"]
        asked = oracle.Row(
            row["lon_deg"], row["lat_deg"], altitude, now_ns, "tracks", "", "pending", "unspecified",
            row["simulated"],
        )  # fmt: skip
        if any(oracle.on_edge(asked, agreement) for agreement, _ in agreements):
            return True  # either answer is right there
        reason, clauses = oracle.decide(agreements, "BB", third, "", asked, now_ns)
        bits = sum(1 << bit for bit, rule in enumerate(ours.rules) if rule.clause in clauses)
        if reason != "RELEASED" or terms_of(ours, bits, third, standing).alters:
            return False
    return True


# --- Who gets it passed on ------------------------------------------------------------------------------


def through(octets, known=None, inbox=None, now_ns=NOON_NS + HOUR_NS, relay="BB"):
    return admit_relayed(inbox or Inbox("AA"), relay, octets, known or of_cc(ONWARD, BB_CC), now_ns)


def test_a_third_party_takes_the_agreement_that_names_it_and_no_other():
    empty = Register(member="CC", keys=PUBLIC)
    known, answer = add(empty, ONWARD)
    assert not isinstance(answer, Refused) and set(known.entries) == {ONWARD.id}
    _, answer = add(empty, agreement(grant(onward=("DD",))))
    assert isinstance(answer, Refused) and answer.reason is Refusal.FOREIGN


def test_it_says_nothing_of_an_agreement_that_it_is_no_party_of():
    known = of_cc(ONWARD, BB_CC)
    _, answer = say(known, ONWARD.id, sign(statement(ONWARD, "CC", "suspend"), KEYS["CC"]), NOON_NS)
    assert isinstance(answer, Refused) and answer.reason is Refusal.UNKNOWN_MEMBER


def test_the_third_party_takes_what_its_origin_signed_in_order_and_counts_what_was_not_passed_on():
    made = sent(6, one=ONWARD)
    inbox, known = Inbox("AA"), of_cc(ONWARD, BB_CC)
    for number in (0, 1, 3, 5):
        inbox, got = through(made[number], known, inbox)
        assert isinstance(got, Admitted), got
        table = contribution.decode(got.payload, "AA", got.header.label.text)
        inbox, judged = inspect(inbox, got, subjects_of(table), compile_inbound(known, "AA", "BB"), known)
        assert judged is got
    assert (inbox.taken, inbox.missing, inbox.sequence, inbox.quarantined) == (4, 2, 6, None)
    _, got = through(made[2], known, inbox)
    assert got.reason is Rejection.DUPLICATE


def struck(who, *towards):
    return stopped(of_cc(ONWARD, BB_CC), ONWARD, who, *towards)


NO_KEY = msgspec.structs.replace(of_cc(ONWARD, BB_CC), keys={"BB": PUBLIC["BB"], "CC": PUBLIC["CC"]})
UNAWARE = of_cc(BB_CC)


@pytest.mark.parametrize(
    ("what", "known", "change", "reason"),
    [
        ("altered", None, None, Rejection.RELAY_ALTERED),
        ("noise", None, None, Rejection.RELAY_ALTERED),
        ("not for the relay", None, {"recipient": "DD"}, Rejection.RELAY_UNNAMED),
        ("without a label", None, {"label": None, "rows": 0}, Rejection.RELAY_UNNAMED),
        ("signed by the relay", None, {"key": "BB"}, Rejection.RELAY_ALTERED),
        ("no key here", NO_KEY, None, Rejection.NO_KEY),
        ("no text here", UNAWARE, None, Rejection.UNKNOWN_MEMBER),
        ("suspended", struck("AA"), None, Rejection.NOT_ACTIVE),
        ("struck", struck("AA", "CC"), None, Rejection.NOT_ACTIVE),
        ("from the future", None, {"sent_ns": NOON_NS + 9 * HOUR_NS}, Rejection.FROM_THE_FUTURE),
        ("too old", None, {"sent_ns": NOON_NS - 31 * 24 * HOUR_NS}, Rejection.OUTLIVED),
    ],
)  # fmt: skip
def test_why_a_third_party_refuses_what_is_passed_on(what, known, change, reason):
    (octets,) = sent(one=ONWARD)
    if what == "altered":
        octets = octets[:-100] + bytes([octets[-100] ^ 1]) + octets[-99:]
    elif what == "noise":
        octets = b"noise"
    elif change == {"key": "BB"}:
        signed = octets[:-64]
        octets = signed + KEYS["BB"].sign(b"asman batch 1\0" + signed)
    elif change is not None:
        octets = bent(octets, **change)
    inbox, got = through(octets, known)
    assert isinstance(got, Rejected) and got.reason is reason
    assert inbox.taken == 0 and inbox.rejected == {reason: 1}
    blamed = {Rejection.RELAY_ALTERED, Rejection.RELAY_UNNAMED}
    assert (inbox.quarantined is reason) == (reason in blamed)


def test_what_its_label_does_not_name_us_for_blames_the_relay():
    plain = agreement(grant(), grant("BB", "AA"))
    (octets,) = sent(one=plain)
    _, got = through(octets)
    assert got.reason is Rejection.RELAY_UNNAMED


def test_our_own_back_blames_the_relay():
    (octets,) = sent(one=ONWARD)
    known = msgspec.structs.replace(of_cc(ONWARD, BB_CC), member="AA")
    _, got = through(octets, known)
    assert got.reason is Rejection.RELAY_UNNAMED


def test_an_origin_that_tells_two_stories_is_stopped_and_its_relay_is_not_blamed():
    first, second = sent(2, one=ONWARD)
    inbox, _ = through(first)
    other = bent(second, previous="00" * 32)
    after, got = through(other, inbox=inbox)
    assert got.reason is Rejection.FORKED and after.quarantined is Rejection.FORKED
    _, got = through(second, inbox=after)
    assert got.reason is Rejection.QUARANTINED


def test_what_the_origin_lets_go_on_elsewhere_is_outside_of_its_terms_here():
    volumes = tuple(
        Volume(id=name, file=f"{name}.geojson", ceiling_m=20_000.0, without_altitude="inside")
        for name in ("here", "there")
    )
    areas = {"here": square(10, 50), "there": square(20, 50)}
    # A batch whose label names CC, of rows that lie where the grant that names it does not reach.
    one = agreement(
        grant(where="there", onward=("CC",)), grant(where="here"), grant("BB", "AA"),
        volumes=volumes, areas=areas,
    )  # fmt: skip
    known = of_cc(one, BB_CC)
    (octets,) = sent(one=one)
    label = msgspec.structs.replace(take_apart(octets).header.label, releasable_to=("BB", "CC"))
    inbox, got = through(bent(octets, label=label), known)
    assert isinstance(got, Admitted)
    table = contribution.decode(got.payload, "AA", got.header.label.text)
    inbox, got = inspect(inbox, got, subjects_of(table), compile_inbound(known, "AA", "BB"), known)
    assert got.reason is Rejection.OUTSIDE_TERMS and inbox.quarantined is Rejection.OUTSIDE_TERMS


def test_a_day_before_its_agreement_begins_nothing_is_taken():
    later = agreement(
        grant(onward=("CC",)), grant("BB", "AA"), begins=datetime.date(2026, 1, 6)
    )  # fmt: skip
    (octets,) = sent(one=ONWARD)
    known = of_cc(later, BB_CC)
    label = msgspec.structs.replace(
        take_apart(octets).header.label, agreements=((later.id, known.entries[later.id].hash),)
    )
    _, got = through(bent(octets, label=label), known)
    assert got.reason is Rejection.NOT_ACTIVE
