"""Tracking: plots of one set of contributors become tracks.

    tracker = start(sensors, origin="KG")
    tracker = advance(tracker, plots, until_ns)     # the old one is spent
    table = picture(tracker, until_ns)

Pure: no clock, no chance, no files. The same plots give the same bits, however they were cut into calls.
"""

from asman.tracking.config import TrackerConfig as TrackerConfig
from asman.tracking.estimates import Estimates as Estimates
from asman.tracking.explaining import explain as explain
from asman.tracking.explaining import explain_plots as explain_plots
from asman.tracking.placed import placed as placed
from asman.tracking.telling import counters as counters
from asman.tracking.telling import estimates as estimates
from asman.tracking.telling import picture as picture
from asman.tracking.telling import pressure_offsets as pressure_offsets
from asman.tracking.telling import registration as registration
from asman.tracking.telling import updates as updates
from asman.tracking.tracker import Tracker as Tracker
from asman.tracking.tracker import advance as advance
from asman.tracking.tracker import copy as copy
from asman.tracking.tracker import start as start
from asman.tracking.tracker import with_sensors as with_sensors

__all__ = [
    "Estimates",
    "Tracker",
    "TrackerConfig",
    "advance",
    "copy",
    "counters",
    "estimates",
    "explain",
    "explain_plots",
    "picture",
    "placed",
    "registration",
    "pressure_offsets",
    "start",
    "updates",
    "with_sensors",
]
