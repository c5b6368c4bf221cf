"""Telling: a node says why a track is what it is, about now or about a time that it can go back to."""

from collections.abc import Callable

import numpy as np

from asman.edge.messages import Told, Why
from asman.pipeline import node
from asman.pipeline.node import NodeState
from asman.units import SECOND_NS


def told(state: NodeState, question: Why, recall: Callable[[int], NodeState] | None) -> Told:
    """Answer a question from a state that nobody else uses; `recall` finds that of an earlier time."""
    now_ns = state.tracker.closed_ns
    end_ns = now_ns if question.at_s is None else min(round(question.at_s * SECOND_NS) + 1, now_ns)
    begin_ns = end_ns - round(question.span_s * SECOND_NS)
    kept_ns = _reach_ns(state)
    if begin_ns < kept_ns and end_ns < now_ns and recall is not None:
        state = recall(end_ns)
    elif end_ns < kept_ns:
        back_s = (now_ns - kept_ns) / SECOND_NS
        return Told(
            refused=f"the plots of that time are no longer kept: this node reaches {back_s:.0f} s back; "
            "from a recording, `asman explain` tells any time"
        )
    found = node.explain(state, question.track, begin_ns, end_ns)
    known = state.tracker.tracks.row
    alive = bool(np.any((known["number"] == question.track) & (known["alive"] == 1)))
    return Told(explanation=found if found.decisions or alive else None)


def _reach_ns(state: NodeState) -> int:
    """How far back plots are kept [ns UTC]."""
    checkpoints = state.tracker.past.checkpoints
    return checkpoints[0][0] if checkpoints else state.tracker.closed_ns
