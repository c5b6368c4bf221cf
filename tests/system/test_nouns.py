"""What members give each other beside tracks, over real servers: granted, accounted for, taken back."""

import asyncio
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from asman.apps.living import _read
from asman.edge.account import read_log
from asman.edge.link_messages import Order
from asman.edge.messages import Left
from asman.edge.outbox import Limits
from asman.model.contribution import Offer
from asman.model.sensor import Sensor
from asman.pipeline import heard, offering
from asman.pipeline.covering import covered
from asman.pipeline.heard import Heard
from asman.sharing.audit import decode

from . import linked
from .linked import tracks, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="servers end with us on Linux alone"),
]


#: One gives all classes near Kant, but nothing of friends; the other gives warnings alone, everywhere.
DOCUMENT = """
[agreement]
id = "{id}"
title = "A test"
parties = ["KG", "RU"]
from = {begins}
duration = "P5Y"

[[volume]]
id = "here"
file = "volumes/here.geojson"
ceiling_m = 20000
without_altitude = "inside"

[[grant]]
from = "KG"
to = ["RU"]
what = {what}
where = "here"
except_identity = ["friend"]
"""
HERE = """{"type": "Polygon", "coordinates": [[[73, 41], [76, 41], [76, 44], [73, 44], [73, 41]]]}"""
EVERYTHING = '["tracks", "plots", "identity", "coverage", "health"]'


def write(folder, begins):
    (folder / "volumes").mkdir(parents=True)
    (folder / "volumes/here.geojson").write_text(HERE)
    for id_, what in (("all", EVERYTHING), ("warn", '["tracks", "warnings"]')):
        (folder / f"{id_}.toml").write_text(DOCUMENT.format(id=id_, begins=begins, what=what))


@pytest.fixture
def pair(tmp_path):
    clock = linked.Clock()
    kg, ru = (linked.Member(name, tmp_path, clock, Limits()) for name in ("KG", "RU"))
    write(tmp_path / "documents", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400)))
    linked.join(kg, ru, tmp_path)
    for member in (kg, ru):
        volumes = member.home.folder / "agreements/volumes"
        volumes.mkdir(parents=True, exist_ok=True)
        (volumes / "here.geojson").write_text(HERE)
    for name in ("all", "warn"):
        linked.agree(name, kg, ru, examples=tmp_path / "documents")
    for member in (kg, ru):
        member.start()
    yield kg, ru
    for member in (kg, ru):
        member.border.end()


def offers(now_ns):
    """All classes; half of what is placed lies outside of the volume, some is of a friend."""
    own = tracks("KG", now_ns, count=4)
    places = {
        "time": [now_ns] * 3, "lat_deg": [42.5, 42.6, 50.0], "lon_deg": [74.5, 74.6, 74.5],
        "altitude_m": [9_000.0, None, 9_000.0], "simulated": [True] * 3, "origin": ["KG"] * 3,
        "label": [""] * 3,
    }  # fmt: skip
    pending, friend = ("pending", "unspecified"), ("friend", "state")

    def table(what, **columns):
        from asman.model.contribution import SCHEMAS

        rows = [dict(zip(places | columns, row, strict=True))
                for row in zip(*(places | columns).values(), strict=True)]  # fmt: skip
        return offering._table([{n: row.get(n) for n in SCHEMAS[what].names} for row in rows], SCHEMAS[what])

    radar = Sensor(id="hill", lat_deg=42.9, lon_deg=74.6, range_max_m=120_000.0)
    return (
        Offer(what="tracks", table=own, held_as=(friend, pending, pending, pending)),
        Offer(what="plots", table=table("plots", sensor=["hill"] * 3, address=[1, 2, 3])),
        Offer(
            what="identity", held_as=(("suspect", "civil"), ("friend", "state"), ("hostile", "civil")),
            table=table("identity", track=[2, 1, 3], assertion=[1, 2, 3],
                        value=["suspect", "friend", "hostile"],
                        category=["civil", "state", "civil"], criteria=["squawk"] * 3, human=[True] * 3),
        ),
        Offer(
            what="warnings",
            table=table("warnings", track=[2, 3, 4], warning=[1, 2, 3], code=["EMERGENCY_7700"] * 3,
                        severity=["WARNING"] * 3, state=["active"] * 3, text=["squawks 7700"] * 3),
        ),
        Offer(what="coverage", table=covered((radar,), "KG", now_ns, simulated=True)),
        Offer(what="health", table=table("health", sensor=["a", "b", "c"], kind=["ssr"] * 3, state=["ok"] * 3,
                                         plots_per_s=[1.0] * 3)),
    )  # fmt: skip


def kept(member, known):
    """What a node that reasons holds after all that its border told, in the order in which it was told."""
    told = [one for _, one in member.heard[known.taken :]]
    known.taken += len(told)
    contributions, left, ended = _read(tuple(told))
    now_ns = time.time_ns()
    for name in left:
        known.heard = heard.without(known.heard, name)
    for name, agreements in ended:
        known.heard = heard.without(known.heard, name, agreements)
    for one in contributions:
        if one.what is not None and one.table is not None:
            known.heard = heard.take(known.heard, one.origin, one.what, one.table, now_ns)
    return heard.counts(known.heard, "KG")


class Known:
    def __init__(self):
        self.heard, self.taken = Heard(), 0


def test_all_that_members_give_beside_tracks_arrives_as_granted_and_goes_with_its_agreement(pair):
    kg, ru = pair
    known = Known()

    async def run():
        async with linked.running(kg, ru):

            async def flow(what):
                deadline = time.monotonic() + linked.PATIENCE_S
                while not what():
                    await kg.federation.release(*offers(kg.clock()))
                    await asyncio.sleep(0.2)
                    assert time.monotonic() < deadline, (kg.federation.state(), ru.federation.state())

            await flow(
                lambda: {"plots", "identity", "warnings", "coverage", "health"} <= set(kept(ru, known))
            )
            rows = lambda what: heard.rows(known.heard, "KG", what)  # noqa: E731
            assert 50.0 not in rows("plots")["lat_deg"].to_pylist() and len(rows("plots")) >= 2
            # A friend's identity and whatever lies outside do not leave; the suspect's does.
            assert rows("identity")["value"].to_pylist() == ["suspect"]
            # The track that it is about has the number that RU knows it by.
            got = ru.rows("KG").select(["callsign", "track"]).to_pylist()
            known_as = {row["callsign"]: row["track"] for row in got}
            assert rows("identity")["track"].to_pylist() == [known_as["KG0001"]]
            assert "KG0000" not in known_as
            assert rows("warnings")["code"].to_pylist() == ["EMERGENCY_7700"] * 2
            assert rows("warnings")["label"][0].as_py().startswith("warn//")
            assert rows("health")["sensor"].to_pylist() == ["a", "b"]
            inside = rows("coverage")
            assert len(inside) > 100 and np.all(inside["lat_deg"].to_numpy() < 44.01)
            assert ru.link("KG").rejected == {} and ru.link("KG").quarantined == ""
            # Every class has its entries in the account, what was withheld too.
            entries = [decode(one) for one in read_log(kg.home.audit)[1]]
            released = {one.what for one in entries if one.kind == "release" and one.released}
            assert released >= {"", "plots", "identity", "warnings", "coverage", "health"}
            assert any(one.what == "identity" and one.withheld.get("EXCEPTED") for one in entries)
            # One agreement of two is suspended: what came under it goes, the rest stays.
            assert (await ru.federation.order(Order(act="suspend", about="warn"))).status == 200
            await until(lambda: any(isinstance(one, Left) and one.agreements for _, one in ru.heard))
            held = kept(ru, known)
            assert held.get("warnings", 0) == 0 and held["health"] == 2
            # The other one too: nothing is left.
            assert (await ru.federation.order(Order(act="suspend", about="all"))).status == 200
            await until(lambda: any(isinstance(one, Left) and not one.agreements for _, one in ru.heard))
            assert kept(ru, known) == {}

    asyncio.run(run())


def test_a_partner_that_signs_plots_from_where_it_grants_none_is_quarantined_and_nothing_of_them_kept(pair):
    kg, ru = pair

    async def run():
        async with linked.running(kg, ru):
            deadline = time.monotonic() + linked.PATIENCE_S
            while not ru.sequences("KG"):
                await kg.federation.release(*offers(kg.clock())[:1])
                await asyncio.sleep(0.2)
                assert time.monotonic() < deadline, (kg.federation.state(), ru.federation.state())
            outbox = kg.federation.partners["RU"].outbox
            encode = outbox._encode

            def abroad(what, table):
                if what == "plots":
                    place = table.schema.get_field_index("lat_deg")
                    table = table.set_column(place, "lat_deg", pa.array([60.0] * len(table)))
                return encode(what, table)

            outbox._encode = abroad
            await kg.federation.release(*offers(kg.clock())[:2])
            await until(lambda: ru.link("KG").quarantined)
            assert ru.link("KG").rejected == {"OUTSIDE_TERMS": 1}
            assert not [one for one in ru.arrived if one.what == "plots"]

    asyncio.run(run())
