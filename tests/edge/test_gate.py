"""Nobody gets in without the token, under another name, or from another site's page."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from asman.edge.gate import gate

TOKEN = "t0ken"
EVERYWHERE = ["/", "/index.html", "/assets/x.js", "/api/health", "/api/picture", "/api/tracks/1",
              "/api/replay", "/api/openapi.json", "/metrics", "/nowhere", "/api/nothing"]  # fmt: skip


WRONG: list[dict[str, str]] = [
    {}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"authorization": "Bearer"},
    {"cookie": f"asman_1={TOKEN}"}, {"cookie": "; ;=,"},
]  # fmt: skip


def test_nothing_is_served_without_the_token(served):
    with httpx.Client(base_url=served.url) as client:
        for path in EVERYWHERE:
            for headers in WRONG:
                answer = client.get(path, headers=headers)
                assert answer.status_code == 401, (path, headers)
                assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("query", ["?token=", "?token=wrong", "?tokem=t0ken", "?token=T0KEN"])
def test_a_wrong_token_in_the_address_is_refused(served, query):
    assert httpx.get(f"{served.url}/api/picture{query}").status_code == 401


def test_the_token_opens_by_header_address_and_cookie(served):
    cookie = {"cookie": f"other=1; asman_{served.port}={TOKEN}"}
    assert (
        httpx.get(f"{served.url}/api/picture", headers={"authorization": f"Bearer {TOKEN}"}).status_code
        == 200
    )
    assert httpx.get(f"{served.url}/api/picture?token={TOKEN}").status_code == 200
    assert httpx.get(f"{served.url}/api/picture", headers=cookie).status_code == 200


def test_a_page_opened_with_the_token_gets_a_cookie_and_a_clean_address(served):
    answer = httpx.get(f"{served.url}/?token={TOKEN}&track=7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?track=7")
    cookie = answer.headers["set-cookie"]
    assert f"asman_{served.port}={TOKEN}" in cookie
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


def test_the_clean_address_never_leads_to_another_host(served):
    answer = httpx.get(f"{served.url}//evil.example/?token={TOKEN}")
    assert answer.headers["location"] == "/evil.example/"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:80", "", "[::1"]
)
def test_another_host_is_refused_even_with_the_token(served, host):
    answer = httpx.get(f"{served.url}/api/picture?token={TOKEN}", headers={"host": host})
    assert answer.status_code in (400, 421)


def test_names_of_this_machine_are_known(served):
    for name in ("localhost", "127.0.0.1", "LOCALHOST", "[::1]"):
        headers = {"host": f"{name}:{served.port}"}
        assert httpx.get(f"{served.url}/api/picture?token={TOKEN}", headers=headers).status_code == 200
    assert gate("t", 80, "radar.example").knows_host("radar.example")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "https://localhost"]
)
def test_another_sites_page_may_neither_post_nor_listen(served, origin):
    headers = {"origin": origin}
    answer = httpx.post(f"{served.url}/api/replay?token={TOKEN}", json={"paused": True}, headers=headers)
    assert answer.status_code == 403
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"{served.stream_url}?token={TOKEN}", origin=origin),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert served.reasoning.commands == []


def test_our_own_page_may_post(served):
    headers = {"origin": served.url}
    answer = httpx.post(f"{served.url}/api/replay?token={TOKEN}", json={"paused": True}, headers=headers)
    assert (answer.status_code, answer.json()["paused"]) == (200, True)


def test_the_stream_needs_the_token(served):
    with pytest.raises(InvalidStatus) as refused, connect(served.stream_url):
        pass
    assert refused.value.response.status_code == 401


def test_every_answer_forbids_other_hosts_to_the_page(served):
    for answer in (httpx.get(f"{served.url}/"), httpx.get(f"{served.url}/api/picture?token={TOKEN}")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
