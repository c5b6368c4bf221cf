"""Blocks of each source by itself, and the edition that they look like: for streams, which come in pieces."""

from typing import NamedTuple

import numpy as np

from asman.model.frames import NO_TIME, Frames
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.decode import Rejected, as_array, split
from asman.wire.asterix.editions import Judgement, Memory, choose
from asman.wire.asterix.sources import source_name, sources_of
from asman.wire.asterix.specification import specifications


class Source(NamedTuple):
    """A category of one source: SAC * 256 + SIC."""

    category: int
    code: int

    @property
    def category_name(self) -> str:
        """The category as editions are pinned by it."""
        return f"CAT{self.category:03}"

    @property
    def name(self) -> str:
        """The source as editions are pinned by it."""
        return f"{self.category_name}@{source_name(self.code)}"


def blocks_by_source(octets: bytes, frames: Frames) -> dict[Source, bytes]:
    """Blocks of each source, of categories that have several editions; one behind the other.

    Blocks that name no source are left out.
    """
    view = as_array(octets)
    blocks = split(view, frames, Rejected())
    codes = sources_of(view, blocks)
    found: dict[Source, list[bytes]] = {}
    columns = (blocks.category, codes, blocks.start, blocks.length)
    for category, code, start, length in zip(*(column.tolist() for column in columns), strict=True):
        if code >= 0 and len(specifications().categories.get(category, ())) > 1:
            found.setdefault(Source(category, code), []).append(octets[start : start + length])
    return {source: b"".join(some) for source, some in found.items()}


def first_blocks(octets: bytes, most: int, octets_max: int) -> tuple[bytes, int]:
    """Leading blocks, at most so many and of so many octets, but one at least; and how many they are."""
    at, count = 0, 0
    while at < len(octets) and count < most:
        length = int.from_bytes(octets[at + 1 : at + 3], "big")
        if count and at + length > octets_max:
            break
        at, count = at + length, count + 1
    return octets[:at], count


def judge_blocks(octets: bytes, category: int) -> Judgement:
    """Judge whole blocks of one category, one behind the other, by all of their records."""
    editions = [one.edition for one in specifications().categories[category]]
    starts, at = list[int](), 0
    while at < len(octets):
        starts.append(at)
        at += int.from_bytes(octets[at + 1 : at + 3], "big")
    start = np.array(starts, np.int64)
    length = np.diff(np.append(start, len(octets)))
    nothing = np.zeros(start.size, np.int64)
    blocks = Blocks(start, length, nothing + category, nothing, nothing + NO_TIME)
    return choose(as_array(octets), blocks, category, editions, "", memory=Memory(), everything=True)
