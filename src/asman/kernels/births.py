"""Births: how many of the plots that fit no track are new aircraft, and how many chance.

Each sensor learns it from what became of the tracks that it began: those that were shown against those that
ended before. Answers with an address, with a code or an altitude, and bare echoes are counted apart, because
chance makes many of these and few of those; and apart from all is who bears the address or the code of
another track, because most of these are its reflections. The counts forget, so the first turns, when every
aircraft is new, do not colour the day. Where nearly all tracks that a sensor begins at an answer with an
address that no other track bears are aircraft, one such answer is enough to show one.

Source: the "birth" of J. Williams, "Marginal multi-Bernoulli filters", IEEE Trans. AES 51(3), 2015, with its
intensity estimated from outcomes, as a Beta-distributed share.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import lent, small

Floats = NDArray[np.float64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any

#: Kinds of plots: an echo alone, an answer with a code or an altitude, an answer with an address, and
#: answers with the code, with the address, of another track.
ECHO: Final = 0
CODED: Final = 1
ADDRESSED: Final = 2
NAMESAKE: Final = 3
TWIN: Final = 4
KINDS: Final = 5
#: Not counted: born where clutter is known to be.
UNCOUNTED: Final = -1

#: What is held before anything is known: shares of new aircraft, and how many outcomes that is worth.
#: Parity protects an address.
PRIOR_SHARE: Final = (0.1, 0.1, 0.5, 0.1, 0.1)
PRIOR_WORTH: Final = 5.0
#: The same of answers with an address, where it matters whether one is enough.
ALONE_SHARE: Final = 0.98
ALONE_WORTH: Final = 20.0
#: No sensor makes so much of chance that fewer than this share of what it sees are new aircraft.
LEAST_ODDS: Final = 5e-4
#: The same of who bears another's address or code: radars that contradict a false report are twins, too.
LEAST_ODDS_OF_TWINS: Final = 1e-2
#: The same where echoes keep coming that nobody took: an aircraft's own are among them until it is shown.
LEAST_ODDS_IN_CLUTTER: Final = 2e-3
#: Outcomes that are remembered.
MEMORY: Final = 200.0


def no_births(sensors: int) -> Floats:
    """Counts (S, KINDS, 2) of tracks that were shown, that ended before, of each sensor's kinds of plots."""
    return np.zeros((sensors, KINDS, 2))


@small
def kind_of(plot: Record) -> int:
    """What kind of plot it is."""
    if plot.address >= 0:
        return ADDRESSED
    return CODED if plot.mode_3a >= 0 or not math.isnan(plot.altitude_m) else ECHO


@small
def birth_odds(births: Floats, sensor: int, kind: int) -> float:
    """New aircraft to chance among plots that fit no track, 0.0005 to 5."""
    prior = PRIOR_WORTH * PRIOR_SHARE[kind]
    odds = (births[sensor, kind, 0] + prior) / (births[sensor, kind, 1] + PRIOR_WORTH - prior)
    return min(max(odds, LEAST_ODDS_OF_TWINS if kind > ADDRESSED else LEAST_ODDS), 5.0)


@small
def aircraft_share(births: Floats, sensor: int) -> float:
    """Share of aircraft among answers with an address with which a sensor begins a track."""
    came, ended = births[sensor, ADDRESSED, 0], births[sensor, ADDRESSED, 1]
    return (came + ALONE_SHARE * ALONE_WORTH) / (came + ended + ALONE_WORTH)


@lent
def came_to(births: Floats, sensor: int, kind: int, outcome: int) -> None:
    """Note that a track begun by a sensor was shown (0) or ended before that (1)."""
    if kind == UNCOUNTED:
        return
    kept = 1.0 - 1.0 / MEMORY
    births[sensor, kind, 0] *= kept
    births[sensor, kind, 1] *= kept
    births[sensor, kind, outcome] += 1.0
