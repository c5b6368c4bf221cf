"""A scenario of one radar and seven aircraft, as a file."""

from pathlib import Path

SMALL = """
name = "small"
title = "One radar"
seed = 5
begin = 2026-06-01T04:00:00Z
area = {{ west_deg = 73.0, south_deg = 42.0, east_deg = 77.0, north_deg = 44.0 }}
{top}
[traffic]
airliners = 4
overflights = 3
[[member]]
id = "KG"
name = "Kyrgyzstan"
address_first = 0x601000
address_last = 0x6013FF
military = "BARS"
[[operator]]
callsign = "MBB"
address_first = 0x601000
address_last = 0x6011FF
[[airport]]
{first}
[[airport]]
icao = "UAAA"
lat_deg = 43.3521
lon_deg = 77.0405
elevation_m = 682
[[sensor]]
id = "R"
member = "KG"
lat_deg = 43.0
lon_deg = 75.0
range_max_m = 200000
sac = 1
sic = 1
"""


def small(folder: Path, top: str = "", first: str = 'icao = "UCFM"') -> Path:
    path = folder / "small.toml"
    path.write_text(SMALL.format(top=top, first=first))
    return path
