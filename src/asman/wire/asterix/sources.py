"""Who sent each block, and which edition each sender is read with: pinned, or judged apart where they differ.

One recording often holds several stations, and they need not write the same edition. So the edition that the
category as a whole looks like is held against each source alone; one that it does not fit is judged by
itself.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels.asterix_blocks import block_sources
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.editions import BLOCKS_ENOUGH, Judgement, Memory, choose, sample
from asman.wire.asterix.specification import specifications

#: Sources that are judged apart at most; a recording has some dozens.
SOURCES_MAX: Final = 256
#: Blocks below which a source is not judged apart, and plausibility that an edition of its own must have.
BLOCKS_MIN: Final = 3
CONVINCING: Final = 0.9
#: How the edition of what RE holds is named beside a category: "CAT021 RE".
EXPANSION: Final = "RE"


class Pins(NamedTuple):
    """Editions that are not to be detected.

    categories  category -> edition
    sources     (category, SAC * 256 + SIC) -> edition; before those of the category
    expansions  category -> edition of what its Reserved Expansion field holds
    """

    categories: dict[int, str]
    sources: dict[tuple[int, int], str]
    expansions: dict[int, str]


class Part(NamedTuple):
    """Blocks that are read with one edition.

    judged  the edition, and why
    pinned  it was named
    source  SAC * 256 + SIC where this is one source's alone; -1 the rest of the category
    """

    blocks: Blocks
    judged: Judgement
    pinned: bool
    source: int = -1


def pins(editions: Mapping[str, str]) -> Pins:
    """Read what is pinned: "48", "048" or "CAT048", "48@20/129" for one SAC/SIC, "48RE" for what RE holds.

    Raises InputError for what there is not.
    """
    found = Pins({}, {}, {})
    for name, edition in editions.items():
        item = f"edition {name}={edition}"
        category_text, at, source = name.upper().removeprefix("CAT").partition("@")
        digits = category_text.removesuffix(EXPANSION).strip()
        expansion = digits != category_text
        category = int(digits) if digits.isdecimal() else -1
        known = specifications().expansions if expansion else specifications().categories
        if category not in known:
            what = "Reserved Expansion field of category" if expansion else "category"
            mend = nearest(f"{category:03}", [f"{one:03}" for one in known])
            raise InputError(item, f"there is no {what} {digits or name} in the specifications", mend)
        there = [one.edition for one in known[category]]
        if edition not in there:
            called = f"CAT{category:03}{' ' + EXPANSION if expansion else ''}"
            raise InputError(item, f"{called} has no edition {edition}", nearest(edition, there))
        if expansion:
            found.expansions[category] = edition
        elif at:
            found.sources[category, source_code(source, item)] = edition
        else:
            found.categories[category] = edition
    return found


def source_code(text: str, item: str) -> int:
    """SAC * 256 + SIC of "20/129". Raises InputError that names `item`."""
    sac, slash, sic = text.partition("/")
    if not (slash and sac.isdecimal() and sic.isdecimal() and int(sac) < 256 and int(sic) < 256):
        raise InputError(item, f"'{text}' is no SAC/SIC", "Write it as 48@20/129=1.31")
    return int(sac) << 8 | int(sic)


def source_name(code: int) -> str:
    """How people write a source: SAC/SIC."""
    return f"{code >> 8}/{code & 255}"


def sources_of(octets: NDArray[np.uint8], blocks: Blocks) -> NDArray[np.int64]:
    """SAC * 256 + SIC of each block's first record; -1 where it names none."""
    found = np.empty(blocks.start.size, np.int64)
    block_sources(octets, blocks.start, blocks.length, found)
    return found


def settle(
    octets: NDArray[np.uint8],
    blocks: Blocks,
    category: int,
    pinned: Pins,
    *,
    trusted: bool = False,
    everything: bool = False,
) -> list[Part]:
    """Say with which edition each block of a category is read; the part of most blocks comes first.

    trusted     pins were judged before
    everything  judge by all records, not by a sample
    """
    editions = [one.edition for one in specifications().categories[category]]
    named = {code: edition for (one, code), edition in pinned.sources.items() if one == category}
    alone = trusted and not named
    source = np.empty(0, np.int64) if alone else sources_of(octets, blocks)
    own = [code for code in named if (source == code).any()]
    parts: list[Part] = []
    memory = Memory()
    for code in own:
        mine = blocks.of(source == code)
        judged = (
            Judgement(named[code], {}, "")
            if trusted
            else choose(octets, mine, category, editions, named[code], memory=memory, everything=everything)
        )
        parts.append(Part(mine, judged, True, code))
    rest = blocks if not own else blocks.of(~np.isin(source, own))
    if rest.start.size:
        pin = pinned.categories.get(category, "")
        others = source if not own else source[~np.isin(source, own)]
        if pin and trusted:
            parts.append(Part(rest, Judgement(pin, {}, ""), True))
        else:
            judged = choose(octets, rest, category, editions, pin, memory=memory, everything=everything)
            parts += _by_source(
                octets, rest, others, category, editions, Part(rest, judged, bool(pin)), memory
            )
    return sorted(parts, key=_blocks, reverse=True)


def _blocks(part: Part) -> int:
    return part.blocks.start.size


def _by_source(
    octets: NDArray[np.uint8],
    blocks: Blocks,
    source: NDArray[np.int64],
    category: int,
    editions: list[str],
    whole: Part,
    memory: Memory,
) -> list[Part]:
    """Judge each source by itself; those that the whole's edition does not fit become parts of their own."""
    codes = np.unique(source)
    if whole.pinned or codes.size < 2 or codes.size > SOURCES_MAX or len(editions) < 2:
        return [whole]
    apart: list[Part] = []
    fits = np.ones(source.size, np.bool_)
    for code in codes.tolist():
        mine = np.flatnonzero(source == code)
        count = mine.size
        if count < BLOCKS_MIN:
            continue
        some = blocks.of(mine[sample(blocks.length[mine])])
        edition = whole.judged.edition
        first = choose(octets, some, category, editions, edition, memory=memory, everything=True)
        if first.edition == edition and not first.refusal and not whole.judged.refusal:
            continue
        judged = choose(octets, some, category, editions, "", memory=memory, everything=True)
        convincing = count >= BLOCKS_ENOUGH if judged.refusal else judged.scores[judged.edition] >= CONVINCING
        if convincing and (judged.edition, judged.refusal != "") != (
            whole.judged.edition,
            whole.judged.refusal != "",
        ):
            apart.append(Part(blocks.of(mine), judged, False, code))
            fits[mine] = False
    if not apart:
        return [whole]
    if not fits.any():
        return apart
    rest = blocks.of(fits)
    return [Part(rest, choose(octets, rest, category, editions, "", memory=memory), False), *apart]
