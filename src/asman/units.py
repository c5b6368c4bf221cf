"""Exact conversion factors between the field's units and SI.

Every factor is exact by definition, so a value converted once carries no error of ours.
Sources: ICAO Annex 5 (5th edition, table 3-3); the ASTERIX Part 1 units; BIPM SI brochure, 9th edition.
"""

from typing import Final

NAUTICAL_MILE_M: Final = 1852.0
FOOT_M: Final = 0.3048
FLIGHT_LEVEL_M: Final = 100.0 * FOOT_M
KNOT_MPS: Final = NAUTICAL_MILE_M / 3600.0
FOOT_PER_MINUTE_MPS: Final = FOOT_M / 60.0
SPEED_OF_LIGHT_MPS: Final = 299_792_458.0
SECOND_NS: Final = 1_000_000_000
DAY_S: Final = 86_400
