"""Days and durations of agreements: ISO 8601 periods on the calendar, in UTC.

A period of years and months is added on the calendar (11 October + P5Y is 11 October), clamped to the last
day of a shorter month; weeks, days and times after that. An agreement ends where the period does: its last
day is the day before.
"""

import calendar
import datetime
import re
from typing import Final

from asman.units import SECOND_NS

_PERIOD: Final = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_WORDS: Final = ("year", "month", "week", "day", "hour", "minute", "second")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
#: Longer than any agreement; keeps the calendar within its years.
LONGEST_YEARS: Final = 100
_LIMITS: Final = (LONGEST_YEARS, 12 * LONGEST_YEARS, 5_300, 36_600, 876_600, 52_600_000, 3_200_000_000)

Period = tuple[int, int, int, int, int, int, int]


def period_of(text: str) -> Period:
    """Years, months, weeks, days, hours, minutes, seconds of e.g. "P5Y" or "PT12H". Raises ValueError."""
    match = _PERIOD.fullmatch(text)
    if match is None or not any(match.groups()) or text.endswith("T"):
        raise ValueError(f"'{text}' is no duration")
    numbers = [int(part or 0) for part in match.groups()]
    if any(number > limit for number, limit in zip(numbers, _LIMITS, strict=True)):
        raise ValueError(f"'{text}' is longer than {LONGEST_YEARS} years")
    return (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6])


def after(moment: datetime.datetime, period: Period, *, times: int = 1) -> datetime.datetime:
    """`moment` plus `times` periods (negative: before it), on the calendar."""
    years, months, weeks, days, hours, minutes, seconds = (times * part for part in period)
    month = moment.year * 12 + moment.month - 1 + 12 * years + months
    year, month = month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    begun = moment.replace(year=year, month=month, day=day)
    return begun + datetime.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def midnight(day: datetime.date) -> datetime.datetime:
    """Where a day begins."""
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)


def to_ns(moment: datetime.datetime) -> int:
    """Nanoseconds since 1970 UTC, exact."""
    gone = moment - _EPOCH
    return (gone.days * 86_400 + gone.seconds) * SECOND_NS + gone.microseconds * 1000


def from_ns(time_ns: int) -> datetime.datetime:
    """The moment, to the microsecond below it."""
    return _EPOCH + datetime.timedelta(microseconds=time_ns // 1000)


def length_ns(text: str) -> int:
    """How long a period is, counted from 1970: for what need not follow the calendar, such as keeping."""
    return to_ns(after(_EPOCH, period_of(text)))


def in_words(text: str) -> str:
    """Say a period: P5Y is 5 years."""
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in zip(period_of(text), _WORDS, strict=True)
        if number
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts) or "no time"


def day_in_words(day: datetime.date) -> str:
    """Say a day: 11 October 2023."""
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def minutes_of(clock: str) -> int:
    """Minutes since midnight of "HH:MM", "24:00" included. Raises ValueError."""
    match = re.fullmatch(r"(\d\d):(\d\d)", clock)
    if match is None or int(match[2]) > 59 or int(match[1]) * 60 + int(match[2]) > 1440:
        raise ValueError(f"'{clock}' is no time of day")
    return int(match[1]) * 60 + int(match[2])
