"""Who sees a track of ours, under which clause, or why not."""

from typing import Final

from asman.edge.link_messages import Visibility
from asman.kernels import release as kernel
from asman.sharing.deciding import Decisions, reason_of
from asman.sharing.ruleset import Ruleset

RELEASED: Final = "released"


def visibility(ruleset: Ruleset, decided: Decisions, row: int) -> list[Visibility]:
    """Each recipient's sight of the row of that number in what was decided."""
    found: list[Visibility] = []
    for r, recipient in enumerate(ruleset.recipients):
        code, mask = int(decided.reason[r, row]), int(decided.governing[r, row])
        clauses = [rule.clause for bit, rule in enumerate(ruleset.rules) if mask >> bit & 1]
        why = RELEASED if code == kernel.RELEASED else reason_of(code).value
        found.append(Visibility(member=recipient, agreement=", ".join(clauses) or None, why=why))
    return found
