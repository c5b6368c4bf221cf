"""What is wrong with a track's place however many plots it takes: altitude, registration, latency.

An altitude that nobody knows, a bias that is not learnt yet or a report's age move a sensor's plots the same
way again and again. That is no noise, and no number of plots averages it out: its covariance is kept beside
the filter's and added to what is reported (a Schmidt filter considers it).

Source: S. F. Schmidt, "Application of state-space methods to navigation problems", Advances in Control
Systems 3, 1966.
"""

from typing import Any, Final

from asman.kernels.jit import small
from asman.kernels.trackrows import contributor

# Structured rows: numpy's types have no names for their fields.
Record = Any

#: Correlation of what is wrong with the plots of two sensors; tuned on NEES. With 0.5 gates are so narrow
#: before sensors are registered that tracks double.
ERRORS_ALIKE: Final = 0.7


@small
def reconsider(track: Record, sensor: int, noise_m2: float, hee: float, hen: float, hnn: float) -> None:
    """Mix what may be wrong with a plot all along into what may be wrong with the track's place.

    The plot's share of the place is its weight in the update. Errors of one sensor are the same again, those
    of another agree in part: taken as independent, gates close before the sensors are registered.

    noise_m2          m²  sum of the plot's variances
    hee, hen, hnn     m²  covariance of what no number of its sensor's plots averages out
    """
    slot = contributor(sensor, track.heard)
    alike = 1.0 if slot >= 0 and track.heard[slot].last_ns == track.last_ns else ERRORS_ALIKE
    own = track.cov[0] + track.cov[2]
    weight = own / (own + noise_m2)
    keep = (1.0 - weight) * (1.0 - weight + alike * weight)
    add = weight * (weight + alike * (1.0 - weight))
    track.consider[0] = keep * track.consider[0] + add * hee
    track.consider[1] = keep * track.consider[1] + add * hen
    track.consider[2] = keep * track.consider[2] + add * hnn
