"""Sharing in a real browser: whose tracks, what partners see, agreements, quarantine, the guided tour."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from .browser import Sheet, chromium
from .sharing_server import SharingServer
from .stream_server import STATIC, Sky

expect.set_options(timeout=30_000)

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not (STATIC / "index.html").is_file(), reason="the console is not built: npm run build in console/"
    ),
]

ORDERS = re.compile(
    r"/api/(agreements|links|tracks)/[^/]+/(suspend|resume|lift|identity|handover|propose|pair|unpair|automatic)$"
    r"|/api/tasks/[^/]+/[0-9]+/(accept|reject)$"
)


@pytest.fixture(scope="module")
def console() -> Iterator[tuple[Sheet, SharingServer]]:
    """A console of KG with 60 own tracks and 30 of RU: one for all, each test leaves it as it was."""
    with sync_playwright() as running, chromium(running) as browser:
        sheet = Sheet(browser)
        with SharingServer(Sky(90), mode="live") as node:
            sheet.page.route(
                ORDERS,
                lambda route: route.fulfill(
                    json=node.act(urlsplit(route.request.url).path, route.request.post_data_json)
                ),
            )
            sheet.open(node.url, tracks=90)
            sheet.until("w.sharing.known")
            yield sheet, node
        sheet.close()


@pytest.fixture
def sheet(console: tuple[Sheet, SharingServer]) -> Iterator[Sheet]:
    console[1].orders.clear()
    yield console[0]
    assert console[0].errors == []


@pytest.fixture
def node(console: tuple[Sheet, SharingServer]) -> SharingServer:
    return console[1]


def test_the_legend_counts_tracks_by_member_and_shows_those_of_one_on_table_and_map(sheet: Sheet) -> None:
    sheet.until("w.origins.join() === '60,30'")
    sheet.page.get_by_role("button", name="Tracks of RU: 30").click()
    sheet.until("w.update.shown === 30 && w.filter === 'origin:ru'")
    sheet.page.locator("asman-table .row").first.click()
    contributed = sheet.page.locator("asman-sources-panel section").first
    expect(contributed).to_contain_text("kg-ru-2023")
    expect(contributed).to_contain_text("reporting responsibility")
    sheet.page.keyboard.press("Escape")
    sheet.page.get_by_role("button", name="Tracks of RU: 30").click()
    sheet.until("w.update.shown === 90 && w.filter === ''")


def test_the_picture_as_a_partner_sees_it_says_so_all_the_time_and_why_it_lacks_a_track(
    sheet: Sheet,
) -> None:
    sheet.page.keyboard.press("w")
    bar = sheet.page.locator("asman-view-bar .bar")
    expect(bar).to_contain_text("AS RU SEES IT — NOT KG'S PICTURE")
    sheet.until("w.viewed.seen !== null && w.viewed.seen.both === 30 && w.viewed.seen.theirs === 30")
    bar.get_by_role("button", name="only we 30").click()
    sheet.until("w.update.shown === 30")
    row = sheet.page.locator("asman-table .row").first
    expect(row).to_contain_text("○")
    row.click()
    why = sheet.page.locator("asman-sources-panel tr[data-member='RU']")
    expect(why).to_contain_text("does not")
    expect(why).to_contain_text("excepted")
    sheet.page.keyboard.press("Escape")
    sheet.page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    sheet.until("w.viewed === null")
    sheet.ask("w.setFilter('')")


def test_a_quarantine_is_loud_and_a_person_lifts_it(sheet: Sheet, node: SharingServer) -> None:
    sheet.until("w.sharing.known")
    node.link["quarantined"] = "it claims tracks outside of the agreed volume"
    alarm = sheet.page.locator("asman-alarms .alarm")
    expect(alarm).to_contain_text("RU IN QUARANTINE")
    alarm.get_by_role("button", name="Lift").click()
    dialog = sheet.page.locator("asman-confirm dialog")
    expect(dialog).to_contain_text("outside of the agreed volume")
    dialog.get_by_role("button", name="Cancel").click()
    assert node.orders == []
    alarm.get_by_role("button", name="Lift").click()
    dialog.get_by_role("button", name="Lift the quarantine").click()
    expect(alarm).to_have_count(0)
    assert [path for path, _ in node.orders] == ["/api/links/RU/lift"]


def test_the_tour_leads_from_the_own_picture_through_a_suspension_and_back(
    sheet: Sheet, node: SharingServer
) -> None:
    sheet.page.get_by_role("button", name="Tour").click()
    card = sheet.page.locator("asman-tour")
    forward = card.get_by_role("button", name="Next")
    for title in ("KG's picture", "What RU contributes", "The agreement", "What KG withholds", "KZ gets"):
        expect(card.locator("#step")).to_contain_text(title)
        forward.click()
    expect(card.locator("#step")).to_have_text("Suspend it")
    card.locator(".act").click()
    dialog = sheet.page.locator("asman-confirm dialog")
    expect(dialog).to_contain_text("RU's tracks under it leave this picture within a second")
    dialog.get_by_label("Reason").fill("an exercise")
    sheet.page.keyboard.press("Enter")
    expect(card.locator(".outcome")).to_contain_text("30 tracks of RU left the picture")
    expect(sheet.page.locator("asman-alarms .alarm")).to_contain_text("kg-ru-2023 SUSPENDED")
    forward.click()
    card.locator(".act").click()
    dialog.get_by_role("button", name="Resume kg-ru-2023").click()
    expect(card.locator(".outcome")).to_contain_text("RU's tracks are back")
    forward.click()
    card.get_by_role("button", name="Done").click()
    expect(card.locator(".card")).to_have_count(0)
    assert node.orders == [
        ("/api/agreements/kg-ru-2023/suspend", {"reason": "an exercise"}),
        ("/api/agreements/kg-ru-2023/resume", {}),
    ]


def test_warnings_of_both_members_say_whose_they_are_and_lead_to_their_track(sheet: Sheet) -> None:
    sheet.page.keyboard.press("Escape")
    panel = sheet.page.locator("asman-warnings-panel")
    expect(panel.locator("[data-warning]")).to_have_count(2)
    theirs = panel.locator("[data-warning='RU 4']")
    expect(theirs).to_contain_text("EMERGENCY_7700")
    expect(theirs).to_contain_text("from RU, under kg-ru-2023")
    expect(sheet.page.locator("#tab-tracks")).to_contain_text("▲ 2")
    theirs.get_by_role("button").click()
    sheet.until("w.selected !== null && w.detail !== null")


def test_a_persons_word_is_recorded_beside_the_partners_and_the_difference_is_told(
    sheet: Sheet, node: SharingServer
) -> None:
    sheet.page.locator("asman-warnings-panel [data-warning='RU 4']").get_by_role("button").click()
    held = sheet.page.locator("asman-identity-panel")
    expect(held.locator("[data-identity='RU']")).to_contain_text("SUSPECT")
    expect(sheet.page.locator("asman-track-panel .states")).to_contain_text("PENDING")
    held.get_by_label("Identity", exact=True).select_option("friend")
    held.get_by_label("On what it rests").fill("seen")
    held.get_by_role("button", name="Record").click()
    expect(held.locator("[data-identity='KG']")).to_contain_text("FRIEND")
    expect(held.locator("[data-identity='RU']")).to_contain_text("SUSPECT")
    expect(held).to_contain_text("MEMBERS DIFFER")
    expect(sheet.page.locator("asman-track-panel .states")).to_contain_text("FRIEND")
    path, body = node.orders[-1]
    assert path.endswith("/identity")
    assert body == {"value": "friend", "category": "unspecified", "criteria": "seen", "share": False}
    held.get_by_role("button", name="Take back").click()
    expect(held.locator("[data-identity='KG']")).to_have_count(0)
    assert node.orders[-1][1] == {"value": None}


def test_pairs_and_who_reports_are_decided_beside_the_track(sheet: Sheet, node: SharingServer) -> None:
    sheet.page.locator("asman-warnings-panel [data-warning='RU 4']").get_by_role("button").click()
    panel = sheet.page.locator("asman-pairing-panel")
    panel.get_by_role("button", name="Part from RU's").click()
    panel.get_by_label("Other track").fill("12/77")
    panel.get_by_role("button", name="Pair", exact=True).click()
    expect(panel.get_by_label("Other track")).to_have_value("")
    panel.get_by_label("Other track").fill("12/77")
    panel.get_by_role("button", name="Automatic", exact=True).first.click()
    expect(panel.get_by_label("Other track")).to_have_value("")
    panel.get_by_role("button", name="KG reports it").click()
    sheet.until("w.notice === 'KG reports it'")
    track = sheet.ask("w.selected")
    assert node.orders == [
        (f"/api/tracks/{track}/unpair", {"with": 9_000_000 + track}),
        (f"/api/tracks/{track}/pair", {"with": 12_000_000_077}),
        (f"/api/tracks/{track}/automatic", {"with": 12_000_000_077}),
        (f"/api/tracks/{track}/handover", {"to": "KG"}),
    ]


def test_a_partners_proposal_is_answered_by_a_person_and_ours_is_asked_about_first(
    sheet: Sheet, node: SharingServer
) -> None:
    asked = sheet.page.locator("asman-warnings-panel [data-task='RU 6']")
    expect(asked).to_contain_text("KG to report")
    expect(asked).to_contain_text("it flies to you")
    asked.get_by_role("button", name="Accept").click()
    expect(asked).to_contain_text("ACCEPTED")
    assert node.orders == [("/api/tasks/RU/6/accept", {})]
    expect(asked.get_by_role("button", name="Accept")).to_have_count(0)


def test_the_partners_tab_says_what_a_partner_gave_beside_tracks(sheet: Sheet) -> None:
    sheet.page.keyboard.press("p")
    panel = sheet.page.locator("asman-links-panel")
    expect(panel.locator("[data-class='plots']")).to_have_text("plots 240")
    expect(panel).to_contain_text("ENGELS")
    expect(panel).to_contain_text("▲ silent")
