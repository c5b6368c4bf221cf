"""Contributions: what members send each other of what their own sensors and people made.

A row of every table says when it is valid, where (what is bounded by volumes must have a place), whether it
is simulated, whose it is and under which label it left. Tracks are told by numbers that are the recipient's
own; other tables name a track by the same number, or by none where the recipient never got it.
"""

import msgspec
import pyarrow as pa

from asman.model.agreement import DataClass
from asman.model.plots import TIME
from asman.model.tracks import TRACKS


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


#: Tracks with all that fusion needs: the whole covariance, and what was learned since `since`.
CONTRIBUTED: pa.Schema = pa.schema(
    [
        *TRACKS,
        _field("var_ve_m2ps2", pa.float64(), "variance of the velocity east; null: velocity not told well"),
        _field("var_vn_m2ps2", pa.float64(), "variance of the velocity north"),
        _field("cov_e_ve_m2ps", pa.float64(), "covariance of place east with velocity east"),
        _field("cov_e_vn_m2ps", pa.float64(), "covariance of place east with velocity north"),
        _field("cov_n_ve_m2ps", pa.float64(), "covariance of place north with velocity east"),
        _field("cov_n_vn_m2ps", pa.float64(), "covariance of place north with velocity north"),
        _field("cov_ve_vn_m2ps2", pa.float64(), "covariance of the velocity, east with north"),
        _field("since", TIME, "what was learned, was learned after this; null: nothing is told of it"),
        _field("about", pa.list_(pa.float64(), 4),
               "state that was learned less the row's: east, north [m], their velocities [m/s]"),
        _field("information", pa.list_(pa.float64(), 10),
               "inverse covariance of what was learned: upper triangle, row by row, over e, n, ve, vn"),
    ]
)  # fmt: skip

_PLACED: list[pa.Field] = [
    _field("time", TIME, "when it is valid, or was said"),
    _field("lat_deg", pa.float64(), "WGS-84 latitude; null: nowhere"),
    _field("lon_deg", pa.float64(), "WGS-84 longitude"),
    _field("altitude_m", pa.float64(), "pressure altitude; null: unknown"),
    _field("simulated", pa.bool_(), "made of simulated plots; never omitted"),
    _field("origin", pa.string(), "member whose it is"),
    _field("label", pa.string(), "release label"),
]
_TRACK = _field("track", pa.int64(), "number of the track it is about; null: of none that was released")

#: Plots where they were seen, whatever measured them.
PLACED_PLOTS: pa.Schema = pa.schema(
    [
        *_PLACED,
        _field("sensor", pa.string(), "id of the sensor"),
        _field("geometric_altitude_m", pa.float64(), "above the WGS-84 ellipsoid; null: not told"),
        _field("var_e_m2", pa.float64(), "variance of the place east"),
        _field("var_n_m2", pa.float64(), "variance of the place north"),
        _field("cov_en_m2", pa.float64(), "covariance of the place, east with north"),
        _field("mode_3a", pa.int16(), "12-bit Mode 3/A code"),
        _field("address", pa.int32(), "ICAO 24-bit aircraft address"),
        _field("callsign", pa.string(), "aircraft identification"),
    ]
)
#: What a member holds an aircraft to be. Assertions of several members stand side by side.
IDENTITY_ASSERTIONS: pa.Schema = pa.schema(
    [
        *_PLACED,
        _TRACK,
        _field(
            "assertion", pa.int64(), "number of the assertion; a later one of the same number replaces it"
        ),
        _field("value", pa.string(), "standard identity, or `withdrawn`"),
        _field("category", pa.string(), "unspecified, civil, state, unmanned"),
        _field("criteria", pa.string(), "on what it rests, in words"),
        _field("human", pa.bool_(), "a person said so"),
        _field("expires", TIME, "when it holds no more; null: until withdrawn"),
    ]
)
#: A member's warnings.
WARNINGS: pa.Schema = pa.schema(
    [
        *_PLACED,
        _TRACK,
        _field("warning", pa.int64(), "number of the warning; a later row of it is its next state"),
        _field("code", pa.string(), "as in asman.model.warning"),
        _field("severity", pa.string(), "ADVISORY, CAUTION, WARNING"),
        _field("state", pa.string(), "active, acknowledged, assigned, resolved, closed"),
        _field("confidence", pa.float64(), "0 to 1"),
        _field("text", pa.string(), "what it rests on, in words"),
    ]
)
#: Handovers and requests between members, and what was decided.
TASKS: pa.Schema = pa.schema(
    [
        *_PLACED,
        _TRACK,
        _field("task", pa.int64(), "number of the task, the requester's own"),
        _field("version", pa.int32(), "rises with every step of it"),
        _field("verb", pa.string(), "propose, accept, reject, standby, assume, request, decide"),
        _field("subject", pa.string(), "what about: handover, or a measure such as `monitor`"),
        _field("requested_by", pa.string(), "member"),
        _field("decided_by", pa.string(), "post of a person; null before"),
        _field("reason", pa.string(), "in words"),
        _field("basis", pa.string(), "clause of the agreement"),
        _field("deadline", TIME, "until when an answer is wanted"),
    ]
)
#: What a member's sensors see: the lowest visible altitude, a cell a row.
COVERAGE: pa.Schema = pa.schema(
    [
        *_PLACED,
        _field("lowest_m", pa.float64(), "lowest visible altitude in the cell; null: nothing is seen there"),
        _field("step_lat_deg", pa.float64(), "height of the cell"),
        _field("step_lon_deg", pa.float64(), "width of the cell"),
        _field("sensors", pa.int16(), "how many sensors see it at that altitude"),
    ]
)
#: How a member's sensors do.
HEALTH: pa.Schema = pa.schema(
    [
        *_PLACED,
        _field("sensor", pa.string(), "id of the sensor"),
        _field("kind", pa.string(), "psr, ssr, modes, adsb, mlat"),
        _field("state", pa.string(), "ok, silent, degraded"),
        _field("plots_per_s", pa.float64(), "rate lately"),
        _field("period_s", pa.float64(), "measured rotation; null: unknown"),
    ]
)

_VIA = " via "

#: The table of each data class.
SCHEMAS: dict[DataClass, pa.Schema] = {
    "plots": PLACED_PLOTS, "tracks": CONTRIBUTED, "identity": IDENTITY_ASSERTIONS, "warnings": WARNINGS,
    "tasks": TASKS, "coverage": COVERAGE, "health": HEALTH,
}  # fmt: skip


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What came in one batch, once it was admitted.

    origin    member whose it is, and who signed it
    via       member that passed it on verbatim; the origin itself where it came straight
    sequence  number of the batch on the origin's stream
    sent_ns   ns since 1970 UTC, by the origin's clock
    what      data class; None: a sign of life, `table` has no rows
    table     rows of SCHEMAS[what]
    """

    origin: str
    via: str = ""
    sequence: int
    sent_ns: int
    what: DataClass | None
    table: pa.Table | None = None

    @property
    def source(self) -> str:
        """Whose it is and by whom it came: "KG", or "KG via RU"."""
        return source_name(self.origin, self.via)


def source_name(origin: str, via: str = "") -> str:
    """How what comes of a member is told apart: straight from it, or passed on by another."""
    return origin if via in ("", origin) else f"{origin}{_VIA}{via}"


def parted(source: str) -> tuple[str, str]:
    """The member whose a source is, and who passed it on; empty where it came straight."""
    origin, _, via = source.partition(_VIA)
    return origin, via


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a member's own that are put before the release guard.

    table     rows of SCHEMAS[what], of tracks TRACKS as well
    held_as   per row (identity, category) that the member holds what it is about to be; None: PENDING all
    audience  per row the members that it may go to at most, whatever grants say; None: of any row, all
    """

    what: DataClass
    table: pa.Table
    held_as: tuple[tuple[str, str], ...] | None = None
    audience: tuple[tuple[str, ...] | None, ...] | None = None
