"""Small drawings as SVG text: a frame with axes, and marks in it. Pure functions on strings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

#: Told apart by people with any colour vision (after P. Tol, "Colour schemes", SRON, 2021).
BLUE, RED, YELLOW, GREEN, PURPLE, GREY, INK = (
    "#4477aa", "#cc3344", "#ddaa33", "#228855", "#8844aa", "#9aa3ad", "#1b2733",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot's box: what lies at its edges, and how values become pixels."""

    width: float
    height: float
    x0: float
    x1: float
    y0: float
    y1: float
    left: float = 52.0
    right: float = 14.0
    top: float = 12.0
    bottom: float = 34.0
    #: Turns a y value into what is drawn to scale: squares, say.
    bend: Callable[[float], float] = float

    def x(self, value: float) -> float:
        """Pixel of an x value."""
        return self.left + (value - self.x0) / (self.x1 - self.x0 or 1.0) * (
            self.width - self.left - self.right
        )

    def y(self, value: float) -> float:
        """Pixel of a y value."""
        low, high = self.bend(self.y0), self.bend(self.y1)
        share = (self.bend(value) - low) / (high - low or 1.0)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        """Coordinates of a line through values."""
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values between two bounds."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    scale = 10.0 ** floor(log10(rough))
    step = next(s * scale for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * scale >= rough * 0.999)
    return [n * step for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A tick's label: no more digits than it needs."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def drawing(frame: Frame, title: str, body: Sequence[str]) -> str:
    """An SVG of a frame's size; the title is read to those who do not see it."""
    return (
        f'<svg viewBox="0 0 {frame.width:g} {frame.height:g}" role="img" aria-label="{escape(title)}">'
        + "".join(body)
        + "</svg>"
    )


def axes(
    frame: Frame,
    x_label: str,
    y_label: str,
    x_text: Callable[[float], str] = number,
    x_ticks: Sequence[float] | None = None,
    y_ticks: Sequence[float] | None = None,
    y_text: Callable[[float], str] = number,
) -> str:
    """Grid, ticks and labels."""
    parts: list[str] = []
    bottom = frame.height - frame.bottom
    right = frame.width - frame.right
    for value in ticks(frame.y0, frame.y1) if y_ticks is None else y_ticks:
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{frame.left:g}" x2="{right:g}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(frame.left - 6, y + 3.5, y_text(value), "end"))
    for value in ticks(frame.x0, frame.x1, 6) if x_ticks is None else x_ticks:
        x = frame.x(value)
        parts.append(f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom:g}" y2="{bottom + 4:g}"/>')
        parts.append(text(x, bottom + 15, x_text(value), "middle"))
    parts.append(f'<line class="axis" x1="{frame.left:g}" x2="{right:g}" y1="{bottom:g}" y2="{bottom:g}"/>')
    parts.append(text((frame.left + right) / 2, frame.height - 4, x_label, "middle", "label"))
    middle = (frame.top + bottom) / 2
    parts.append(
        f'<text class="label" text-anchor="middle" transform="translate(12 {middle:.1f}) rotate(-90)">'
        f"{escape(y_label)}</text>"
    )
    return "".join(parts)


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Words at a place."""
    chosen = f' class="{kind}"' if kind else ""
    return f'<text{chosen} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(frame: Frame, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 1.5) -> str:
    """A line through values."""
    return (
        f'<polyline fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round" '
        f'points="{frame.points(xs, ys)}"/>'
    )


def band(frame: Frame, xs: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str) -> str:
    """The area between two lines."""
    return (
        f'<polygon fill="{colour}" fill-opacity="0.85" points="{frame.points(xs, high)} '
        f'{frame.points(xs[::-1], low[::-1])}"/>'
    )


def bars(frame: Frame, edges: Sequence[float], heights: Sequence[float], colour: str) -> str:
    """A histogram's bars."""
    base = frame.y(frame.y0)
    return "".join(
        f'<rect fill="{colour}" fill-opacity="0.8" x="{frame.x(a) + 0.4:.1f}" y="{frame.y(h):.1f}" '
        f'width="{max(frame.x(b) - frame.x(a) - 0.8, 0.3):.1f}" height="{base - frame.y(h):.1f}"/>'
        for a, b, h in zip(edges[:-1], edges[1:], heights, strict=True)
        if h > 0
    )


def upright(frame: Frame, at: float, words: str, colour: str, row: int = 0) -> str:
    """A vertical line at an x value, with words beside it, turned to the side where there is room."""
    x = frame.x(at)
    if not frame.left <= x <= frame.width - frame.right:
        return ""
    left = x > frame.width * 0.62
    return (
        f'<line stroke="{colour}" stroke-dasharray="3 3" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top:g}" '
        f'y2="{frame.height - frame.bottom:g}"/>'
        + text(x + (-4 if left else 4), frame.top + 10 + 13 * row, words, "end" if left else "start", "mark")
    )


def legend(items: Sequence[tuple[str, str]]) -> str:
    """Colours and what they mean, as HTML."""
    return (
        '<p class="legend">'
        + "".join(
            f'<span><i style="background:{colour}"></i>{escape(words)}</span>' for colour, words in items
        )
        + "</p>"
    )
