"""Who the simulated aircraft are: addresses, callsigns and codes.

An airframe keeps its 24-bit address; each of its two flights has a callsign; each time it flies it gets
another Mode 3/A code, unique in the sky as long as there are codes enough (as in real skies, beyond some
4,000 aircraft there are not). A share of flights changes its code on the way, a share has another's code,
a share of airframes another's address.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise.elements import Member, Operator, ScriptedFlight
from asman.exercise.recorded import RecordedTraffic
from asman.exercise.routes import Line
from asman.exercise.scenario import Scenario, check_code
from asman.kernels.chance import FOR_CODE, draws
from asman.kernels.motion import LINES_MAX

#: Codes that mean something (ICAO Doc 4444, 8.5.2; PANS-OPS vol. I): never given to a flight.
RESERVED_CODES = frozenset((0o0000, 0o1000, 0o2000, 0o7000, 0o7500, 0o7600, 0o7700, 0o7777))


class Fleet(msgspec.Struct, frozen=True):
    """Identities of L lines.

    address    (L,)    ICAO 24-bit
    owner      (L,)    id of the member that owns a state aircraft, else ""
    callsigns  (2L,)   of each line's two flights: index 2 * line + flight
    fixed_code (L,)    Mode 3/A code of a scripted flight, else -1
    codes      (M,)    Mode 3/A codes in the order in which they are given
    seed, lines, duplicate, change   what codes are drawn from: seed, lines that are not scripted, shares
    """

    address: NDArray[np.int64]
    owner: tuple[str, ...]
    callsigns: tuple[str, ...]
    fixed_code: NDArray[np.int64]
    codes: NDArray[np.int64]
    seed: int
    lines: int
    duplicate: float
    change: float

    def mode_3a(
        self, aircraft: NDArray[np.int64], progress: NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """Mode 3/A code of each aircraft number (N,).

        progress  (N,)  share of its airframe's cycle that is behind it; without it, as at take-off
        """
        line, count = aircraft % LINES_MAX, aircraft // LINES_MAX
        given = self._given(line, count)
        double = draws(self.seed, FOR_CODE, aircraft, 0) < self.duplicate
        other = (
            line + 1 + np.floor(draws(self.seed, FOR_CODE, aircraft, 1) * 97).astype(np.int64)
        ) % self.lines
        given = np.where(double, self._given(other, count), given)
        if progress is not None and self.change > 0.0:
            # Each of the two flights takes about half of the cycle; the change comes well within it.
            at = 0.5 * (count % 2) + 0.1 + 0.25 * draws(self.seed, FOR_CODE, aircraft, 3)
            later = (draws(self.seed, FOR_CODE, aircraft, 2) < self.change) & (progress > at)
            given = np.where(later, self._given(line, count + 5), given)
        fixed = self.fixed_code[line]
        return np.where(fixed >= 0, fixed, given)

    def _given(self, line: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        if self.lines > self.codes.size:
            return self.codes[(line + 97 * count) % self.codes.size]
        sets = self.codes.size // self.lines
        return self.codes[(line + self.lines * (count % sets)) % self.codes.size]

    def callsign_index(self, aircraft: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index into `callsigns` of each aircraft number."""
        return 2 * (aircraft % LINES_MAX) + (aircraft // LINES_MAX) % 2


def make_fleet(
    scenario: Scenario,
    lines: Sequence[Line],
    recorded: RecordedTraffic | None,
    scripts: Sequence[ScriptedFlight],
) -> Fleet:
    """Give every line its identity: those of the scenario's traffic, of a recording, of a script."""
    rng = np.random.default_rng([scenario.seed, 16])
    members = {member.id: member for member in scenario.member}
    taken: set[int] = set()
    addresses: list[int] = []
    owners: list[str] = []
    callsigns: list[str] = []

    def join(
        rng: np.random.Generator, kind: str, owner_id: str | None, address: int | None, callsign: str | None
    ) -> None:
        owner: Operator | Member = _operator(rng, scenario)
        if owner_id in members:
            owner = members[str(owner_id)]
        owners.append(str(owner_id) if owner_id in members else "")
        addresses.append(_address(rng, owner, taken) if address is None else address)
        made = _callsigns(rng, owner, kind, len(addresses) - 1)
        callsigns.extend(made if callsign is None else (callsign, callsign))

    for line in lines:
        join(rng, line.kind, line.owner, None, None)
    if recorded is not None:
        for kind, address, callsign in zip(recorded.kind, recorded.address, recorded.callsign, strict=True):
            join(rng, kind, None, address, callsign)
    base = len(addresses)
    for flight in scripts:
        # Of its own seed, so that a flight more changes nobody, and its own address stays what it is.
        alone = np.random.default_rng([scenario.seed, 17, *flight.id.encode()])
        join(alone, flight.kind, flight.member, flight.address, flight.callsign)
    shared = np.random.default_rng([scenario.seed, 18]).random((base, 2))
    for line in np.flatnonzero(shared[:, 0] < scenario.traffic.duplicate_address).tolist():
        addresses[line] = addresses[int(shared[line, 1] * base)]
    codes = np.array([code for code in range(4096) if code not in RESERVED_CODES], np.int64)
    said = [-1 if flight.mode_3a is None else check_code(flight.mode_3a, flight.id) for flight in scripts]
    return Fleet(
        address=np.array(addresses, np.int64),
        owner=tuple(owners),
        callsigns=tuple(callsigns),
        fixed_code=np.r_[np.full(base, -1, np.int64), np.array(said, np.int64)],
        codes=np.random.default_rng([scenario.seed, 19]).permutation(codes),
        seed=scenario.seed,
        lines=max(base, 1),
        duplicate=scenario.traffic.duplicate_code,
        change=scenario.traffic.code_change,
    )


def _operator(rng: np.random.Generator, scenario: Scenario) -> Operator:
    weights = np.array([operator.weight for operator in scenario.operator])
    return scenario.operator[int(rng.choice(weights.size, p=weights / weights.sum()))]


def _address(rng: np.random.Generator, owner: Operator | Member, taken: set[int]) -> int:
    """A free address of the owner's block, or the next free one after it when the block is full."""
    address = int(rng.integers(owner.address_first, owner.address_last + 1))
    for _ in range(1 << 24):
        if address not in taken:
            taken.add(address)
            return address
        address = (address + 1) & 0xFFFFFF
    raise InputError("traffic", "more aircraft than 24-bit addresses", "Ask for fewer.")


def _callsigns(rng: np.random.Generator, owner: Operator | Member, kind: str, index: int) -> tuple[str, str]:
    if isinstance(owner, Member):
        return f"{owner.military}{index % 100:02d}", f"{owner.military}{index % 100:02d}"
    if kind in ("circuit", "dark", "low_flyer", "light"):
        return f"EX{37000 + index % 1000}", f"EX{37000 + index % 1000}"
    number = int(rng.integers(50, 4500)) * 2
    return f"{owner.callsign}{number}", f"{owner.callsign}{number + 1}"
