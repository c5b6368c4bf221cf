"""SAPIENT messages made with the generated classes of another project (sapient-msg), for tests."""

from datetime import UTC, datetime

from sapient_msg.bsi_flex_335_v2_0 import location_pb2, range_bearing_pb2, velocity_pb2
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

NODE = "0f2c9a70-5d3e-4c7f-9f0e-2b7a8e6d1c33"
RADAR = "6b1d5c1e-1111-4a53-8f2e-0c9a70f25d3e"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


def framed(*messages: SapientMessage) -> bytes:
    parts = [one.SerializeToString() for one in messages]
    return b"".join(len(one).to_bytes(4, "little") + one for one in parts)


def message(node: str, time_s: float = NOON) -> SapientMessage:
    made = SapientMessage()
    made.node_id = node
    made.timestamp.seconds = int(time_s)
    made.timestamp.nanos = round(time_s % 1 * 1e9)
    return made


def placed(lat: float, lon: float, *, time_s: float = NOON, node: str = NODE) -> SapientMessage:
    made = message(node, time_s)
    report = made.detection_report
    report.report_id, report.object_id = "01HREPORT", "01HOBJECT"
    report.detection_confidence = 0.75
    place = report.location
    place.x, place.y, place.z = lon, lat, 1200.0
    place.x_error, place.y_error = 0.0002, 0.0001
    place.coordinate_system = location_pb2.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
    place.datum = location_pb2.LOCATION_DATUM_WGS84_E
    for name, sure in (("Bird", 0.2), ("UAV Fixed Wing", 0.7)):
        one = report.classification.add()
        one.type, one.confidence = name, sure
    report.enu_velocity.east_rate, report.enu_velocity.north_rate = 36.0, 72.0
    return made


def polar(range_km: float, azimuth_deg: float, *, time_s: float = NOON, node: str = RADAR) -> SapientMessage:
    made = message(node, time_s)
    report = made.detection_report
    report.report_id, report.object_id = "01HREPORT", "01HOBJECT"
    seen = report.range_bearing
    seen.range, seen.azimuth, seen.elevation = range_km, azimuth_deg, 2.0
    seen.coordinate_system = range_bearing_pb2.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM
    seen.datum = range_bearing_pb2.RANGE_BEARING_DATUM_TRUE
    return made


def status(lat: float, lon: float, *, node: str = RADAR) -> SapientMessage:
    made = message(node)
    made.status_report.system = 1
    made.status_report.report_id = "01HSTATUS"
    place = made.status_report.node_location
    place.x, place.y, place.z = lon, lat, 800.0
    place.coordinate_system = location_pb2.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
    place.datum = location_pb2.LOCATION_DATUM_WGS84_E
    return made


def registration(*, node: str = NODE, units: int = velocity_pb2.SPEED_UNITS_KPH) -> SapientMessage:
    made = message(node)
    made.registration.name = "Mast 7"
    mode = made.registration.mode_definition.add()
    definition = mode.detection_definition.add()
    definition.velocity_type.enu_velocity_units.east_north_rate_units = units
    definition.velocity_type.enu_velocity_units.up_rate_units = units
    return made
