"""Mode S, SBS and readsb become plots: one row a position, with what the aircraft said beside it."""

import json
import math
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
from tests.wire.modes.test_decode import a_flight, frames
from tests.wire.modes.test_texts import DOCUMENT, SBS

from asman.model.plots import PLOTS
from asman.model.sensor import Sensor
from asman.sensing.discover import discover, template
from asman.sensing.plots import extract
from asman.sensing.sensors_toml import parse
from asman.sensing.timeline import TimelineState
from asman.wire.reading import read

FLIGHT = frames(*a_flight(30))
EAR = Sensor(id="ear", kind="adsb", lat_deg=48.1, lon_deg=11.1)


def plots(octets: bytes, *sensors: Sensor, recording: str = "ear.beast", day: date | None = None):
    found, _ = extract(read(octets), sensors or (EAR,), TimelineState(), recording=recording, date=day)
    assert found.plots.schema.equals(PLOTS)
    return found


def test_every_confirmed_position_is_a_plot_with_what_was_said_lately():
    found = plots(FLIGHT, day=date(2024, 5, 1))
    rows = found.plots.to_pylist()
    assert len(rows) == 60 - 3, "one waits for a pair, two for a second pair"
    last = rows[-1]
    assert (last["sensor"], last["address"], last["callsign"]) == ("ear", 0x3C6586, "DLH4PM")
    assert last["detection"] == "adsb" and last["on_ground"] is False and last["altitude_valid"] is True
    assert abs(last["lat_deg"] - 48.059) < 1e-4 and abs(last["vn_mps"] - 222.0) < 0.3
    assert last["recording"] == "ear.beast"
    # Version 0 says NUCp 7 of this type: 95 % within 0.05 NM, and surely within 0.1 NM.
    assert last["containment_m"] == 185.2 and math.isclose(
        last["sigma_m"], 92.6 / math.sqrt(-2 * math.log(0.05))
    )
    assert found.ignored == {
        "ADSB: no position in the message (velocity, identification, status: used beside positions)": 72,
        "ADSB: position waits for one of the other format": 1,
        "ADSB: position that no second pair has confirmed yet": 2,
    }


def test_a_receivers_clock_counts_from_the_days_begin_where_nobody_says_more():
    rows = plots(FLIGHT, day=date(2024, 5, 1)).plots.to_pylist()
    begin = datetime(2024, 5, 1, tzinfo=UTC).timestamp()
    times = np.array([row["time"].timestamp() - begin for row in rows])
    assert np.allclose(times, 1.5 + 0.5 * np.arange(len(rows)), atol=0.02)


def test_messages_without_any_time_are_counted_not_used():
    octets, _ = a_flight(5)
    text = b"".join(b"*" + one.hex().encode() + b";\n" for one in octets)
    found = plots(text, recording="ear.avr")
    assert found.plots.num_rows == 0
    assert found.ignored["ADSB: no time in the message, and none of its arrival"] == 9


def test_the_receiver_is_the_sensor_of_the_recordings_name_else_the_only_one_without_codes():
    other = Sensor(id="other", kind="adsb", lat_deg=0.0, lon_deg=0.0)
    coded = Sensor(id="coded", kind="adsb", lat_deg=0.0, lon_deg=0.0, sac=1, sic=2)
    assert set(plots(FLIGHT, other, EAR).plots["sensor"].to_pylist()) == {"ear"}
    assert set(plots(FLIGHT, coded, other).plots["sensor"].to_pylist()) == {"other"}
    lost = plots(FLIGHT, coded)
    assert lost.plots.num_rows == 0 and "no sensor of kind adsb" in next(iter(lost.ignored))


def test_a_receiver_that_nobody_named_is_derived_and_its_template_is_read_back():
    found = discover(read(FLIGHT), (), "roof.beast")
    assert [one.id for one in found.sensors] == ["adsb-roof"] and found.missing == ()
    assert abs(found.sensors[0].lat_deg - 48.03) < 0.02 and found.sensors[0].sac is None
    again = parse(template(found.sources), "sensors.toml")
    assert again[0].id == "adsb-roof" and again[0].kind == "adsb"
    assert discover(read(FLIGHT), again, "roof.beast").derived == ()


def test_sbs_and_aircraft_json_become_plots():
    rows = plots(SBS, recording="ear.sbs").plots.to_pylist()
    assert [row["address"] for row in rows] == [0x4840D6, 0x4840D7]
    assert rows[0]["time"].microsecond == 250_000 and rows[1]["on_ground"] is True
    assert abs(rows[1]["ve_mps"] + 12 * 1852 / 3600) < 1e-9
    found = plots(json.dumps(DOCUMENT).encode(), recording="ear.json")
    air, ground, other = found.plots.to_pylist()
    assert (air["mode_3a"], air["callsign"], air["containment_m"]) == (0o7700, "KLM1023", 186.0)
    assert abs(air["ve_mps"] - 450 * 1852 / 3600) < 1e-9 and ground["on_ground"] is True
    assert other["address"] is None and other["containment_m"] == math.inf
    assert found.ignored == {"READSB: no position in the message": 1}


def test_a_position_that_documents_repeat_is_one_plot():
    later = DOCUMENT | {"now": DOCUMENT["now"] + 1.0, "aircraft": [
        one | {"seen_pos": one["seen_pos"] + 1.0} for one in DOCUMENT["aircraft"] if "seen_pos" in one
    ]}  # fmt: skip
    text = json.dumps(DOCUMENT).encode() + b"\n" + json.dumps(later).encode()
    found = plots(text, recording="ear.json")
    assert found.plots.num_rows == 3 and found.ignored["READSB: the same position told again"] == 3


def test_what_our_simulator_wrote_is_marked():
    assert set(plots(FLIGHT, recording="ear.simulated.beast").plots["simulated"].to_pylist()) == {True}
    assert plots(FLIGHT).plots["simulated"].null_count == 57


def test_real_recordings_give_plots(shared_data):
    beast = (shared_data / "modes/beast-one-aircraft-2018-04-03.beast").read_bytes()
    rows = plots(beast, day=date(2018, 4, 3)).plots
    assert rows.num_rows == 62 and set(rows["address"].to_pylist()) == {0x71BE34}
    assert set(rows["callsign"].drop_null().to_pylist()) == {"AAR542"}
    csv = (shared_data / "modes/sample_data_adsb.csv").read_bytes()
    rows = plots(csv).plots
    assert rows.num_rows > 900 and pa.compute.min(rows["time"]).as_py().year == 2016
