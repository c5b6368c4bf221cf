"""From draft to expired, who may say what, and everything that is refused."""

import datetime
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing import making
from tests.sharing.making import BEGIN_NS, HOUR_NS, KEYS, PUBLIC, agreement, grant, register, statement

from asman.sharing import audit, keys, spans
from asman.sharing.lifecycle import SKEW_NS, standing
from asman.sharing.register import Refused, Register, Taken, add, say, standings
from asman.sharing.statements import Refusal, Signed, sign, verify

DAY_NS = 24 * HOUR_NS
YEAR_NS = 365 * DAY_NS
ONE = agreement(grant(), grant("BB", "AA"))
MANY = agreement(grant("AA", "BB", "CC"), parties=("AA", "BB", "CC"), id_="many")


def state(one, said, now_ns):
    return standing(one, said, now_ns).state


RATIFIED = tuple(statement(ONE, party) for party in ONE.parties)
ALL = tuple(statement(MANY, party) for party in MANY.parties)


def test_a_life():
    assert state(ONE, RATIFIED[:1], BEGIN_NS + DAY_NS) == "draft"
    assert state(ONE, RATIFIED, BEGIN_NS - DAY_NS) == "ratified"
    assert state(ONE, RATIFIED, BEGIN_NS + DAY_NS) == "active"
    suspended = (*RATIFIED, statement(ONE, "BB", "suspend", 2))
    assert state(ONE, suspended, BEGIN_NS + DAY_NS) == "suspended"
    assert state(ONE, (*suspended, statement(ONE, "BB", "resume", 3)), BEGIN_NS + DAY_NS) == "active"
    assert state(ONE, RATIFIED, BEGIN_NS + YEAR_NS) == "expired"


def test_both_ends_keep_clear_of_the_clocks_errors():
    for now_ns, expected in (
        (BEGIN_NS + SKEW_NS - 1, "ratified"), (BEGIN_NS + SKEW_NS, "active"),
        (BEGIN_NS + YEAR_NS - SKEW_NS - 1, "active"), (BEGIN_NS + YEAR_NS - SKEW_NS, "expired"),
    ):  # fmt: skip
        assert state(ONE, RATIFIED, now_ns) == expected


def test_any_party_alone_suspends_what_goes_to_and_from_it():
    said = (*ALL, statement(MANY, "CC", "suspend", 2))
    now = standing(MANY, said, BEGIN_NS + DAY_NS)
    assert now.state == "active"
    assert now.flows("AA", "BB") and not now.flows("AA", "CC") and now.binds("AA", "CC")


def test_a_suspension_may_be_towards_one_partner():
    said = (*ALL, statement(MANY, "AA", "suspend", 2, towards=("BB",)))
    now = standing(MANY, said, BEGIN_NS + DAY_NS)
    assert not now.flows("AA", "BB") and not now.flows("BB", "AA") and now.flows("AA", "CC")


def test_what_takes_away_counts_at_once_whatever_its_date():
    said = (*RATIFIED, statement(ONE, "BB", "suspend", 2, BEGIN_NS + 9 * DAY_NS))
    assert state(ONE, said, BEGIN_NS + DAY_NS) == "suspended"


def test_only_who_suspended_can_resume():
    said = (*RATIFIED, statement(ONE, "BB", "suspend", 2), statement(ONE, "AA", "resume", 2))
    assert state(ONE, said, BEGIN_NS + DAY_NS) == "suspended"


def test_explicit_renewal_needs_every_party():
    until = datetime.date(2028, 1, 4)
    half = (*RATIFIED, statement(ONE, "AA", "renew", 2, until=until))
    assert state(ONE, half, BEGIN_NS + YEAR_NS) == "expired"
    whole = (*half, statement(ONE, "BB", "renew", 2, until=until))
    assert standing(ONE, whole, BEGIN_NS + YEAR_NS).last_day == until
    assert state(ONE, whole, BEGIN_NS + YEAR_NS) == "active"


def test_automatic_renewal_goes_on_until_a_withdrawal():
    one = agreement(grant(), renewal="automatic", notice="P6M")
    said = tuple(statement(one, party) for party in one.parties)
    assert state(one, said, BEGIN_NS + 30 * YEAR_NS) == "active"
    left = (*said, statement(one, "BB", "withdraw", 2, BEGIN_NS + 2 * YEAR_NS))
    assert state(one, left, BEGIN_NS + 2 * YEAR_NS + 100 * DAY_NS) == "active"
    assert state(one, left, BEGIN_NS + 2 * YEAR_NS + 200 * DAY_NS) == "expired"


def test_the_others_go_on_when_one_of_many_leaves():
    said = (*ALL, statement(MANY, "CC", "withdraw", 2, BEGIN_NS))
    now = standing(MANY, said, BEGIN_NS + 200 * DAY_NS)
    assert now.state == "active" and now.flows("AA", "BB") and not now.binds("AA", "CC")


def refused(known: Register, id_: str, signed: Signed, now_ns: int = BEGIN_NS + DAY_NS) -> Refusal:
    after, answer = say(known, id_, signed, now_ns)
    assert isinstance(answer, Refused)
    assert after is known, "what is refused changes nothing"
    entry = audit.decode(audit.encode(audit.of_answer(answer, now_ns)))
    assert entry.kind == "refused" and entry.reason == answer.reason.name
    return answer.reason


def test_every_bad_statement_is_refused_with_its_reason_and_accounted():
    fresh = register(ONE, ratified=False)
    known = register(ONE)
    good = sign(statement(ONE, "BB"), KEYS["BB"])
    bent = msgspec.structs.replace
    other = agreement(grant(position_m=5.0))
    soon = statement(ONE, "BB", "resume", 2, BEGIN_NS + 9 * DAY_NS)
    cases = [
        (fresh, bent(good, signature=""), Refusal.UNSIGNED),
        (fresh, bent(good, signature="no hexadecimal digits"), Refusal.UNSIGNED),
        (fresh, bent(good, statement=statement(ONE, "BB", number=9)), Refusal.ALTERED),
        (fresh, sign(statement(ONE, "BB"), KEYS["AA"]), Refusal.WRONG_KEY),
        (fresh, bent(sign(statement(ONE, "BB"), KEYS["AA"]), key=good.key), Refusal.ALTERED),
        (fresh, sign(statement(ONE, "XX"), KEYS["XX"]), Refusal.UNKNOWN_MEMBER),
        (fresh, sign(statement(other, "BB"), KEYS["BB"]), Refusal.OTHER_AGREEMENT),
        (fresh, sign(statement(ONE, "BB", "suspend"), KEYS["BB"]), Refusal.NOT_RATIFIED),
        (known, sign(soon, KEYS["BB"]), Refusal.FROM_THE_FUTURE),
        (known, good, Refusal.REPLAYED),
        (known, sign(statement(ONE, "BB", "ratify", 2), KEYS["BB"]), Refusal.TWICE),
        (known, sign(statement(ONE, "BB", "resume", 2), KEYS["BB"]), Refusal.NOT_SUSPENDED),
        (known, sign(statement(ONE, "BB", "renew", 2), KEYS["BB"]), Refusal.NO_END),
    ]
    for have, signed, reason in cases:
        assert refused(have, "aa-bb", signed) == reason
    late = sign(statement(ONE, "BB", "suspend", 2), KEYS["BB"])
    assert refused(known, "aa-bb", late, BEGIN_NS + 2 * YEAR_NS) == Refusal.EXPIRED
    assert refused(known, "unheard-of", good) == Refusal.OTHER_AGREEMENT
    assert refused(msgspec.structs.replace(fresh, keys={"AA": PUBLIC["AA"]}), "aa-bb", good) == Refusal.NO_KEY


def test_a_document_of_others_and_another_text_of_the_same_id_are_refused():
    known = register(ONE)
    foreign = agreement(grant("BB", "CC"), parties=("BB", "CC"), id_="bb-cc")
    assert add(known, foreign)[1].reason == Refusal.FOREIGN
    assert add(known, agreement(grant(position_m=9.0)))[1].reason == Refusal.SAME_ID
    assert isinstance(add(known, ONE)[1], Taken)


def test_a_draft_may_still_be_rewritten():
    known = register(ONE, ratified=False)
    known, answer = add(known, agreement(grant(position_m=9.0)))
    assert isinstance(answer, Taken) and known.entries["aa-bb"].hash != register(ONE).entries["aa-bb"].hash


def test_keys_rotate():
    newer = {**PUBLIC, "BB": (*PUBLIC["BB"], keys.public_of(KEYS["XX"]))}
    assert verify(sign(statement(ONE, "BB"), KEYS["XX"]), ONE, newer) is None
    assert verify(sign(statement(ONE, "BB"), KEYS["BB"]), ONE, newer) is None


def test_keys_keep_their_texts():
    pem = keys.private_to_pem(KEYS["AA"])
    assert keys.public_of(keys.private_from_pem(pem)) == PUBLIC["AA"][0]
    assert keys.public_from_pem(keys.public_to_pem(PUBLIC["AA"][0])) == PUBLIC["AA"][0]
    for wrong in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", pem[:-40]):
        with pytest.raises(keys.KeyTextError):
            keys.private_from_pem(wrong)
        with pytest.raises(keys.KeyTextError):
            keys.public_from_pem(wrong)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_octet_of_a_signed_statement_can_be_changed(data):
    signed = sign(statement(ONE, "BB"), KEYS["BB"])
    octets = bytearray(msgspec.json.encode(signed))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] = data.draw(st.integers(32, 126))
    try:
        bent = msgspec.json.decode(bytes(octets), type=Signed)
    except (msgspec.DecodeError, ValueError):
        return
    assert bent == signed or verify(bent, ONE, PUBLIC) is not None or same_words(bent, signed)


def same_words(bent: Signed, signed: Signed) -> bool:
    """Hexadecimal digits may be written large; the signature is the same."""
    return bent.statement == signed.statement and bent.signature.lower() == signed.signature


@settings(max_examples=60, deadline=None)
@given(making.registers(), st.integers(0, 100))
def test_time_alone_never_makes_a_draft_flow_nor_an_ended_one_begin_again(made, days):
    known, now_ns = made
    before, after = standings(known, now_ns), standings(known, now_ns + days * DAY_NS)
    for id_, now in before.items():
        assert (now.state == "draft") == (after[id_].state == "draft")
        if now.state == "expired":
            assert after[id_].state == "expired"
        assert now.gone <= after[id_].gone


@pytest.mark.parametrize(
    ("begin", "period", "end"),
    [
        ("2023-10-11", "P5Y", "2028-10-11"), ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"), ("2024-12-31", "P1Y2M3W4D", "2026-03-25"),
    ],
)  # fmt: skip
def test_periods_follow_the_calendar(begin, period, end):
    made = spans.after(spans.midnight(datetime.date.fromisoformat(begin)), spans.period_of(period))
    assert made.date().isoformat() == end


def test_heads_that_do_not_extend_each_other_prove_that_history_was_rewritten():
    from asman.sharing.merkle import Tree

    true, other = Tree(), Tree()
    for number in range(5):
        true.append(f"entry {number}".encode())
        other.append(f"entry {number if number != 2 else 'bent'}".encode())
    first = audit.sign_head(true, "AA", BEGIN_NS, KEYS["AA"])
    true.append(b"more")
    other.append(b"more")
    second = audit.sign_head(true, "AA", BEGIN_NS + 1, KEYS["AA"])
    bent = audit.sign_head(other, "AA", BEGIN_NS + 1, KEYS["AA"])
    assert audit.head_is_genuine(second, PUBLIC) and audit.head_is_genuine(bent, PUBLIC)
    assert audit.head_extends(first, second, true.consistency(5))
    assert not audit.head_extends(first, bent, other.consistency(5))
    assert not audit.head_is_genuine(msgspec.structs.replace(second, size=7), PUBLIC)
    assert json.loads(msgspec.json.encode(second))["size"] == 6
