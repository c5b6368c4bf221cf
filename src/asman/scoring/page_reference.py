"""The part of the page on a recorded truth: made of what, cleaned how, how good itself."""

from html import escape

from asman.scoring.report import Reference, Report

_NAMES = {"adsb": "ADS-B", "mlat": "multilateration"}


def reference_section(report: Report) -> str:
    """The section on a recorded truth; nothing where the truth was given."""
    one = report.reference
    if one is None:
        return ""
    sentences = "".join(f"<p>{escape(line)}</p>" for line in summary(one))
    return (
        "<section><h2>What it is judged by</h2>"
        '<p class="lead">A recorded reference is not the truth: it has errors of its own, and they are in '
        "every figure of this page.</p>"
        f"{sentences}{_steps(one)}</section>"
    )


def summary(one: Reference) -> list[str]:
    """The reference in a few sentences, for the page and for the terminal."""
    share = one.used / one.reports if one.reports else 0.0
    lines = [
        f"Reference: {_NAMES.get(one.kind, one.kind)}, {one.used:,} of {one.reports:,} reports ({share:.1%}) "
        f"of {one.aircraft:,} aircraft, one every {one.interval_s:.1f} s in the median."
    ]
    accuracy: list[str] = []
    if one.claimed_m is not None:
        accuracy.append(
            f"half of the reports are within {one.claimed_m:,.0f} m (95 %), as they or their sensor say"
        )
    if one.random_m is not None:
        accuracy.append(
            f"from report to report they scatter by {one.random_m:,.1f} m RMS about their neighbours; "
            "lasting offsets and lasting delays are not in that"
        )
    if accuracy:
        lines.append(f"Its own accuracy: {'; '.join(accuracy)}. No position RMS here can be below it.")
    if one.gaps:
        lines.append(
            f"In {one.gaps:,} silences of over {one.gap_s:g} s ({one.gap_minutes:,.0f} minutes in all) "
            "nobody is judged."
        )
    if one.observable_share is not None:
        lines.append(
            f"{one.observable_share:.1%} of it lies in range and above the smooth horizon of a judged sensor;"
            " the rest is missed by nobody. Terrain is not known here: what it hides counts as missed."
        )
    if one.excused:
        lines.append(
            f"{one.excused:,} of the reports left out are of aircraft that were there nevertheless and have "
            "no better one within that time: a track on one of them is neither right nor false."
        )
    name = _NAMES.get(one.kind, one.kind)
    lines.append(
        f"Who does not report by {name} is not in it. {one.beyond:,} reports of tracks lie where it cannot "
        f"say whether anybody is: those of {one.strangers:,} tracks of nobody it knows, and others while it "
        "is silent about their aircraft. They are neither right nor false."
    )
    lines.append("NEES weighs by the tracks' covariance alone, so the reference's own error makes it larger.")
    if one.mute or one.velocities:
        lines.append(
            f"Velocities of {one.mute:,} aircraft contradict their positions and are not used; nor are those "
            f"of {one.velocities:,} reports whose position is."
        )
    return lines


def _steps(one: Reference) -> str:
    rows = "".join(
        f"<tr><td>{escape(step.step)}</td><td><small>{escape(step.limit)}</small></td>"
        f'<td class="r">{step.count:,}</td><td class="r">{_share(step.count, one.reports)}</td></tr>'
        for step in one.steps
    )
    left = one.reports - one.used
    return (
        '<table><thead><tr><th>left out, in this order</th><th>limit</th><th class="r">reports</th>'
        f'<th class="r">share</th></tr></thead><tbody>{rows}'
        f'<tr><td><b>left out in all</b></td><td></td><td class="r"><b>{left:,}</b></td>'
        f'<td class="r"><b>{_share(left, one.reports)}</b></td></tr></tbody></table>'
    )


def _share(count: int, of: int) -> str:
    return f"{count / of:.2%}" if of and count else "–"
