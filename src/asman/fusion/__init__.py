"""Fusion: what partners know of an aircraft joins what is known here, and nothing counts twice.

    measurement = equivalent_measurement(before, after, motion)   # at the sender: what was learned since
    estimate = fuse(predict(estimate, motion), measurement)       # at the receiver
    estimate = intersect(estimate, theirs)                        # where nobody knows what theirs is made of

Pure and linear: estimates of a state in one frame; `in_plane` brings a measurement into another one.
"""

from asman.fusion.equivalent import EquivalentMeasurement as EquivalentMeasurement
from asman.fusion.equivalent import as_linear as as_linear
from asman.fusion.equivalent import distance2 as distance2
from asman.fusion.equivalent import equivalent_measurement as equivalent_measurement
from asman.fusion.equivalent import fuse as fuse
from asman.fusion.estimate import Estimate as Estimate
from asman.fusion.estimate import Motion as Motion
from asman.fusion.estimate import constant_velocity as constant_velocity
from asman.fusion.estimate import predict as predict
from asman.fusion.intersection import intersect as intersect
from asman.fusion.planes import estimate_in_plane as estimate_in_plane
from asman.fusion.planes import in_plane as in_plane

__all__ = [
    "EquivalentMeasurement",
    "Estimate",
    "Motion",
    "as_linear",
    "constant_velocity",
    "distance2",
    "equivalent_measurement",
    "estimate_in_plane",
    "fuse",
    "in_plane",
    "intersect",
    "predict",
]
