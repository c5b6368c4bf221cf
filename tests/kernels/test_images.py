"""Images: who is known for the mirror image of another, and by what."""

import math

import numpy as np
import pytest
from tests.kernels.rows import no_tracks
from tests.tracking.sky import radar

from asman.kernels.births import ADDRESSED, CODED, NAMESAKE, TWIN
from asman.kernels.gating import empty_files, file_numbers
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.images import is_image, kind_of_newborn
from asman.kernels.jit import kernel
from asman.kernels.placing import PLOT
from asman.kernels.trackrows import set_plane
from asman.tracking.intake import sensor_records

SITE = radar("A", 43.0, 75.0)
CODE, OTHERS, ADDRESS = 0o1362, 0o2754, 0x4CA123


@kernel
def filed(tracks, count, files):
    file_numbers(tracks.filed, count, files.address_head, files.address_link)
    file_numbers(tracks.coded, count, files.code_head, files.code_link)


@kernel
def looks_like_an_image(tracks, files, k, plots, sensors):
    return is_image(tracks, files, k, plots[0], sensors)


@kernel
def kind(tracks, count, plots, files):
    return kind_of_newborn(tracks, count, plots[0], files)


def track(row, north_deg, code, altitude_m, address=-1, confirmed=1):
    lat, lon = math.radians(43.0 + north_deg), math.radians(75.0)
    set_plane(lat, lon, *lla_to_ecef(lat, lon, 0.0), row.plane)
    row.alive, row.confirmed, row.mode_3a, row.address, row.plots = 1, confirmed, code, address, 10
    row.vertical[:] = 0.0
    row.vertical[0] = altitude_m
    row.heard["sensor"] = -1
    row.heard[0]["sensor"] = 0


def answer(north_deg, code, altitude_m, address=-1):
    plots = np.zeros(1, PLOT).view(np.recarray)
    lat, lon = math.radians(43.0 + north_deg), math.radians(75.0)
    plots.x, plots.y, plots.z = lla_to_ecef(lat, lon, 0.0)
    plots.range_m, plots.mode_3a, plots.altitude_m, plots.address = (
        111e3 * north_deg,
        code,
        altitude_m,
        address,
    )
    return plots


def sky():
    """An aircraft a degree north of the radar, and a track twice as far that answered as several did."""
    tracks, files = no_tracks(4), empty_files(4)
    track(tracks.row[0], 1.0, CODE, 5_000.0, ADDRESS)
    track(tracks.row[1], 2.0, OTHERS, 5_400.0, confirmed=0)
    tracks.filed[:], tracks.coded[:] = -1, -1
    tracks.filed[0], tracks.coded[0] = ADDRESS, CODE
    filed(tracks, 2, files)
    return tracks, files


@pytest.mark.parametrize(
    ("code", "altitude_m", "north_deg", "image"),
    [
        (CODE, 5_000.0, 2.0, True),
        (CODE, 5_400.0, 2.0, False),
        (OTHERS, 5_000.0, 2.0, False),
        (CODE, 5_000.0, 0.5, False),
        (-1, math.nan, 2.0, False),
    ],
)
def test_an_answer_tells_whose_image_a_track_is_that_is_made_of_several(code, altitude_m, north_deg, image):
    tracks, files = sky()
    plots = answer(north_deg, code, altitude_m)
    assert looks_like_an_image(tracks, files, 1, plots, sensor_records((SITE,))) == image


def test_a_second_radar_sees_no_image():
    tracks, files = sky()
    tracks.row[1].heard[1]["sensor"] = 1
    sites = sensor_records((SITE, radar("B", 43.5, 76.0)))
    assert not looks_like_an_image(tracks, files, 1, answer(2.0, CODE, 5_000.0), sites)


@pytest.mark.parametrize(
    ("code", "address", "expected"),
    [
        (OTHERS, -1, CODED),
        (CODE, -1, NAMESAKE),
        (0o7000, -1, CODED),
        (CODE, 0x111111, ADDRESSED),
        (CODE, ADDRESS, TWIN),
    ],
)
def test_a_newborn_with_the_address_or_code_of_a_track_is_of_a_kind_of_its_own(code, address, expected):
    tracks, files = sky()
    assert kind(tracks, 2, answer(2.0, code, 5_000.0, address), files) == expected
