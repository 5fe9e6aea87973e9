"""What is drawn on pages, as numbers for SVG attributes: the rosette of a receipt, the bars of a chart."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from consent.services.log import Month

HEIGHT, GROUND, ROOM = 232, 206, 184  # the picture, the line the bars stand on, the highest bar


@dataclass(frozen=True)
class Ellipse:
    rx: str
    ry: int
    turn: str


@dataclass(frozen=True)
class Bar:
    """One month: both bars, and where the words stand. x in per cent, so that text keeps its size."""

    month: Month
    x: str
    middle: str
    x_refused: str
    middle_refused: str
    centre: str
    height: str
    top: str
    label: str
    height_refused: str
    top_refused: str
    label_refused: str


def rosette(number: str) -> list[Ellipse]:
    """A figure drawn from a receipt's number, as on a banknote: it helps the eye, the digest is the proof."""
    h = hashlib.sha256(number.encode()).digest()
    outer, inner = 9 + h[0] % 7, 7 + h[2] % 6
    drawn = [Ellipse("58", 14 + h[1] % 14, f"{180 / outer * place:.1f}") for place in range(outer)]
    return drawn + [Ellipse("33.6", 8 + h[3] % 10, f"{h[4] % 12 + 180 / inner * place:.1f}") for place in range(inner)]


def bars(months: Sequence[Month]) -> list[Bar]:
    """The chart of who used my data: a full bar for allowed, an empty one for refused."""
    most = max([1, *(max(month.allowed, month.refused) for month in months)])
    step = 100 / max(len(months), 1)
    return [_bar(month, step * (place + 0.5), most) for place, month in enumerate(months)]


def _bar(month: Month, centre: float, most: int) -> Bar:
    high, high_refused = ROOM * month.allowed / most, ROOM * month.refused / most
    return Bar(
        month=month,
        x=f"{centre - 5.3:.2f}%",
        middle=f"{centre - 2.8:.2f}%",
        x_refused=f"{centre + 0.4:.2f}%",
        middle_refused=f"{centre + 2.9:.2f}%",
        centre=f"{centre:.2f}%",
        height=f"{high:.1f}",
        top=f"{GROUND - high:.1f}",
        label=f"{GROUND - high - 6:.1f}",
        height_refused=f"{high_refused:.1f}",
        top_refused=f"{GROUND - high_refused:.1f}",
        label_refused=f"{GROUND - high_refused - 6:.1f}",
    )
