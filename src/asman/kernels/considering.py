"""What is wrong with a track's place however many plots it takes: altitude, registration, latency.

An altitude that nobody knows, a bias that is not learnt yet or a report's age move a sensor's plots the same
way again and again. That is no noise, and no number of plots averages it out: its covariance is kept beside
the filter's and added to what is reported (a Schmidt filter considers it).

Each sensor has a share in the place: what its plots weighed, less what later plots of all sensors took over.
With shares g that sum to 1, covariances H of what is wrong with each sensor's plots, and a correlation r of
two sensors' errors, what is wrong with the place is, at most, the sum over sensors of g (r + (1 - r) g) H: H
where one sensor sees it, and near r H where many do.

Source: S. F. Schmidt, "Application of state-space methods to navigation problems", Advances in Control
Systems 3, 1966.
"""

from typing import Any, Final

from asman.kernels.jit import lent, small
from asman.kernels.trackrows import CONTRIBUTORS

# Structured rows: numpy's types have no names for their fields.
Record = Any

#: Correlation of what is wrong with the plots of two sensors; tuned on NEES.
ERRORS_ALIKE: Final = 0.3


@small
def weight_of(track: Record, noise_m2: float) -> float:
    """Weight in the place of a track of a plot that it is about to take; `noise_m2`: sum of its variances."""
    own = track.cov[0] + track.cov[2]
    return own / (own + noise_m2)


@lent
def reconsider(track: Record, slot: int, weight: float, hee: float, hen: float, hnn: float) -> None:
    """Reckon anew what is wrong with a track's place, after a plot of the sensor in a slot of its `heard`.

    weight         1   of the plot in the place
    hee, hen, hnn  m²  covariance of what no number of its sensor's plots averages out;
                       where H changes, a sensor's is the mean of its plots', by what they weigh
    """
    heard = track.heard
    whole = 0.0
    for i in range(CONTRIBUTORS):
        if heard[i].sensor >= 0:
            heard[i].share *= 1.0 - weight
            whole += heard[i].share
    latest = heard[slot]
    latest.share += weight
    fresh = weight / latest.share
    latest.hee += fresh * (hee - latest.hee)
    latest.hen += fresh * (hen - latest.hen)
    latest.hnn += fresh * (hnn - latest.hnn)
    scale = 1.0 / (whole + weight)
    ee = en = nn = 0.0
    for i in range(CONTRIBUTORS):
        if heard[i].sensor >= 0:
            share = heard[i].share * scale
            part = share * (ERRORS_ALIKE + (1.0 - ERRORS_ALIKE) * share)
            ee += part * heard[i].hee
            en += part * heard[i].hen
            nn += part * heard[i].hnn
    track.consider[0], track.consider[1], track.consider[2] = ee, en, nn
