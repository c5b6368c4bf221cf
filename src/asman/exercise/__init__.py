"""Floor 4: a seeded sky and its sensors: truth, plots and real octets.

    exercise = start(scenario, begin_ns=now)            # or aircraft=5000, seed=7
    swept = sweep(exercise, begin_ns, end_ns)           # plots, their truth index, services
    datagrams = emissions(exercise, begin_ns, end_ns, encode)
    known = sensors(exercise, "KG")                     # what that member's sensors.toml says

Everything is a function of the scenario and the span of time asked for; nothing is remembered between calls.
"""

from asman.exercise.exercise import Exercise, emissions, sensors, start, sweep, truth
from asman.exercise.scenario import Scenario, parse_scenario

__all__ = ["Exercise", "Scenario", "emissions", "parse_scenario", "sensors", "start", "sweep", "truth"]
