"""What agreements say of handovers between two members, as long as they hold."""

import msgspec
from tests.sharing.making import BEGIN_NS, HOUR_NS, KEYS, example, register, statement

from asman.sharing.handovers import handover_terms
from asman.sharing.register import say
from asman.sharing.statements import sign

NOW_NS = BEGIN_NS + HOUR_NS


def test_the_shipped_agreements_terms_are_read_with_their_lines_while_they_hold():
    one = example("kg-ru-2023")
    known = msgspec.structs.replace(register(one, member="KG", now_ns=NOW_NS), member="KG")
    (term,) = handover_terms(known, ("RU", "KZ"), NOW_NS)
    assert (term.partner, term.basis) == ("RU", "kg-ru-2023 handover 1")
    assert (term.silence_s, term.default) == (120.0, "retain")
    assert term.line == one.lines["volumes/kg-kz-line.geojson"] and len(term.line) > 1
    said = sign(statement(one, "RU", "suspend", 2, NOW_NS), KEYS["RU"])
    stopped, _ = say(known, one.id, said, NOW_NS)
    assert handover_terms(stopped, ("RU", "KZ"), NOW_NS) == ()
