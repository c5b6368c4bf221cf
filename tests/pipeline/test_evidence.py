"""The plots behind a track, as far back to their octets as there are octets."""

import numpy as np
import pyarrow as pa

from asman.model.explanation import Decision, Explanation
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor
from asman.pipeline import evidence
from asman.tracking import deciding

INSTANT_NS = 1_700_000_000_123_456_789


def heard(recording: str | None, offset: int | None) -> evidence.Heard:
    row = {"sensor": "KANT", "recording": recording, "offset": offset, "address": None, "mode_3a": 0o2104}
    columns = {name: pa.array([value]).cast(PLOTS.field(name).type) for name, value in row.items()}
    time = pa.array([INSTANT_NS], pa.int64()).cast(PLOTS.field("time").type)
    return evidence.Heard(pa.table({"time": time, **columns}), np.array([5]), np.array([INSTANT_NS]))


def test_a_plot_of_a_recording_leads_to_its_octets() -> None:
    (plot,) = evidence.behind((heard("kant.pcap", 420),), 5, ["KANT"], None, 0o2104)
    assert (plot.sensor, plot.recording, plot.offset) == ("KANT", "kant.pcap", 420)


def test_a_plot_of_a_live_feed_has_no_recording_and_says_so() -> None:
    (plot,) = evidence.behind((heard(None, None),), 5, ["KANT"], None, None)
    assert (plot.recording, plot.offset) == (None, None)


def test_a_track_that_nothing_was_heard_of_has_no_plots() -> None:
    assert evidence.behind((heard("kant.pcap", 420),), 6, ["KANT"], None, None) == []


def test_what_is_told_of_a_plot_leads_to_its_octets_at_any_nanosecond() -> None:
    for instant_ns in range(INSTANT_NS, INSTANT_NS + 200):
        time_s = deciding.instant_s(instant_ns)
        given = Decision(time_s=time_s, act="given", reason="alone", sensor="KANT", mode_3a=0o2104)
        missed = Decision(time_s=time_s, act="missed", reason="due", sensor="KANT")
        told = Explanation(track=5, begin_s=0.0, end_s=0.0, reach_s=0.0, decisions=(given, missed))
        plots = heard("kant.pcap", 420).plots
        plots = plots.set_column(0, "time", pa.array([instant_ns], PLOTS.field("time").type))
        found = evidence.traced(told, [plots], (Sensor(id="KANT", lat_deg=0.0, lon_deg=0.0),)).decisions
        assert [one.offset for one in found] == [420, None]
