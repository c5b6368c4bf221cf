"""Tracks: the air picture, one row a track at a time of validity."""

import pyarrow as pa

from asman.model.plots import TIME


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


TRACKS: pa.Schema = pa.schema(
    [
        _field("time", TIME, "time of validity"),
        _field("track", pa.int64(), "track number, never reused within a run"),
        _field("lat_deg", pa.float64(), "WGS-84 latitude"),
        _field("lon_deg", pa.float64(), "WGS-84 longitude"),
        _field("altitude_m", pa.float64(), "pressure altitude where reported, else null"),
        _field("vn_mps", pa.float64(), "ground velocity north"),
        _field("ve_mps", pa.float64(), "ground velocity east"),
        _field("climb_mps", pa.float64(), "vertical rate, up positive; null without altitude"),
        _field("altitude_sigma_m", pa.float64(), "standard deviation of altitude_m; null without one"),
        _field(
            "geometric_altitude_m", pa.float64(), "above the WGS-84 ellipsoid; null where nothing tells it"
        ),
        _field("geometric_sigma_m", pa.float64(), "standard deviation of geometric_altitude_m"),
        _field("var_e_m2", pa.float64(), "variance of the position east"),
        _field("var_n_m2", pa.float64(), "variance of the position north"),
        _field("cov_en_m2", pa.float64(), "covariance of the position, east with north"),
        _field("existence", pa.float64(), "probability that there is an aircraft, 0 to 1"),
        _field("confirmed", pa.bool_(), "existence and hits suffice to show it to an operator"),
        _field("mode_3a", pa.int16(), "12-bit Mode 3/A code"),
        _field("address", pa.int32(), "ICAO 24-bit aircraft address"),
        _field("callsign", pa.string(), "aircraft identification"),
        _field("contributors", pa.list_(pa.string()), "ids of the sensors that made it lately"),
        _field("origin", pa.string(), "member whose node made it"),
        _field("label", pa.string(), "release label; empty until the member has agreements"),
        _field("last_plot_time", TIME, "time of the latest plot in it"),
        _field("plots", pa.int32(), "how many plots it holds"),
        _field("on_ground", pa.bool_(), "its latest plot says: on the ground"),
        _field("position_doubted", pa.bool_(), "radars contradict the positions that it reports"),
        _field("simulated", pa.bool_(), "made of simulated plots; never omitted"),
    ]
)
