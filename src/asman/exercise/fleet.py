"""Who the simulated aircraft are: addresses, callsigns and codes.

An airframe keeps its 24-bit address; each of its two flights has a callsign; each time it flies it gets
another Mode 3/A code, unique in the sky as long as there are codes enough (as in real skies, beyond some
4,000 aircraft there are not).
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise.routes import Line
from asman.exercise.scenario import Member, Operator, Scenario

#: Codes that mean something (ICAO Doc 4444, 8.5.2; PANS-OPS vol. I): never given to a flight.
RESERVED_CODES = frozenset((0o0000, 0o1000, 0o2000, 0o7000, 0o7500, 0o7600, 0o7700, 0o7777))


class Fleet(msgspec.Struct, frozen=True):
    """Identities of L lines.

    address    (L,)    ICAO 24-bit
    callsigns  (2L,)   of each line's two flights: index 2 * line + flight
    codes      (M,)    Mode 3/A codes in the order in which they are given
    """

    address: NDArray[np.int64]
    callsigns: tuple[str, ...]
    codes: NDArray[np.int64]

    def mode_3a(self, aircraft: NDArray[np.int64]) -> NDArray[np.int64]:
        """Mode 3/A code of each aircraft number."""
        lines = self.address.size
        line, count = aircraft % lines, aircraft // lines
        if lines > self.codes.size:
            return self.codes[(line + 97 * count) % self.codes.size]
        sets = self.codes.size // lines
        return self.codes[line + lines * (count % sets)]

    def callsign_index(self, aircraft: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index into `callsigns` of each aircraft number."""
        lines = self.address.size
        return 2 * (aircraft % lines) + (aircraft // lines) % 2


def make_fleet(rng: np.random.Generator, scenario: Scenario, lines: Sequence[Line]) -> Fleet:
    """Give every line its identity."""
    weights = np.array([operator.weight for operator in scenario.operator])
    members = {member.id: member for member in scenario.member}
    taken: set[int] = set()
    addresses: list[int] = []
    callsigns: list[str] = []
    for index, line in enumerate(lines):
        owner: Operator | Member = scenario.operator[int(rng.choice(weights.size, p=weights / weights.sum()))]
        if line.home is not None and line.home.base_of in members:
            owner = members[line.home.base_of]
        addresses.append(_address(rng, owner, taken))
        callsigns.extend(_callsigns(rng, owner, line, index))
    codes = np.array([code for code in range(4096) if code not in RESERVED_CODES], np.int64)
    return Fleet(np.array(addresses, np.int64), tuple(callsigns), rng.permutation(codes))


def _address(rng: np.random.Generator, owner: Operator | Member, taken: set[int]) -> int:
    """A free address of the owner's block, or the next free one after it when the block is full."""
    address = int(rng.integers(owner.address_first, owner.address_last + 1))
    for _ in range(1 << 24):
        if address not in taken:
            taken.add(address)
            return address
        address = (address + 1) & 0xFFFFFF
    raise InputError("traffic", "more aircraft than 24-bit addresses", "Ask for fewer.")


def _callsigns(rng: np.random.Generator, owner: Operator | Member, line: Line, index: int) -> tuple[str, str]:
    if isinstance(owner, Member):
        return f"{owner.military}{index % 100:02d}", f"{owner.military}{index % 100:02d}"
    if line.kind in ("circuit", "dark"):
        return f"EX{37000 + index % 1000}", f"EX{37000 + index % 1000}"
    number = int(rng.integers(50, 4500)) * 2
    return f"{owner.callsign}{number}", f"{owner.callsign}{number + 1}"
