"""Requirements pass, fail or are not judged, each for the reason it gives."""

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.scenes import straight, table, times

from asman.apps.score import read_config
from asman.scoring.config import Requirement, ScoreConfig
from asman.scoring.report import Verdict
from asman.scoring.score import score_tables

SAMPLES = np.arange(0.0, 1001.0, 4.0)
PICTURE = np.arange(0.0, 1001.0, 10.0)


def verdict(one: Requirement, tracks: list, **columns: object) -> Verdict:
    truth = table(
        "aircraft", straight("aircraft", 1, SAMPLES, ve=100.0), pressure_altitude_m=[3000.0] * SAMPLES.size
    )
    config = ScoreConfig(requirement=(one,))
    return score_tables(truth, table("track", tracks, **columns), config).requirements[0]


def line(measure: str, **limits: object) -> Requirement:
    return Requirement(id="x", standard="y", text="z", measure=measure, **limits)  # pyright: ignore


def test_detection_counts_aircraft_time_with_a_track():
    tracks = straight("track", 7, np.delete(PICTURE, [5, 6]), ve=100.0)
    one = verdict(line("detection", interval_s=8.0, at_least=0.97), tracks)
    assert (one.verdict, one.value) == ("pass", pytest.approx(99 / 101))
    assert "10 s apart, the standard says 8 s" in one.remark


def test_detection_asks_for_a_fresh_plot_where_tracks_tell_its_age():
    tracks = straight("track", 7, PICTURE, ve=100.0)
    ages = np.where(np.arange(PICTURE.size) % 10 == 0, 9.0, 3.0)
    one = verdict(
        line("detection", interval_s=8.0, at_least=0.97), tracks, last_plot_time=times(PICTURE - ages)
    )
    assert (one.verdict, one.value) == ("fail", pytest.approx(90 / 101))


def test_a_plot_of_unknown_time_is_not_fresh():
    stamps = pa.array([None if k % 4 == 0 else value for k, value in enumerate(times(PICTURE).to_pylist())])
    tracks = straight("track", 7, PICTURE, ve=100.0)
    one = verdict(line("detection", interval_s=8.0, at_least=0.97), tracks, last_plot_time=stamps)
    assert one.value == pytest.approx(75 / 101)


def test_where_tracks_report_as_plots_come_the_report_itself_is_the_plot():
    own = np.cumsum(np.random.default_rng(1).uniform(11.5, 12.5, 83))
    tracks = straight("track", 7, own, ve=100.0)
    one = verdict(line("detection", interval_s=8.0, at_least=0.97), tracks, ve_mps=[100.0] * len(tracks))
    assert "not older than 8 s" in one.remark
    assert one.value == pytest.approx(8 / 12, abs=0.1)


def test_a_gap_is_as_long_as_from_the_last_place_to_the_next():
    tracks = straight("track", 7, np.delete(PICTURE, [5, 6, 50]), ve=100.0)
    assert verdict(line("gap_time", gap_s=25.0, at_most=0.05), tracks).value == pytest.approx(2 / 101)
    assert verdict(line("gap_time", gap_s=16.4, at_most=0.05), tracks).value == pytest.approx(3 / 101)
    assert verdict(line("gap_time", gap_s=30.0, at_most=0.0), tracks).verdict == "pass"


def test_false_reports_are_those_far_from_everybody():
    ghost = straight("track", 8, PICTURE[:10], lat=44.0, ve=100.0)
    near = straight("track", 9, PICTURE[10:20], north_m=2050.0, ve=100.0)
    one = verdict(
        line("false_reports", beyond_m=2100.0, at_most=0.001),
        straight("track", 7, PICTURE, ve=100.0) + ghost + near,
    )
    assert (one.verdict, one.value) == ("fail", pytest.approx(10 / 121))


def test_a_report_of_who_has_landed_since_its_plot_is_not_false():
    """The truth ends at 1000 s; what was measured before that was right, what is said later is not."""
    picture = np.arange(0.0, 1031.0, 10.0)
    other = straight("aircraft", 2, np.arange(0.0, 1101.0, 4.0), lat=45.0)
    truth = table("aircraft", straight("aircraft", 1, SAMPLES, ve=100.0) + other)
    one = line("false_reports", beyond_m=2100.0, at_most=0.001)

    def judged(latest):
        tracks = straight("track", 7, picture, ve=100.0)
        told = table("track", tracks, last_plot_time=times(latest))
        return score_tables(truth, told, ScoreConfig(requirement=(one,))).requirements[0]

    # Its last plot is of 1001 s: the report of 1010 s holds it, those of 1020 s and later coast.
    landed = judged(np.minimum(picture, 1001.0))
    assert (landed.verdict, landed.value) == ("pass", 0.0)
    # Plots of later are of nobody.
    assert judged(picture).value == pytest.approx(3 / 104)


def test_heights_are_judged_by_a_tolerance():
    tracks = straight("track", 7, PICTURE, ve=100.0)
    heights = np.where(np.arange(PICTURE.size) < 3, 3100.0, 3010.0)
    one = verdict(line("height_correct", tolerance_m=91.44, at_least=0.96), tracks, altitude_m=heights)
    assert (one.verdict, one.value) == ("pass", pytest.approx(98 / 101))


def test_what_cannot_be_judged_says_why():
    tracks = straight("track", 7, PICTURE, ve=100.0)
    one = verdict(line("mode_3a_correct", at_least=0.98), tracks, mode_3a=pa.nulls(PICTURE.size, pa.int16()))
    assert (one.verdict, one.value) == ("not judged", None)
    assert "mode_3a" in one.remark


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "detection"},
        {"measure": "detection", "at_least": 0.9, "at_most": 0.9},
        {"measure": "gap_time", "at_most": 0.1},
        {"measure": "false_reports", "at_most": 0.1},
    ],
)
def test_a_requirement_without_what_its_measure_needs_is_refused(wrong: dict):
    with pytest.raises(ValueError, match="needs"):
        line(**wrong)


def test_the_shipped_requirements_are_whole_and_say_that_they_are_second_hand():
    shipped = read_config(None).requirement
    assert len({one.id for one in shipped}) == len(shipped) == 15
    assert all(one.evidence == "second-hand" for one in shipped)


def test_geometric_heights_cannot_be_held_against_pressure_altitude():
    truth = table("aircraft", straight("aircraft", 1, SAMPLES), altitude_m=[3000.0] * SAMPLES.size)
    tracks = table("track", straight("track", 7, PICTURE), altitude_m=[3010.0] * PICTURE.size)
    config = ScoreConfig(requirement=(line("height_correct", tolerance_m=91.44, at_least=0.96),))
    report = score_tables(truth, tracks, config)
    assert report.requirements[0].verdict == "not judged"
    assert any("pressure_altitude_m" in note for note in report.notes)
