"""From one member's guard through its batches to another's gate: what is taken, what is refused, and why."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing.making import (
    BEGIN_NS,
    HOUR_NS,
    KEYS,
    PUBLIC,
    agreement,
    grant,
    register,
    statement,
    tracks,
)

from asman.sharing import batches
from asman.sharing.batches import Header, Stream, seal, take_apart
from asman.sharing.deciding import Reason, subjects_of
from asman.sharing.gate import Admitted, Inbox, Rejected, Rejection, admit, compile_inbound, inspect, lift
from asman.sharing.guard import GuardState, release
from asman.sharing.register import say
from asman.sharing.relay import may_pass_on
from asman.sharing.ruleset import compile_register
from asman.sharing.statements import sign
from asman.wire import contribution

NOON_NS = BEGIN_NS + 12 * HOUR_NS
SECOND_NS = 10**9
ONE = agreement(grant(), grant("BB", "AA"))


def sent(count=1, one=ONE, rows=({},), stream=None, key="AA", shift_ns=0):
    """Batches that AA's guard and stream make for BB, a second apart."""
    known, state = register(one), GuardState()
    stream, made = stream or Stream("AA", "BB"), []
    ruleset = compile_register(known, "AA", ("BB",))
    for second in range(count):
        now_ns = NOON_NS + second * SECOND_NS
        state, (outcome,) = release(
            state, ruleset, known, tracks([{"time": now_ns, **row} for row in rows]), now_ns
        )
        for released in outcome.released or (None,):
            stream, octets = seal(stream, released, contribution.encode, now_ns + shift_ns, KEYS[key])
            made.append(octets)
    return made


def bb(one=ONE, **more):
    return msgspec.structs.replace(register(one), member="BB", **more)


def through(octets, known=None, inbox=None, now_ns=NOON_NS + HOUR_NS):
    return admit(inbox or Inbox("AA"), octets, known or bb(), now_ns)


def bent(octets: bytes, key="AA", **changes) -> bytes:
    """A batch whose header was changed and signed anew by the holder of a key."""
    batch = take_apart(octets)
    header = msgspec.msgpack.encode(msgspec.structs.replace(batch.header, **changes), order="deterministic")
    signed = b"ASMB" + len(header).to_bytes(4, "little") + header + batch.payload
    return signed + KEYS[key].sign(b"asman batch 1\0" + signed)


def test_what_one_member_releases_another_takes():
    inbox = Inbox("AA")
    for octets in sent(3):
        inbox, got = through(octets, inbox=inbox)
        assert isinstance(got, Admitted)
        table = contribution.decode(got.payload, got.header.origin, got.header.label.text)
        inbox, judged = inspect(inbox, got, subjects_of(table), compile_inbound(bb(), "AA"), bb())
        assert judged is got
        assert table["lat_deg"].to_pylist() == [50.5] and table["label"][0].as_py().startswith(
            "aa-bb//REL AA BB"
        )
    assert (inbox.sequence, inbox.taken, inbox.quarantined) == (3, 3, None)


def test_a_sign_of_life_comes_when_nothing_leaves():
    (octets,) = sent(rows=({"lon_deg": 30.0},))
    _, got = through(octets)
    assert isinstance(got, Admitted) and got.header.rows == 0 and got.header.label is None


def suspended():
    known = bb()
    known, _ = say(known, "aa-bb", sign(statement(ONE, "BB", "suspend", 2), KEYS["BB"]), NOON_NS)
    return known


OTHER = agreement(grant(position_m=7.0))
GOOD = sent(2)
LABEL = take_apart(GOOD[0]).header.label


@pytest.mark.parametrize(
    ("octets", "known", "reason", "blamed"),
    [
        (b"\0" * (batches.MOST_OCTETS + 1), None, Rejection.OVERSIZED, False),
        (b"", None, Rejection.MALFORMED, False),
        (b"ASMB" + b"\xff" * 200, None, Rejection.MALFORMED, False),
        (GOOD[0][:-1], None, Rejection.ALTERED, False),
        (GOOD[0][:-70] + b"!" + GOOD[0][-69:], None, Rejection.ALTERED, False),
        (bent(GOOD[0], origin="DD"), None, Rejection.UNKNOWN_MEMBER, False),
        (sent(key="DD")[0], None, Rejection.WRONG_KEY, False),
        (GOOD[0], bb(keys={"BB": PUBLIC["BB"]}), Rejection.NO_KEY, False),
        (bent(GOOD[0], recipient="CC"), None, Rejection.NOT_FOR_US, False),
        (sent(shift_ns=9 * HOUR_NS)[0], None, Rejection.FROM_THE_FUTURE, False),
        (GOOD[1], None, Rejection.GAP, False),
        (bent(GOOD[0], previous="00"), None, Rejection.FORKED, True),
        (GOOD[0], bb(OTHER), Rejection.OTHER_AGREEMENT, True),
        (bent(GOOD[0], label=None), None, Rejection.NO_LABEL, True),
        (
            bent(GOOD[0], label=msgspec.structs.replace(LABEL, releasable_to=("CC",))),
            None,
            Rejection.NOT_RELEASABLE,
            True,
        ),
        (
            bent(GOOD[0], label=msgspec.structs.replace(LABEL, agreements=(("never", "0"),))),
            None,
            Rejection.OTHER_AGREEMENT,
            True,
        ),
        (GOOD[0], suspended(), Rejection.NOT_ACTIVE, False),
        (
            GOOD[0],
            msgspec.structs.replace(register(ONE, ratified=False), member="BB"),
            Rejection.NOT_ACTIVE,
            False,
        ),
    ],
)
def test_everything_bad_is_refused_with_its_reason_and_counted(octets, known, reason, blamed):
    inbox, got = through(octets, known)
    assert isinstance(got, Rejected) and got.reason is reason
    assert inbox.rejected == {reason: 1} and inbox.sequence == 0
    assert (inbox.quarantined is reason) == blamed


def test_what_is_played_again_is_not_taken_again():
    inbox, _ = through(GOOD[0])
    inbox, got = through(GOOD[0], inbox=inbox)
    assert got.reason is Rejection.DUPLICATE and inbox.quarantined is None
    _, got = through(GOOD[1], inbox=inbox)
    assert isinstance(got, Admitted)


def test_after_the_end_nothing_is_taken_whenever_it_was_sent():
    _, got = through(GOOD[0], now_ns=BEGIN_NS + 366 * 24 * HOUR_NS)
    assert got.reason is Rejection.NOT_ACTIVE


def test_a_partner_that_sends_outside_its_terms_is_quarantined_until_a_person_lifts_it():
    known, ruleset = bb(), compile_inbound(bb(), "AA")
    inbox, got = through(GOOD[0])
    stray = tracks([{"time": NOON_NS, "lon_deg": 12.0}])
    inbox, judged = inspect(inbox, got, subjects_of(stray), ruleset, known)
    assert judged.reason is Rejection.OUTSIDE_TERMS and inbox.quarantined is Rejection.OUTSIDE_TERMS
    inbox, got = through(GOOD[1], inbox=inbox)
    assert got.reason is Rejection.QUARANTINED
    _, got = through(GOOD[1], inbox=lift(inbox))
    assert isinstance(got, Admitted)


def test_rounding_over_a_border_is_not_held_against_a_partner():
    one = agreement(grant(position_m=5_000.0, altitude_m=300.0, identity=("neutral",)))
    from tests.sharing.making import identity

    known = register(one)
    ruleset = compile_register(known, "AA", ("BB",))
    rows = [
        {
            "time": NOON_NS,
            "track": k,
            "lon_deg": 10.0001 + k * 0.05,
            "lat_deg": 50.0001,
            "altitude_m": 19_990.0,
        }
        for k in range(19)
    ]
    _, (outcome,) = release(GuardState(), ruleset, known, tracks(rows), NOON_NS, identity(*["neutral"] * 19))
    _, octets = seal(Stream("AA", "BB"), outcome.released[0], contribution.encode, NOON_NS, KEYS["AA"])
    inbox, got = through(octets, bb(one))
    table = contribution.decode(got.payload, "AA", "")
    _, judged = inspect(inbox, got, subjects_of(table), compile_inbound(bb(one), "AA"), bb(one))
    assert table.num_rows == 19 and isinstance(judged, Admitted)


def test_a_batch_is_only_for_whom_it_was_released():
    known = register(ONE)
    _, (outcome,) = release(
        GuardState(), compile_register(known, "AA", ("BB",)), known, tracks([{"time": NOON_NS}]), NOON_NS
    )
    with pytest.raises(ValueError, match="released for BB"):
        seal(Stream("AA", "CC"), outcome.released[0], contribution.encode, NOON_NS, KEYS["AA"])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_octet_of_a_batch_can_be_changed(data):
    octets = bytearray(GOOD[0])
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    inbox, got = through(bytes(octets))
    assert isinstance(got, Rejected) and inbox.quarantined is None, (
        "a forger must not get a partner quarantined"
    )


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=5))
def test_whatever_order_batches_come_in_they_are_taken_once_and_in_order(order, repeats):
    made = sent_once()
    inbox, taken = Inbox("AA"), []
    for number in [*order, *repeats, *range(5)]:
        inbox, got = through(made[number], inbox=inbox)
        if isinstance(got, Admitted):
            taken.append(got.header.sequence)
    assert taken == [1, 2, 3, 4, 5] and inbox.quarantined is None


FIVE = sent(5)


def sent_once() -> list[bytes]:
    return FIVE


# --- Onward -------------------------------------------------------------------------------------------


def relay(first, second, third="CC", rows=({},), origin_of_header=None):
    """Why BB may not pass AA's batch on to `third`; None when it may."""
    (octets,) = sent(one=first, rows=rows)
    header: Header = take_apart(octets).header
    known = msgspec.structs.replace(register(first, second, member="BB"), member="BB")
    return may_pass_on(
        header, subjects_of(tracks([{"time": NOON_NS, **row} for row in rows])), known, third, NOON_NS
    )


ONWARD = agreement(grant(onward=("CC",)))
BB_CC = agreement(grant("BB", "CC", where="everywhere"), parties=("BB", "CC"), id_="bb-cc")


def test_what_the_originator_names_a_third_party_for_goes_on():
    assert relay(ONWARD, BB_CC) is None


def test_nothing_goes_on_to_whom_the_originator_does_not_name():
    assert relay(ONE, BB_CC) is Reason.NOT_GRANTED
    assert relay(ONWARD, BB_CC, third="DD") is Reason.NOT_GRANTED


def test_nothing_goes_back_to_its_origin():
    assert relay(agreement(grant(onward=("CC",))), BB_CC, third="AA") is Reason.NOT_GRANTED


def test_what_our_own_terms_would_alter_does_not_go_on():
    coarse = agreement(
        grant("BB", "CC", where="everywhere", position_m=500.0), parties=("BB", "CC"), id_="bb-cc"
    )
    assert relay(ONWARD, coarse) is Reason.VERBATIM


def test_without_our_own_agreement_nothing_goes_on():
    other = agreement(grant("BB", "DD", where="everywhere"), parties=("BB", "DD"), id_="bb-dd")
    assert relay(ONWARD, other) is Reason.NO_AGREEMENT


def test_a_batch_goes_on_whole_or_not_at_all():
    near = agreement(grant("BB", "CC"), parties=("BB", "CC"), id_="bb-cc")
    wide = agreement(grant(where="everywhere", onward=("CC",)))
    assert relay(wide, near) is None
    assert relay(wide, near, rows=({}, {"track": 2, "lon_deg": 30.0})) is Reason.OUTSIDE
