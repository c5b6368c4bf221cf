"""What agreements that hold now say of handing the reporting of tracks over to a partner."""

from typing import Literal

import msgspec

from asman.model.agreement import Ring


class HandoverTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[handover]]` between us and one partner.

    basis      where it stands: "kg-ru-2023 handover 1"
    line       1e-7 deg  longitude, latitude of its points
    silence_s  s  after which `default` holds where nobody answers a proposal
    default    the proposer retains, or the other takes over
    """

    partner: str
    basis: str
    line: Ring
    silence_s: float
    default: Literal["retain", "transfer"]
