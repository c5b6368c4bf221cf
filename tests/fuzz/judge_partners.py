"""What must hold of whatever partners send."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from tests.fuzz.partners import sealed
from tests.sharing.making import EXAMPLES, PUBLIC

from asman.errors import FeedError
from asman.model.contribution import CONTRIBUTED
from asman.sharing import document, shapes
from asman.sharing.batches import BatchError, is_signed_by, take_apart
from asman.wire import contribution

#: A table of a contribution takes at most so many octets for each of its expanded octets, and this besides.
TABLE_OCTETS, TABLE_MORE = 30, 100_000


def judge_contributions(inputs: Sequence[bytes]) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in inputs:
        try:
            table = contribution.decode(one, "KG", "")
        except FeedError as error:
            told[str(error).split(":")[0]] += 1
            continue
        assert table.schema.equals(CONTRIBUTED)
        table.validate(full=True)
        lat, lon, east, north, both = (
            table[name].to_numpy() for name in ("lat_deg", "lon_deg", "var_e_m2", "var_n_m2", "cov_en_m2")
        )
        assert (np.abs(lat) <= 90).all() and (np.abs(lon) <= 180).all(), "on earth"
        told["unknown spread"] += int(np.isnan(east * north).sum())
        known = ~np.isnan(both)
        assert (both**2 <= east * north * (1 + 1e-9) + 1e-9)[known].all(), "no covariance that there is not"
        assert table.nbytes <= TABLE_OCTETS * contribution.MOST_OCTETS
        told["tables"] += 1
    return told


def judge_batches(inputs: Sequence[bytes]) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in inputs:
        try:
            batch = take_apart(one)
        except BatchError as error:
            told[str(error).split(":")[0]] += 1
            continue
        genuine = one in sealed()
        assert is_signed_by(batch, PUBLIC["AA"][0]) == genuine, "only what was signed is believed"
        told["taken apart"] += 1
    return told


def _file(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def judge_documents(inputs: Sequence[bytes]) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in inputs:
        checked = document.read(one, _file)
        lines = one.count(b"\n") + 1
        assert checked.agreement is not None or checked.problems, "a refusal is told"
        assert all(problem.line <= lines for problem in checked.problems), "with a line that there is"
        told["valid" if checked.agreement is not None else "refused, with the line"] += 1
    return told


def judge_shapes(inputs: Sequence[bytes]) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in inputs:
        for make in (shapes.polygon, shapes.line):
            try:
                make(one)
                told["shapes"] += 1
            except shapes.ShapeError as error:
                told["no " + make.__name__ + ": " + " ".join(str(error).split()[:3])] += 1
    return told
