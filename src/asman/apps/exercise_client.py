"""A small client of a running exercise, for terminals and scripts."""

import tomllib
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from asman.edge.exercise_messages import ExerciseState
from asman.errors import AsmanError, InputError, nearest
from asman.exercise.events import Event

#: A launch into a sky of 20,000 aircraft lays it anew, which takes seconds.
TIMEOUT_S: Final = 60.0
#: What an instructor may say beside the event's own fields: seconds.
_RELATIVE: Final = ("after_s", "duration_s")


class Client:
    """Asks one exercise. `url` may carry the token, as it was printed."""

    def __init__(self, url: str, token: str = "", by: str = "") -> None:
        """Raises InputError for an address that is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InputError(url, "is no address", "Give the one that `asman exercise run` printed.")
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._token = token or dict(parse_qsl(parts.query)).get("token", "")
        self._by = by

    def ask(self, method: str, path: str, body: Any = None) -> str:
        """Return the answer's text. Raises InputError for what the exercise refuses, AsmanError otherwise."""
        headers = {"authorization": f"Bearer {self._token}", "x-instructor": quote(self._by)}
        octets = None
        if body is not None:
            headers["content-type"], octets = "application/json", msgspec.json.encode(body)
        asked = urllib.request.Request(self._base + path, octets, headers, method=method)
        try:
            # The scheme was checked above: nothing but HTTP is opened.
            with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(self._base, error.code, error.read()) from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise AsmanError(f"{self._base} does not answer: {reason}") from error


def _refusal(base: str, code: int, body: bytes) -> AsmanError:
    try:
        told: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        told = {"detail": f"answered {code}"}
    if code == 422:
        return InputError(str(told.get("item")), str(told.get("problem")), str(told.get("mend")))
    if code in (401, 404, 421):
        return InputError(
            base, str(told.get("detail")), "Give the address, or --token, as they were printed."
        )
    return AsmanError(f"{base}: {told.get('detail')}")


def read_events(words: Sequence[str]) -> list[dict[str, Any]]:
    """Read one event from KEY=VALUE pairs, or some from a TOML file. Raises InputError."""
    if len(words) == 1 and "=" not in words[0]:
        return _from_file(Path(words[0]))
    event: dict[str, Any] = {}
    for word in words:
        key, there, value = word.partition("=")
        if not there or not key:
            raise InputError(word, "is no KEY=VALUE", "Write, for example, kind=outage sensor=KG-OSH")
        event[key] = value
    return [_typed(event)]


def _from_file(path: Path) -> list[dict[str, Any]]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is not TOML: {error}") from error
    events = table.get("event", table)
    return events if isinstance(events, list) else [events]


def _typed(event: dict[str, str]) -> dict[str, Any]:
    """Values as their fields want them: 7700 is a code where text is needed, a number elsewhere."""
    kinds = {str(one.__struct_config__.tag): one for one in get_args(Event)}
    kind = event.get("kind", "")
    if kind not in kinds:
        raise InputError(
            "kind", f"'{kind}' is not known" if kind else "is missing", nearest(kind, list(kinds))
        )
    hints = {**get_type_hints(kinds[kind]), **dict.fromkeys(_RELATIVE, float)}
    typed: dict[str, Any] = {"kind": kind}
    for key, value in event.items():
        if key == "kind":
            continue
        if key not in hints:
            raise InputError(key, "unknown key", nearest(key, list(hints)))
        try:
            typed[key] = msgspec.convert(value, hints[key], strict=False)
        except msgspec.ValidationError as error:
            raise InputError(f"{key}={value}", str(error), "Tables need an event.toml.") from error
    return typed


def summary(answer: str) -> str:
    """Say in some lines how an exercise stands. Raises AsmanError for what is no exercise's answer."""
    try:
        state = msgspec.json.decode(answer, type=ExerciseState)
    except msgspec.MsgspecError as error:
        raise AsmanError(f"an exercise of another version answers: {error}") from error
    standing = "ended" if state.ended else "paused" if state.paused else f"running at {state.speed:g}x"
    lines = [
        f"EXERCISE - SIMULATED  {state.title}",
        f"{state.time}  {state.time_s:.0f} s after its begin, {standing}; {state.flying} aircraft fly",
    ]
    for sensor in state.sensors:
        out = f"  OUT ({sensor.out})" if sensor.out else ""
        lines.append(f"  {sensor.id:<16} {sensor.datagrams:>8} to {sensor.to or 'nowhere'}{out}")
    for event in state.events:
        until = "until ended" if event.end_s is None else f"to {event.end_s:.0f} s"
        about = event.event.get("who") or event.event.get("sensor") or ""
        kind = event.event["kind"]
        when = f"{event.begin_s:.0f} s {until}"
        lines.append(f"  {event.id:<5} {event.state:<8} {kind} {about}  {when}  {event.by}".rstrip())
    return "\n".join(lines)
