"""Classes: what something is, for whom grants ask. A row's class is one whole number.

Kind (each data class, warnings apart by code), identity, category, simulated: so that a table over all of
them says at once which grants are about a row.
"""

from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from asman.model.agreement import Category, DataClass, Exclusion, Grant, Identity
from asman.model.warning import WARNING_CODES

DATA_CLASSES: Final[tuple[DataClass, ...]] = get_args(DataClass)
IDENTITIES: Final[tuple[Identity, ...]] = get_args(Identity)
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
#: Warnings of a code that is not in the list have the empty one.
_CODES: Final = (*WARNING_CODES, "")
KINDS: Final[tuple[tuple[DataClass, str], ...]] = (
    *((what, "") for what in DATA_CLASSES if what != "warnings"),
    *(("warnings", code) for code in _CODES),
)
CLASSES: Final = len(KINDS) * len(IDENTITIES) * len(CATEGORIES) * 2


def numbers(
    what: DataClass,
    identity: NDArray[np.integer],
    category: NDArray[np.integer],
    simulated: NDArray[np.bool_],
    code: str = "",
) -> NDArray[np.int64]:
    """Class numbers of rows of one kind.

    identity, category  (N,)  indices into IDENTITIES and CATEGORIES
    simulated           (N,)
    """
    known = code if what == "warnings" and code in WARNING_CODES else ""
    kind = KINDS.index((what, known))
    number = (kind * len(IDENTITIES) + identity.astype(np.int64)) * len(CATEGORIES) + category
    return number * 2 + simulated


def about(rule: Grant | Exclusion, *, exercise: bool) -> NDArray[np.bool_]:
    """(CLASSES,) what a rule says anything of; an exercise's rules know simulated things only."""
    codes = rule.codes if isinstance(rule, Grant) else ()
    anything = isinstance(rule, Exclusion) and not rule.what
    kind = [
        (anything or what in rule.what) and (what != "warnings" or not codes or code in codes)
        for what, code in KINDS
    ]
    identity = [not rule.identity or one in rule.identity for one in IDENTITIES]
    category = [not rule.category or one in rule.category for one in CATEGORIES]
    return _product(kind, identity, category, [not exercise, True])


def excepted(rule: Grant | Exclusion) -> NDArray[np.bool_]:
    """(CLASSES,) what a grant excepts of the data that it gives."""
    if isinstance(rule, Exclusion):
        return np.zeros(CLASSES, np.bool_)
    kind = [what in rule.what for what, _ in KINDS]
    identity = [one in rule.except_identity for one in IDENTITIES]
    category = [one in rule.except_category for one in CATEGORIES]
    every = [True] * max(len(IDENTITIES), len(CATEGORIES))
    by_identity = _product(kind, identity, every[: len(CATEGORIES)], [True, True])
    return by_identity | _product(kind, every[: len(IDENTITIES)], category, [True, True])


def of_any_identity(rules: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(CLASSES,) bits of the rules that are about a class, whatever its identity and category."""
    shape = (len(KINDS), len(IDENTITIES), len(CATEGORIES), 2)
    merged = np.bitwise_or.reduce(rules.reshape(shape), axis=(1, 2), keepdims=True)
    return np.ascontiguousarray(np.broadcast_to(merged, shape)).ravel()


def _product(*parts: list[bool]) -> NDArray[np.bool_]:
    """Both this and that, for all combinations, the last part running fastest."""
    whole = np.array([True])
    for part in parts:
        whole = (whole[:, None] & np.array(part, np.bool_)[None, :]).ravel()
    return whole
