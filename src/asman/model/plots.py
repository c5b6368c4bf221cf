"""Plots: what sensors measured, one row a report, whatever the sensor.

Radar rows fill range and azimuth; position rows (ADS-B, MLAT) fill latitude and longitude. What is
missing is null, never a sentinel. `recording` and `offset` lead from any row back to the octets.
"""

import pyarrow as pa

TIME = pa.timestamp("ns", tz="UTC")
NAME = pa.dictionary(pa.int32(), pa.string())


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


PLOTS: pa.Schema = pa.schema(
    [
        _field("time", TIME, "time of detection"),
        _field("sensor", NAME, "sensor id, as in sensors.toml"),
        _field("range_m", pa.float64(), "slant range from the antenna; radar only"),
        _field("azimuth_deg", pa.float64(), "from true north, clockwise, 0 to 360; radar only"),
        _field("lat_deg", pa.float64(), "WGS-84 latitude; position reports only"),
        _field("lon_deg", pa.float64(), "WGS-84 longitude; position reports only"),
        _field("pressure_altitude_m", pa.float64(), "Mode C or flight level against 1013.25 hPa"),
        _field("geometric_altitude_m", pa.float64(), "above the WGS-84 ellipsoid"),
        _field("mode_3a", pa.int16(), "12-bit Mode 3/A code: 0o7700 is stored as 4032"),
        _field("address", pa.int32(), "ICAO 24-bit aircraft address"),
        _field("callsign", pa.string(), "aircraft identification, without padding"),
        # Quality
        _field("detection", NAME, "psr, ssr, ssr+psr, modes, modes+psr, adsb or mlat"),
        _field("mode_3a_valid", pa.bool_(), "validated and not garbled, as the sensor says"),
        _field("altitude_valid", pa.bool_(), "validated and not garbled, as the sensor says"),
        _field("sigma_m", pa.float64(), "reported standard deviation of the position, per axis"),
        _field("sigma_e_m", pa.float64(), "the same east, where its axes differ (multilateration)"),
        _field("sigma_n_m", pa.float64(), "the same north"),
        _field("cov_en_m2", pa.float64(), "covariance of both"),
        _field(
            "containment_m",
            pa.float64(),
            "radius that surely holds the position (NIC, SIL); infinite: none does",
        ),
        _field("vn_mps", pa.float64(), "reported ground velocity north (ADS-B)"),
        _field("ve_mps", pa.float64(), "reported ground velocity east (ADS-B)"),
        _field("velocity_sigma_mps", pa.float64(), "reported standard deviation of both, per axis (NACv)"),
        _field("climb_mps", pa.float64(), "reported vertical rate (ADS-B)"),
        _field("on_ground", pa.bool_(), "the aircraft or the sensor says: on the ground"),
        _field("simulated", pa.bool_(), "marked as simulated or test by the sensor"),
        _field("field_monitor", pa.bool_(), "a fixed transponder of the sensor's own, not an aircraft"),
        _field("sensor_track", pa.int32(), "the sensor's own track number"),
        # Provenance
        _field("category", pa.int16(), "ASTERIX category of the record"),
        _field("recording", NAME, "name of the recording or feed"),
        _field("offset", pa.int64(), "byte offset of the record in the recording"),
    ]
)
