"""A small line without axes, as an image: the course of a KPI at a glance, what still moves drawn dashed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence

from metrics.types import Row
from pages.ui.theme import NEUTRAL, SERIES

WIDTH, HEIGHT, MARGIN = 240.0, 44.0, 4.0


def image(rows: Sequence[Row], target: float | None = None) -> str:
    """Return a data address of an SVG; "" when fewer than two rows have values."""
    known = [row.value for row in rows if row.value is not None]
    if len(known) < 2:
        return ""
    levels = [*known, target] if target is not None and _is_near(target, known) else known
    low, high = min(levels), max(levels)
    spread = (high - low) or 1.0

    def point(place: int, value: float) -> str:
        x = MARGIN + place * (WIDTH - 2 * MARGIN) / (len(rows) - 1)
        return f"{x:.1f},{HEIGHT - MARGIN - (value - low) / spread * (HEIGHT - 2 * MARGIN):.1f}"

    parts = [_line(points, dashed) for points, dashed in _runs(rows, point)]
    if target is not None and len(levels) > len(known):
        y = point(0, target).split(",")[1]
        parts.insert(0, f'<line x1="0" x2="{WIDTH:g}" y1="{y}" y2="{y}" stroke="{NEUTRAL}" stroke-width="1" stroke-dasharray="1 3"/>')
    parts += [_dot(point(place, row.value)) for place, row in enumerate(rows) if row.value is not None and _is_alone(rows, place)]
    last = max(place for place, row in enumerate(rows) if row.value is not None)
    parts.append(_dot(point(last, rows[last].value or 0.0), 6.0))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none">{"".join(parts)}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _is_alone(rows: Sequence[Row], place: int) -> bool:
    """A point without a neighbour would not be seen as a line."""
    beside = [rows[n].value for n in (place - 1, place + 1) if 0 <= n < len(rows)]
    return all(value is None for value in beside)


def _dot(point: str, width: float = 3.5) -> str:
    """A line of no length with a round end: a circle would become an ellipse where the image is stretched."""
    x, y = point.split(",")
    return f'<path class="dot" d="M{x} {y}h0" stroke="{SERIES[0]}" stroke-width="{width:g}" stroke-linecap="round" vector-effect="non-scaling-stroke"/>'


def _is_near(target: float, known: Sequence[float]) -> bool:
    """A target far away would flatten the line."""
    spread = max(known) - min(known)
    return min(known) - spread <= target <= max(known) + spread


def _runs(rows: Sequence[Row], point: Callable[[int, float], str]) -> Iterator[tuple[list[str], bool]]:
    """Yield unbroken stretches of points; a stretch into an unfinished or settling period is dashed."""
    points: list[str] = []
    for place, row in enumerate(rows):
        if row.value is None:
            if len(points) > 1:
                yield points, False
            points = []
            continue
        here = point(place, row.value)
        if points and (row.settling or not row.complete):
            if len(points) > 1:
                yield points, False
            yield [points[-1], here], True
            points = [here]
        else:
            points.append(here)
    if len(points) > 1:
        yield points, False


def _line(points: Sequence[str], dashed: bool) -> str:
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return f'<polyline fill="none" stroke="{SERIES[0]}" stroke-width="1.8" stroke-linejoin="round" vector-effect="non-scaling-stroke"{dash} points="{" ".join(points)}"/>'
