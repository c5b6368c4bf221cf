"""Where every aircraft truly is, what it has set, and how many sensors could know."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.events import Outage
from asman.exercise.identities import said
from asman.exercise.joined import listening
from asman.exercise.outages import silent
from asman.exercise.sky import FLIGHTS, Sky, line_of
from asman.exercise.sweep import World, air
from asman.kernels import viewing
from asman.kernels.motion import states_at
from asman.kernels.radar import DARK, MODE_S
from asman.model.truth import TRUTH_TOLD
from asman.units import SECOND_NS

#: Airframes times instants laid out at a time; more are cut.
_PLACES_MAX = 4_000_000


def truth(world: World, times_ns: NDArray[np.int64]) -> pa.Table:
    """TRUTH_TOLD rows of every flying aircraft at each time [ns UTC, not before the begin], by time."""
    times = np.asarray(times_ns, np.int64)
    step = max(_PLACES_MAX // max(world.sky.cycle_s.size, 1), 1)
    parts = [_truth(world, times[i : i + step]) for i in range(0, max(times.size, 1), step)]
    return pa.concat_tables(parts)


def _states(sky: Sky, times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    seconds = (times_ns - sky.begin_ns) / SECOND_NS
    out = np.empty((seconds.size * sky.cycle_s.size, 9))
    count = states_at(sky.pieces, sky.first, sky.cycle_s, sky.phase_s, FLIGHTS, seconds, out)
    return out[:count]


def _truth(world: World, times_ns: NDArray[np.int64]) -> pa.Table:
    sky = world.sky
    row = _states(sky, times_ns)
    when, aircraft = times_ns[row[:, 0].astype(np.int64)], row[:, 1].astype(np.int64)
    told = said(world.scenario, sky, aircraft, when)
    line = line_of(aircraft)
    offset, scale = air(world.scenario.atmosphere)
    viewers = _viewers(world, row, when, told.transponder, told.adsb)
    kinds, members = sorted(set(sky.kinds)), [member.id for member in world.scenario.member]
    kind_of = np.array([kinds.index(kind) for kind in sky.kinds], np.int32)
    owner_of = np.array([members.index(one) if one else -1 for one in sky.fleet.owner], np.int32)
    names = pa.DictionaryArray.from_arrays(
        pa.array(told.callsign_index, pa.int32(), mask=told.transponder != MODE_S),
        pa.array(sky.fleet.callsigns, pa.string()),
    )
    columns = [
        when, aircraft, np.degrees(row[:, 2]), np.degrees(row[:, 3]), *row[:, 4:8].T.copy(),
        (row[:, 4] - offset) / scale,
        pa.array(told.mode_3a.astype(np.int16), mask=told.transponder == DARK),
        pa.array(told.address.astype(np.int32), mask=told.transponder != MODE_S),
        names.cast(pa.string()),
        pa.DictionaryArray.from_arrays(pa.array(kind_of[line]), pa.array(kinds, pa.string())),
        pa.DictionaryArray.from_arrays(
            pa.array(owner_of[line], mask=owner_of[line] < 0), pa.array(members, pa.string())
        ),
        viewers.astype(np.int16), viewers > 0,
    ]  # fmt: skip
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, TRUTH_TOLD, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=TRUTH_TOLD)


def _viewers(
    world: World,
    row: NDArray[np.float64],
    when: NDArray[np.int64],
    transponder: NDArray[np.int64],
    adsb: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """How many sensors could see each aircraft (N,): radars, ADS-B receivers, multilateration systems."""
    scenario, masks = world.scenario, world.masks
    sensors = len(world.radars)
    out = np.zeros((0, sensors), np.uint8)
    if any(isinstance(event, Outage) for event in scenario.event):
        seconds = (when - world.sky.begin_ns) / SECOND_NS
        out = np.stack(
            [silent(scenario, np.full(when.size, r), seconds).astype(np.uint8) for r in range(sensors)],
            axis=1,
        )
    viewers = np.empty(when.size, np.int64)
    nothing = np.zeros(0)
    viewing.count_viewers(
        world.radars,
        np.zeros((0, 1, 1), np.float32) if masks is None else masks.sine,
        1.0 if masks is None else masks.range_step_m,
        nothing if masks is None else masks.antenna_m,
        nothing if masks is None else masks.earth_m,
        row[:, 2].copy(), row[:, 3].copy(), row[:, 4].copy(), transponder,
        world.sky.rcs_m2[line_of(row[:, 1].astype(np.int64))], out, viewers,
    )  # fmt: skip
    heard = listening(world, (row[:, 2], row[:, 3], row[:, 4]), when, transponder, adsb)
    return viewers + heard
