"""One root of errors, sorted by blame: the operator's, the sensor's, a partner's, or ours.

A message names the item, what was needed, what was there, and the mend. The command line turns an
`InputError` into exit code 2 and everything else into exit code 1.
"""

from collections.abc import Sequence
from difflib import get_close_matches


class AsmanError(Exception):
    """Root of every error that Asman raises on purpose."""


class InputError(AsmanError):
    """The user's input was wrong: a file, an option, a field. Exit code 2.

    item    what was looked at, e.g. a path or "sensors.toml: sensor[2].period_s"
    problem what was needed and what was there
    mend    what the user can do about it
    """

    def __init__(self, item: str, problem: str, mend: str = "") -> None:
        self.item = item
        self.problem = problem
        self.mend = mend
        super().__init__(f"{item}: {problem}" + (f". {mend}" if mend else ""))


class ConfigError(InputError):
    """The operator's configuration is wrong."""


class FeedError(AsmanError):
    """A sensor's octets cannot be used; blame lies with the feed."""


class PartnerError(AsmanError):
    """A partner sent what its agreement or the protocol does not allow."""


def nearest(word: str, known: Sequence[str]) -> str:
    """Return "did you mean 'x'?" for the known word nearest to `word`, or the list of what is known."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean '{close[0]}'?" if close else "Known: " + ", ".join(sorted(known))
