"""An agreement as one HTML page that needs nothing from elsewhere: words, map, grants, signatures."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from asman.model.agreement import Agreement, Grant, Ring, Volume
from asman.scoring.chart_map import graticule, middle_of, project, scale_bar
from asman.scoring.page_style import STYLE
from asman.scoring.svg import BLUE, GREEN, INK, PURPLE, RED, YELLOW, Frame, drawing, legend, text
from asman.sharing.classes import DATA_CLASSES
from asman.sharing.lifecycle import Standing
from asman.sharing.shapes import UNITS_PER_DEGREE
from asman.sharing.statements import Signed
from asman.sharing.words import Section, listed, place_in_words

_COLOURS: Final = (BLUE, YELLOW, GREEN, PURPLE, RED, "#66ccee", "#999933", "#aa4499")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_OWN_STYLE: Final = (
    "td.none{color:#9aa3ad}.hash{font-family:monospace;overflow-wrap:anywhere}li{margin:3px 0}"
    ".legend span{white-space:normal}.legend{margin:2px 0 4px}"
)
_PAPER: Final = "#f6f8fa"
Point = tuple[float, float]


def make_page(
    agreement: Agreement, now: Standing, sections: Sequence[Section], name: str, signed: Sequence[Signed]
) -> str:
    """Write the page; `name` is the agreement's hash."""
    heading = agreement.terms.agreement
    first, *others = sections
    parts = [
        f'<header><p class="simulated">{escape(now.state.upper())}</p><h1>{escape(heading.title)}</h1>'
        f"<p>{escape(heading.id)} · {escape(listed(map(agreement.named, agreement.parties)))}</p></header>",
        _words(first),
        _section("Where", "Soft edges are buffers; dashes are where reporting is handed over.",
                 draw_map(agreement)),
        _section("Who gives whom what", "Empty: nothing. Grants are counted as in the document.",
                 _matrix(agreement)),
        *(_words(one) for one in others),
        _section("Signatures", "Every party signs this hash of all terms and shapes.",
                 _signatures(name, signed)),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(heading.title)} ({escape(heading.id)})</title>"
        f"<style>{STYLE}{_OWN_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _section(title: str, lead: str, body: str) -> str:
    return f'<section><h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>{body}</section>'


def _words(one: Section) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in one.sentences)
    return f"<section><h2>{escape(one.heading)}</h2><ul>{items}</ul></section>"


def _matrix(agreement: Agreement) -> str:
    """A row a pair of members, a column a data class; in it the grants and what is special about them."""
    rows: list[str] = []
    for giver in agreement.parties:
        for to in agreement.parties:
            if to == giver:
                continue
            cells = "".join(_cell(agreement, giver, to, what) for what in DATA_CLASSES)
            pair = f"{agreement.named(giver)} → {agreement.named(to)}"
            rows.append(f"<tr><td>{escape(pair)}</td>{cells}</tr>")
    heads = "".join(f"<th>{what}</th>" for what in ("", *DATA_CLASSES))
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table>"


def _cell(agreement: Agreement, giver: str, to: str, what: str) -> str:
    found = [
        f"<b>{number}</b> <small>{escape(_special(one))}</small>"
        for number, one in enumerate(agreement.terms.grant, 1)
        if one.giver == giver and to in one.to and what in one.what
    ]
    return f"<td>{'<br>'.join(found)}</td>" if found else '<td class="none">–</td>'


def _special(one: Grant) -> str:
    parts = [one.where]
    parts += [f"only {', '.join((*one.identity, *one.category))}"] if one.identity or one.category else []
    parts += [f"{one.position_m:g} m"] if one.position_m else []
    parts += [f"{one.delay_s:g} s late"] if one.delay_s else []
    parts += [f"every {one.every_s:g} s"] if one.every_s else []
    return ", ".join(parts)


def _signatures(name: str, signed: Sequence[Signed]) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.statement.member)}</td><td>{one.statement.act}</td>"
        f"<td>{one.statement.at:%Y-%m-%d %H:%M} UTC</td><td class='hash'>{escape(one.key)}</td></tr>"
        for one in signed
    )
    table = f"<table><tr><th>member<th>act<th>when<th>key</tr>{rows}</table>" if rows else "<p>None yet.</p>"
    return f'<p class="hash">SHA-256 {name}</p>{table}'


def draw_map(agreement: Agreement) -> str:
    """All volumes and lines of an agreement."""
    terms = agreement.terms
    shapes = [ring for rings in agreement.areas.values() for ring in rings] + list(agreement.lines.values())
    points = [point for ring in shapes for point in _degrees(ring)]
    if not points:
        return "<p>No volume: everything is granted wherever it is, or nothing is.</p>"
    middle = middle_of(points)
    frame = _frame([project(lon, lat, middle) for lon, lat in points], max(
        (one.buffer_m / 1000 for one in terms.volume), default=0.0
    ))  # fmt: skip
    colours = {one.id: _COLOURS[k % len(_COLOURS)] for k, one in enumerate(terms.volume)}
    body = [
        f'<rect width="{frame.width:g}" height="{frame.height:g}" fill="{_PAPER}"/>',
        graticule(frame, middle, points),
        *(_area(frame, middle, one, agreement.areas[one.id], colours[one.id]) for one in terms.volume),
        *(_line(frame, middle, agreement.lines[one.line]) for one in terms.handover),
        _reference(frame, middle, agreement),
        scale_bar(frame),
    ]
    said = [(colours[one.id], _volume_in_words(agreement, one)) for one in terms.volume]
    if terms.handover:
        said.append((INK, "line of handover"))
    return drawing(frame, f"Map of the volumes of {terms.agreement.id}", body) + _list(said)


def _list(items: Iterable[tuple[str, str]]) -> str:
    return "".join(legend([one]) for one in items)


def _volume_in_words(agreement: Agreement, volume: Volume) -> str:
    uses = [
        f"{one.giver} gives {', '.join(one.to)} {', '.join(one.what)}"
        for one in agreement.terms.grant
        if one.where == volume.id
    ]
    uses += [f"{one.giver} gives nothing" for one in agreement.terms.grant if volume.id in one.except_where]
    uses += [f"{one.member} reports" for one in agreement.terms.responsibility if one.where == volume.id]
    return f"{place_in_words(agreement, volume.id)}: {'; '.join(uses)}"


def _degrees(ring: Ring) -> list[Point]:
    return [(x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE) for x, y in ring]


def _frame(places: Sequence[Point], reach_km: float) -> Frame:
    """A frame in which a kilometre is as long across as along."""
    xs, ys = [x for x, _ in places], [y for _, y in places]
    pad = 0.04 * max(max(xs) - min(xs), max(ys) - min(ys), 10.0) + reach_km
    x0, x1, y0, y1 = min(xs) - pad, max(xs) + pad, min(ys) - pad, max(ys) + pad
    width = 960.0
    height = min(max(width * (y1 - y0) / (x1 - x0), 320.0), 720.0)
    scale = min(width / (x1 - x0), height / (y1 - y0))
    half_x, half_y, xc, yc = width / 2 / scale, height / 2 / scale, (x0 + x1) / 2, (y0 + y1) / 2
    return Frame(width, height, xc - half_x, xc + half_x, yc - half_y, yc + half_y, 0.0, 0.0, 0.0, 0.0)


def _path(frame: Frame, middle: Point, ring: Ring) -> str:
    flat = [project(lon, lat, middle) for lon, lat in _degrees(ring)]
    return "M" + "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in flat)


def _area(frame: Frame, middle: Point, volume: Volume, rings: tuple[Ring, ...], colour: str) -> str:
    path = "".join(_path(frame, middle, ring) + "Z" for ring in rings)
    reach = 2 * volume.buffer_m / 1000 * frame.width / (frame.x1 - frame.x0)
    # The stroke reaches inwards as well: what lies inside is painted over before it is coloured.
    soft = (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity="0.16" stroke-width="{reach:.1f}" '
        f'stroke-linejoin="round"/><path d="{path}" fill="{_PAPER}" fill-rule="evenodd"/>'
    )
    return (soft if reach else "") + (
        f'<path d="{path}" fill="{colour}" fill-opacity="0.18" fill-rule="evenodd" stroke="{colour}" '
        'stroke-width="1.4"/>'
    )


def _line(frame: Frame, middle: Point, line: Ring) -> str:
    path = _path(frame, middle, line)
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="2" stroke-dasharray="7 4"/>'


def _reference(frame: Frame, middle: Point, agreement: Agreement) -> str:
    place = agreement.terms.agreement.reference_point
    if place is None:
        return ""
    east, north = project(place.lon_deg, place.lat_deg, middle)
    x, y = frame.x(east), frame.y(north)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{INK}"/>' + text(
        x + 7, y + 4, place.name, "start", "mark"
    )
