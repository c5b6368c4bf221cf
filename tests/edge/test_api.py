"""What the API answers, and that it documents itself."""

import httpx
import pyarrow as pa
import pytest

from asman.edge import console
from asman.edge.health_messages import FeedHealth, Health, SensorHealth
from asman.edge.messages import Clock, Told, Why
from asman.model.explanation import Decision, Explanation, Weight
from asman.model.registration import Registered
from asman.model.tracks import TRACKS

TOKEN = {"authorization": "Bearer t0ken"}


def a_track(number: int, lat: float, lon: float, confirmed: bool = True) -> dict:
    row = dict.fromkeys(TRACKS.names)
    return row | {
        "time": 1_700_000_000_000_000_000, "track": number, "lat_deg": lat, "lon_deg": lon,
        "confirmed": confirmed, "vn_mps": 1.0, "ve_mps": 2.0, "existence": 0.99,
        "contributors": ["kant"], "plots": 3,
    }  # fmt: skip


def table(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TRACKS)


def test_the_picture_is_geojson_with_the_columns_of_tracks(served):
    served.reasoning.table = table(a_track(7, 42.8, 74.6))
    answer = httpx.get(f"{served.url}/api/picture", headers=TOKEN)
    assert answer.headers["content-type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [74.6, 42.8]}
    assert feature["properties"]["contributors"] == ["kant"]
    assert feature["properties"]["time"] == "2023-11-14T22:13:20.000Z"
    assert feature["properties"]["altitude_m"] is None
    assert set(feature["properties"]) == set(TRACKS.names) - {"lat_deg", "lon_deg"}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2]),
        ("?unconfirmed=true", [1, 2, 3]),
        ("?bbox=70,40,80,45", [1]),
        ("?bbox=170,-90,-170,90", [2]),
    ],
)
def test_the_picture_is_cut_to_a_box(served, query, numbers):
    served.reasoning.table = table(a_track(1, 42, 74), a_track(2, 0, 179), a_track(3, 0, 0, confirmed=False))
    found = httpx.get(f"{served.url}/api/picture{query}", headers=TOKEN).json()
    assert [feature["id"] for feature in found["features"]] == numbers


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "0,10,1,5", "0,nan,1,5", "0,0,inf,1"])
def test_a_box_that_is_none_is_refused_with_what_is_needed(served, box):
    answer = httpx.get(f"{served.url}/api/picture", params={"bbox": box}, headers=TOKEN)
    assert answer.status_code == 400
    assert "bbox" in answer.json()["detail"]


def test_a_view_is_what_that_member_may_see_and_says_why_it_is_empty(served):
    served.reasoning.seen = {"RU": table(a_track(1, 42.8, 74.6)), "KZ": table()}
    views = {
        one: httpx.get(f"{served.url}/api/view/{one}", headers=TOKEN).json() for one in ("RU", "KZ", "XX")
    }
    assert [one["properties"]["track"] for one in views["RU"]["features"]] == [1]
    assert "reason" not in views["RU"]
    assert views["KZ"]["features"] == views["XX"]["features"] == []
    assert "no agreement" in views["KZ"]["reason"]
    assert "no link" in views["XX"]["reason"]


def test_people_pair_and_part_tracks(served):
    for act in ("pair", "unpair", "automatic"):
        answer = httpx.post(f"{served.url}/api/tracks/7/{act}", headers=TOKEN, json={"with": 8})
        assert answer.status_code == 200, answer.text
    assert [(one.track, one.other, one.act) for one in served.reasoning.paired] == [
        (7, 8, "pair"), (7, 8, "unpair"), (7, 8, "automatic"),
    ]  # fmt: skip
    refused = httpx.post(f"{served.url}/api/tracks/99/pair", headers=TOKEN, json={"with": 8})
    assert refused.status_code == 409


def test_unknown_tracks_and_places_are_not_found_as_json(served):
    for path in ("/api/tracks/5", "/api/nothing"):
        answer = httpx.get(served.url + path, headers=TOKEN)
        assert (answer.status_code, answer.json()["status_code"]) == (404, 404)


def test_a_reasoning_that_is_too_busy_to_answer_is_said_to_be(served):
    answer = httpx.get(f"{served.url}/api/tracks/99", headers=TOKEN)
    assert (answer.status_code, answer.json()["detail"]) == (503, "busy")


def test_why_a_track_is_what_it_is_is_told_with_weights_and_words(served):
    weight = Weight(distance2=1.5, log_likelihood=-9.0, gain=12.5, share=0.75, by_place=12.5)
    decision = Decision(time_s=5.0, act="given", reason="best", text="It got a plot.", weight=weight)
    served.reasoning.told = Told(
        explanation=Explanation(track=7, begin_s=1.0, end_s=9.0, reach_s=1.0, decisions=(decision,))
    )
    answer = httpx.get(f"{served.url}/api/tracks/7/explain?at_s=9&span_s=8", headers=TOKEN)
    assert answer.status_code == 200
    (found,) = answer.json()["decisions"]
    assert (found["act"], found["text"], found["weight"]["share"]) == ("given", "It got a plot.", 0.75)
    assert served.reasoning.asked == [Why(track=7, at_s=9.0, span_s=8.0)]


def test_what_cannot_be_explained_is_refused_with_the_reason(served):
    url = f"{served.url}/api/tracks/7/explain"
    assert httpx.get(url, headers=TOKEN).status_code == 404
    served.reasoning.told = Told(refused="not kept")
    answer = httpx.get(url, headers=TOKEN)
    assert (answer.status_code, answer.json()["detail"]) == (409, "not kept")
    for query in ("at_s=nan", "span_s=0", "span_s=1e9"):
        assert httpx.get(f"{url}?{query}", headers=TOKEN).status_code == 400
    assert httpx.get(url).status_code == 401


def test_a_command_with_an_unknown_field_is_refused(served):
    answer = httpx.post(f"{served.url}/api/replay", json={"pausd": True}, headers=TOKEN)
    assert answer.status_code == 400
    assert served.reasoning.commands == []


def test_a_body_beyond_all_measure_is_refused(served):
    answer = httpx.post(f"{served.url}/api/replay", content=b" " * 100_000, headers=TOKEN)
    assert answer.status_code == 413


def test_before_the_start_health_and_clock_say_so(served):
    for path in ("/api/health", "/api/replay"):
        assert httpx.get(served.url + path, headers=TOKEN).status_code == 503


def test_the_openapi_document_names_every_endpoint(served):
    found = httpx.get(f"{served.url}/api/openapi.json", headers=TOKEN).json()
    assert set(found["paths"]) == {
        "/api/links", "/api/partners", "/api/partners/{member}/{what}", "/api/view/{member}/{what}",
        "/api/tasks", "/api/tracks/{track}/propose", "/api/tasks/{member}/{number}/accept",
        "/api/tasks/{member}/{number}/reject", "/api/warnings", "/api/coverage",
        "/api/tracks/{track}/identity", "/api/tracks/{track}/handover",
        "/api/health", "/api/picture", "/api/tracks/{track}", "/api/tracks/{track}/explain", "/api/replay",
        "/metrics", "/api/view/{member}", "/api/tracks/{track}/pair", "/api/tracks/{track}/unpair",
        "/api/tracks/{track}/automatic",
        "/api/agreements", "/api/agreements/{agreement}/suspend",
        "/api/agreements/{agreement}/resume", "/api/links/{member}/lift",
    }  # fmt: skip
    assert set(found["paths"]["/api/replay"]) == {"get", "post"}
    assert {"act", "reason", "text", "weight"} <= set(
        found["components"]["schemas"]["Decision"]["properties"]
    )
    assert "/api/stream" in found["info"]["description"]
    properties = found["components"]["schemas"]["Health"]["properties"]
    assert {"behind_s", "dropped", "sensors"} <= set(properties)


def test_metrics_are_what_health_says(served):
    sensor = SensorHealth(
        id='ka"nt',
        kind="modes",
        sac=1,
        sic=2,
        lat_deg=1,
        lon_deg=2,
        last_seen_s=None,
        plots=5,
        rejected=1,
        plots_per_s=1.5,
        registration=Registered(
            sensor='ka"nt', range_m=62.0, time_s=0.2, time_sigma_s=0.01, used=9, blamed=1, restarts=0
        ),
    )
    feed = FeedHealth(name="f", datagrams=3, octets=99, rejected=2, dropped=4, last_seen_s=1.0)
    health = Health(
        status="ok", node="n", member="KG", mode="live", simulated=False, time_s=10.5, uptime_s=1, tracks=2,
        confirmed=1, plots=5, plots_per_s=1.5, rejected=3, dropped=4, behind_s=0.25,
        sensors=[sensor], feeds=[feed],
    )  # fmt: skip
    served.call(served.hub.news, health)
    served.call(served.hub.news, Clock(time_s=1.0))
    lines = httpx.get(f"{served.url}/metrics", headers=TOKEN).text.splitlines()
    assert 'asman_sensor_plots_total{sensor="ka\\"nt"} 5' in lines
    assert "asman_behind_seconds 0.25" in lines
    assert "asman_simulated 0" in lines
    assert 'asman_sensor_simulated_total{sensor="ka\\"nt"} 0' in lines
    assert 'asman_feed_dropped_total{feed="f"} 4' in lines
    assert 'asman_sensor_bias_range_m{sensor="ka\\"nt"} 62' in lines
    assert 'asman_sensor_bias_used_total{sensor="ka\\"nt"} 9' in lines
    assert not any("asman_sensor_bias_azimuth_deg{" in line for line in lines)
    assert not any("last_seen_seconds{" in line for line in lines)
    assert httpx.get(f"{served.url}/api/health", headers=TOKEN).json()["sensors"][0]["plots"] == 5


def test_a_console_that_is_not_built_says_what_to_do(tmp_path):
    found = console.page("/", tmp_path)
    assert found.status == 503
    assert b"make setup" in found.octets


def test_the_console_is_served_from_its_folder_alone(tmp_path):
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "a.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret").write_text("no")
    assert console.page("/", folder).media_type == "text/html"
    assert console.page("/assets/a.wasm", folder).media_type == "application/wasm"
    assert "immutable" in console.page("/assets/a.wasm", folder).cache_control
    assert "no-cache" in console.page("/", folder).cache_control
    for path in ("/../secret", "../secret", "//etc/passwd", "/assets/../../secret", "/assets", "/no"):
        assert console.page(path, folder).status == 404, path
