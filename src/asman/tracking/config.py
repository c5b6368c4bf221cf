"""Configuration of a tracker: every threshold with its unit and where it comes from."""

import math
from typing import Any

import msgspec
import numpy as np

from asman.kernels.imm import Motion
from asman.kernels.tracklife import Rules


class TrackerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a tracker works. The defaults serve civil and military air traffic and airport surfaces.

    noise_low_m2ps3         m²/s³  acceleration noise when cruising: light turbulence; tuned on NEES
    noise_turn_m2ps3        m²/s³  in a coordinated turn: bank and speed vary
    noise_high_m2ps3        m²/s³  of everything else: about 3 g over a few seconds
    turn_mps2               m/s²   lateral acceleration at 31 deg of bank: airliners 25, fast jets more
    turn_degps_max          deg/s  rate-one turn, which slow aircraft fly (ICAO Doc 8168)
    cruise_s, turn_s, wild_s  s    mean time between changes of motion, the first of who flies low
    cruise_low_m            m      above it aircraft fly straight on for longer,
    cruise_growth_m         m      by a factor of e for each so many metres,
    cruise_max_s            s      up to this; recorded traffic around Paris: 130 s from 1 to 3 km, 250 from
                                   3 to 7, 320 from 7 to 9, 1,300 above; all four tuned on NEES
    window_s                s      plots this close in time are associated together
    gate                    1      squared Mahalanobis distance: five sigmas, for what begins to turn
    birth_pm2               1/m²   least density of plots of aircraft not known yet; more is learnt
    birth_speed_mps         m/s    no aircraft is faster; by root 3 the sigma of an unknown velocity
    ground_speed_mps        m/s    the same for what says that it is on the ground
    jump_mps                m/s    how far off an aircraft known by its address may be found, per second
    confirm_existence       1      existence needed to show a track
    confirm_existence_alone 1      share of aircraft among tracks that a sensor begins at an address that
                                   none bears, from which one answer shows a track, for a turn; 1: two
                                   are needed
    confirm_existence_of_echo 1    the same of a track of echoes alone: out of many in its gate it took the
                                   nearest each time, so it is less sure than it seems
    try_existence           1      an echo is tried on a track as if the track existed at least so surely
    confirm_plots           1      plots with a code, an altitude or an address needed to show a track
    confirm_plots_of_echo   1      plots needed to show a track of echoes alone
    confirm_plots_of_twin   1      the same where another track bears the address: reflections
    show_existence          1      a track is in the picture while its existence is no less
    least_existence         1      silence takes no shown track below it: it waits, under its number
    end_tentative_existence 1      below it a track ends that was never shown
    end_echo_existence      1      the same of a track of echoes alone
    life_s                  s      mean time until an aircraft lands or leaves, unseen
    life_slow_s             s      the same of who answers and is slower than landing_mps
    landing_mps             m/s    hardly any aircraft approaches faster
    life_high_s             s      the same of who is known by its address and is higher than landing_m
    landing_m               m      the highest airfield lies at 4,411 m (Daocheng Yading)
    coast_s                 s      no track lives longer without a plot
    speed_max_mps           m/s    faster is no aircraft
    confirm_speed_mps       m/s    a track of few plots that seems faster is chance
    miss_pd_max             1      misses come in runs (fades, shielding): one says no more than this
    rollback_s              s      plots so much too late are taken in all the same; 0: none
    checkpoint_s            s      between two copies of the state to go back to
    garble                  1      share of wrong Mode 3/A codes and altitudes
    confirm_plots_of_image  1      the same where it looks like another's mirror image in one radar
    moved_m                 m      a track without any code is shown once it has come so far from its begin
    moved_mps               m/s    and goes so fast: hills and masts stand (helicopters hover, too)
    velocity_sigma_mps      m/s    standard deviation of a reported ground velocity, per axis (NACv 1)
    registration_s          s      a block of time of which biases are learnt; 0: no registration
    registration_tracks     1      about so many tracks of a block are learnt from
    registration_tracks_each 1     and about so many for each radar: each says something of few radars
    range_bias_m, range_gain, azimuth_bias_deg, time_bias_s   m, 1, deg, s   sigmas of a radar's biases
                                   before anything is known (EUROCONTROL's standard for surveillance allows
                                   100 m, 1 m/NM, 0.1 deg, 0.1 s), the last of multilateration's as well
    report_bias_s           s      the same of what ADS-B leaves out of its latency (DO-260B: at most 0.6 s)
    altitude_offset_m       m      sigma of the height of a surface of pressure over what it stands for
    drift_m, drift_gain, drift_deg, drift_s   m, 1, deg, s   by how much biases wander in an hour
    """

    noise_low_m2ps3: float = 0.05
    noise_turn_m2ps3: float = 6.0
    noise_high_m2ps3: float = 200.0
    turn_mps2: float = 6.0
    turn_degps_max: float = 3.0
    cruise_s: float = 200.0
    cruise_low_m: float = 2_000.0
    cruise_growth_m: float = 3_000.0
    cruise_max_s: float = 4_000.0
    turn_s: float = 20.0
    wild_s: float = 15.0
    window_s: float = 0.25
    gate: float = 25.0
    birth_pm2: float = 1e-14
    birth_speed_mps: float = 350.0
    ground_speed_mps: float = 40.0
    jump_mps: float = 120.0
    confirm_existence: float = 0.97
    confirm_existence_alone: float = 0.9
    confirm_existence_of_echo: float = 0.9997
    try_existence: float = 0.05
    confirm_plots: int = 2
    confirm_plots_of_echo: int = 6
    confirm_plots_of_twin: int = 8
    show_existence: float = 0.5
    least_existence: float = 0.003
    end_tentative_existence: float = 0.001
    end_echo_existence: float = 1e-5
    life_s: float = 1000.0
    life_slow_s: float = 500.0
    landing_mps: float = 100.0
    life_high_s: float = 10_000.0
    landing_m: float = 5_000.0
    coast_s: float = 90.0
    speed_max_mps: float = 1500.0
    confirm_speed_mps: float = 700.0
    miss_pd_max: float = 0.9
    rollback_s: float = 20.0
    checkpoint_s: float = 10.0
    garble: float = 0.02
    velocity_sigma_mps: float = 5.0
    confirm_plots_of_image: int = 100
    moved_m: float = 500.0
    moved_mps: float = 12.0
    registration_s: float = 20.0
    registration_tracks: int = 400
    registration_tracks_each: int = 10
    range_bias_m: float = 80.0
    range_gain: float = 2.5e-4
    azimuth_bias_deg: float = 0.1
    time_bias_s: float = 0.1
    report_bias_s: float = 0.15
    altitude_offset_m: float = 200.0
    drift_m: float = 10.0
    drift_gain: float = 2e-5
    drift_deg: float = 0.01
    drift_s: float = 0.02


def motion_of(config: TrackerConfig) -> Motion:
    """The motion models, in the units of kernels."""
    return Motion(
        config.noise_low_m2ps3,
        config.noise_turn_m2ps3,
        config.noise_high_m2ps3,
        config.turn_mps2,
        math.radians(config.turn_degps_max),
        config.cruise_s,
        config.cruise_low_m,
        config.cruise_growth_m,
        config.cruise_max_s,
        config.turn_s,
        config.wild_s,
    )


def record_of(values: Motion | Rules) -> Any:
    """Numbers by name, as kernels are handed them."""
    dtype = [(name, type(value)) for name, value in zip(values._fields, values, strict=True)]
    return np.array([values], dtype).view(np.recarray)[0]


def rules_of(config: TrackerConfig) -> Rules:
    """The rules of association and life, in the units of kernels."""
    return Rules(
        window_ns=round(config.window_s * 1e9),
        gate=config.gate,
        birth_pm2=config.birth_pm2,
        birth_speed_sigma_mps=config.birth_speed_mps / math.sqrt(3.0),
        ground_speed_sigma_mps=config.ground_speed_mps / math.sqrt(3.0),
        jump_mps=config.jump_mps,
        confirm_existence=config.confirm_existence,
        confirm_existence_alone=config.confirm_existence_alone,
        confirm_existence_of_echo=config.confirm_existence_of_echo,
        try_existence=config.try_existence,
        confirm_plots=config.confirm_plots,
        confirm_plots_of_echo=config.confirm_plots_of_echo,
        confirm_plots_of_twin=config.confirm_plots_of_twin,
        show_existence=config.show_existence,
        least_existence=config.least_existence,
        end_tentative_existence=config.end_tentative_existence,
        end_echo_existence=config.end_echo_existence,
        survival_per_s=math.exp(-1.0 / config.life_s),
        survival_slow_per_s=math.exp(-1.0 / config.life_slow_s),
        landing_mps=config.landing_mps,
        survival_high_per_s=math.exp(-1.0 / config.life_high_s),
        landing_m=config.landing_m,
        coast_ns=round(config.coast_s * 1e9),
        speed_max_mps=config.speed_max_mps,
        confirm_speed_mps=config.confirm_speed_mps,
        miss_pd_max=config.miss_pd_max,
        garble=config.garble,
        velocity_sigma_mps=config.velocity_sigma_mps,
        moved_m=config.moved_m,
        moved_mps=config.moved_mps,
        confirm_plots_of_image=config.confirm_plots_of_image,
    )
