"""Agreements, keys and rows for tests: small, valid, of every kind."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from asman.model.agreement import Agreement, Document, Exclusion, Grant, Heading, Opening, Volume
from asman.model.tracks import TRACKS
from asman.sharing import classes, document, keys, spans
from asman.sharing.canonical import agreement_hash
from asman.sharing.register import Register, add, say
from asman.sharing.statements import Statement, sign

MEMBERS = ("AA", "BB", "CC", "DD")
BEGIN = datetime.date(2026, 1, 5)  # a Monday
BEGIN_NS = spans.to_ns(spans.midnight(BEGIN))
HOUR_NS = 3_600 * 10**9
EXAMPLES = Path(__file__).resolve().parents[2] / "examples/agreements"
#: Keys from fixed seeds: the same in every run.
KEYS = {
    member: Ed25519PrivateKey.from_private_bytes(bytes([number + 1] * 32))
    for number, member in enumerate((*MEMBERS, "AM", "BY", "KG", "KZ", "RU", "TJ", "XX"))
}
PUBLIC = {member: (keys.public_of(key),) for member, key in KEYS.items()}


def square(west: float, south: float, side: float = 1.0) -> tuple[Any, ...]:
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return (tuple((round((west + x * side) * 1e7), round((south + y * side) * 1e7)) for x, y in corners),)


def agreement(
    *grants: Grant,
    parties: tuple[str, ...] = ("AA", "BB"),
    volumes: Any = (),
    areas: Any = None,
    exclusions: tuple[Exclusion, ...] = (),
    id_: str = "aa-bb",
    **heading: Any,
) -> Agreement:
    """Without volumes there is one, "here": 10 to 11 E, 50 to 51 N, up to 20,000 m."""
    if not volumes:
        volumes = (Volume(id="here", file="here.geojson", ceiling_m=20_000.0, without_altitude="inside"),)
        areas = {"here": square(10, 50)}
    whole = {"begins": BEGIN, "duration": "P1Y", **heading}
    head = Heading(id=id_, title=id_, parties=parties, **whole)
    terms = Document(agreement=head, volume=tuple(volumes), grant=grants, exclusion=exclusions)
    return Agreement(terms, areas or {})


def grant(giver: str = "AA", *to: str, where: str = "here", what: Any = ("tracks",), **terms: Any) -> Grant:
    return Grant(giver=giver, to=to or ("BB",), what=what, where=where, **terms)


def statement(
    one: Agreement, member: str, act: Any = "ratify", number: int = 1, at_ns: int = BEGIN_NS, **more: Any
) -> Statement:
    return Statement(
        agreement=agreement_hash(one), member=member, act=act, number=number, at=spans.from_ns(at_ns), **more
    )


def register(
    *agreements: Agreement, member: str = "AA", now_ns: int = BEGIN_NS, ratified: bool = True
) -> Register:
    made = Register(member=member, keys=PUBLIC)
    for one in agreements:
        made, _ = add(made, one)
        for party in one.parties if ratified else ():
            made, _ = say(made, one.id, sign(statement(one, party), KEYS[party]), now_ns)
    return made


def tracks(rows: list[dict[str, Any]]) -> pa.Table:
    """TRACKS of rows that say what matters; the rest is ordinary."""
    plain = {
        "time": BEGIN_NS,
        "track": 1,
        "lat_deg": 50.5,
        "lon_deg": 10.5,
        "altitude_m": 9_000.0,
        "altitude_sigma_m": 20.0,
        "geometric_altitude_m": 9_200.0,
        "geometric_sigma_m": 40.0,
        "vn_mps": 100.0,
        "ve_mps": 50.0,
        "climb_mps": 0.0,
        "var_e_m2": 100.0,
        "var_n_m2": 100.0,
        "cov_en_m2": 0.0,
        "existence": 0.99,
        "confirmed": True,
        "mode_3a": 1234,
        "address": 0x601000,
        "callsign": "TEST1",
        "contributors": ["r1"],
        "origin": "AA",
        "label": "",
        "last_plot_time": BEGIN_NS,
        "plots": 9,
        "on_ground": False,
        "simulated": True,
        "position_doubted": False,
    }
    return pa.Table.from_pylist([{**plain, **row} for row in rows], schema=TRACKS)


def index(words: Any, names: tuple[str, ...]) -> Any:
    return np.array([names.index(word) for word in words], np.int64)


def identity(*words: str) -> Any:
    return index(words, classes.IDENTITIES)


def example(name: str) -> Agreement:
    """A shipped agreement."""
    path = EXAMPLES / f"{name}.toml"
    checked = document.read(path.read_bytes(), lambda file: (path.parent / file).read_bytes())
    assert checked.agreement is not None, checked.problems
    return checked.agreement


# Everything that may stand in an agreement, near 10 E, 50 N, so that things meet.

_some = lambda names: st.lists(st.sampled_from(names), unique=True, max_size=2).map(tuple)  # noqa: E731
#: Mostly nothing, else one or two: selections that all have to fit would leave nothing to decide.
_few = lambda names: st.one_of(st.just(()), st.just(()), _some(names))  # noqa: E731
_corner = st.integers(-30, 30)


@st.composite
def volumes(draw: Any, name: str) -> tuple[Volume, Any]:
    if draw(st.booleans()):
        rings = square(10 + draw(_corner) / 10, 50 + draw(_corner) / 10, draw(st.integers(5, 50)) / 10)
    else:
        points = draw(st.lists(st.tuples(_corner, _corner), min_size=3, max_size=7, unique=True))
        ring = tuple((round((10 + x / 10) * 1e7), round((50 + y / 10) * 1e7)) for x, y in points)
        rings = ((*ring, ring[0]),)
    floor = draw(st.sampled_from((0.0, 1_000.0, 5_000.0)))
    schedule = draw(
        st.sampled_from(
            (
                (),
                (),
                (Opening(begins="06:00", ends="18:00"),),
                (Opening(days=("mon", "sun"), begins="22:00", ends="02:00"),),
            )
        )
    )
    volume = Volume(
        id=name,
        file=f"{name}.geojson",
        floor_m=floor,
        ceiling_m=floor + draw(st.sampled_from((1_000.0, 9_000.0, 12_000.0))),
        buffer_m=draw(st.sampled_from((0.0, 0.0, 5_000.0, 60_000.0))),
        without_altitude=draw(st.sampled_from(("inside", "outside"))),
        schedule=schedule,
        begins=draw(st.sampled_from((None, None, BEGIN + datetime.timedelta(days=1)))),
        ends=draw(st.sampled_from((None, None, BEGIN + datetime.timedelta(days=2)))),
    )
    return volume, rings


@st.composite
def agreements(
    draw: Any, id_: str, classes_: Any = ("tracks", "warnings", "plots"), much: Any = ("tracks",)
) -> Agreement:
    """`much`: what the first grant gives; `classes_`: of which the others give some."""
    parties = ("AA", "BB", *draw(_few(MEMBERS[2:])))
    made = [draw(volumes(f"v{number}")) for number in range(draw(st.integers(1, 3)))]
    places = st.sampled_from((*(one.id for one, _ in made), "everywhere"))
    only = st.lists(st.sampled_from([one.id for one, _ in made]), unique=True, max_size=1).map(tuple)
    what = st.lists(st.sampled_from(classes_), unique=True, min_size=1, max_size=2).map(tuple)
    identities, categories = _few(classes.IDENTITIES[:4]), _few(classes.CATEGORIES[:3])
    # The first grant is one under which much leaves: what withholds must have something to withhold.
    plain = {"giver": "AA", "to": ("BB",), "what": much, "onward": draw(_some(MEMBERS[1:]))}
    late = {
        "delay_s": draw(st.sampled_from((0.0, 0.0, 1.0, 30.0, 86_400.0))),
        "every_s": draw(st.sampled_from((0.0, 3.0))),
    }
    grants, exclusions = [Grant(**plain, **late, where=draw(places), except_identity=draw(identities))], []
    for _ in range(draw(st.integers(0, 3))):
        giver = draw(st.sampled_from(("AA", *parties)))
        others = [one for one in parties if one != giver]
        grants.append(
            Grant(
                giver=giver,
                to=tuple(draw(st.lists(st.sampled_from(others), unique=True, min_size=1))),
                what=draw(what),
                where=draw(places),
                except_where=draw(st.one_of(st.just(()), only)),
                identity=draw(identities),
                except_identity=draw(identities),
                category=draw(categories),
                except_category=draw(categories),
                codes=draw(st.sampled_from(((), (), ("COMLOSS",)))),
                position_m=draw(st.sampled_from((0.0, 0.0, 1_000.0))),
                altitude_m=draw(st.sampled_from((0.0, 300.0))),
                delay_s=draw(st.sampled_from((0.0, 0.0, 30.0))),
                every_s=draw(st.sampled_from((0.0, 10.0))),
                except_fields=draw(st.sampled_from(((), ("callsign",)))),
                onward=draw(_some(MEMBERS[1:])),
                retain=draw(st.sampled_from(("P30D", "P7D"))),
            )
        )
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        exclusions.append(
            Exclusion(
                reason="so",
                giver=draw(st.sampled_from(("", *parties))),
                to=draw(_some(parties)),
                what=draw(st.sampled_from(((), ("tracks",)))),
                where=draw(places),
                identity=draw(identities),
                category=draw(categories),
            )
        )
    return agreement(
        *grants,
        parties=parties,
        volumes=[one for one, _ in made],
        areas={one.id: area for one, area in made},
        exclusions=tuple(exclusions),
        id_=id_,
        exercise=draw(st.sampled_from((False, False, True))),
    )


@st.composite
def registers(draw: Any, count: int = 3, *, acts: bool = True, **kinds: Any) -> tuple[Register, int]:
    """Agreements, ratified mostly, with suspensions and withdrawals; and an instant of the first days."""
    now_ns = BEGIN_NS + draw(st.integers(1, 72)) * HOUR_NS
    made = Register(member="AA", keys=PUBLIC)
    for number in range(draw(st.integers(1, count))):
        one = draw(agreements(f"agreement-{number}", **kinds))
        signed = [statement(one, party) for party in one.parties]
        signed = signed[: len(signed) - draw(st.sampled_from((0, 0, 0, 0, 1)))]
        for act in draw(
            st.lists(st.sampled_from(("suspend", "suspend", "resume", "withdraw")), max_size=2 if acts else 0)
        ):
            member = draw(st.sampled_from(one.parties))
            others = draw(_some([other for other in one.parties if other != member]))
            signed.append(
                statement(
                    one, member, act, len(signed) + 2, now_ns, towards=() if act == "withdraw" else others
                )
            )
        made = Register(member="AA", keys=PUBLIC, entries={**made.entries, **_entry(one, signed)})
    return made, now_ns


def _entry(one: Agreement, said: list[Statement]) -> dict[str, Any]:
    from asman.sharing.register import Entry

    return {one.id: Entry(one, agreement_hash(one), tuple(sign(each, KEYS[each.member]) for each in said))}
