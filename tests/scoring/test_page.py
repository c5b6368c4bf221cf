"""The page stands alone, holds what the report says, and lets nothing through that a name could carry."""

import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.scoring.scenes import straight, table

from asman.apps.score import read_config
from asman.scoring.chart_map import middle_of, project
from asman.scoring.page import make_page
from asman.scoring.report import Report
from asman.scoring.score import score_tables
from asman.scoring.svg import Frame, number, ticks

SAMPLES = np.arange(0.0, 601.0, 4.0)
PICTURE = np.arange(0.0, 601.0, 10.0)


def report(name: str = "A1") -> Report:
    truth = straight("aircraft", 1, SAMPLES) + straight("aircraft", 2, SAMPLES, lat=44.0)
    tracks = straight("track", 7, PICTURE, north_m=150.0) + straight("track", 8, PICTURE, lat=45.0)
    variance = np.full(len(tracks), 150.0**2)
    return score_tables(
        table("aircraft", truth, **{"class": [name] * len(truth)}),
        table("track", tracks, var_e_m2=variance, var_n_m2=variance, simulated=[True] * len(tracks)),
        read_config(None),
    )


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not {"src", "href", "onclick"} & {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_nothing_runs_nothing_and_closes_every_tag():
    page = make_page(report(), "A title")
    links = Links()
    links.feed(page)
    assert links.open == []
    assert not {"script", "img", "link", "iframe"} & set(links.tags)
    assert "http:" not in page and "https:" not in page and "url(" not in page
    assert "default-src 'none'" in page


def test_every_drawing_is_well_formed_and_finite():
    page = make_page(report(), "A title")
    drawings = ["<svg" + part.split("</svg>")[0] + "</svg>" for part in page.split("<svg")[1:]]
    assert len(drawings) >= 6
    for one in drawings:
        ElementTree.fromstring(one)
        assert "nan" not in one and "inf" not in one


def test_the_page_says_what_the_report_says():
    made = report()
    page = make_page(made, "Kant, tonight")
    assert "<h1>Kant, tonight</h1>" in page
    assert f"{made.gospa.per_target_m:,.0f} m" in page
    assert "SIMULATED" in page
    assert page.count('class="verdict') == len(made.requirements)
    assert all(note in page.replace("&#x27;", "'") for note in made.notes)


def test_names_from_the_tables_cannot_break_out_of_the_page():
    page = make_page(report('<script>alert("x")</script>'), "<b>&")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<h1>&lt;b&gt;&amp;</h1>" in page


def test_the_same_report_makes_the_same_page():
    assert make_page(report(), "x") == make_page(report(), "x")


@pytest.mark.parametrize("middle", [(75.0, 43.0), (179.9, 10.0), (0.0, 89.9), (-179.9, -60.0)])
def test_the_map_keeps_distance_and_bearing_from_its_middle(middle: tuple[float, float]):
    assert project(*middle, middle) == pytest.approx((0.0, 0.0), abs=1e-9)
    north = project(middle[0], middle[1] + 0.05, middle)
    assert north == pytest.approx((0.0, 0.05 * 111.19), abs=0.01)
    assert middle_of([middle, middle]) == pytest.approx(middle)


def test_the_middle_of_places_on_both_sides_of_the_date_line_lies_between_them():
    lon, lat = middle_of([(179.0, 10.0), (-179.0, 10.0)])
    assert abs(lon) == pytest.approx(180.0)
    assert lat == pytest.approx(10.0, abs=0.01)


def test_ticks_are_round_and_inside():
    assert ticks(0.0, 1.0) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]) or len(ticks(0.0, 1.0)) >= 3
    for high in (0.003, 7.0, 123.0, 98_765.0):
        found = ticks(0.0, high)
        assert 3 <= len(found) <= 8
        assert all(0.0 <= value <= high * 1.0001 for value in found)
    assert number(1500.0) == "1,500"
    assert number(0.25) == "0.25"


def test_a_frame_puts_its_bounds_at_its_edges():
    frame = Frame(200, 100, 0.0, 10.0, 0.0, 5.0)
    assert (frame.x(0.0), frame.x(10.0)) == (frame.left, 200 - frame.right)
    assert (frame.y(0.0), frame.y(5.0)) == (100 - frame.bottom, frame.top)
