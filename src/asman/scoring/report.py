"""The report: every figure with its unit, and what the plots are drawn from. Plain data, written as JSON.

Shares are 0 to 1. A figure that cannot be judged is null, and a note says why.
"""

import msgspec

Numbers = tuple[float, ...]


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % confidence interval, each aircraft counting as one sample; null if unknown."""

    mean: float
    low: float | None
    high: float | None
    count: int


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged, and with which settings."""

    begin: str
    end: str
    instants: int
    step_s: float
    own_instants: bool
    aircraft: int
    tracks: int
    truth_hours: float
    truth_places: int
    reports: int
    cutoff_m: float
    order: float
    alpha: float
    switch_m: float
    simulated: bool | None


class Gospa(msgspec.Struct, frozen=True, kw_only=True):
    """GOSPA and OSPA.

    mean_m            mean over the instants of the plain metric
    per_target_m      (sum of GOSPA^p over the instants / sum of aircraft)^(1/p): per square root of targets
    localisation_m, missed_m, false_m   its parts; their p-th powers add up to that of per_target_m. Null
                      unless alpha is 2
    missed_share      aircraft places without track / aircraft places
    false_share       reports without aircraft / reports
    ospa_m            mean over the instants
    """

    mean_m: float
    per_target_m: float
    localisation_m: float | None
    missed_m: float | None
    false_m: float | None
    missed_share: float
    false_share: float
    ospa_m: float


class TGospa(msgspec.Struct, frozen=True, kw_only=True):
    """T-GOSPA over all instants, per square root of targets; parts as in GOSPA, and switches.

    lower_m   no assignment can do better than this; equal to per_target_m where that is exact
    """

    per_target_m: float
    lower_m: float
    localisation_m: float
    missed_m: float
    false_m: float
    switch_m: float
    exact: bool


class Continuity(msgspec.Struct, frozen=True, kw_only=True):
    """Switches: an aircraft's track number changed. Swaps: to a track that had followed another aircraft."""

    switches: int
    swaps: int
    switches_per_hour: float
    tracks_per_aircraft: float
    longest_segment_share: float
    start_delay_s: float | None
    never_tracked: int


class Siap(msgspec.Struct, frozen=True, kw_only=True):
    """SIAP attributes: completeness, clarity (ambiguity, spuriousness), continuity, kinematic accuracy.

    ambiguity   tracks per tracked aircraft; 1 is right
    spuriousness   share of tracks on no aircraft
    continuity  share of each aircraft's time in its longest unbroken track (LS)
    """

    completeness: float
    ambiguity: float | None
    spuriousness: float | None
    continuity: float | None
    position_m: float | None
    velocity_mps: float | None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Of followed aircraft with such a code: share that shows one, and share of those shown that is right."""

    name: str
    completeness: float | None
    correctness: float | None
    count: int


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of one kind: `bins` are edges, one more than `counts`; the last bin holds all beyond."""

    name: str
    unit: str
    count: int
    bias: float
    rms: float
    median: float
    p95: float
    worst: float
    bins: Numbers
    counts: tuple[int, ...]


class Nees(msgspec.Struct, frozen=True, kw_only=True):
    """Normalised estimation error squared, two dimensions: 2 on average and 95 % below 5.99 when honest."""

    name: str
    mean: Interval
    inside95: Interval
    bins: Numbers
    counts: tuple[int, ...]


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds by which tracks lag behind along their course, by least squares over speed."""

    lag_s: Interval
    across_m: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, judged: verdict is pass, fail or not judged."""

    id: str
    standard: str
    text: str
    evidence: str
    limit: float
    at_least: bool
    value: float | None
    count: int
    verdict: str
    remark: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one part: of a region, an altitude band, a class, a member."""

    kind: str
    name: str
    places: int
    reports: int
    missed_share: float | None
    false_share: float | None
    gospa_m: float | None
    position_rms_m: float | None
    nees: float | None


class Worst(msgspec.Struct, frozen=True, kw_only=True):
    """An aircraft and how it was followed, the worst first: cost is its share of T-GOSPA, m per instant."""

    aircraft: str
    minutes: float
    missed_share: float
    position_rms_m: float | None
    position_worst_m: float | None
    switches: int
    tracks: tuple[str, ...]
    cost_m: float


class Ghost(msgspec.Struct, frozen=True, kw_only=True):
    """A track that followed nobody for a while, the longest first."""

    track: str
    minutes: float
    share: float
    lat_deg: float
    lon_deg: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One value an instant. Parts are p-th powers per aircraft, so that they stack: m^p."""

    time_s: Numbers
    aircraft: tuple[int, ...]
    tracks: tuple[int, ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]
    gospa_m: Numbers
    localisation: Numbers
    missed_part: Numbers
    false_part: Numbers


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """What the map shows, thinned out to what an eye can tell apart: [lon_deg, lat_deg] each.

    truth   paths of aircraft, cut where longitude jumps; `thinned` says how many aircraft are drawn of all
    """

    truth: tuple[tuple[tuple[float, float], ...], ...]
    followed: tuple[tuple[float, float], ...]
    missed: tuple[tuple[float, float], ...]
    false: tuple[tuple[float, float], ...]
    switches: tuple[tuple[float, float], ...]
    drawn: int
    of: int


class Cleaning(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for which reports of a reference are left out, its limit in words, and how many were."""

    step: str
    limit: str
    count: int


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A truth that was recorded, not simulated: what it was made of, and how good it is itself.

    kind        adsb or mlat
    reports     there were; `used` are left, of so many aircraft
    steps       why the others are not used, in order; each report counts once
    claimed_m   95 % radius that half of the used reports claim or better; null where none claims one
    random_m    RMS distance of used reports from where their neighbours say: what changes from report to
                report. A lasting offset or a lasting delay is not in it. Null where there are too few
    mute        aircraft whose velocities are not believed, because most contradict their places
    velocities  reports whose velocity is not believed, though their place is
    interval_s  median between an aircraft's reports
    gaps, gap_minutes   silences longer than gap_s, in which nobody is judged
    excused     reports left out of aircraft that are there nevertheless: a track on one of them is not false
    strangers   tracks on nobody that the reference knows: neither right nor false, and not judged
    beyond      reports of tracks that the reference cannot judge: those of strangers, and those of its own
                aircraft while it is silent about them
    observable_share    of the used reports that a judged sensor could see; null where its sites are not known
    """

    kind: str
    reports: int
    used: int
    aircraft: int
    steps: tuple[Cleaning, ...]
    claimed_m: float | None
    random_m: float | None
    mute: int
    velocities: int
    interval_s: float
    gap_s: float
    gaps: int
    gap_minutes: float
    excused: int = 0
    strangers: int = 0
    beyond: int = 0
    observable_share: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that scoring a picture against truth found; `reference` only of a recorded truth."""

    about: About
    notes: tuple[str, ...]
    gospa: Gospa
    t_gospa: TGospa
    continuity: Continuity
    siap: Siap
    identity: tuple[Identity, ...]
    errors: tuple[Distribution, ...]
    nees: tuple[Nees, ...]
    latency: Latency | None
    requirements: tuple[Verdict, ...]
    groups: tuple[Group, ...]
    worst: tuple[Worst, ...]
    ghosts: tuple[Ghost, ...]
    series: Series
    sketch: Sketch
    reference: Reference | None = None
