"""Passing on what another member contributed: its octets as they are, or not at all.

The third-party rule: only where the originator's own agreement names the third party, and its label does;
never back to the originator. What our own terms would have to alter, or withhold a part of, does not go on,
because it cannot be altered: it is the originator's signature that the third party believes.
"""

import numpy as np

from asman.kernels import release as kernel
from asman.sharing.batches import Header
from asman.sharing.guard import Reason, Subjects, decide, reason_of
from asman.sharing.register import Register, standings
from asman.sharing.ruleset import bits_at, compile_register
from asman.sharing.terms import terms_of


def may_pass_on(
    header: Header, subjects: Subjects, register: Register, third: str, now_ns: int
) -> Reason | None:
    """Why an admitted batch may not go on to `third`; None when it may, verbatim.

    header    of the batch as its originator signed it
    subjects  its rows, with what we know of their identity and category
    """
    label = header.label
    if label is None or third == header.origin or third not in label.releasable_to:
        return Reason.NOT_GRANTED
    standing = standings(register, now_ns)
    theirs = compile_register(register, header.origin, (register.member,), onward=third)
    reason = decide(theirs, bits_at(theirs, standing), subjects, now_ns).reason[0]
    # Places may have been rounded by the originator; that it named the third party is what matters here.
    granted = ~np.isin(reason, (kernel.NO_AGREEMENT, kernel.SUSPENDED, kernel.NOT_GRANTED))
    if not granted.all():
        return reason_of(int(reason[~granted][0]))
    ours = compile_register(register, register.member, (third,))
    mine = decide(ours, bits_at(ours, standing), subjects, now_ns)
    kept = mine.reason[0] != kernel.RELEASED
    if kept.any():
        return reason_of(int(mine.reason[0][kept][0]))
    for governing in np.unique(mine.governing[0]).tolist():
        if terms_of(ours, governing, third, standing).alters:
            return Reason.VERBATIM
    return None
