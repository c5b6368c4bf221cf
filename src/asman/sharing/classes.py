"""Classes: what something is, for whom grants ask. A row's class is one whole number.

Kind (each data class, warnings apart by code), identity, category, simulated: so that a table over all of
them says at once which grants are about a row.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, get_args

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


class Class(NamedTuple):
    """One class, in words."""

    what: DataClass
    code: str
    identity: Identity
    category: Category
    simulated: bool


def every_class() -> Iterator[Class]:
    """All classes, in the order of their numbers."""
    for what, code in KINDS:
        for identity in IDENTITIES:
            for category in CATEGORIES:
                for simulated in (False, True):
                    yield Class(what, code, identity, category, simulated)


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


def is_about(rule: Grant | Exclusion, one: Class, *, exercise: bool) -> bool:
    """Tell whether a rule says anything of a class; an exercise's rules know simulated things only."""
    if exercise and not one.simulated:
        return False
    what = one.what in rule.what or (isinstance(rule, Exclusion) and not rule.what)
    if not what or (rule.identity and one.identity not in rule.identity):
        return False
    if rule.category and one.category not in rule.category:
        return False
    codes = rule.codes if isinstance(rule, Grant) else ()
    return not codes or one.what != "warnings" or one.code in codes


def is_excepted(rule: Grant | Exclusion, one: Class) -> bool:
    """Tell whether a grant excepts a class of what it gives."""
    if isinstance(rule, Exclusion) or one.what not in rule.what:
        return False
    return one.identity in rule.except_identity or one.category in rule.except_category
