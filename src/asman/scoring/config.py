"""What a scoring is asked to do: cut-offs, instants, bands, regions, requirements, with their units."""

from typing import Literal

import msgspec

Measure = Literal[
    "detection",
    "gap_time",
    "position_rms_m",
    "false_reports",
    "address_correct",
    "mode_3a_correct",
    "height_correct",
]


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a standard.

    id          unique name
    standard    which standard and edition, or whose reading of it
    text        the requirement in words
    measure     detection        share of aircraft time with a track (and a plot not older than interval_s)
                gap_time         share of aircraft time in gaps longer than gap_s
                position_rms_m   root mean square of the horizontal error
                false_reports    share of reports further than beyond_m from every aircraft
                address_correct, mode_3a_correct   share of reports that carry one and are right
                height_correct   share of reports with height that are within tolerance_m
    at_least, at_most            the limit: exactly one of them
    evidence    "read" in the standard itself, or "second-hand"
    """

    id: str
    standard: str
    text: str
    measure: Measure
    at_least: float | None = None
    at_most: float | None = None
    interval_s: float | None = None
    gap_s: float | None = None
    beyond_m: float | None = None
    tolerance_m: float | None = None
    evidence: Literal["read", "second-hand"] = "second-hand"

    def __post_init__(self) -> None:
        """Refuse a line without a limit, or without the parameter that its measure needs."""
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"requirement '{self.id}' needs either at_least or at_most")
        needed = {"gap_time": "gap_s", "false_reports": "beyond_m", "height_correct": "tolerance_m"}
        name = needed.get(self.measure)
        if name is not None and getattr(self, name) is None:
            raise ValueError(f"requirement '{self.id}' of measure '{self.measure}' needs {name}")


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named area for the breakdown: a ring of [lon_deg, lat_deg], closed by itself, under 180° wide."""

    name: str
    ring: tuple[tuple[float, float], ...]


class ReferenceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which recorded positions may serve as truth.

    epu_max_m          m      95 % radius that the aircraft claims (NACp, NUCp): at most
    containment_max_m  m      radius that it guarantees (NIC, PIC): at most
    unqualified               use reports that claim no accuracy, too
    ground                    use reports from the ground, too
    sigma_m            m      standard deviation per axis of reports that claim none
    sigma_min_m        m      none is taken to be better: steps of CPR, clocks
    order_s            s      by so much a report's time may not fit the order in which reports came
    twice_s            s      the same place within this time is the same report
    stale_m            m      the same place is stale when the aircraft is so far on
    speed_max_mps      m/s    no aircraft is faster
    velocity_sigma_mps m/s    standard deviation of a reported velocity, per axis
    noise_m2ps3        m²/s³  acceleration noise of the prediction: turns of 3° a second pass
    sigmas             1      standard deviations by which neighbours may disagree
    gate               1      chi-square, 2 degrees of freedom: 23 is passed by 99.999 % of good reports
    apart_s            s      reports further apart say nothing about each other
    strangers_false           tracks on nobody that the reference knows are false, not left out
    reports_min        1      an aircraft with fewer is left out
    span_min_s         s      or that was there for less
    """

    epu_max_m: float = 92.6
    containment_max_m: float = 370.4
    unqualified: bool = False
    ground: bool = False
    strangers_false: bool = False
    sigma_m: float = 20.0
    sigma_min_m: float = 10.0
    order_s: float = 2.0
    twice_s: float = 0.25
    stale_m: float = 15.0
    speed_max_mps: float = 700.0
    velocity_sigma_mps: float = 5.0
    noise_m2ps3: float = 10.0
    sigmas: float = 5.0
    gate: float = 23.0
    apart_s: float = 600.0
    reports_min: int = 10
    span_min_s: float = 20.0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not isinstance(value, bool) and not value > 0:
                raise ValueError(f"reference.{name} must be more than 0, not {value}")


class ScoreConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to score.

    cutoff_m         m    GOSPA's and OSPA's c: further apart is missed and false
    order            1    p of GOSPA, OSPA and T-GOSPA
    alpha            1    GOSPA's alpha; its parts exist for 2 only
    switch_m         m    T-GOSPA's gamma: the penalty of a change from track to track
    every_s          s    instants at which to judge; None: the picture's own, else each whole 10 s
    hold_s           s    how long a report stands where each track reports at its own times; None: of each
                          track 2.5 times the median interval of its reports, or 1.5 times the 95 % one
    truth_gap_s      s    between truth samples further apart nobody is judged
    settle_s         s    left out at the beginning
    unconfirmed           judge unconfirmed tracks too
    turning_deg_s    deg/s  a truth that turns faster counts as turning
    altitude_edges_m m    bands of the breakdown
    grid_deg         deg  cells of the breakdown by region; None: no grid
    region                named areas of the breakdown
    requirement           lines of standards to judge by
    latency_speed_mps m/s slower truths say nothing about latency
    price_rounds          how long to look for the best assignment over time in large clusters
    reference             which recorded positions may serve as truth
    """

    cutoff_m: float = 2000.0
    order: float = 2.0
    alpha: float = 2.0
    switch_m: float = 1000.0
    every_s: float | None = None
    hold_s: float | None = None
    truth_gap_s: float = 30.0
    settle_s: float = 0.0
    unconfirmed: bool = False
    turning_deg_s: float = 0.5
    altitude_edges_m: tuple[float, ...] = (1500.0, 3000.0, 6000.0, 9000.0)
    grid_deg: float | None = None
    region: tuple[Region, ...] = ()
    requirement: tuple[Requirement, ...] = ()
    latency_speed_mps: float = 30.0
    price_rounds: int = 96
    reference: ReferenceConfig = ReferenceConfig()

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        positive = {
            "cutoff_m": self.cutoff_m, "alpha": self.alpha, "truth_gap_s": self.truth_gap_s,
            "every_s": self.every_s, "hold_s": self.hold_s, "grid_deg": self.grid_deg,
        }  # fmt: skip
        for name, value in positive.items():
            if value is not None and not value > 0.0:
                raise ValueError(f"{name} must be more than 0, not {value}")
        if not 0.0 < self.alpha <= 2.0:
            raise ValueError(f"alpha must be more than 0 and at most 2, not {self.alpha}")
        if not self.order >= 1.0:
            raise ValueError(f"order must be at least 1, not {self.order}")
        if self.switch_m < 0.0 or self.settle_s < 0.0 or self.price_rounds < 0:
            raise ValueError("switch_m, settle_s and price_rounds must not be negative")
