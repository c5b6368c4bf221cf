"""Rows of tracks for tests of the kernels that work on one."""

from asman.kernels.trackrows import Tracks, room_for_tracks


def no_tracks(count: int) -> Tracks:
    """Rows of zeros: dead tracks."""
    tracks = room_for_tracks(count)
    for array in tracks:
        array.view("V1")[:] = b"\0"
    return tracks
