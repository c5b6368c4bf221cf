# pyright: basic, reportMissingImports=false
# (the peer is no dependency: it lives in an environment of its own, without types)
"""Stone Soup on the same plots, in its own environment: never imported by Asman, run as a program.

    python peer_stonesoup.py case.npz settings.json out.npz

Built for speed from Stone Soup's parts: plots come as converted positions in one plane, each with its own
rotated covariance, so that the filter is a linear Kalman filter. A radar's plots of one slot of time are
associated together; only tracks near a plot are asked, found by one numpy expression over all tracks. Each
cluster of tracks and plots that share a gate is assigned alone (the same answer as all together). Models
give their matrices without building them from lists each time (`plain` uses Stone Soup's own instead).
Reading the file and making Stone Soup's detections are not timed; nor is asking for the picture.

A plot that no track takes begins one, with a prior of its velocity; `points` updates confirm a track; it
ends after `silence_s` without one. Confirmed tracks choose their plots first.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.probability import JPDAwithEHM2
from stonesoup.functions import gm_reduce_single
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.hypothesiser.probability import PDAHypothesiser
from stonesoup.measures import Mahalanobis
from stonesoup.models.base import TimeVariantModel
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.base import TransitionModel
from stonesoup.models.transition.linear import (
    CombinedLinearGaussianTransitionModel,
    ConstantVelocity,
    LinearGaussianTransitionModel,
)
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.types.array import CovarianceMatrix, StateVector, StateVectors
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.types.update import GaussianStateUpdate
from stonesoup.updater.kalman import KalmanUpdater

BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001  (Stone Soup is quicker with naive times)
H = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 0]])


class QuickPosition(LinearGaussian):
    """Position of (x, vx, y, vy), with a matrix that is not built anew."""

    def matrix(self, **kwargs):
        return H

    def covar(self, **kwargs):
        return self.noise_covar


@lru_cache(maxsize=4096)
def _cv_matrix(dt):
    return np.array([[1.0, dt, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, dt], [0, 0, 0, 1.0]])


@lru_cache(maxsize=4096)
def _cv_noise(dt, q):
    a, b, c = q * dt**3 / 3.0, q * dt**2 / 2.0, q * dt
    return CovarianceMatrix([[a, b, 0, 0], [b, c, 0, 0], [0, 0, a, b], [0, 0, b, c]])


class QuickCV(LinearGaussianTransitionModel, TimeVariantModel, TransitionModel):
    """Nearly constant velocity in two axes; intervals in steps of 1 ms, so that matrices are used again."""

    q = 1.0

    @property
    def ndim_state(self):
        return 4

    def matrix(self, time_interval, **kwargs):
        return _cv_matrix(round(time_interval.total_seconds(), 3))

    def covar(self, time_interval, **kwargs):
        return _cv_noise(round(time_interval.total_seconds(), 3), self.q)


class Table:
    """What the search for near tracks needs of each track, in arrays."""

    def __init__(self):
        self.tracks = []
        self.row = np.zeros((0, 7))  # t, x, vx, y, vy, position variance, velocity variance

    def add(self, track):
        self.tracks.append(track)
        self.row = np.vstack([self.row, self._values(track)])

    def renew(self, i):
        self.row[i] = self._values(self.tracks[i])

    def keep(self, flags):
        self.tracks = [track for track, flag in zip(self.tracks, flags, strict=True) if flag]
        self.row = self.row[flags]

    @staticmethod
    def _values(track):
        state = track.states[-1]
        m, p = np.asarray(state.mean).ravel(), state.covar
        return (state.timestamp - BEGIN).total_seconds(), *m, max(p[0, 0], p[2, 2]), max(p[1, 1], p[3, 3])

    def near(self, at, places, reach_m2, sigmas, q):
        """Pairs (track, plot) near enough to be worth a hypothesis."""
        dt = at - self.row[:, 0]
        x, y = self.row[:, 1] + self.row[:, 2] * dt, self.row[:, 3] + self.row[:, 4] * dt
        variance = self.row[:, 5] + self.row[:, 6] * dt**2 + q * np.abs(dt) ** 3
        # The slot is short, but a fast aircraft moves within it: 30 m more.
        reach = sigmas * np.sqrt(2.0 * (variance[:, None] + reach_m2)) + 30.0
        apart = np.hypot(x[:, None] - places[:, 0], y[:, None] - places[:, 1])
        return np.nonzero(apart < reach)


class Peer:
    """One run."""

    def __init__(self, settings):
        self.settings = settings
        q = settings["q"]
        if settings.get("plain"):
            model = CombinedLinearGaussianTransitionModel([ConstantVelocity(q), ConstantVelocity(q)])
        else:
            model = QuickCV()
            model.q = q
        predictor, self.updater = KalmanPredictor(model), KalmanUpdater(None)
        gate = settings["gate"]
        self.soft = settings["kind"] == "jpda"
        distance = DistanceHypothesiser(predictor, self.updater, Mahalanobis(), missed_distance=gate)
        self.begin = GNNWith2DAssignment(distance)
        if self.soft:
            hypothesiser = PDAHypothesiser(
                predictor, self.updater,
                clutter_spatial_density=settings["clutter_pm2"], prob_detect=settings["pd"],
                prob_gate=1.0 - np.exp(-(gate**2) / 2.0),
            )  # fmt: skip
            self.follow = JPDAwithEHM2(hypothesiser)
        else:
            self.follow = self.begin
        self.firm, self.young = Table(), Table()
        self.number = {}

    def slot(self, at, detections, places, noise):
        """Take a radar's plots of one slot of time."""
        left = self._associate(self.firm, at, detections, places, noise, self.follow, self.soft)
        if left.size:
            some = [detections[i] for i in left]
            still = self._associate(self.young, at, some, places[left], noise[left], self.begin, False)
            self._grow_up()
            for i in still:
                self._start(some[i], noise[left[i]])

    def _associate(self, table, at, detections, places, noise, associator, soft):
        free = np.ones(len(detections), bool)
        if table.tracks and detections:
            pairs = table.near(at, places, noise, self.settings["gate"], self.settings["q"])
            for tracks, plots in _clusters(*pairs):
                chosen = [detections[j] for j in plots]
                when = BEGIN + timedelta(seconds=at) if len(chosen) > 1 else chosen[0].timestamp
                index = {table.tracks[i]: i for i in tracks}
                found = associator.associate(set(index), set(chosen), when)
                where = {id(detections[j]): j for j in plots}
                for track, hypothesis in found.items():
                    used = self._update(track, hypothesis, soft)
                    if used:
                        table.renew(index[track])
                        free[[where[id(one)] for one in used]] = False
        return np.flatnonzero(free)

    def _update(self, track, hypothesis, soft):
        if not soft:
            if not hypothesis:
                return []
            track.append(self.updater.update(hypothesis))
            return [hypothesis.measurement]
        used = [one.measurement for one in hypothesis if one]
        if not used:
            return []
        states, weights = [], []
        latest = max(one.timestamp for one in used)
        for one in hypothesis:
            states.append(self.updater.update(one) if one else one.prediction)
            weights.append(one.probability)
        mean, covar = gm_reduce_single(
            StateVectors([state.state_vector for state in states]),
            np.stack([state.covar for state in states], axis=2), np.asarray(weights, float),
        )  # fmt: skip
        track.append(GaussianStateUpdate(mean, covar, hypothesis, latest))
        return used

    def _grow_up(self):
        grown = [len(track.states) >= self.settings["points"] for track in self.young.tracks]
        if any(grown):
            for track, flag in zip(self.young.tracks, grown, strict=True):
                if flag:
                    self.number[track] = len(self.number)
                    self.firm.add(track)
            self.young.keep(~np.array(grown))

    def _start(self, detection, variance):
        x, y = detection.state_vector[:, 0]
        speed = self.settings["speed_mps"] ** 2
        r = detection.measurement_model.noise_covar
        covar = np.diag([r[0, 0], speed, r[1, 1], speed])
        covar[0, 2] = covar[2, 0] = r[0, 1]
        state = GaussianState(StateVector([x, 0.0, y, 0.0]), CovarianceMatrix(covar), detection.timestamp)
        self.young.add(Track([state]))

    def end(self, at):
        """End tracks that were silent too long."""
        for table, silence in ((self.firm, "silence_s"), (self.young, "young_silence_s")):
            if table.tracks:
                alive = at - table.row[:, 0] <= self.settings[silence]
                if not alive.all():
                    table.keep(alive)

    def picture(self, k, at):
        """Rows (instant, track, mean, covariance of the position) of confirmed tracks."""
        rows = []
        for track in self.firm.tracks:
            state = track.states[-1]
            dt = at - (state.timestamp - BEGIN).total_seconds()
            f = _cv_matrix(dt)
            m = f @ np.asarray(state.mean, float).ravel()
            p = f @ np.asarray(state.covar, float) @ f.T + np.asarray(_cv_noise(dt, self.settings["q"]))
            rows.append((k, self.number[track], *m, p[0, 0], p[0, 2], p[2, 2]))
        return rows


def _clusters(tracks, plots):
    """Tracks and plots that hang together by pairs."""
    parent = {}

    def root(key):
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for i, j in zip(tracks.tolist(), plots.tolist(), strict=True):
        parent[root((0, i))] = root((1, j))
    groups = {}
    for key in parent:
        groups.setdefault(root(key), ([], []))[key[0]].append(key[1])
    return groups.values()


def main():
    """Run one case and write its picture."""
    case, settings, out = np.load(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]
    t, sensor, places, noise, instants = (case[n] for n in ("t", "sensor", "places", "noise", "instants"))
    model = LinearGaussian if settings.get("plain") else QuickPosition
    detections = [
        Detection(
            StateVector(places[i]), timestamp=BEGIN + timedelta(seconds=float(t[i])),
            measurement_model=model(4, (0, 2), CovarianceMatrix(noise[i])),
        )
        for i in range(t.size)
    ]  # fmt: skip
    reach = noise.max(axis=(1, 2))
    slot = np.floor(t / settings["slot_s"]).astype(int)
    order = np.lexsort((t, sensor, slot))
    key = slot[order] * 1000 + sensor[order]
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, [t.size]])
    peer, rows, nxt, spent = Peer(settings), [], 0, 0.0
    began = time.process_time()
    for a, b in pairwise(cuts):
        some = order[a:b]
        if nxt < instants.size and slot[some[0]] * settings["slot_s"] >= instants[nxt] - 1e-9:
            peer.end(instants[nxt])
            spent += time.process_time() - began
            rows += peer.picture(nxt, instants[nxt])
            nxt += 1
            began = time.process_time()
        at = float(t[some].mean())
        peer.end(at)
        peer.slot(at, [detections[i] for i in some], places[some], reach[some])
    spent += time.process_time() - began
    for k in range(nxt, instants.size):
        peer.end(instants[k])
        rows += peer.picture(k, instants[k])
    np.savez(out, rows=np.array(rows, float).reshape(-1, 9))
    print(json.dumps({"cpu_s": spent, "plots": int(t.size), "begun": len(peer.number)}))


if __name__ == "__main__":
    main()
