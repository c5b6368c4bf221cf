"""The reference page names every key of every effect, and every kind of event with its keys."""

import typing
from pathlib import Path

import msgspec

from asman.exercise.effects import CATALOGUE, Effects
from asman.exercise.events import Event

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/effects.md").read_text(encoding="utf-8")


def test_every_key_and_every_effect_stands_on_the_page():
    keys = {field.name for field in msgspec.structs.fields(Effects)} - {"off"}
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()
    assert {effect.name for effect in CATALOGUE if f"| `{effect.name}` |" not in PAGE} == set()


def test_every_effect_turns_off_by_keys_that_exist_and_says_who_says_so():
    keys = {field.name for field in msgspec.structs.fields(Effects)}
    for effect in CATALOGUE:
        assert set(effect.without) <= keys
        assert effect.source


def test_every_kind_of_event_stands_on_the_page_with_its_keys():
    for kind in typing.get_args(Event):
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind.__struct_config__.tag}` |")]
        assert len(rows) == 1
        for field in msgspec.structs.fields(kind):
            assert field.name in ("begin_s", "end_s") or f"`{field.name}`" in rows[0]
