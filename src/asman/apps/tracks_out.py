"""Tracks leaving the command: files that others read, and a summary in words."""

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.registration import Registered
    from asman.tracking import Tracker

_REASONS = {
    "ignored_no_time": "without a time",
    "ignored_field_monitor": "of field monitors, which are no aircraft",
    "ignored_no_sensor": "of radars whose site is not known",
    "ignored_no_position": "without a position",
    "ignored_late": "too late: their time was closed already",
    "split": "splits: a second report of one aircraft in one turn",
}


def summary(tracks: "pa.Table", tracker: "Tracker") -> list[str]:
    """Lines that say what became of the plots, and what the tracks are like."""
    import numpy as np
    import pyarrow as pa

    from asman.tracking import counters, pressure_offsets, registration

    counted = counters(tracker)
    number = tracks["track"].to_numpy()
    confirmed = np.unique(number[tracks["confirmed"].to_numpy()])
    last = {int(n): i for i, n in enumerate(number)}
    rows = np.array([last[int(n)] for n in confirmed], np.int64)
    lines = [f"{len(np.unique(number)):,} tracks, {len(confirmed):,} of them confirmed"]
    if len(rows):
        plots = np.median(tracks["plots"].to_numpy()[rows])
        times = tracks["time"].cast(pa.int64()).to_numpy()
        first = {int(n): i for i, n in reversed(list(enumerate(number)))}
        begins = np.array([first[int(n)] for n in confirmed], np.int64)
        length = np.median(times[rows] - times[begins]) / 6e10
        lines.append(f"a confirmed track lasts {length:.1f} minutes and holds {plots:.0f} plots (medians)")
    used = counted["used"] + counted["born"]
    lines.append(f"{used:,} plots used, {counted['merged']:,} doubles merged")
    lines += [f"ignored {counted[key]:,} plots {text}" for key, text in _REASONS.items() if counted[key]]
    if counted["garbled_altitude"]:
        lines.append(f"{counted['garbled_altitude']:,} altitudes were not believed: garbled or swapped")
    lines += _offsets(pressure_offsets(tracker))
    if counted["split"] > 0.2 * used:
        lines.append("so many splits: does a sensor turn faster than its period_s in sensors.toml says?")
    return lines + [told(one) for one in registration(tracker) if one.used]


def told(one: "Registered") -> str:
    """One sensor's biases in words, with the restarts that a person must notice."""
    late = f"{one.time_s:+.3f} ± {one.time_sigma_s:.3f} s"
    flights = f"by {one.used:,} flights" + (f", {one.blamed:,} did not fit" if one.blamed else "")
    changed = f"; it changed {one.restarts} times" if one.restarts else ""
    if one.range_m is None or one.azimuth_deg is None:
        return f"{one.sensor} adds {late} ({flights}{changed})"
    return (
        f"{one.sensor} adds {one.range_m:+.0f} ± {one.range_sigma_m:.0f} m, "
        f"{1e6 * (one.range_gain or 0.0):+.0f} ± {1e6 * (one.range_gain_sigma or 0.0):.0f} m in 1,000 km, "
        f"{one.azimuth_deg:+.3f} ± {one.azimuth_sigma_deg:.3f} deg, {late} ({flights}{changed})"
    )


def _offsets(offsets: "pa.Table") -> list[str]:
    """A line on how far heights lie from pressure altitudes, where aircraft told both."""
    if not offsets.num_rows:
        return []
    # Without its time: instants in nanoseconds have no Python form.
    ordered = offsets.drop_columns("time").sort_by([("reports", "descending")])
    best: dict[str, Any] = ordered.slice(0, 1).to_pylist()[0]
    return [
        f"heights lie {best['ground_offset_m']:+.0f} ± {best['ground_sigma_m']:.0f} m from pressure "
        f"altitudes at 0 m, {best['aloft_offset_m']:+.0f} ± {best['aloft_sigma_m']:.0f} m at 10 km, around "
        f"{best['lat_deg']:.0f}, {best['lon_deg']:.0f} deg ({best['reports']:,} reports; "
        f"{offsets.num_rows:,} regions)"
    ]


def write(tracks: "pa.Table", output: str, stdout: IO[bytes]) -> None:
    """Write tracks as the file's ending says; `-` is CSV to `stdout`."""
    import pyarrow.feather
    import pyarrow.parquet

    if output == "-":
        _csv(tracks, stdout)
    elif output.endswith(".parquet"):
        pyarrow.parquet.write_table(tracks, output, compression="zstd")
    elif output.endswith(".arrow"):
        pyarrow.feather.write_feather(tracks, output, compression="zstd")
    elif output.endswith(".csv"):
        with Path(output).open("wb") as file:
            _csv(tracks, file)
    else:
        Path(output).write_text(json.dumps(geojson(tracks), separators=(",", ":")), encoding="utf-8")


def _csv(tracks: "pa.Table", file: IO[bytes]) -> None:
    """CSV as a spreadsheet reads it; contributors in one field, apart by blanks."""
    import pyarrow as pa
    import pyarrow.csv

    names = [" ".join(one) for one in tracks["contributors"].to_pylist()]
    place = tracks.column_names.index("contributors")
    pyarrow.csv.write_csv(tracks.set_column(place, "contributors", pa.array(names, pa.string())), file)


def geojson(tracks: "pa.Table") -> dict[str, Any]:
    """A FeatureCollection: one line a confirmed track, with its codes and times."""
    import numpy as np
    import pyarrow as pa

    confirmed = tracks.filter(tracks["confirmed"])
    number = confirmed["track"].to_numpy()
    order = np.argsort(number, kind="stable")
    seconds = confirmed["time"].cast(pa.int64()).to_numpy() / 1e9
    where = np.stack([confirmed["lon_deg"].to_numpy(), confirmed["lat_deg"].to_numpy()], axis=1)
    codes = confirmed.select(["address", "mode_3a", "callsign", "plots", "simulated"])
    features: list[dict[str, Any]] = []
    for part in np.split(order, np.flatnonzero(np.diff(number[order])) + 1) if len(order) else []:
        last: dict[str, Any] = codes.slice(int(part[-1]), 1).to_pylist()[0]
        if last["address"] is not None:
            last["address"] = f"{last['address']:06X}"
        if last["mode_3a"] is not None:
            last["mode_3a"] = f"{last['mode_3a']:04o}"
        points = np.round(where[part], 6).tolist()
        features.append(
            {
                "type": "Feature",
                "properties": {"track": int(number[part[0]]), **last, "times_s": seconds[part].tolist()},
                "geometry": {"type": "LineString", "coordinates": points if len(points) > 1 else points * 2},
            }
        )
    return {"type": "FeatureCollection", "features": features}
