"""The scenario around Kant that ships inside the package."""

from importlib.resources import files

from asman import exercise


def scenario() -> exercise.Scenario:
    """Return the sky and the radars that the demo flies."""
    text = files("asman.exercise").joinpath("scenarios/kant.toml").read_text("utf-8")
    return exercise.parse_scenario(text, "kant.toml")
