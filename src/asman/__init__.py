"""Asman: one sky, many owners.

    import asman
    decoded = asman.decode("capture.pcap")    # .tables["CAT048"] is a pyarrow.Table
    plots = asman.plots(decoded, "sensors.toml")
    tracks = asman.track(plots, "sensors.toml")
    asman.explain(plots, "sensors.toml", track=12)    # why it is what it is
    report = asman.score("truth.parquet", tracks)

Names are imported when they are first used, so that `import asman` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asman.apps.decode import decode as decode
    from asman.apps.explain import explain as explain
    from asman.apps.plots import plots as plots
    from asman.apps.score import score as score
    from asman.apps.score_recorded import score_recorded as score_recorded
    from asman.apps.simulate import simulate as simulate
    from asman.apps.track import track as track

__version__ = "0.1.0"

_HOME = {
    "decode": "asman.apps.decode",
    "explain": "asman.apps.explain",
    "plots": "asman.apps.plots",
    "score": "asman.apps.score",
    "score_recorded": "asman.apps.score_recorded",
    "simulate": "asman.apps.simulate",
    "track": "asman.apps.track",
}

__all__ = ["__version__", "decode", "explain", "plots", "score", "simulate", "track"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'asman' has no attribute '{name}'. Known: {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)
