"""What a tracker knows, as estimates: a nation that is sent what another learns knows more than alone."""

import numpy as np
import pytest
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table, radar

from asman import tracking
from asman.fusion import constant_velocity, equivalent_measurement, fuse, predict
from asman.fusion.estimate import Estimate
from asman.fusion.planes import estimate_in_plane, in_plane
from asman.model.plots import PLOTS

S = 10**9
A, B = radar("A", 43.0, 75.0), radar("B", 43.4, 76.0)


def one_of(estimates, i):
    return (
        Estimate(estimates.time_ns, estimates.mean[i], estimates.covariance[i]),
        (float(estimates.lat_deg[i]), float(estimates.lon_deg[i])),
    )


@pytest.fixture(scope="module")
def sky():
    rng = np.random.default_rng(6)
    sky = fly(rng, 25, 200, spread_m=70_000.0, turning=False)
    parts = {site.id: plots_table([observe(rng, sky, site, 200)], sky)[0] for site in (A, B)}
    return sky, parts


def start(site, plots, seconds):
    return tracking.advance(tracking.start((site,), origin="KG"), plots, (EPOCH_S + seconds) * S)


def until(tracker, seconds):
    return tracking.advance(tracker, PLOTS.empty_table(), (EPOCH_S + seconds) * S)


def test_an_estimate_says_what_the_picture_says(sky):
    _, parts = sky
    tracker = start(A, parts["A"], 100)
    at = (EPOCH_S + 100) * S
    estimates = tracking.estimates(tracker, at, confirmed_only=True)
    picture = tracking.picture(tracker, at, confirmed_only=True)
    assert estimates.track.tolist() == picture["track"].to_pylist()
    assert estimates.covariance[:, 0, 0] == pytest.approx(picture["var_e_m2"].to_numpy())
    assert estimates.covariance[:, 0, 1] == pytest.approx(picture["cov_en_m2"].to_numpy())
    assert (np.linalg.eigvalsh(estimates.covariance) > 0).all()
    lat = np.radians(estimates.lat_deg) + estimates.mean[:, 1] / 6.36e6
    assert np.degrees(lat) == pytest.approx(picture["lat_deg"].to_numpy(), abs=2e-3)


def test_a_partner_s_equivalent_measurements_make_a_track_better(sky):
    """B's radar is KZ's. Every 8 s KZ sends what it learned; KG joins it to what its own radar knows."""
    truth, parts = sky
    step, turns = 8, range(104, 197, 8)
    mine, theirs = start(A, parts["A"], 96), start(B, parts["B"], 96)
    begin = (EPOCH_S + 96) * S
    old = {"mine": tracking.estimates(mine, begin), "theirs": tracking.estimates(theirs, begin)}
    address = {}
    for name, tracker in (("mine", mine), ("theirs", theirs)):
        picture = tracking.picture(tracker, (EPOCH_S + 96) * S, confirmed_only=True)
        address[name] = dict(zip(picture["address"].to_pylist(), picture["track"].to_pylist(), strict=True))
    common = [a for a in address["mine"] if a is not None and a in address["theirs"]]
    motion = constant_velocity(step, 1.0)
    joined = {}
    for a in common:
        i = int(np.flatnonzero(old["mine"].track == address["mine"][a])[0])
        joined[a] = one_of(old["mine"], i)
    errors = {"alone": [], "joined": []}
    for now in turns:
        mine, theirs = until(mine, now), until(theirs, now)
        at_ns = (EPOCH_S + now) * S
        new = {"mine": tracking.estimates(mine, at_ns), "theirs": tracking.estimates(theirs, at_ns)}
        for a in common:
            for name in ("mine", "theirs"):
                i = np.flatnonzero(old[name].track == address[name][a])
                j = np.flatnonzero(new[name].track == address[name][a])
                if not (i.size and j.size and a in joined):
                    joined.pop(a, None)
                    continue
                before, at = one_of(old[name], int(i[0]))
                after, there = one_of(new[name], int(j[0]))
                told = equivalent_measurement(estimate_in_plane(before, at, there), after, motion)
                estimate, here = joined[a]
                if estimate.time_ns < told.time_ns:
                    estimate = predict(estimate, motion, told.time_ns)
                joined[a] = fuse(estimate, in_plane(told, there, here)), here
        old = new
    who = {int(address_): w for w, address_ in enumerate(truth.address)}
    estimates = tracking.estimates(mine, (EPOCH_S + turns[-1]) * S)
    for a, last in joined.items():
        i = int(np.flatnonzero(estimates.track == address["mine"][a])[0])
        for name, (estimate, origin) in (("alone", one_of(estimates, i)), ("joined", last)):
            lat = np.degrees(truth.lat[who[a], turns[-1]])
            lon = np.degrees(truth.lon[who[a], turns[-1]])
            local = estimate_in_plane(estimate, origin, (lat, lon))
            errors[name].append(np.hypot(*local.mean[:2]))
    assert len(errors["joined"]) > 12
    assert np.sqrt(np.mean(np.square(errors["joined"]))) < 0.8 * np.sqrt(np.mean(np.square(errors["alone"])))
