"""Does the picture say who it is: Mode S address, Mode 3/A code, callsign of followed aircraft."""

import numpy as np

from asman.scoring.columns import CODES, Codes, Flags, Ints, Rows
from asman.scoring.report import Identity
from asman.scoring.scene import Scene


def shown_codes(scene: Scene, truth: Rows, tracks: Rows, name: str) -> tuple[Flags, Flags] | None:
    """Of followed places whose aircraft has such a code: which show one, and which show the right one.

    None where truth or tracks have no such column.
    """
    if name not in truth.codes or name not in tracks.codes:
        return None
    rows = np.flatnonzero(scene.follower >= 0)
    numbers: dict[str, int] = {}
    true = _numbered(truth.codes[name], numbers)[scene.sample[rows]]
    seen = _numbered(tracks.codes[name], numbers)[scene.report[scene.follower[rows]]]
    has = true >= 0
    return (seen >= 0)[has], (seen == true)[has]


def _numbered(codes: Codes, numbers: dict[str, int]) -> Ints:
    """One number for one spelling, in whichever table it stands; -1 for missing and for blanks."""
    words = [name.strip().upper() for name in codes.names]
    table = [numbers.setdefault(word, len(numbers)) if word else -1 for word in words]
    return np.array([*table, -1], np.int64)[codes.code]


def measure_identity(scene: Scene, truth: Rows, tracks: Rows) -> tuple[Identity, ...]:
    """Completeness and correctness of every code that truth and tracks both have."""
    found: list[Identity] = []
    for name in CODES:
        codes = shown_codes(scene, truth, tracks, name)
        if codes is None:
            continue
        shows, right = codes
        found.append(
            Identity(
                name=name,
                completeness=float(shows.mean()) if shows.size else None,
                correctness=float(right.sum() / shows.sum()) if shows.any() else None,
                count=int(shows.size),
            )
        )
    return tuple(found)
