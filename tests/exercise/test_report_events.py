"""What jammers, spoofers, crews, faults and hills make of reports."""

import math

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from tests.exercise.reporting import EVERYWHERE, SECOND, SYSTEM, errors, scene, skies, truly

from asman.exercise.elements import ScriptedFlight, Traffic, Waypoint
from asman.exercise.events import (
    AddressChange,
    Emergency,
    Ghost,
    GnssJamming,
    Outage,
    SpoofCircle,
    SpoofDrift,
    TransponderLost,
)
from asman.exercise.reports import report
from asman.exercise.sky import make_sky
from asman.exercise.terrain import make_masks
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.navigation import CIRCLE_M, CIRCLE_MPS, COASTING_SHARE
from asman.kernels.radar import OF_GHOST, OF_REPORT, OF_SPOOF

CENTRE = (43.0, 74.5)


def _told(scenario, seconds=20, first=0):
    sky, begin = skies(scenario)
    return report(scenario, sky, begin + first * SECOND, begin + seconds * SECOND), sky


def _apart(true, place):
    """Distance over ground [m] of true places (rad) from a place (deg)."""
    lat, lon = np.radians(place)
    h = np.sin((true[:, 0] - lat) / 2) ** 2
    h += np.cos(true[:, 0]) * math.cos(lat) * np.sin((true[:, 1] - lon) / 2) ** 2
    return 2.0 * MEAN_RADIUS_M * np.arcsin(np.sqrt(h))


def test_jamming_takes_positions_away_or_their_integrity_within_its_circle_and_time(kant):
    jamming = GnssJamming(lat_deg=43.0, lon_deg=74.5, radius_m=250_000.0, begin_s=5.0, end_s=15.0)
    traffic = Traffic(overflights=1_500, mode_ac=0.0, adsb=1.0)
    clean, sky = _told(scene(kant, traffic=traffic, gnss_sigma_m=6.0))
    said, _ = _told(scene(kant, traffic=traffic, gnss_sigma_m=6.0, event=[jamming]))
    true = truly(sky, clean.aircraft, clean.at_ns)
    seconds = (clean.at_ns - sky.begin_ns) / SECOND
    hit = (_apart(true, CENTRE) < 250_000.0) & (seconds >= 5.0) & (seconds < 15.0)
    lost = set(zip(clean.aircraft.tolist(), clean.at_ns.tolist(), strict=True)) - set(
        zip(said.aircraft.tolist(), said.at_ns.tolist(), strict=True)
    )
    victims = np.unique(clean.aircraft[hit])
    silenced = {aircraft for aircraft, _ in lost}
    assert 200 < victims.size < 1_200
    assert silenced <= set(victims.tolist())
    bound = 4.0 * math.sqrt(0.21 / victims.size)
    assert len(silenced) / victims.size == pytest.approx(1.0 - COASTING_SHARE, abs=bound)
    coasting = said.quality["nic"].to_numpy() == 0
    assert set(said.aircraft[coasting].tolist()) == set(victims.tolist()) - silenced
    assert (said.quality["nacp"].to_numpy()[coasting] == 0).all()
    assert (said.quality["sil"].to_numpy()[coasting] == 0).all()
    assert said.plots["sigma_m"].filter(pa.array(coasting)).null_count == coasting.sum()
    assert np.isinf(said.plots["containment_m"].to_numpy()[coasting]).all()
    off = np.hypot(*errors(said, sky)[0].T)
    assert 400.0 < np.median(off[coasting]) < 1_500.0
    assert off[~coasting].max() < 50.0


def test_who_is_not_jammed_says_what_it_says_anyway(kant):
    jamming = GnssJamming(lat_deg=43.0, lon_deg=74.5, radius_m=150_000.0)
    clean, sky = _told(scene(kant, gnss_sigma_m=6.0))
    said, _ = _told(scene(kant, gnss_sigma_m=6.0, event=[jamming]))
    far = _apart(truly(sky, clean.aircraft, clean.at_ns), CENTRE) > 151_000.0
    rest = _apart(truly(sky, said.aircraft, said.at_ns), CENTRE) > 151_000.0
    assert far.sum() > 1_000
    assert clean.plots.filter(pa.array(far)).equals(said.plots.filter(pa.array(rest)))


def test_a_jammer_does_not_reach_below_its_horizon(kant):
    low = Traffic(drones=0, low_flyers=200, mode_ac=0.0, adsb=1.0)
    jamming = GnssJamming(lat_deg=43.0, lon_deg=74.5, radius_m=400_000.0)
    scenario = scene(kant, traffic=low, event=[jamming])
    said, sky = _told(scenario)
    true = truly(sky, said.aircraft, said.at_ns)
    reach = np.sqrt(2.0 * 4.0 / 3.0 * MEAN_RADIUS_M * true[:, 2])
    apart = _apart(true, CENTRE)
    sound = said.quality["nic"].to_numpy() > 0
    assert sound.sum() > 50
    assert (apart[sound] > reach[sound] - 1_000.0).all()
    assert (apart[~sound] < reach[~sound] + 1_000.0).all()


def test_a_spoofed_aircraft_drifts_off_and_looks_sound(kant):
    drift = SpoofDrift(who="overflight:3", east_mps=12.0, north_mps=-5.0, begin_s=10.0, end_s=70.0)
    said, sky = _told(scene(kant, event=[drift]), 90)
    error, true = errors(said, sky)
    since = (said.at_ns - sky.begin_ns) / SECOND - 10.0
    led = said.cause == OF_SPOOF
    assert set((said.aircraft[led] % (1 << 20)).tolist()) == {2}
    assert ((since[led] > 0.0) & (since[led] < 60.0)).all()
    assert led.sum() >= 58
    # The offset is laid on the ground, the error is measured at the aircraft's height.
    assert np.abs(error[led] - np.c_[12.0 * since[led], -5.0 * since[led]]).max() < 0.5
    speed = np.c_[said.plots["ve_mps"].to_numpy(), said.plots["vn_mps"].to_numpy()][led]
    assert np.abs(speed - true[led][:, [4, 3]] - (12.0, -5.0)).max() < 1e-6
    assert np.abs(error[~led]).max() < 1e-5
    assert set(said.quality["nacp"].to_numpy()[led].tolist()) == {11}


def test_a_circle_spoofer_shows_everybody_at_one_place(kant):
    circle = SpoofCircle(lat_deg=43.0, lon_deg=74.5, radius_m=200_000.0, to_lat_deg=43.06, to_lon_deg=74.48)
    said, sky = _told(scene(kant, event=[circle]))
    led = said.cause == OF_SPOOF
    true = truly(sky, said.aircraft, said.at_ns)
    assert np.unique(said.aircraft[led]).size > 20
    assert (_apart(true[led], CENTRE) < 200_000.0).all()
    claimed = np.radians(np.c_[said.plots["lat_deg"].to_numpy(), said.plots["lon_deg"].to_numpy()])
    assert _apart(claimed[led], (43.06, 74.48)) == pytest.approx(CIRCLE_M, rel=2e-3)
    speed = np.hypot(said.plots["vn_mps"].to_numpy(), said.plots["ve_mps"].to_numpy())
    assert speed[led] == pytest.approx(CIRCLE_MPS)
    # The barometer knows nothing of satellites.
    assert np.abs(said.plots["pressure_altitude_m"].to_numpy() - true[:, 2]).max() < 1e-3


GHOST = ScriptedFlight(
    id="phantom",
    waypoint=(Waypoint(lat_deg=43.0, lon_deg=74.0), Waypoint(lat_deg=43.0, lon_deg=76.0)),
    speed_mps=200.0, altitude_m=9_000.0, address=0xABCDEF, callsign="PHANTOM", mode_3a="1234", begin_s=5.0,
)  # fmt: skip


def test_a_ghost_is_in_reports_and_nowhere_else(kant):
    ghost = Ghost(flight=GHOST, begin_s=10.0, end_s=60.0)
    scenario = scene(kant, EVERYWHERE, SYSTEM, event=[ghost])
    said, sky = _told(scenario, 80)
    clean, _ = _told(scene(kant, EVERYWHERE, SYSTEM), 80)
    false = said.cause == OF_GHOST
    assert (said.aircraft[false] == -1).all()
    assert (said.aircraft[~false] >= 0).all()
    assert said.plots.filter(pa.array(~false)).equals(clean.plots)
    rows = said.plots.filter(pa.array(false))
    assert 43 <= rows.num_rows <= 47
    seconds = (said.at_ns[false] - sky.begin_ns) / SECOND
    # Its flight begins 5 s after the event, and is over when the event is.
    assert seconds.min() >= 15.0
    assert seconds.max() < 60.0
    assert set(rows["address"].to_pylist()) == {0xABCDEF}
    assert set(rows["callsign"].to_pylist()) == {"PHANTOM"}
    assert set(rows["mode_3a"].to_pylist()) == {0o1234}
    assert set(rows["detection"].to_pylist()) == {"adsb"}
    east = (
        (rows["lon_deg"].to_numpy() - 74.0) * math.radians(1.0) * MEAN_RADIUS_M * math.cos(math.radians(43.0))
    )
    assert east == pytest.approx(200.0 * (seconds - 15.0), rel=5e-3, abs=20.0)


def test_a_crew_squawks_an_emergency(kant):
    event = Emergency(who="overflight:1", code="7600", begin_s=5.0, end_s=10.0)
    said, sky = _told(scene(kant, EVERYWHERE, SYSTEM, event=[event]))
    seconds = (said.at_ns - sky.begin_ns) / SECOND
    about = (said.aircraft % (1 << 20) == 0) & (seconds >= 5.0) & (seconds < 10.0)
    assert about.sum() >= 5
    code = said.plots["mode_3a"].to_numpy()
    assert ((code == 0o7600) == about).all()
    assert ((said.quality["emergency"].to_numpy() == 4) == about).all()


@pytest.mark.parametrize(
    ("what", "kinds"), [("adsb", {"mlat"}), ("all", set()), ("altitude", {"adsb", "mlat"})]
)
def test_a_transponder_is_lost(kant, what, kinds):
    sensors = (EVERYWHERE, SYSTEM)
    said, sky = _told(scene(kant, *sensors))
    both = [
        one
        for one in np.unique(said.aircraft).tolist()
        if set(said.sensor[said.aircraft == one].tolist()) == {0, 1}
    ]
    line = both[0] % (1 << 20)
    lost = TransponderLost(who=f"callsign:{_callsign(said, both[0])}", what=what, begin_s=8.0)
    said, _ = _told(scene(kant, *sensors, event=[lost]))
    after = (said.aircraft % (1 << 20) == line) & (said.at_ns >= sky.begin_ns + 8 * SECOND)
    before = (said.aircraft % (1 << 20) == line) & ~after
    rows = said.plots.filter(pa.array(after))
    assert set(said.plots.filter(pa.array(before))["detection"].to_pylist()) == {"adsb", "mlat"}
    assert set(rows["detection"].to_pylist()) == kinds
    if what == "altitude":
        for column in ("pressure_altitude_m", "geometric_altitude_m"):
            assert rows[column].null_count == rows.num_rows
        assert said.plots.filter(pa.array(before))["pressure_altitude_m"].null_count == 0


def _callsign(said, aircraft):
    return said.plots.filter(pa.array(said.aircraft == aircraft))["callsign"][0].as_py()


def test_an_address_changes(kant):
    change = AddressChange(who="overflight:2", address=0x123456, begin_s=5.0)
    said, sky = _told(scene(kant, event=[change]))
    about = (said.aircraft % (1 << 20) == 1) & (said.at_ns >= sky.begin_ns + 5 * SECOND)
    assert ((said.plots["address"].to_numpy() == 0x123456) == about).all()
    assert about.any()


def test_a_sensor_that_is_out_says_nothing(kant):
    out = Outage(sensor="A", begin_s=5.0, end_s=12.0)
    said, sky = _told(scene(kant, EVERYWHERE, SYSTEM, event=[out]))
    seconds = (said.at_ns - sky.begin_ns) / SECOND
    heard = seconds[said.sensor == 0]
    assert not ((heard >= 5.0) & (heard < 12.0)).any()
    assert ((seconds[said.sensor == 1] >= 5.0) & (seconds[said.sensor == 1] < 12.0)).any()
    part = Outage(sensor="A", part="psr")
    whole, _ = _told(scene(kant, event=[part]))
    assert (whole.cause == OF_REPORT).sum() > 1_000


def test_hills_hide_aircraft_from_receivers_but_not_where_the_effect_is_off(kant):
    near = msgspec.structs.replace(EVERYWHERE, range_max_m=300_000.0)
    scenario, off = (scene(kant, near, SYSTEM, terrain=on) for on in (True, False))
    sky = make_sky(scenario)
    masks = make_masks(None, scenario.sensor, [20.0, 20.0], [4.0 / 3.0, 4.0 / 3.0])
    # A wall to the east, as high as one cares to look: rows are azimuths, of which smooth ground needs one.
    wall = np.full((2, 8, masks.sine.shape[2]), -1.0, np.float32)
    wall[:, 1:4] = 1.0
    masks = msgspec.structs.replace(masks, sine=wall)
    begin = sky.begin_ns
    clear = report(scenario, sky, begin, begin + 10 * SECOND)
    behind = report(scenario, sky, begin, begin + 10 * SECOND, masks)
    assert report(off, sky, begin, begin + 10 * SECOND, masks).plots.equals(clear.plots)
    east = truly(sky, clear.aircraft, clear.at_ns)[:, 1] > math.radians(74.5)
    beyond = np.abs(clear.plots["lat_deg"].to_numpy() - 43.0) < 0.3 * np.abs(
        clear.plots["lon_deg"].to_numpy() - 74.5
    )
    adsb = clear.sensor == 0
    kept = set(zip(behind.sensor.tolist(), behind.aircraft.tolist(), behind.at_ns.tolist(), strict=True))
    got = np.array(
        [
            key in kept
            for key in zip(clear.sensor.tolist(), clear.aircraft.tolist(), clear.at_ns.tolist(), strict=True)
        ]
    )
    assert (adsb & beyond & east).sum() > 20
    assert not got[adsb & beyond & east].any()
    assert got[adsb & beyond & ~east].all()
    assert got[~adsb].all()
