"""Wording: a decision in a sentence that an operator can read aloud."""

import math
from typing import Final

from asman.model.explanation import Decision, Other, Rival, Weight

#: reason of a plot that was given -> why
_GIVEN: Final = {
    "address": "it bears the track's address",
    "jump": "it bears the track's address, and an aircraft could have come so far from where it was expected",
    "alone": "no other track and no other plot of this sensor came into question",
    "best": "it fitted best of all that came into question",
    "sum": "together with what the other tracks got, this explains the plots best",
    "newborn": "it lies where the track began a moment before",
}
_BEGUN: Final = {
    "nobody": "no track had it in its gate",
    "left": "the tracks that had it in their gates got other plots",
    "twin": "another track bears its address, too far away: perhaps a reflection, so it must prove itself",
}
_SPLIT: Final = {
    "turn": "the sensor has seen the track in this turn already",
    "torn": "the sensor's other plot beside it was taken: one aircraft, seen in two pieces",
    "rival": "another track got a plot of this sensor right beside it",
}
_ENDED: Final = {
    "existence": "too little speaks for an aircraft being there",
    "coasting": "no plot came for longer than any track may live without",
    "speed": "no aircraft flies so fast",
}

_CONFIRMED = {
    "existence": "plots and existence suffice",
    "address": "hardly any track that this sensor began at an address that none bears came to nothing",
}


def worded(decision: Decision) -> str:
    """The sentence of a decision."""
    match decision.act:
        case "begun":
            why = _BEGUN[decision.reason]
            text = f"The track began at a plot of {_plot(decision)}: {why}. {_existence(decision)}"
        case "given":
            text = f"It got a plot of {_plot(decision)}: {_GIVEN[decision.reason]}{_weight(decision.weight)}."
            text += f" {_existence(decision)}"
        case "confirmed":
            text = f"From here on it is shown: {_CONFIRMED[decision.reason]}."
        case "split":
            text = f"A plot of {_plot(decision)} was dropped: {_SPLIT[decision.reason]}."
        case "lost":
            text = f"A plot of {_plot(decision)} went to track {decision.track}{_weight(decision.weight)}."
        case "shared":
            text = f"A plot of {_plot(decision)} went to track {decision.track}; the radar may not have told"
            text += " the two apart, so it stands for this one too."
        case "missed":
            text = f"A plot of {decision.sensor} was due and did not come. {_existence(decision)}"
        case "absorbed":
            text = f"{_track(decision.track)} followed the same aircraft and ended in this one."
        case "merged":
            text = f"It followed the same aircraft as {_track(decision.track).lower()} and ended in it."
        case "ended":
            text = f"The track ended: {_ENDED[decision.reason]}. {_existence(decision)}"
    return " ".join([text.strip(), *map(_rival, decision.rivals), *map(_other, decision.others)])


def _plot(decision: Decision) -> str:
    """Sensor and marks of a plot."""
    marks = [
        "" if decision.address is None else f"address {decision.address:06X}",
        "" if decision.mode_3a is None else f"code {decision.mode_3a:04o}",
        "" if decision.altitude_m is None else f"FL{max(decision.altitude_m, 0.0) / 30.48:03.0f}",
    ]
    said = ", ".join(mark for mark in marks if mark)
    return f"{decision.sensor} ({said or 'an echo without marks'})"


def _weight(weight: Weight | None) -> str:
    if weight is None:
        return ""
    return f" ({_sigmas(weight)} from where it was expected, weight {_percent(weight.share)})"


def _sigmas(weight: Weight) -> str:
    return f"{math.sqrt(max(weight.distance2, 0.0)):.1f} sigma"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if 0.01 <= share <= 0.99 or share == 0.0 else f"{100.0 * share:.3g} %"


def _existence(decision: Decision) -> str:
    if decision.existence is None:
        return ""
    before, after = (
        "" if value is None else f"{value:.4f}" for value in (decision.existence_before, decision.existence)
    )
    if before in ("", after):
        return f"Existence {after}."
    return f"Existence {before} -> {after}."


def _track(number: int | None) -> str:
    return "Another track" if number is None else f"Track {number}"


def _rival(rival: Rival) -> str:
    near = f"Track {rival.track}, {_sigmas(rival.weight)} away,"
    got = {"this": "got it", "another": "got another plot", "none": "got none"}[rival.got]
    if rival.weight.gain is None:
        return f"{near} was out of the question." if rival.got == "none" else f"{near} {got}."
    return f"{near} had a weight of {_percent(rival.weight.share)} and {got}."


def _other(other: Other) -> str:
    to = "nobody" if other.to is None else f"track {other.to}"
    return f"Another plot of {other.sensor}, {_sigmas(other.weight)} away, went to {to}."
