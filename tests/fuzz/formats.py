"""All that foreign octets come in: how inputs of each are made, and what must hold of them."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from tests.fuzz import (
    judge_asterix,
    judge_files,
    judge_messages,
    judge_partners,
    messages,
    partners,
    recordings,
    sapient,
)
from tests.fuzz.memory import Guarded
from tests.fuzz.records import EDITIONS, blocks

Inputs = list[bytes]


class Format(NamedTuple):
    """One format.

    share  of all inputs
    batch  inputs that are judged in one call; a batch has a number, which for ASTERIX names the edition
    make   (number, chance, how many) -> inputs
    judge  (number, inputs, memory) -> how often what came of them
    """

    share: float
    batch: int
    make: Callable[[int, Random, int], Inputs]
    judge: Callable[[int, Inputs, Guarded], Counter[str]]


def edition(number: int) -> tuple[int, str]:
    return EDITIONS[number % len(EDITIONS)]


def _make_asterix(number: int, draw: Random, count: int) -> Inputs:
    return blocks(*edition(number), draw, count)


def _judge_asterix(number: int, inputs: Inputs, memory: Guarded) -> Counter[str]:
    return judge_asterix.judge(inputs, *edition(number), memory, twice=number % 4 == 0)


def _make_file(kind: str, _: int, draw: Random, count: int) -> Inputs:
    return recordings.files(kind, draw, count)


def _judge_file(_: int, inputs: Inputs, memory: Guarded) -> Counter[str]:
    return judge_files.judge_files(inputs, memory, every=100)


def _make_message(form: str, _: int, draw: Random, count: int) -> Inputs:
    return messages.streams(form, draw, count)


def _judge_message(form: str, _: int, inputs: Inputs, memory: Guarded) -> Counter[str]:
    return judge_messages.judge(form, inputs, memory)


def _plain(
    share: float, make: Callable[[Random, int], Inputs], judge: Callable[[Inputs], Counter[str]]
) -> Format:
    return Format(share, 100, lambda _, draw, count: make(draw, count), lambda _, inputs, __: judge(inputs))


FORMATS: dict[str, Format] = {
    # A batch of a small run holds few inputs, so that it goes through all editions.
    "asterix": Format(0.70, 1000, _make_asterix, _judge_asterix),
    **{kind: Format(0.014, 200, partial(_make_file, kind), _judge_file) for kind in recordings.KINDS},
    "compressed": Format(
        0.012,
        100,
        lambda _, draw, count: recordings.packed(draw, count),
        lambda _, inputs, memory: judge_files.judge_all_packed(inputs, memory),
    ),
    "beast": Format(0.06, 500, partial(_make_message, "beast"), partial(_judge_message, "beast")),
    "avr": Format(0.04, 500, partial(_make_message, "avr"), partial(_judge_message, "avr")),
    "sbs": Format(0.03, 500, partial(_make_message, "sbs"), partial(_judge_message, "sbs")),
    "readsb": Format(0.01, 50, partial(_make_message, "readsb"), partial(_judge_message, "readsb")),
    "sapient": Format(
        0.01,
        20,
        lambda _, draw, count: sapient.messages(draw, count),
        lambda _, inputs, memory: sapient.judge(inputs, memory),
    ),
    "contribution": _plain(0.015, partners.contributions, judge_partners.judge_contributions),
    "batch": _plain(0.015, partners.batches, judge_partners.judge_batches),
    "agreement": _plain(0.001, partners.documents, judge_partners.judge_documents),
    "shape": _plain(0.008, partners.shapes, judge_partners.judge_shapes),
}


def make(name: str, seed: int, number: int, count: int) -> Inputs:
    """The inputs of one batch: the same for the same seed and number, whatever came before."""
    return FORMATS[name].make(number, Random(f"{name} {seed} {number}"), count)
