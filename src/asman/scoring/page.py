"""The report as one HTML page that needs nothing from elsewhere: fit for print, archive and a board."""

from collections.abc import Iterable, Sequence
from html import escape

from asman.scoring import chart_map, charts
from asman.scoring.page_reference import reference_section
from asman.scoring.page_style import STYLE
from asman.scoring.report import Interval, Report

Row = Sequence[str]


def make_page(report: Report, title: str) -> str:
    """Write a report as HTML; the page loads nothing and runs no script."""
    parts = [
        _head(report, title), _headline(report), reference_section(report), _requirements(report),
        _section("GOSPA over time", _GOSPA, charts.gospa_over_time(report) + charts.counts_over_time(report)),
        _section("Where", _WHERE, chart_map.draw_map(report.sketch)),
        _section("How near", _NEAR, _grid(charts.error_plot(one) for one in report.errors) + _errors(report)),
        _section("How honest", _HONEST, _grid(charts.nees_plot(one) for one in report.nees) + _nees(report)),
        _continuity(report), _worst(report), _groups(report), _method(report),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        + "".join(parts)
        + "</main></body></html>\n"
    )


#: The page may load nothing at all; only its own style is let in.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_GOSPA = (
    "A distance between picture and truth at every instant, divided by the root of the number of aircraft. "
    "Its parts add up as squares, so the axis is drawn in squares: what is thick costs much."
)
_WHERE = (
    "Paths of the truth; on them where tracks followed it, where nobody did, and tracks that followed nobody."
)
_NEAR = "Errors of tracks that follow an aircraft, track minus truth. The last bar holds everything beyond."
_HONEST = (
    "The error weighed by the accuracy that the track itself claims. An honest track has 2 on average "
    "and 95 % below 5.99 (line); more means that it promises too much. Intervals count each aircraft as one "
    "sample. Lent: rows of a track that stands in for an aircraft without one, having followed another "
    "longer; what it promised was about that other."
)


def _head(report: Report, title: str) -> str:
    about = report.about
    flag = '<p class="simulated">SIMULATED</p>' if about.simulated else ""
    return (
        f"<header>{flag}<h1>{escape(title)}</h1><p>{about.begin} to {about.end} · {about.instants:,} "
        f"instants, one every {about.step_s:g} s · {about.aircraft:,} aircraft for {about.truth_hours:,.1f} "
        f"hours of flight · {about.tracks:,} tracks</p></header>"
    )


def _headline(report: Report) -> str:
    gospa, siap = report.gospa, report.siap
    parts = ""
    if gospa.localisation_m is not None and gospa.missed_m is not None and gospa.false_m is not None:
        parts = f"localisation {gospa.localisation_m:,.0f} · missed {gospa.missed_m:,.0f} · "
        parts += f"false {gospa.false_m:,.0f}"
    cards = [
        ("GOSPA per √target", f"{gospa.per_target_m:,.0f} m", parts),
        ("completeness", _percent(siap.completeness), f"missed {_percent(gospa.missed_share)}"),
        ("false reports", _percent(gospa.false_share), f"spurious {_percent(siap.spuriousness)}"),
    ]
    for one in report.errors[:1]:
        cards.append(("position RMS", f"{one.rms:,.0f} m", f"95 % within {one.p95:,.0f} m"))
    for one in report.nees[:1]:
        inside = f"{_percent(one.inside95.mean)} inside 95 %"
        cards.append(("NEES", f"{one.mean.mean:.2f}", f"2 is honest · {inside}"))
    continuity = report.continuity
    cards.append(
        (
            "switches",
            f"{continuity.switches_per_hour:.2f} /h",
            f"{continuity.swaps} of {continuity.switches} are swaps",
        )
    )
    if report.latency is not None:
        cards.append(("lag", f"{report.latency.lag_s.mean:.2f} s", "along track, positive is late"))
    return (
        '<div class="cards">'
        + "".join(
            f"<div><h3>{escape(name)}</h3><b>{escape(value)}</b><p>{escape(words)}</p></div>"
            for name, value, words in cards
        )
        + "</div>"
    )


def _requirements(report: Report) -> str:
    if not report.requirements:
        return ""
    rows: list[Row] = []
    for one in report.requirements:
        in_metres = one.limit > 1.0
        value = "–" if one.value is None else (f"{one.value:,.1f} m" if in_metres else _percent(one.value))
        limit = f"{one.limit:,.0f} m" if in_metres else _percent(one.limit)
        kind = one.verdict.replace(" ", "-")
        rows.append((
            f'<span class="verdict {kind}">{one.verdict}</span>', escape(one.standard), escape(one.text),
            f"<b>{value}</b>",
            f"{'≥' if one.at_least else '≤'} {limit}{'' if one.evidence == 'read' else ' †'}",
            f"<small>{escape(one.remark)}" + (f" ({one.count:,})</small>" if one.count else "</small>"),
        ))  # fmt: skip
    words = (
        "† second-hand: as an open evaluation tool is configured, or as others quote it. Check the limit in "
        "the standard before you rely on a verdict."
    )
    heads = ("", "standard", "requirement", ">measured", ">limit", "measured on")
    return _section("Requirements", words, _table(heads, rows))


def _errors(report: Report) -> str:
    rows = [
        (
            escape(one.name), one.unit, f"{one.rms:,.2f}",
            f"{one.bias:+,.2f}" if one.name not in _SIZES else "–",
            f"{one.median:,.2f}", f"{one.p95:,.2f}", f"{one.worst:,.1f}", f"{one.count:,}",
        )
        for one in report.errors
    ]  # fmt: skip
    heads = ("error", "unit", ">RMS", ">mean", ">median", ">95 %", ">worst", ">count")
    note = ""
    if report.latency is not None:
        lag = _interval(report.latency.lag_s, "{:.3f}")
        note = f"<p>Tracks lag <b>{lag} s</b> behind along their course (least squares, straight flight).</p>"
    return _table(heads, rows) + note


_SIZES = ("horizontal position", "age of the latest plot")


def _nees(report: Report) -> str:
    rows = [
        (one.name, _interval(one.mean, "{:.2f}"), _interval(one.inside95, "{:.1%}"), f"{one.mean.count:,}")
        for one in report.nees
    ]
    if not rows:
        return "<p>Tracks say nothing about their accuracy: not judged.</p>"
    return _table(("aircraft", ">mean NEES (95 % interval)", ">inside 95 %", ">count"), rows)


def _continuity(report: Report) -> str:
    one, siap, t = report.continuity, report.siap, report.t_gospa
    exact = "exact" if t.exact else f"no assignment can bring it below {t.lower_m:,.3f} m"
    rows: list[Row] = [
        ("T-GOSPA per √target", f"{t.per_target_m:,.1f} m", f"localisation {t.localisation_m:,.0f}, missed "
         f"{t.missed_m:,.0f}, false {t.false_m:,.0f}, switches {t.switch_m:,.0f}; {exact}"),
        ("OSPA", f"{report.gospa.ospa_m:,.1f} m", "mean over the instants"),
        ("completeness", _percent(siap.completeness), "aircraft places that a track follows"),
        ("ambiguity", _figure(siap.ambiguity, "{:.3f}"), "tracks per followed aircraft; 1 is right"),
        ("spuriousness", _percent(siap.spuriousness), "reports that lie on no aircraft"),
        ("continuity", _percent(siap.continuity), "of an aircraft's time lies in its longest unbroken track"),
        ("velocity RMS", _figure(siap.velocity_mps, "{:.1f} m/s"), "size of the velocity's error"),
        ("switches", f"{one.switches:,}", f"{one.switches_per_hour:.2f} an hour of flight; {one.swaps:,} to "
         "a track that had followed another aircraft"),
        ("tracks per aircraft", f"{one.tracks_per_aircraft:.2f}", "1 is right"),
        ("start delay", _figure(one.start_delay_s, "{:.0f} s"), "median, of aircraft that entered meanwhile"),
        ("never tracked", f"{one.never_tracked:,}", "aircraft"),
    ]  # fmt: skip
    for code in report.identity:
        words = f"{_percent(code.completeness)} of {code.count:,} followed places with one show one"
        rows.append((f"{code.name} correct", _percent(code.correctness), words))
    return _section(
        "Whole picture", _SIAP, _table(("", ">value", ""), [(a, f"<b>{b}</b>", c) for a, b, c in rows])
    )


_SIAP = (
    "SIAP attributes, continuity and identity, from one assignment of tracks to aircraft over the whole time."
)


def _worst(report: Report) -> str:
    rows = [
        (
            escape(one.aircraft), f"{one.cost_m:,.0f}", f"{one.minutes:,.1f}", _percent(one.missed_share),
            _figure(one.position_rms_m, "{:,.0f}"), _figure(one.position_worst_m, "{:,.0f}"),
            f"{one.switches}", escape(", ".join(one.tracks[:4]) + (" …" if len(one.tracks) > 4 else "")),
        )
        for one in report.worst
    ]  # fmt: skip
    heads = ("aircraft", ">cost, m", ">minutes", ">missed", ">RMS, m", ">worst, m", ">switches", "tracks")
    page = _section("Worst followed aircraft", "Those that add most to T-GOSPA.", _table(heads, rows))
    ghosts = [
        (escape(g.track), f"{g.minutes:,.1f}", _percent(g.share), f"{g.lat_deg:.4f}", f"{g.lon_deg:.4f}")
        for g in report.ghosts
    ]
    if ghosts:
        heads = ("track", ">minutes false", ">of its life", ">latitude, °", ">longitude, °")
        page += _section("Longest false tracks", "Tracks on no aircraft, and where.", _table(heads, ghosts))
    return page


def _groups(report: Report) -> str:
    parts: list[str] = []
    for kind in dict.fromkeys(group.kind for group in report.groups):
        rows = [
            (
                escape(g.name), f"{g.places:,}" if g.places else "–",
                f"{g.reports:,}" if g.reports else "–", _percent(g.missed_share), _percent(g.false_share),
                _figure(g.gospa_m, "{:,.0f}"), _figure(g.position_rms_m, "{:,.0f}"),
                _figure(g.nees, "{:.2f}"),
            )
            for g in report.groups
            if g.kind == kind
        ]  # fmt: skip
        heads = (kind, ">places", ">reports", ">missed", ">false", ">GOSPA, m", ">RMS, m", ">NEES")
        parts.append(_table(heads, rows))
    return _section("By part", "The same figures apart.", "".join(parts)) if parts else ""


def _method(report: Report) -> str:
    about = report.about
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    words = (
        f"c = {about.cutoff_m:g} m, p = {about.order:g}, α = {about.alpha:g}, γ = {about.switch_m:g} m. "
        "Distances are horizontal, on the WGS-84 ellipsoid. Truth is interpolated to the picture's instants "
        "by cubic Hermite curves on local tangent planes; an aircraft counts from its first to its last "
        "sample. At each instant tracks and aircraft are assigned exactly (GOSPA, OSPA); over time by the "
        "assignment behind T-GOSPA, on which all figures about single aircraft and tracks rest."
    )
    return _section("Method and notes", words, f"<ul>{notes}</ul>" if notes else "")


def _section(title: str, words: str, body: str) -> str:
    return f'<section><h2>{escape(title)}</h2><p class="lead">{escape(words)}</p>{body}</section>'


def _grid(drawings: Iterable[str]) -> str:
    return '<div class="plots">' + "".join(f"<figure>{one}</figure>" for one in drawings) + "</div>"


def _table(heads: Sequence[str], rows: Sequence[Row]) -> str:
    """A table; a head that begins with > is a column of numbers, set right."""
    right = [head.startswith(">") for head in heads]
    kinds = [' class="r"' if one else "" for one in right]
    top = "".join(
        f"<th{kind}>{escape(head.removeprefix('>'))}</th>" for head, kind in zip(heads, kinds, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _percent(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2%}" if abs(value) < 0.9995 or value == 1.0 else f"{value:.3%}"


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _interval(one: Interval, form: str) -> str:
    if one.low is None or one.high is None:
        return form.format(one.mean)
    return f"{form.format(one.mean)} ({form.format(one.low)} to {form.format(one.high)})"
