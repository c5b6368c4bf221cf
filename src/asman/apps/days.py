"""The day of a recording that holds times of day alone, as its file's name says it."""

import datetime
import re
from typing import Final

#: How a file name says a day, e.g. `tower-2020-10-02.ast` or `20201002_0800.pcap`.
_DAY_IN_NAME: Final = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


def day_in_name(name: str) -> datetime.date | None:
    """Return the first day that a file's name spells, None when it spells none."""
    for match in _DAY_IN_NAME.finditer(name):
        try:
            return datetime.date(*map(int, match.groups()))
        except ValueError:
            continue
    return None
