"""What sensors suffer: every effect with its switch, its unit, its believable value and where that is from.

An effect is on by default. A radar's systematic errors are drawn once from the scenario's seed (their sigmas
are the effects; a value that is given stands as given). `off = ["merge", "split"]` in `[effects.default]` or
`[effects.ID]` turns effects off by name; `off = ["all"]` leaves an ideal sensor. `CATALOGUE` is the list.

Sources, limits second-hand and chapters from memory, to be checked before they are quoted:
STD = EUROCONTROL Standard Document for Radar Surveillance in En-Route Airspace and Major Terminal Areas,
SUR.ET1.ST01.1000-STD-01-01, 1997, sections 5 and 6; SKO = Skolnik, Radar Handbook, 3rd edition; STE =
Stevens, Secondary Surveillance Radar, 1988; A10 = ICAO Annex 10 volume IV; P453 = ITU-R P.453
(refractivity); 260B = RTCA DO-260B.
"""

from typing import Final, NamedTuple

import msgspec


class Effects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is true of a sensor, whether or not its owner knows. None is drawn from the seed.

    off                    names of CATALOGUE, or "all"

    Coverage
    psr                    a primary radar turns with the secondary one (a sensor of kind psr always has it)
    pd_psr            1    its probability of detection of `psr_rcs_m2` at three quarters of its range
    psr_range_m       m    its range
    psr_rcs_m2        m²   radar cross-section for which `pd_psr` is meant
    range_min_m       m    nearer, nothing is seen
    cone_deg          deg  higher than this elevation, nothing is seen: the cone of silence
    horizon                smooth ground hides what is below the horizon
    mast_m            m    antenna above that ground
    horizon_k         1    effective earth radius; 4/3 in the standard atmosphere
    terrain                terrain hides, where the exercise was given any

    Detection
    swerling               primary detection depends on range and cross-section (Swerling 1); else `pd_psr`
    blind_mps         m/s  radial speed below which a primary radar's clutter filter takes targets away
    lobing            1    share of detections lost in the minima of the vertical diagram
    shadow            1    share of replies lost when a banked aircraft hides its lower antenna

    Systematic errors
    range_bias_m, range_bias_sigma_m             m    added to every range
    range_gain, range_gain_sigma                 1    share of the range added to it
    azimuth_bias_deg, azimuth_bias_sigma_deg     deg  added to every azimuth
    wobble_deg, wobble_sigma_deg                 deg  amplitude once a turn (tilt, encoder off centre)
    wobble_at_deg                                deg  phase of it
    time_bias_s, time_bias_sigma_s               s    added to every time stamp
    clock_drift_ppm, clock_drift_sigma_ppm       1e-6 growth of the time bias
    site_east_m, site_north_m, site_sigma_m      m    where the antenna stands, off from what its owner says
    swing             1    slow variation of range and azimuth bias: amplitude in sigmas of theirs
    swing_period_s    s    of it
    refractivity_n    1    N-units that the radar's correction of the atmosphere leaves uncorrected
    rotation_jitter   1    relative variation of the antenna's speed within a turn (wind load)

    Measurement
    outliers          1    share of plots whose azimuth jumps
    outlier_deg       deg  standard deviation of such a jump
    quantised              in the steps of CAT048: 1/128 s, 1/256 NM, 360/65536 deg

    Replies
    code_missing      1    share of replies without Mode 3/A
    code_garbled      1    share of replies whose Mode 3/A is marked garbled, and wrong
    altitude_missing  1    share of replies without Mode C
    altitude_garbled  1    share of replies whose altitude is marked garbled
    garble            1    share of overlapping Mode A/C replies that are garbled
    garble_m          m    slant range within which replies overlap (20.3 µs)
    ssr_beam_deg      deg  beam within which they do
    code_wrong        1    share of replies with a wrong code that nothing marks; so for altitudes

    Resolution
    merge                  plots in one resolution cell become one
    psr_cell_m, psr_cell_deg    m, deg   cell of the primary radar
    ssr_cell_m, ssr_cell_deg    m, deg   cell of Mode A/C; Mode S addresses one at a time
    split             1    share of plots that come as two, apart in azimuth
    split_deg         deg  how far

    False plots (their mean number a scan is the sensor's own `false_plots_per_scan`)
    clutter_map       1    share of them that come from spots that persist; the others come from anywhere
    clutter_spots     1    how many spots: ground, roads, wind farms, birds
    reflectors        1    how many plane reflectors stand around a secondary radar
    reflection        1    share of replies that a reflector in the way doubles
    ring_around_m     m    nearer, side lobes make further plots
    ring_around       1    share of plots there that they make

    Delivery
    latency_s         s    from the end of a sector until its plots leave the radar
    latency_jitter_s  s    largest further delay of a datagram: datagrams overtake one another
    datagram_loss     1    share of datagrams that are lost
    datagram_twice    1    share of datagrams that come twice

    Position reports (kinds adsb and mlat)
    gnss_sigma_m      m    slowly varying error of an aircraft's own position, a standard deviation per axis
    gnss_period_s     s    of it
    gnss_poor         1    share of aircraft with ten times that error, and low NIC and NACp
    report_latency_s  s    a position is older than its time of applicability says: mean; drawn to twice
    stale             1    share of reports that repeat an older position
    stale_s           s    how much older, at most
    dropout           1    share of time in which a receiver hears nothing from an aircraft
    dropout_s         s    how long at a time
    mlat_time_ns      ns   standard deviation of a receiver's time of arrival
    """

    off: tuple[str, ...] = ()
    psr: bool = False
    pd_psr: float = 0.8
    psr_range_m: float = 150_000.0
    psr_rcs_m2: float = 2.0
    range_min_m: float = 1_000.0
    cone_deg: float = 45.0
    horizon: bool = True
    mast_m: float = 20.0
    horizon_k: float = 4.0 / 3.0
    terrain: bool = True
    swerling: bool = True
    blind_mps: float = 8.0
    lobing: float = 0.08
    shadow: float = 0.3
    range_bias_m: float | None = None
    range_bias_sigma_m: float = 15.0
    range_gain: float | None = None
    range_gain_sigma: float = 3e-5
    azimuth_bias_deg: float | None = None
    azimuth_bias_sigma_deg: float = 0.015
    wobble_deg: float | None = None
    wobble_sigma_deg: float = 0.01
    wobble_at_deg: float | None = None
    time_bias_s: float | None = None
    time_bias_sigma_s: float = 0.01
    clock_drift_ppm: float | None = None
    clock_drift_sigma_ppm: float = 0.2
    site_east_m: float | None = None
    site_north_m: float | None = None
    site_sigma_m: float = 5.0
    swing: float = 0.2
    swing_period_s: float = 3_600.0
    refractivity_n: float = 20.0
    rotation_jitter: float = 0.002
    outliers: float = 0.0003
    outlier_deg: float = 0.5
    quantised: bool = True
    code_missing: float = 0.005
    code_garbled: float = 0.005
    altitude_missing: float = 0.01
    altitude_garbled: float = 0.005
    garble: float = 0.4
    garble_m: float = 3_043.0
    ssr_beam_deg: float = 2.4
    code_wrong: float = 0.0005
    merge: bool = True
    psr_cell_m: float = 230.0
    psr_cell_deg: float = 1.4
    ssr_cell_m: float = 110.0
    ssr_cell_deg: float = 0.6
    split: float = 0.001
    split_deg: float = 1.2
    clutter_map: float = 0.6
    clutter_spots: int = 14
    reflectors: int = 2
    reflection: float = 0.15
    ring_around_m: float = 9_000.0
    ring_around: float = 0.03
    latency_s: float = 0.05
    latency_jitter_s: float = 0.02
    datagram_loss: float = 0.0001
    datagram_twice: float = 0.0001
    gnss_sigma_m: float = 6.0
    gnss_period_s: float = 400.0
    gnss_poor: float = 0.02
    report_latency_s: float = 0.15
    stale: float = 0.002
    stale_s: float = 4.0
    dropout: float = 0.01
    dropout_s: float = 12.0
    mlat_time_ns: float = 10.0


class Effect(NamedTuple):
    """One line of the catalogue: how an effect is switched off, what its size is in, and who says so."""

    name: str
    without: dict[str, float | bool | int]
    unit: str
    source: str


CATALOGUE: Final = (
    Effect("horizon", {"horizon": False}, "m", "SKO 26: 4/3 earth"),
    Effect("terrain", {"terrain": False}, "", "the terrain that the exercise is given"),
    Effect("cone", {"cone_deg": 90.0, "range_min_m": 0.0}, "deg, m", "STD 5: cone of silence"),
    Effect("swerling", {"swerling": False}, "1", "SKO 2: Swerling 1"),
    Effect("tangential", {"blind_mps": 0.0}, "m/s", "SKO 2: MTI filters"),
    Effect("lobing", {"lobing": 0.0}, "1", "STE 5; SKO 26: multipath"),
    Effect("shadow", {"shadow": 0.0}, "1", "STE 5: aircraft antennas"),
    Effect(
        "bias",
        {
            "range_bias_m": 0.0, "range_gain": 0.0, "azimuth_bias_deg": 0.0, "range_bias_sigma_m": 0.0,
            "range_gain_sigma": 0.0, "azimuth_bias_sigma_deg": 0.0, "swing": 0.0,
        },
        "m, deg", "STD 6.2: at most 100 m, 0.1 deg, 1 m/NM",
    ),
    Effect("wobble", {"wobble_deg": 0.0, "wobble_sigma_deg": 0.0}, "deg", "STE 6: turntable tilt"),
    Effect("clock", {
        "time_bias_s": 0.0, "time_bias_sigma_s": 0.0, "clock_drift_ppm": 0.0, "clock_drift_sigma_ppm": 0.0,
    }, "s", "STD 6.2: at most 0.1 s"),
    Effect("site", {"site_east_m": 0.0, "site_north_m": 0.0, "site_sigma_m": 0.0}, "m", "survey errors"),
    Effect("refraction", {"refractivity_n": 0.0}, "N", "P453: 315 exp(-h / 7.35 km), mostly corrected"),
    Effect("rotation", {"rotation_jitter": 0.0}, "1", "SKO 9: wind load"),
    Effect("outliers", {"outliers": 0.0}, "1", "STD 6.2: jumps, at most 0.05 %"),
    Effect("quantisation", {"quantised": False}, "", "EUROCONTROL CAT048 edition 1.32"),
    Effect("codes", {
        "code_missing": 0.0, "code_garbled": 0.0, "altitude_missing": 0.0, "altitude_garbled": 0.0,
        "code_wrong": 0.0,
    }, "1", "STD 6.2: Mode A correct over 98 %, Mode C over 96 %"),
    Effect("garble", {"garble": 0.0}, "1", "A10 3.1.1: replies of 20.3 µs"),
    Effect("merge", {"merge": False}, "m, deg", "STD 6.2: resolution"),
    Effect("split", {"split": 0.0}, "1", "STD 6.2: multiple targets, at most 0.2 %"),
    Effect("clutter", {"clutter_map": 0.0}, "1", "SKO 26 and 15; birds, roads, wind farms persist"),
    Effect("reflection", {"reflection": 0.0, "reflectors": 0}, "1", "STE 8: reflections"),
    Effect("ring-around", {"ring_around": 0.0}, "1", "STE 8: side lobes"),
    Effect("delivery", {
        "latency_jitter_s": 0.0, "datagram_loss": 0.0, "datagram_twice": 0.0,
    }, "s, 1", "wide-area networks"),
    Effect("gnss", {"gnss_sigma_m": 0.0, "gnss_poor": 0.0}, "m", "260B: NACp"),
    Effect("report-latency", {"report_latency_s": 0.0}, "s", "260B 2.2.5: at most 0.6 s uncompensated"),
    Effect("stale", {"stale": 0.0}, "1", "seen in recorded ADS-B: 0.2 to 10 % repeats"),
    Effect("dropout", {"dropout": 0.0}, "1", "seen in recorded ADS-B"),
    Effect("arrival", {"mlat_time_ns": 0.0}, "ns", "time stamps of synchronised receivers, ED-142"),
)  # fmt: skip
