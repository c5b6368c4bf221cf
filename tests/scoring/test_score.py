"""A picture against truth: what counts as followed, missed, false, switched, and what is left out."""

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.scenes import straight, table, times

from asman.errors import InputError
from asman.scoring.config import Region, ScoreConfig
from asman.scoring.report import Report
from asman.scoring.score import score_tables

SAMPLES = np.arange(0.0, 301.0, 4.0)
PICTURE = np.arange(0.0, 301.0, 10.0)


def score(truth: list, tracks: list, config: ScoreConfig | None = None, **columns: object) -> Report:
    return score_tables(table("aircraft", truth), table("track", tracks, **columns), config or ScoreConfig())


def test_a_perfect_picture_costs_nothing():
    report = score(straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE))
    assert report.gospa.per_target_m < 0.1
    assert (report.gospa.missed_share, report.gospa.false_share) == (0.0, 0.0)
    assert (report.continuity.switches, report.siap.completeness, report.siap.ambiguity) == (0, 1.0, 1.0)
    assert report.t_gospa.exact


def test_a_shifted_track_costs_its_distance():
    report = score(straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE, north_m=300.0))
    assert report.gospa.per_target_m == pytest.approx(300.0, rel=5e-3)
    assert report.gospa.localisation_m == pytest.approx(report.gospa.per_target_m)
    assert report.errors[0].rms == pytest.approx(300.0, rel=5e-3)


def test_beyond_the_cutoff_is_missed_and_false():
    report = score(straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE, north_m=2500.0))
    assert (report.gospa.missed_share, report.gospa.false_share) == (1.0, 1.0)
    assert report.gospa.per_target_m == pytest.approx(2000.0)
    assert "no aircraft was followed at any instant: accuracy cannot be judged" in report.notes
    assert report.ghosts[0].track == "7"


def test_an_aircraft_counts_from_its_first_to_its_last_sample_only():
    truth = straight("aircraft", 1, SAMPLES) + straight(
        "aircraft", 2, SAMPLES[(SAMPLES > 99) & (SAMPLES < 201)], lat=44.0
    )
    tracks = straight("track", 7, PICTURE) + straight(
        "track", 8, PICTURE[(PICTURE > 99) & (PICTURE < 201)], lat=44.0
    )
    report = score(truth, tracks)
    assert (report.gospa.missed_share, report.gospa.false_share) == (0.0, 0.0)
    assert report.about.truth_places == 31 + 11


def test_no_report_after_the_last_instant_is_no_miss():
    report = score(straight("aircraft", 1, np.arange(0, 400.0, 4.0)), straight("track", 7, PICTURE))
    assert report.gospa.missed_share == 0.0
    assert any("96.0 s at the end" in note for note in report.notes)


def test_an_empty_instant_of_the_picture_is_a_miss():
    tracks = straight("track", 7, np.delete(PICTURE, [10, 11]))
    report = score(straight("aircraft", 1, SAMPLES), tracks)
    assert report.about.instants == 31
    assert report.gospa.missed_share == pytest.approx(2 / 31)


def test_a_track_that_goes_on_after_its_aircraft_left_is_false():
    truth = straight("aircraft", 1, SAMPLES[SAMPLES <= 200]) + straight("aircraft", 2, SAMPLES, lat=44.0)
    tracks = straight("track", 7, PICTURE[PICTURE <= 230]) + straight("track", 8, PICTURE, lat=44.0)
    report = score(truth, tracks)
    assert report.gospa.missed_share == 0.0
    assert sum(report.series.false) == 3


def test_a_track_in_a_gap_of_the_truth_is_neither_right_nor_wrong():
    truth = straight("aircraft", 1, SAMPLES[(SAMPLES < 101) | (SAMPLES > 199)])
    report = score(truth, straight("track", 7, PICTURE))
    assert (report.gospa.missed_share, report.gospa.false_share) == (0.0, 0.0)
    assert any("9 places in gaps of the truth" in note for note in report.notes)


def test_what_no_sensor_can_see_is_not_missed_and_a_track_there_is_not_false():
    rows = straight("aircraft", 1, SAMPLES)
    truth = table("aircraft", rows, observable=[t < 150 for t, *_ in rows])
    half = straight("track", 7, PICTURE[PICTURE < 200]) + straight("track", 8, PICTURE, lat=45.0)
    report = score_tables(truth, table("track", half), ScoreConfig())
    assert report.gospa.missed_share == 0.0
    # The sample of 148 s is the last observable one: it speaks for the instant of 150 s, too.
    assert report.about.truth_places == 16
    assert sum(report.series.false) == 31


def test_switches_and_swaps_are_counted_apart():
    broken = straight("track", 7, PICTURE[:15]) + straight("track", 8, PICTURE[15:])
    report = score(straight("aircraft", 1, SAMPLES), broken)
    assert (report.continuity.switches, report.continuity.swaps) == (1, 0)
    assert report.continuity.switches_per_hour == pytest.approx(1 / (31 * 10 / 3600))
    assert report.continuity.longest_segment_share == pytest.approx(16 / 31)

    truth = straight("aircraft", 1, SAMPLES) + straight("aircraft", 2, SAMPLES, lat=43.1)
    here, there = ({"lat": 43.0}, {"lat": 43.1})
    swapped = (
        straight("track", 7, PICTURE[:15], **here) + straight("track", 7, PICTURE[15:], **there)
        + straight("track", 8, PICTURE[:15], **there) + straight("track", 8, PICTURE[15:], **here)
    )  # fmt: skip
    report = score(truth, swapped)
    assert (report.continuity.switches, report.continuity.swaps) == (2, 2)
    assert report.t_gospa.switch_m == pytest.approx((2 * 1000.0**2 / 62) ** 0.5)


def test_a_second_track_on_an_aircraft_is_ambiguity_not_a_ghost():
    tracks = straight("track", 7, PICTURE) + straight("track", 8, PICTURE, north_m=500.0)
    report = score(straight("aircraft", 1, SAMPLES), tracks)
    assert report.siap.ambiguity == pytest.approx(2.0)
    assert report.siap.spuriousness == 0.0
    assert report.gospa.false_share == pytest.approx(0.5)
    assert report.ghosts == ()


@pytest.mark.parametrize(("lat", "lon"), [(43.0, 179.99), (89.6, 10.0), (-75.0, -179.999)])
def test_the_date_line_and_the_poles_are_places_like_any_other(lat: float, lon: float):
    truth = straight("aircraft", 1, SAMPLES, lat=lat, lon=lon, ve=150.0)
    report = score(truth, straight("track", 7, PICTURE, lat=lat, lon=lon, ve=150.0, north_m=100.0))
    assert report.gospa.missed_share == 0.0
    assert report.errors[0].rms == pytest.approx(100.0, rel=0.02)
    assert report.errors[0].worst < 110.0


def test_reports_at_each_tracks_own_times_are_moved_on_to_the_instants():
    chance = np.random.default_rng(3)
    own = np.cumsum(chance.uniform(3.5, 4.5, 74))
    tracks = straight("track", 7, own)
    moving = score(
        straight("aircraft", 1, SAMPLES), tracks, vn_mps=np.zeros(own.size), ve_mps=np.full(own.size, 200.0)
    )
    assert not moving.about.own_instants
    assert moving.gospa.missed_share == 0.0
    # The rows were made on a sphere: its 200 m/s are a little less on the ellipsoid.
    assert moving.gospa.per_target_m < 3.0
    still = score(straight("aircraft", 1, SAMPLES), tracks)
    assert still.gospa.per_target_m > 300.0
    # Accuracy is judged at the report's own time: not moving it on costs GOSPA, not accuracy.
    assert still.errors[0].rms < 1.0


def test_whole_seconds_alone_do_not_make_a_picture():
    chance = np.random.default_rng(9)
    truth, tracks = [], []
    for a in range(8):
        truth += straight("aircraft", a, SAMPLES, lat=43.0 + 0.2 * a)
        own = np.cumsum(chance.integers(3, 6, 60)).astype(float)
        tracks += straight("track", a, own[own <= 300.0], lat=43.0 + 0.2 * a)
    report = score(truth, tracks, vn_mps=[0.0] * len(tracks), ve_mps=[200.0] * len(tracks))
    assert (report.about.own_instants, report.about.step_s) == (False, 10.0)
    assert report.gospa.missed_share < 0.05


def test_a_silent_track_is_shown_only_as_long_as_a_report_stands():
    own = np.arange(0.3, 301.0, 4.0)
    own = own[(own < 100) | (own > 200)]
    config = ScoreConfig(hold_s=15.0, every_s=10.0)
    report = score(straight("aircraft", 1, SAMPLES, ve=50.0), straight("track", 7, own, ve=50.0), config)
    # The last report before the silence is of 96.3 s: it stands at 100 and 110, and 200 is before the next.
    assert sum(report.series.missed) == 9


def test_unconfirmed_tracks_are_left_out_unless_asked_for():
    truth, tracks = straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE)
    flags = [True] * 20 + [False] * 11
    left_out = score(truth, tracks, confirmed=flags)
    assert any("11 reports of unconfirmed tracks" in note for note in left_out.notes)
    assert left_out.about.reports == 20
    assert score(truth, tracks, ScoreConfig(unconfirmed=True), confirmed=flags).about.reports == 31


def test_the_same_input_gives_the_same_report_in_any_order_of_rows():
    truth, tracks = straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE, north_m=120.0)
    assert score(truth, tracks) == score(truth[::-1], tracks[::-1])


def test_figures_are_broken_down_by_altitude_region_class_and_origin():
    truth = table(
        "aircraft", straight("aircraft", 1, SAMPLES) + straight("aircraft", 2, SAMPLES, lat=45.0),
        altitude_m=[1000.0] * 76 + [8000.0] * 76, **{"class": ["light"] * 76 + ["airliner"] * 76},
    )  # fmt: skip
    tracks = table("track", straight("track", 7, PICTURE), altitude_m=[1010.0] * 31, origin=["KG"] * 31)
    south = Region("south", ((70.0, 42.0), (80.0, 42.0), (80.0, 44.0), (70.0, 44.0)))
    report = score_tables(truth, tracks, ScoreConfig(region=(south,), grid_deg=1.0))
    missed = {(group.kind, group.name): group.missed_share for group in report.groups}
    assert missed["altitude", "below 1,500 m"] == 0.0
    assert missed["altitude", "6,000–9,000 m"] == 1.0
    assert missed["region", "south"] == 0.0
    assert missed["region", "elsewhere"] == 1.0
    assert missed["class", "light"] == 0.0
    assert missed["class", "airliner"] == 1.0
    assert missed["cell (south-west corner)", "43° 74°"] == 0.0
    origin = next(group for group in report.groups if group.kind == "origin of the track")
    assert (origin.name, origin.false_share) == ("KG", 0.0)


def test_a_region_may_lie_across_the_date_line():
    from asman.scoring.groups import _inside

    region = Region("pacific", ((170.0, -10.0), (-170.0, -10.0), (-170.0, 10.0), (170.0, 10.0)))
    lat, lon = np.zeros(4), np.array([175.0, -175.0, 165.0, -165.0])
    assert _inside(lat, lon, (region,)).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop_columns(["lat_deg"]), "column 'lat_deg' is missing"),
        (lambda t: t.rename_columns({"track": "trak"}), "Did you mean 'trak'"),
        (lambda t: t.set_column(2, "lat_deg", pa.array(["x"] * t.num_rows)), "column 'lat_deg' is string"),
        (lambda t: t.set_column(2, "lat_deg", pa.array([4300.0] * t.num_rows)), "not degrees on the globe"),
        (lambda t: t.set_column(0, "time", times(np.arange(31) + 1e6)), "do not overlap in time"),
        (lambda t: t.slice(0, 0), "nothing to judge is in it"),
    ],
)
def test_wrong_input_is_named_with_its_mend(change, words: str):
    truth = table("aircraft", straight("aircraft", 1, SAMPLES))
    tracks = change(table("track", straight("track", 7, PICTURE)))
    with pytest.raises(InputError, match=words):
        score_tables(truth, tracks, ScoreConfig(), tracks_name="mine.parquet")


def test_times_may_be_numbers_and_identities_words():
    truth = table("aircraft", straight("aircraft", 1, SAMPLES))
    tracks = table("track", straight("track", 7, PICTURE))
    seconds = pa.array(1_767_225_600.0 + PICTURE)
    tracks = tracks.set_column(0, "time", seconds).set_column(1, "track", pa.array(["A7"] * 31))
    report = score_tables(truth, tracks, ScoreConfig())
    assert report.gospa.missed_share == 0.0
    assert report.worst[0].tracks == ("A7",)


def test_rows_that_cannot_be_used_are_counted():
    rows = straight("track", 7, PICTURE)
    again = table("track", [*rows, rows[3], (5.0, 7, float("nan"), 74.0)])
    report = score_tables(table("aircraft", straight("aircraft", 1, SAMPLES)), again, ScoreConfig())
    assert "tracks: 1 rows with the same identity and time as a later row are left out" in report.notes
    assert "tracks: 1 rows without time, identity or position are left out" in report.notes
