"""A report's headline figures as a table in the terminal."""

from rich.console import Console
from rich.table import Table

from asman.scoring.page_reference import summary
from asman.scoring.report import Interval, Report


def show(report: Report) -> None:
    """Print the figures to stdout, and the notes to stderr."""
    out = Console(highlight=False)
    about = report.about
    out.print(
        f"{about.aircraft:,} aircraft, {about.tracks:,} tracks, {about.instants} instants every "
        f"{about.step_s:g} s from {about.begin} to {about.end}"
    )
    if report.reference is not None:
        for line in summary(report.reference):
            out.print(line, soft_wrap=True)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value, words in rows(report):
        table.add_row(name, f"[bold]{value}[/bold]", words)
    out.print(table)
    verdicts = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "requirement", "measured", "of"):
        verdicts.add_column(heading)
    colour = {"pass": "green", "fail": "red", "not judged": "yellow"}
    for one in report.requirements:
        value = "-" if one.value is None else f"{one.value:,.1f} m" if one.limit > 1.0 else f"{one.value:.2%}"
        mark = f"[{colour[one.verdict]}]{one.verdict}[/]"
        verdicts.add_row(mark, one.text, value, one.standard)
    out.print(verdicts)
    err = Console(stderr=True, highlight=False)
    for note in report.notes:
        err.print(f"note: {note}")


def rows(report: Report) -> list[tuple[str, str, str]]:
    """Name, value and meaning of the headline figures."""
    gospa, t, continuity, siap = report.gospa, report.t_gospa, report.continuity, report.siap
    parts = ""
    if gospa.localisation_m is not None:
        parts = f"localisation {gospa.localisation_m:,.0f}, "
        parts += f"missed {gospa.missed_m:,.0f}, false {gospa.false_m:,.0f}"
    found = [
        ("GOSPA per √target", f"{gospa.per_target_m:,.1f} m", parts),
        ("T-GOSPA per √target", f"{t.per_target_m:,.1f} m", f"switches {t.switch_m:,.0f}; {_exact(report)}"),
        ("OSPA", f"{gospa.ospa_m:,.1f} m", "mean over the instants"),
        ("missed", f"{gospa.missed_share:.2%}", "of aircraft places"),
        ("false", f"{gospa.false_share:.2%}", "of reports"),
        ("switches", f"{continuity.switches_per_hour:.2f} /h", f"{continuity.switches} in all"),
        ("completeness", f"{siap.completeness:.2%}", "of aircraft places followed"),
    ]
    for one in report.errors:
        if one.name in ("horizontal position", "height", "speed", "course"):
            words = f"median {one.median:,.1f}, 95 % {one.p95:,.1f}, worst {one.worst:,.1f} {one.unit}"
            found.append((f"{one.name} RMS", f"{one.rms:,.1f} {one.unit}", words))
    for one in report.nees:
        words = f"inside 95 %: {spread(one.inside95, percent=True)}"
        found.append((f"NEES, {one.name}", spread(one.mean), words))
    if report.latency is not None:
        found.append(("lag along track", spread(report.latency.lag_s) + " s", "positive is late"))
    return found


def _exact(report: Report) -> str:
    t = report.t_gospa
    return "exact" if t.exact else f"within {t.per_target_m - t.lower_m:,.3f} m of the best assignment"


def spread(one: Interval, *, percent: bool = False) -> str:
    """A mean with its interval."""
    form = "{:.1%}" if percent else "{:.2f}"
    if one.low is None or one.high is None:
        return form.format(one.mean)
    return f"{form.format(one.mean)} ({form.format(one.low)} to {form.format(one.high)})"
