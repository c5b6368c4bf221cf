"""Rules that hold together: of terms that meet, the strictest. And what a row looks like under them."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.release import DEGREE_M
from asman.model.agreement import Grant
from asman.model.contribution import CONTRIBUTED
from asman.model.label import Label
from asman.model.tracks import TRACKS
from asman.sharing.lifecycle import Standing
from asman.sharing.ruleset import Ruleset, last_day, strictest_retain
from asman.units import SECOND_NS

#: Nearer to a pole than this a degree of longitude counts as if it were here.
STEEPEST_DEG = 89.0

#: What `altitude_m` of a grant speaks of.
_HEIGHTS: Final = ("altitude_m", "geometric_altitude_m")
#: What a contributed track tells beyond TRACKS.
_LEARNED: Final = frozenset(CONTRIBUTED.names) - frozenset(TRACKS.names)
_HEIGHT_SIGMAS: Final = ("altitude_sigma_m", "geometric_sigma_m")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for rows that leave under the same rules.

    clauses        the rules, e.g. "kg-ru-2023 grant 1"
    position_m, altitude_m  m  grid to which they are rounded; 0: as measured
    every_ns       ns  of one track at most one row in this time
    except_fields  columns that arrive empty
    """

    clauses: tuple[str, ...]
    position_m: float
    altitude_m: float
    every_ns: int
    except_fields: tuple[str, ...]
    label: Label

    @property
    def alters(self) -> bool:
        """Tell whether a row is changed, so that it could not be passed on verbatim."""
        return self.position_m > 0 or self.altitude_m > 0 or bool(self.except_fields)


def terms_of(ruleset: Ruleset, governing: int, recipient: str, standing: Mapping[str, Standing]) -> Terms:
    """Join the rules whose bits are set in `governing`."""
    rules = [rule for bit, rule in enumerate(ruleset.rules) if governing >> bit & 1]
    grants = [rule.terms for rule in rules if isinstance(rule.terms, Grant)]
    used = {rule.agreement: rule.hash for rule in rules}
    onward = set[str].intersection(*(set(one.onward) for one in grants)) if grants else set[str]()
    named = {one: ruleset.agreements[one].terms.agreement.classification for one in used}
    return Terms(
        clauses=tuple(rule.clause for rule in rules),
        position_m=max((one.position_m for one in grants), default=0.0),
        altitude_m=max((one.altitude_m for one in grants), default=0.0),
        every_ns=max((round(one.every_s * SECOND_NS) for one in grants), default=0),
        except_fields=tuple(sorted({name for one in grants for name in one.except_fields})),
        label=Label(
            origin=ruleset.giver,
            agreements=tuple(sorted(used.items())),
            classification="/".join(sorted({text for text in named.values() if text})),
            releasable_to=(recipient, *sorted(onward)),
            until=last_day(ruleset, standing, used),
            retain=strictest_retain(one.retain for one in grants),
            replay=all(one.replay for one in grants),
            caveats=tuple(sorted({one.caveat for one in grants if one.caveat})),
            clauses=tuple(sorted({one.clause for one in grants if one.clause})),
        ),
    )


def applied(tracks: pa.Table, terms: Terms) -> pa.Table:
    """TRACKS rows as they leave: rounded, columns emptied, labelled; with the variance of the rounding."""
    if terms.position_m > 0:
        lat, lon = snapped(_floats(tracks, "lat_deg"), _floats(tracks, "lon_deg"), terms.position_m)
        added = terms.position_m**2 / 12.0
        tracks = _put(tracks, "lat_deg", lat)
        tracks = _put(tracks, "lon_deg", lon)
        for name in {"var_e_m2", "var_n_m2"}.intersection(tracks.column_names):
            tracks = _put(tracks, name, _floats(tracks, name) + added)
    if terms.altitude_m > 0:
        for name in (one for one in _HEIGHTS if one in tracks.column_names):
            tracks = _put(tracks, name, stepped(_floats(tracks, name), terms.altitude_m))
        for name in (one for one in _HEIGHT_SIGMAS if one in tracks.column_names):
            tracks = _put(tracks, name, np.hypot(_floats(tracks, name), terms.altitude_m / np.sqrt(12.0)))
    # Who may not know an altitude may not know how well it is known, nor the height that it stands for.
    hidden = {*_HEIGHTS, *_HEIGHT_SIGMAS} if "altitude_m" in terms.except_fields else set[str]()
    hidden.update(terms.except_fields)
    if terms.alters:
        # What was learned, and the whole covariance, would tell what is rounded or kept back.
        hidden.update(_LEARNED)
    for name in sorted(hidden.intersection(tracks.column_names)):
        field = tracks.schema.field(name)
        tracks = tracks.set_column(
            tracks.schema.get_field_index(name), field, pa.nulls(len(tracks), field.type)
        )
    labels = pa.array([terms.label.text] * len(tracks), pa.string())
    return tracks.set_column(tracks.schema.get_field_index("label"), tracks.schema.field("label"), labels)


def stepped(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Middles of the steps that values lie in. A fixed grid: noise could be averaged away, this cannot."""
    return (np.floor(values / step) + 0.5) * step


def snapped(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], cell_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles of the cells, about `cell_m` wide and high, of a fixed grid over the earth."""
    step = cell_m / DEGREE_M
    lat = np.clip(stepped(lat_deg, step), -90.0, 90.0)
    wide = step / np.cos(np.radians(np.clip(np.abs(lat), 0.0, STEEPEST_DEG)))
    # Whole cells around the earth, so that the grid closes at the 180th meridian.
    wide = 360.0 / np.maximum(np.floor(360.0 / wide), 1.0)
    return lat, (np.floor((lon_deg + 180.0) / wide) + 0.5) * wide - 180.0


def _floats(tracks: pa.Table, name: str) -> NDArray[np.float64]:
    return tracks[name].to_numpy().astype(np.float64)


def _put(tracks: pa.Table, name: str, values: NDArray[np.float64]) -> pa.Table:
    place = tracks.schema.get_field_index(name)
    return tracks.set_column(
        place, tracks.schema.field(name), pa.array(values, pa.float64(), from_pandas=True)
    )
