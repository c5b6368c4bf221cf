"""What the reasoning says stands in the log as a noun with keys, and noise does not fill it."""

import logging

from asman.apps.journal import Journal, line
from asman.model.sensor import Sensor
from asman.pipeline import events
from asman.units import SECOND_NS


def test_an_event_is_a_noun_with_keys():
    assert line(events.SourceUnknown(25, 201, "CAT048")) == "source_unknown sac=25 sic=201 category=CAT048"
    assert line(events.SensorSilent("kant", 5)) == "sensor_silent sensor=kant last_ns=5"
    rejected = events.BlocksRejected("f", 2, 77, "no such category")
    assert line(rejected) == 'blocks_rejected feed=f blocks=2 offset=77 reason="no such category"'
    met = events.SensorsMet((Sensor(id="a", lat_deg=0, lon_deg=0), Sensor(id="b", lat_deg=0, lon_deg=0)))
    assert line(met) == "sensors_met sensors=a,b"
    doubted = events.EditionDoubted("CAT021@20/206", "2.7", "23% of 104 records plausible")
    told = 'edition_doubted source=CAT021@20/206 edition=2.7 reason="23% of 104 records plausible"'
    assert line(doubted) == told


def test_noise_is_written_once_a_minute_and_feed_and_added_up(caplog):
    journal = Journal()
    with caplog.at_level(logging.WARNING, logger="asman.node"):
        for second in range(121):
            for feed in ("f", "g"):
                journal.write((events.BlocksRejected(feed, 3, second, "noise"),), second * SECOND_NS)
    lines = [record.message for record in caplog.records if "feed=f " in record.message]
    assert [text.split()[2] for text in lines] == ["blocks=3", "blocks=180", "blocks=180"]


def test_what_an_operator_must_see_is_a_warning(caplog):
    with caplog.at_level(logging.INFO, logger="asman.node"):
        Journal().write((events.SensorSilent("r", 0), events.SensorBack("r", 1)), 0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
