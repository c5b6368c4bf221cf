"""What the reasoning answers about one track."""

import msgspec
import pyarrow as pa
import pytest

from asman.apps import mind
from asman.model.sensor import Sensor
from asman.model.tracks import TRACKS
from asman.pipeline import node


@pytest.fixture
def state(monkeypatch):
    row = dict.fromkeys(TRACKS.names) | {
        "time": 1_780_286_438_039_062_500, "last_plot_time": 1_780_286_438_039_062_501, "track": 7,
        "lat_deg": 42.0, "lon_deg": 74.0, "vn_mps": 1.0, "ve_mps": 2.0, "climb_mps": float("nan"),
        "existence": 0.99, "confirmed": True, "contributors": ["r"], "origin": "KG", "label": "",
        "plots": 3, "simulated": False, "address": 0xABCDEF, "var_e_m2": 1.0,
        "var_n_m2": 1.0, "cov_en_m2": 0.0, "on_ground": False,
    }  # fmt: skip
    table = pa.table({name: pa.array([row[name]], TRACKS.field(name).type) for name in TRACKS.names})
    monkeypatch.setattr(node, "tracks", lambda state, confirmed_only=False: table)
    return node.start("KG", (Sensor(id="r", lat_deg=0, lon_deg=0),), 1_780_286_438_039_062_500)


def test_a_track_is_told_even_at_a_time_that_no_microsecond_holds(state):
    told = mind.entry(state, 7)
    assert told is not None
    assert (told.track, told.address, told.climb_mps, told.altitude_m) == (7, 0xABCDEF, None, None)
    assert msgspec.json.decode(msgspec.json.encode(told))["contributors"] == ["r"]


def test_a_track_that_is_not_there_is_none(state):
    assert mind.entry(state, 8) is None
