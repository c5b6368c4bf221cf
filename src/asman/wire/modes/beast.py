"""Messages to Beast frames, the stream that Mode S receivers send over TCP (port 30005 by custom).

Source: jetvision wiki, "Mode-S Beast: Data Output Formats", binary format.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.beast_encode import MODE_AC, frames_size, write_frames
from asman.kernels.modes_bits import LONG, SHORT

#: The receiver's clock; its 48 bits last 271 days.
TICKS_HZ: Final = 12_000_000
_NS_IN_THREE_TICKS: Final = 250

Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]


def beast_frames(
    messages: Octets, lengths: NDArray[np.integer], ticks_12mhz: Ints, signal: NDArray[np.integer]
) -> bytes:
    """Frame messages as binary Beast, 0x1A doubled wherever it stands within a frame.

    messages     (N, 14)  octets; a shorter message in the first of its row
    lengths      (N,)     2 (Mode A/C), 7 or 14 octets
    ticks_12mhz  (N,)     1/12 µs, not negative; the lowest 48 bits are sent, which run over after 271 days
    signal       (N,)     level, 0 to 255 of full scale (see `signal_levels`)
    returns      the frames, one behind the other, in the order of the rows

    Raises InputError for arrays of different lengths, and values outside those ranges, with their row.
    """
    count = len(messages)
    if messages.shape != (count, LONG) or any(len(a) != count for a in (lengths, ticks_12mhz, signal)):
        raise InputError(
            "beast",
            f"{messages.shape}, {len(lengths)} lengths, {len(ticks_12mhz)} times, {len(signal)} levels",
            f"Give {LONG} octets, a length, a time and a level for each message.",
        )
    sizes, times, levels = (np.ascontiguousarray(a, np.int64) for a in (lengths, ticks_12mhz, signal))
    known = (sizes == MODE_AC) | (sizes == SHORT) | (sizes == LONG)
    _demand(known, "lengths", sizes, "2 (Mode A/C), 7 or 14 octets")
    _demand(times >= 0, "ticks_12mhz", times, "0 or more")
    _demand((levels >= 0) & (levels <= 255), "signal", levels, "0 to 255")
    octets = np.ascontiguousarray(messages, np.uint8)
    strength = levels.astype(np.uint8)
    out = np.empty(frames_size(octets, sizes, times, strength), np.uint8)
    write_frames(octets, sizes, times, strength, out)
    return out.tobytes()


def _demand(good: NDArray[np.bool_], name: str, values: Ints, need: str) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(f"beast: {name}, row {row}", f"{values[row]} where {need} is needed", "Correct it.")


def ticks_12mhz(time_ns: Ints) -> Ints:
    """Whole ticks of 1/12 µs since the time's origin, without going over 64 bits on the way."""
    return time_ns // _NS_IN_THREE_TICKS * 3 + time_ns % _NS_IN_THREE_TICKS * 3 // _NS_IN_THREE_TICKS


def signal_levels(power_dbfs: NDArray[np.float64]) -> Octets:
    """Levels, 0 to 255, of powers in decibels of full scale: the amplitude is sent. NaN gives 0."""
    amplitude = np.rint(255.0 * 10.0 ** (power_dbfs / 20.0))
    return np.clip(np.nan_to_num(amplitude, nan=0.0), 0.0, 255.0).astype(np.uint8)
