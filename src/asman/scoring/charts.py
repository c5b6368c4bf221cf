"""The report's plots: GOSPA over time, counts, errors, NEES."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import exp

from asman.scoring.report import Distribution, Nees, Report
from asman.scoring.svg import (
    BLUE,
    GREY,
    INK,
    PURPLE,
    RED,
    YELLOW,
    Frame,
    axes,
    band,
    bars,
    drawing,
    legend,
    line,
    text,
    ticks,
    upright,
)

#: More points than this cannot be told apart in a plot as wide as a page.
POINTS_MAX = 480


def gospa_over_time(report: Report) -> str:
    """GOSPA per root of targets, its parts stacked: squares add up, so the axis is drawn in squares."""
    series, p = report.series, report.about.order
    xs = thinned(series.time_s)
    total = [value**p for value in thinned(series.gospa_m)]
    highest = max([*total, 1e-9]) ** (1.0 / p)
    # A start from nothing would press all the rest flat: such peaks are cut, and said.
    usual = sorted(total)[int(0.95 * (len(total) - 1))] ** (1.0 / p)
    peak = highest * 1.04 if highest <= 2.0 * usual or usual == 0.0 else 1.6 * usual
    roof = peak**p
    times, label = clock(report)
    frame = Frame(960, 250, xs[0], max(xs[-1], xs[0] + 1.0), 0.0, peak, bend=lambda value: abs(value) ** p)
    parts = [axes(frame, "time of day (UTC)", "GOSPA / √target, m", label, times, root_ticks(peak))]
    items: list[tuple[str, str]] = []
    if report.about.alpha == 2.0:
        low = [0.0] * len(xs)
        stacked = (
            (series.localisation, BLUE, "localisation"), (series.missed_part, RED, "missed"),
            (series.false_part, YELLOW, "false"),
        )  # fmt: skip
        for values, colour, words in stacked:
            high = [a + b for a, b in zip(low, thinned(values), strict=True)]
            parts.append(band(frame, xs, _roots(low, p, roof), _roots(high, p, roof), colour))
            items.append((colour, words))
            low = high
    parts.append(line(frame, xs, _roots(total, p, roof), INK, 1.2))
    if peak < highest:
        parts.append(caption(frame, f"cut off: up to {highest:,.0f} m"))
    items.append((INK, "GOSPA"))
    return drawing(frame, "GOSPA over time with its parts", parts) + legend(items)


def counts_over_time(report: Report) -> str:
    """How many aircraft and tracks there were, and how many missed and false."""
    series = report.series
    xs = thinned(series.time_s)
    top = max([*series.aircraft, *series.tracks, 1])
    frame = Frame(960, 170, xs[0], max(xs[-1], xs[0] + 1.0), 0.0, top * 1.06)
    times, label = clock(report)
    lines = (
        (series.aircraft, GREY, "aircraft"), (series.tracks, BLUE, "tracks"), (series.missed, RED, "missed"),
        (series.false, YELLOW, "false"),
    )  # fmt: skip
    parts = [axes(frame, "time of day (UTC)", "count", label, times)]
    parts += [line(frame, xs, thinned(values), colour) for values, colour, _ in lines]
    return drawing(frame, "Counts over time", parts) + legend([(colour, words) for _, colour, words in lines])


def clock(report: Report) -> tuple[list[float], Callable[[float], str]]:
    """Round times of day as seconds since the beginning, and how they are written."""
    begin = datetime.fromisoformat(report.about.begin).timestamp()
    length = max(report.series.time_s[-1], 1.0)
    step = next((s for s in _CLOCK_STEPS_S if length / s <= 8), _CLOCK_STEPS_S[-1])
    first = step - begin % step if begin % step else 0.0
    places = [first + i * step for i in range(int((length - first) // step) + 1) if first <= length]
    form = "%H:%M:%S" if step < 60 else "%H:%M"
    return places, lambda value: f"{datetime.fromtimestamp(begin + value, UTC):{form}}"


_CLOCK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


def root_ticks(peak: float) -> list[float]:
    """Ticks for an axis drawn in squares: further apart below, where they would touch."""
    values = ticks(0.0, peak, 5)
    return [v for i, v in enumerate(values) if i == 0 or v >= 0.3 * peak or i == len(values) - 1]


def thinned(values: Sequence[float]) -> list[float]:
    """Means over as many neighbours as fit the plot's width."""
    step = -(-len(values) // POINTS_MAX)
    return [sum(values[i : i + step]) / len(values[i : i + step]) for i in range(0, len(values), step)]


def _roots(values: Sequence[float], p: float, roof: float) -> list[float]:
    return [min(max(value, 0.0), roof) ** (1.0 / p) for value in values]


def error_plot(one: Distribution) -> str:
    """Histogram of one kind of error, its median and 95 % marked; the last bar holds all beyond."""
    frame = _histogram_frame(one.bins, one.counts, one.count)
    shares = [100.0 * count / one.count for count in one.counts]
    body = [
        axes(
            frame,
            f"{one.name} error, {one.unit}" if "plot" not in one.name else f"{one.name}, {one.unit}",
            "%",
        ),
        bars(frame, one.bins, shares, BLUE),
        upright(frame, one.median, f"median {one.median:,.3g}", INK),
        upright(frame, one.p95, f"95 % {one.p95:,.3g}", RED, 1),
    ]
    return drawing(frame, f"{one.name}: RMS {one.rms:.3g} {one.unit}", body)


def nees_plot(one: Nees) -> str:
    """Histogram of NEES with the chi-square density an honest tracker would have."""
    frame = _histogram_frame(one.bins, one.counts, one.mean.count)
    shares = [100.0 * count / one.mean.count for count in one.counts]
    width = one.bins[1] - one.bins[0]
    xs = [one.bins[-1] * i / 100.0 for i in range(101)]
    honest = [100.0 * width * 0.5 * exp(-0.5 * x) for x in xs]
    body = [
        axes(frame, f"NEES, {one.name}", "%"),
        bars(frame, one.bins, shares, PURPLE),
        line(frame, xs, honest, INK, 1.3),
        upright(frame, 5.991, "95 % of χ²", RED),
    ]
    return drawing(frame, f"NEES {one.name}: mean {one.mean.mean:.2f}", body)


def _histogram_frame(edges: Sequence[float], counts: Sequence[int], total: int) -> Frame:
    top = 100.0 * max(counts) / total
    if len(edges) == 31:  # NEES: the honest curve must fit in as well
        top = max(top, 100.0 * (edges[1] - edges[0]) * 0.5)
    return Frame(310, 190, edges[0], edges[-1], 0.0, top * 1.08, left=44.0)


def caption(frame: Frame, words: str) -> str:
    """A line of words in a frame's upper right corner."""
    return text(frame.width - frame.right, frame.top + 8, words, "end", "mark")
