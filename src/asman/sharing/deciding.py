"""Decisions: of each row and recipient, whether it may leave now, and why not. Nothing is remembered.

decisions = decide(ruleset, bits, subjects, now_ns)            numbers only, nanoseconds a decision
"""

from enum import Enum
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels import release as kernel
from asman.kernels.release import Rules
from asman.model.agreement import DataClass
from asman.sharing import classes
from asman.sharing.ruleset import Ruleset


class Reason(Enum):
    """Why a row did not leave. The value is said to people."""

    NO_AGREEMENT = "no agreement with that member is active"
    SUSPENDED = "the agreement is suspended"
    NOT_GRANTED = "no grant is about it"
    NO_PLACE = "nobody knows where it is, and the grants are bounded by volumes"
    OUTSIDE = "it is outside of the volumes that the grants name"
    EXCEPTED = "its identity or category is excepted"
    RESTRICTED = "it is where, or what, an exception or exclusion withholds"
    DELAYED = "it is not old enough yet"
    TOO_OFTEN = "the track was released less than the agreed interval before"
    VERBATIM = "it is another member's, and our own terms would alter it"
    STRUCK = "it is another member's, and passing it on to that member was stopped"
    HOPS = "it is another member's, and was passed on once already"
    OUTLIVED = "it is another member's, and may not be kept any longer"
    TOO_LARGE = "it is another member's, and has no room in a batch of ours"
    AUDIENCE = "it rests on what other members gave, and may not go on to that member"
    GIVEN_UP = "too much was waiting for its delay"


#: The kernel's reasons in words.
REASONS: Final = {
    kernel.NO_AGREEMENT: Reason.NO_AGREEMENT, kernel.SUSPENDED: Reason.SUSPENDED,
    kernel.NOT_GRANTED: Reason.NOT_GRANTED, kernel.NO_PLACE: Reason.NO_PLACE,
    kernel.OUTSIDE: Reason.OUTSIDE, kernel.EXCEPTED: Reason.EXCEPTED,
    kernel.RESTRICTED: Reason.RESTRICTED, kernel.DELAYED: Reason.DELAYED,
}  # fmt: skip
#: What the guard finds beyond the kernel, in the kernel's column.
TOO_OFTEN_CODE: Final = kernel.DELAYED + 1
AUDIENCE_CODE: Final = kernel.DELAYED + 2


def reason_of(code: int) -> Reason:
    """The kernel's reason in words; RELEASED has none."""
    return REASONS[code]


class Subjects(msgspec.Struct, frozen=True):
    """What decisions are about; all (N,).

    lon_deg, lat_deg  deg  NaN where unknown
    altitude_m        m    NaN where unknown
    time_ns           ns   time of validity
    kind              class number, as of `classes.numbers`
    """

    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    altitude_m: NDArray[np.float64]
    time_ns: NDArray[np.int64]
    kind: NDArray[np.int64]


class Decisions(msgspec.Struct, frozen=True):
    """(R, N) each: the kernel's reason, and the bits of the rules whose terms hold."""

    reason: NDArray[np.uint8]
    governing: NDArray[np.uint64]


def subjects_of(
    tracks: pa.Table,
    identity: NDArray[np.integer] | None = None,
    category: NDArray[np.integer] | None = None,
    what: DataClass = "tracks",
) -> Subjects:
    """Rows of a class as subjects; without identities all is PENDING, without categories UNSPECIFIED."""
    zeros = np.zeros(len(tracks), np.int64)
    identity = zeros if identity is None else identity
    category = zeros if category is None else category
    simulated = tracks["simulated"].fill_null(False).to_numpy().astype(np.bool_)
    return Subjects(
        lon_deg=tracks["lon_deg"].to_numpy().astype(np.float64),
        lat_deg=tracks["lat_deg"].to_numpy().astype(np.float64),
        altitude_m=tracks["altitude_m"].to_numpy().astype(np.float64),
        time_ns=tracks["time"].cast(pa.int64()).to_numpy(),
        kind=_kinds(tracks, what, identity, category, simulated),
    )


def _kinds(
    table: pa.Table,
    what: DataClass,
    identity: NDArray[np.integer],
    category: NDArray[np.integer],
    simulated: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Class numbers of rows; warnings have one for each code."""
    if what != "warnings":
        return classes.numbers(what, identity, category, simulated)
    codes = table["code"].fill_null("").to_pylist()
    kind = np.zeros(len(codes), np.int64)
    for code in sorted(set(codes)):
        mine = np.array([one == code for one in codes], np.bool_)
        kind[mine] = classes.numbers(what, identity[mine], category[mine], simulated[mine], code)
    return kind


def decide(ruleset: Ruleset, bits: Rules, subjects: Subjects, now_ns: int) -> Decisions:
    """Decide for every row and recipient; nothing is changed or remembered."""
    shape = (len(ruleset.recipients), len(subjects.time_ns))
    reason, governing = np.empty(shape, np.uint8), np.empty(shape, np.uint64)
    kernel.decide(
        subjects.lon_deg, subjects.lat_deg, subjects.altitude_m, subjects.time_ns, subjects.kind, now_ns,
        ruleset.areas, bits, reason, governing,
    )  # fmt: skip
    return Decisions(reason, governing)
