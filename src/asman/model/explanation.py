"""Explanation: why a track is what it is, decision by decision, with the weights and what else was close."""

from typing import Literal

import msgspec

#: What became of a plot, or of the track.
Act = Literal[
    "begun", "given", "confirmed", "split", "lost", "shared", "missed", "absorbed", "merged", "ended"
]


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """What a plot is worth to a track.

    distance2       1           squared Mahalanobis distance, 2 degrees of freedom
    log_likelihood  log 1/m²    density of the plot's place under the mixture of the motion models
    gain            1           log odds "of this track" against "of nobody known"; null: out of the gate
    share           1           weight among all that could have the plot, nobody known among them; 0 to 1
    by_place, by_altitude, by_mode_3a, by_address  1  what each kind of evidence adds to `gain`
    """

    distance2: float
    log_likelihood: float
    gain: float | None
    share: float
    by_place: float | None = None
    by_altitude: float = 0.0
    by_mode_3a: float = 0.0
    by_address: float = 0.0


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """Another track that was near a plot, and whether it got that, another one, or none."""

    track: int
    weight: Weight
    got: Literal["this", "another", "none"]


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Another plot that the track could have had in the same window; `to` got it, null: nobody known."""

    time_s: float
    sensor: str
    weight: Weight
    to: int | None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a track.

    time_s     s     UTC epoch: of the plot, or of the whole second at which the track was looked after
    act              begun: at this plot; given: it got the plot; confirmed: it is shown from here on;
                     split: the second plot of one turn, dropped;
                     lost: it wanted the plot, another got it;
                     shared: another got it, and the radar may not tell the two apart: it stands for both;
                     missed: a plot that was due did not come;
                     absorbed: another track of the same aircraft ended in it; merged: it ended in another;
                     ended: for want of evidence
    reason           one word, as docs/reference/explanation.md lists them
    text             the same in a sentence
    sensor, address, mode_3a, altitude_m, recording, offset   of the plot; null where there is none
    weight           null where nothing was weighed
    existence_before, existence   1   probability that there is an aircraft, before and after
    confirmed        whether it was shown after this
    rivals           other tracks near the plot, the weightiest first
    others           other plots near the track in the same window
    track            the other track of a merger, or that got the plot, alone or to share
    """

    time_s: float
    act: Act
    reason: str
    text: str = ""
    sensor: str | None = None
    address: int | None = None
    mode_3a: int | None = None
    altitude_m: float | None = None
    recording: str | None = None
    offset: int | None = None
    weight: Weight | None = None
    existence_before: float | None = None
    existence: float | None = None
    confirmed: bool = False
    rivals: tuple[Rival, ...] = ()
    others: tuple[Other, ...] = ()
    track: int | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a track is what it is.

    begin_s, end_s   s  UTC epoch: what was looked at
    reach_s          s  UTC epoch: nothing before it can be explained here, because its plots are not kept
    decisions           in order of time
    """

    track: int
    begin_s: float
    end_s: float
    reach_s: float
    decisions: tuple[Decision, ...]
