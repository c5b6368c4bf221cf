"""Floor 4: a seeded sky and its sensors: truth, plots and real octets.

    exercise = start(scenario, begin_ns=now)            # or aircraft=5000, seed=7
    swept = sweep(exercise, begin_ns, end_ns)           # plots, and who each is of
    datagrams = emissions(exercise, begin_ns, end_ns, encode)
    known = sensors(exercise, "KG")                     # what that member's sensors.toml says
    exercise = inject(exercise, event)                  # an instructor's, while it runs

Everything is a function of the scenario and the span of time asked for; nothing is remembered between calls.
"""

from asman.exercise.effects import CATALOGUE
from asman.exercise.exercise import (
    Exercise,
    amend,
    emissions,
    flying,
    inject,
    messages,
    sensors,
    squitters,
    start,
    sweep,
    sweep_and_emissions,
    truth,
)
from asman.exercise.scenario import Scenario, parse_scenario, without

__all__ = [
    "CATALOGUE",
    "Exercise",
    "Scenario",
    "amend",
    "emissions",
    "flying",
    "inject",
    "messages",
    "parse_scenario",
    "sensors",
    "squitters",
    "start",
    "sweep",
    "sweep_and_emissions",
    "truth",
    "without",
]
