"""The table as a picture: how many times as good as the peer, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape

from report import BELOW, FLOOR, GOAL, Row

WIDTH = 960
LEFT = 300          # where the scale begins
RIGHT = 200         # beside the scale: values and ratio
TOP = 92
ROW = 40
BAR = 14
BOTTOM = 56
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)

STYLE = """
  text { font-family: Inter, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
  .ground { fill: #ffffff; } .ink { fill: #1c2330; } .soft { fill: #667085; }
  .line { stroke: #e4e7ec; } .one { stroke: #98a2b3; } .mark { stroke: #1c2330; fill: none; }
  .goal-mark { fill: #1c2330; }
  .goal { fill: #1a9c6c; } .floor { fill: #d99a1c; } .below { fill: #d4493f; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #10151d; } .ink { fill: #e7ebf2; } .soft { fill: #93a0b4; }
    .line { stroke: #222b38; } .one { stroke: #5b6a80; } .mark { stroke: #e7ebf2; }
    .goal-mark { fill: #e7ebf2; }
    .goal { fill: #2fbd88; } .floor { fill: #e6b047; } .below { fill: #ef6a60; }
  }
"""


class Scale:
    """From "so many times as good" to pixels."""

    def __init__(self, factors: list[float]):
        self._low = math.log(min(0.5, *factors) / 1.25)
        self._high = math.log(max(2.0, *factors) * 1.15)

    def x(self, factor: float) -> float:
        share = (math.log(factor) - self._low) / (self._high - self._low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        return [tick for tick in TICKS if self._low <= math.log(tick) <= self._high]


def _factor(row: Row, limit: float) -> float:
    """How many times as good as the peer one is who just reaches `limit`."""
    ratio = limit / row.peer if row.target.absolute and row.peer else limit
    return 1 / ratio if row.target.less_is_better else ratio


def _ours(row: Row) -> float:
    ratio = row.ratio or 1.0
    return 1 / ratio if row.target.less_is_better else ratio


def _text(x: float, y: float, text: str, kind: str, size: float, anchor: str = "start",
          weight: int = 400) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" font-size="{size}" '
            f'font-weight="{weight}" text-anchor="{anchor}">{escape(text)}</text>')


def svg(rows: list[Row]) -> str:
    rows = [row for row in rows if row.ratio is not None]
    height = TOP + ROW * len(rows) + BOTTOM
    factors = [value for row in rows
               for value in (_ours(row), _factor(row, row.target.floor),
                             _factor(row, row.target.goal))]
    scale = Scale(factors) if factors else Scale([1.0])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>How many times as good as each peer</title>", f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="10"/>',
        *_heading(), *_axis(scale, height)]
    for number, row in enumerate(rows):
        parts += _bar(row, scale, TOP + ROW * number)
    parts += _legend(height - 20)
    return "\n".join(parts) + "\n</svg>\n"


def _heading() -> list[str]:
    return [_text(24, 36, "How many times as good as its peer", "ink", 19, weight=650),
            _text(24, 57, "Higher rate, lower latency, less memory: to the right is better. "
                  "Medians, measured turn about on one machine.", "soft", 12.5),
            _text(WIDTH - 24, 57, "ours  ·  peer’s", "soft", 12.5, "end")]


def _axis(scale: Scale, height: int) -> list[str]:
    parts = []
    for tick in scale.ticks():
        x, kind = scale.x(tick), "one" if tick == 1 else "line"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" '
                     f'y2="{height - BOTTOM + 2}"/>')
        parts.append(_text(x, TOP - 14, f"{tick:g}×", "ink" if tick == 1 else "soft", 11.5,
                           "middle"))
    return parts


def _bar(row: Row, scale: Scale, top: float) -> list[str]:
    middle = top + ROW / 2
    one, end = scale.x(1), scale.x(_ours(row))
    floor, goal = (scale.x(_factor(row, limit)) for limit in (row.target.floor, row.target.goal))
    x, width = min(one, end), max(abs(end - one), 2.0)
    return [
        _text(24, middle - 2, row.target.title, "ink", 13.5, weight=550),
        _text(24, middle + 13, f"against {row.target.peer_title}", "soft", 11.5),
        f'<rect class="{row.verdict}" x="{x:.1f}" y="{middle - BAR / 2:.1f}" '
        f'width="{width:.1f}" height="{BAR}" rx="3"/>',
        f'<circle class="{row.verdict}" cx="{end:.1f}" cy="{middle:.1f}" r="{BAR / 2}"/>',
        f'<line class="mark" stroke-width="1.5" x1="{floor:.1f}" x2="{floor:.1f}" '
        f'y1="{middle - 11:.1f}" y2="{middle + 11:.1f}"/>',
        _diamond(goal, middle),
        _text(WIDTH - 24, middle - 2, f"{_ours(row):.2f}×", "ink", 14, "end", 650),
        _text(WIDTH - 24, middle + 13, f"{row.text_of(row.ours)}  ·  {row.text_of(row.peer)}",
              "soft", 11.5, "end")]


def _diamond(x: float, y: float) -> str:
    points = f"{x:.1f},{y - 6:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 5:.1f},{y:.1f}"
    return f'<polygon class="goal-mark" points="{points}"/>'


def _legend(y: float) -> list[str]:
    parts = [f'<line class="mark" stroke-width="1.5" x1="28" x2="28" y1="{y - 10}" y2="{y + 3}"/>',
             _text(38, y, "floor", "soft", 12), _diamond(92, y - 4),
             _text(102, y, "goal", "soft", 12)]
    x = 160.0
    for kind, text in ((GOAL, "reaches the goal"), (FLOOR, "reaches the floor"),
                       (BELOW, "below the floor")):
        parts += [f'<rect class="{kind}" x="{x}" y="{y - 9}" width="16" height="9" rx="2"/>',
                  _text(x + 23, y, text, "soft", 12)]
        x += 145
    return parts
