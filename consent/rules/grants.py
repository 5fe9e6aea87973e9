"""What a recipient may carry away of a decision: who permits which data, from when, until when.

A copy holds yes only: a no is the absence of a grant (docs/adr/0009-copies-hold-yes-only.md). Grants are made by asking
the one decision function at each moment at which time alone changes its answer, so that whoever looks them up needs no
rules of their own: a use is permitted when one grant lasts and holds every category that is asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from consent.rules.decision import Decision


@dataclass(frozen=True)
class Grant:
    """Permission for categories from a moment (None: already) until before another (None: until something changes)."""

    categories: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None

    def lasts(self, moment: datetime) -> bool:
        """Whether it holds at a moment."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)


def grants(decided: Callable[[datetime], Decision], turns: Iterable[datetime | None], now: datetime) -> list[Grant]:
    """The grants of one customer for one purpose and recipient, the earliest first; none where nothing is permitted.

    decided: the answer at a moment for the categories that were chosen (`categories=None`). turns: the moments at which
    time alone may change it.
    """
    moments = [now, *sorted({each for each in turns if each and each > now})]
    found: list[Grant] = []
    for at, end in zip(moments, [*moments[1:], None], strict=True):
        made = decided(at)
        if not made.permitted:
            continue
        start = None if at == now else at
        if found and found[-1].end == start and found[-1].categories == made.allowed:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(Grant(made.allowed, start, end))
    return found
