"""Frames: where in a buffer of octets the ASTERIX lies, and when each piece of it arrived."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: `Frames.time_ns` of a frame whose time of arrival nobody recorded.
NO_TIME = np.iinfo(np.int64).min


class Frames(NamedTuple):
    """Pieces of one buffer, in file order.

    start    (F,)  int64  first octet of the piece in the buffer
    length   (F,)  int64  octets
    time_ns  (F,)  int64  arrival, ns since 1970 UTC; NO_TIME where unknown
    """

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    time_ns: NDArray[np.int64]
