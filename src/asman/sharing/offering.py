"""All that is offered in one step, put before the release guard: class by class, tracks first.

Tracks come first, because other rows name a track by the number under which the recipient knows it.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.agreement import DataClass
from asman.model.contribution import SCHEMAS, Offer
from asman.model.tracks import TRACKS
from asman.sharing import classes
from asman.sharing.guard import GuardState, Outcome, release, waits
from asman.sharing.register import Register
from asman.sharing.ruleset import Ruleset

Longs = NDArray[np.int64]
_ORDER: Final[tuple[DataClass, ...]] = (
    "tracks", *(one for one in classes.DATA_CLASSES if one != "tracks")
)  # fmt: skip


def release_all(
    state: GuardState, ruleset: Ruleset, register: Register, offers: Iterable[Offer], now_ns: int
) -> tuple[GuardState, tuple[Outcome, ...]]:
    """Release what may leave of all that is offered, and of what waited for its delay.

    returns  of tracks an outcome for every recipient, always; of other classes where there is anything
    """
    by = {one.what: one for one in offers}
    outcomes: list[Outcome] = []
    for what in _ORDER:
        offer = by.get(what)
        if offer is None:
            if what != "tracks" and not waits(state, what):
                continue
            offer = Offer(what=what, table=(TRACKS if what == "tracks" else SCHEMAS[what]).empty_table())
        identity, category = held(offer)
        state, some = release(
            state, ruleset, register, offer.table, now_ns, identity, category, what, offer.audience
        )
        outcomes += some
    return state, tuple(outcomes)


def held(offer: Offer) -> tuple[Longs | None, Longs | None]:
    """What each row's subject is held to be, as indices into IDENTITIES and CATEGORIES; None: PENDING all."""
    if offer.held_as is None:
        return None, None
    identity = [classes.IDENTITIES.index(one) for one, _ in offer.held_as]
    category = [classes.CATEGORIES.index(one) for _, one in offer.held_as]
    return np.array(identity, np.int64), np.array(category, np.int64)


def one_of(offer: Offer, track: int) -> tuple[pa.Table, tuple[Longs | None, Longs | None]]:
    """TRACKS of one of the tracks that are offered, and what it is held to be; no row where there is none."""
    mine = np.flatnonzero(offer.table["track"].to_numpy() == track)
    identity, category = held(offer)
    row = offer.table.take(pa.array(mine)).select(TRACKS.names).cast(TRACKS)
    return row, (None if identity is None else identity[mine], None if category is None else category[mine])
