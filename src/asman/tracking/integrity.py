"""Integrity of position reports: what aircraft claim, as standard deviations that a tracker can believe."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: A report that guarantees nothing (NIC 0, or SIL 0 of a transponder that tells SIL) is right within some
#: hundred metres mostly, and anywhere at times: it weighs little beside anything else.
NO_INTEGRITY_SIGMA_M: Final = 300.0
#: Where accuracy is not told, the radius that surely holds the position (10⁻⁵ an hour: 4.8 sigmas) bounds it.
CONTAINMENT_SIGMAS: Final = 4.8


def weigh_reports(out: dict[str, NDArray[Any]], plots: pa.Table, adsb: NDArray[np.bool_]) -> None:
    """Set the standard deviation of ADS-B reports by what they claim, and mark those that guarantee nothing.

    out   columns of PLOT by name, with `sigma_m` as reported (95 % radius of NACp, as a sigma per axis); NaN:
          not told
    adsb  which rows are ADS-B
    """
    if not adsb.any():
        out["unsure"][:] = False
        return
    containment = pc.fill_null(plots["containment_m"], np.nan).to_numpy()
    unsure = adsb & np.isposinf(containment)
    told = np.isfinite(out["sigma_m"]) & (out["sigma_m"] > 0.0)
    bounded = adsb & ~told & np.isfinite(containment)
    out["sigma_m"][bounded] = containment[bounded] / CONTAINMENT_SIGMAS
    out["sigma_m"][unsure] = np.fmax(out["sigma_m"][unsure], NO_INTEGRITY_SIGMA_M)
    out["unsure"][:] = unsure
