"""The scenario around Kant that ships inside the package."""

from asman import exercise
from asman.apps.scenarios import find


def scenario() -> exercise.Scenario:
    """Return the sky and the radars that the demo flies."""
    return find("kant").scenario
