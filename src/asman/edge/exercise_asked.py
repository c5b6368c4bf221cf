"""What an instructor asks for, read strictly: one event as JSON, which begins now unless it says otherwise.

    {"kind": "emergency", "who": "callsign:MBB101", "code": "7700"}                   now, and stays
    {"kind": "outage", "sensor": "KG-OSH", "after_s": 60, "duration_s": 300}          in a minute, for five

`begin_s` and `end_s` are seconds after the exercise's begin, as in a scenario; `after_s` counts from now and
`duration_s` from the event's begin.
"""

from typing import Any, Final

from asman.errors import InputError
from asman.exercise.events import Event, Ghost, Launch
from asman.exercise.scenario import Scenario, check_event
from asman.exercise.strict import to_struct

#: An event in the past would change what has been sent; this much is only the way of a click to us.
PAST_S: Final = 5.0
#: No exercise is longer than four weeks.
LONGEST_S: Final = 28 * 86_400.0


def asked(raw: Any, scenario: Scenario, now_s: float) -> Event:
    """Return the event that `raw` asks for. Raises InputError with item, problem and mend.

    now_s  s  after the exercise's begin: nothing begins before it
    """
    if not isinstance(raw, dict):
        raise InputError("event", "a JSON object is needed", 'Write {"kind": "outage", "sensor": "..."}.')
    rest = {str(key): value for key, value in raw.items()}
    begin_s = _begin(rest, now_s)
    rest["begin_s"] = begin_s
    if "duration_s" in rest:
        if rest.get("end_s") is not None:
            raise InputError("event: duration_s", "end_s is there as well", "Keep one of them.")
        rest["end_s"] = begin_s + _number(rest.pop("duration_s"), "event: duration_s", 0.0)
    kind: Any = Event  # a union, which to_struct takes and the checker does not call a class
    event: Event = to_struct(rest, kind, "event")
    if isinstance(event, Launch) and event.end_s is not None:
        raise InputError("event", "a launched aircraft flies its waypoints and is gone", "Leave out its end.")
    if isinstance(event, Launch | Ghost):
        _number(event.flight.begin_s, "event: flight.begin_s", 0.0)
    if event.end_s is not None:
        _number(event.end_s, "event: end_s", 0.0)
    check_event(event, scenario, "event")
    return event


def _begin(rest: dict[str, Any], now_s: float) -> float:
    """When it begins; `begin_s` and `after_s` are taken out."""
    after, begin = rest.pop("after_s", None), rest.pop("begin_s", None)
    if after is not None and begin is not None:
        raise InputError("event: after_s", "begin_s is there as well", "Keep one of them.")
    if begin is None:
        return now_s + (0.0 if after is None else _number(after, "event: after_s", 0.0))
    begin_s = _number(begin, "event: begin_s", 0.0)
    if begin_s < now_s - PAST_S:
        raise InputError(
            "event: begin_s",
            f"{begin_s:g} s is past; the exercise stands at {now_s:.1f} s",
            "Leave it out to begin now, or give after_s.",
        )
    return max(begin_s, now_s)


def _number(value: Any, item: str, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= LONGEST_S:
        raise InputError(item, f"needs {least:g} to {LONGEST_S:g} s, not {value!r}", "Correct it.")
    return float(value)
