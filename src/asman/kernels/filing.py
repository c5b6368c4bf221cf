"""Filing: where the tracks of a second are found again by the plots of its windows."""

from typing import Any

from asman.kernels.gating import (
    Files,
    append,
    bucket,
    bucket_of_number,
    cell,
    file_numbers,
    file_points,
    table_size,
)
from asman.kernels.jit import lent, part, small
from asman.kernels.trackrows import Tracks

# Structured rows: numpy's types have no names for their fields.
Record = Any


def _fewer(files: Files, count: int) -> Files:
    """Files with as many buckets as so many tracks are worth: fewer are emptied sooner."""
    size = min(table_size(count), files.head.size)
    return Files(
        files.head[:size], files.link, files.address_head[:size], files.address_link, files.code_head[:size],
        files.code_link,
    )  # fmt: skip


#: For pieces that are lent their arrays, and for kernels, which count those that they are given.
fewer_lent = small(_fewer)
fewer = part(_fewer)


@lent
def chain(tracks: Tracks, count: int, files: Files) -> None:
    """Chain what is filed of all tracks."""
    file_points(tracks.place, count, files.head, files.link)
    file_numbers(tracks.filed, count, files.address_head, files.address_link)
    file_numbers(tracks.coded, count, files.code_head, files.code_link)


@lent
def file_newborn(tracks: Tracks, k: int, plot: Record, files: Files) -> None:
    """Let the windows that follow in this second find a track that has just begun."""
    tracks.place[k, 0], tracks.place[k, 1], tracks.place[k, 2] = plot.x, plot.y, plot.z
    tracks.filed[k] = plot.address
    tracks.coded[k] = -1
    append(k, bucket(cell(plot.x), cell(plot.y), cell(plot.z), files.head.size - 1), files.head, files.link)
    if plot.address >= 0:
        heads = files.address_head
        append(k, bucket_of_number(plot.address, heads.size - 1), heads, files.address_link)
