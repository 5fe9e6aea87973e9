"""Decide in this process, on a copy of what customers permitted that is never used longer than the service vouches."""

import atexit
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final, Self
from weakref import WeakSet

import httpx

from . import calls
from .client import Client
from .clock import ticks
from .course import USUAL, Timeout
from .follower import Follower
from .messages import STALE, UNREPORTED, Customer, Decision, Question, Use, keys
from .naming import Resolved
from .reports import Reports

HOLDER = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
REFERENCE = 200  # characters; the service takes no more
SHORT = Timeout(connect=1.0, read=2.0, total=3.0)  # to confirm a position must not cost the lease
_checkers: "WeakSet[LocalChecker]" = WeakSet()


class LocalChecker:
    """As Client.check, without asking each time: follows the feed of the recipient and answers from its copy.

    holder: names this process among those of the recipient. path: a file in which the copy outlives a restart; uses
    that are not reported yet stand beside it, with the identifiers they are about. report: each yes is reported as a
    use, so that the customer sees it; False where you report what you did yourself. The key needs the scopes `feed`
    and, to report, `reports`. Safe for threads; a forked process follows by itself, as holder `<holder>-<process id>`.

    What it cannot vouch for is refused: `stale` before the first lease, after the last one, and for a purpose that
    changed until it is read again; `unreported` while uses can no longer be reported. Raises ValueError.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        recipient: str,
        kind: str = "system",
        holder: str = "default",
        path: str | os.PathLike[str] | None = None,
        report: bool = True,
        timeout: Timeout = USUAL,
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        if not HOLDER.fullmatch(holder):
            raise ValueError("holder: a key such as “worker-1”: a–z, 0–9, and . _ - inside.")
        self._path = Path(path) if path else None
        if self._path and not self._path.parent.is_dir():
            raise ValueError(f"path: there is no folder {self._path.parent}.")
        self._client = Client(url, key, recipient=recipient, kind=kind, timeout=timeout, transport=transport)
        self._confirming = Client(url, key, recipient=recipient, kind=kind, timeout=SHORT, transport=transport)
        self._holder, self._report, self._transport = holder, report, transport
        self._closed = False
        self._begin(holder)
        _checkers.add(self)
        atexit.register(self.close)
        self._start()

    def check(
        self,
        purpose: str,
        customer: Customer | Resolved | str,
        categories: Sequence[str] | None = None,
        reference: str = "",
    ) -> Decision:
        """May we use this customer's data for this purpose, now? As Question says.

        A no says `refused_by_copy`: a copy holds permissions only, so it cannot say why. A yes is a use, and reported.
        Raises ValueError for what is no question.
        """
        try:
            state, about, asked, until, decision = customer._last  # type: ignore[union-attr]
        except AttributeError:  # not resolved; it is cheaper to ask forgiveness
            return self._decided(purpose, customer, categories, reference)
        if (
            state is self._state
            and about == purpose
            and (asked is categories or asked == categories)
            and ticks() < until
        ):
            if self._reports is None:
                return decision
            return self._used(self._reports, purpose, customer, decision, reference)  # type: ignore[arg-type]
        return self._decided(purpose, customer, categories, reference)

    def check_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Many checks, answered in order. As `check`.

        A copy cannot place a token in what it was told, so a question with `at_least` is asked of the service, and
        stands in its log. Raises Rejected, as Client.check_many.
        """
        asked = iter(self._client.check_many([each for each in questions if each.at_least]))
        return [
            next(asked) if each.at_least else self.check(each.purpose, each.customer, each.categories, each.reference)
            for each in questions
        ]

    def resolve(self, customer: Customer | str) -> Resolved:
        """The customer as this checker knows them, so that a check need not work out their name again."""
        return Resolved(Customer.of(customer))

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until it may answer; False when that took longer than so many seconds."""
        self._start()
        with self._follower.news:
            return self._follower.news.wait_for(lambda: self.fresh, timeout)

    @property
    def fresh(self) -> bool:
        """Whether it may answer now, for each of its purposes."""
        return self._follower.standing.fresh

    @property
    def position(self) -> int | None:
        """How much of the service's log the copy takes in; None without a copy."""
        return self._follower.position

    @property
    def unreported(self) -> int:
        """How many uses wait to be reported."""
        return 0 if self._reports is None else self._reports.waiting

    @property
    def lost(self) -> int:
        """How many uses the service did not take in, since the start."""
        return 0 if self._reports is None else self._reports.lost

    def close(self) -> None:
        """Answer no more, report what waits, keep the copy in its file."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._follower.end()
        if self._reports is not None:
            self._reports.end()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _begin(self, holder: str) -> None:
        """As one that was never started; nothing of another process is used."""
        self._state = object()
        self._starting, self._started = Lock(), False
        self._reports = Reports(self._client, self._path) if self._report else None
        self._follower = Follower(
            self._client._line,
            self._confirming,
            holder=holder,
            path=self._path,
            transport=self._transport,
            changed=self._forget,
        )

    def _start(self) -> None:
        with self._starting:
            if self._started or self._closed:
                return
            self._started = True
            self._follower.start()
            if self._reports is not None:
                self._reports.start()

    def _forked(self) -> None:
        if self._reports is not None:
            self._reports.leave()
        self._begin(f"{self._holder[:50]}-{os.getpid()}")

    def _forget(self) -> None:
        """What stands has changed: no answer from before is given again."""
        self._state = object()

    def _decided(
        self, purpose: str, customer: Customer | Resolved | str, categories: Sequence[str] | None, reference: str
    ) -> Decision:
        keys("categories", categories)
        if len(reference) > REFERENCE:
            raise ValueError(f"reference: at most {REFERENCE} characters.")
        who = customer if isinstance(customer, Resolved) else self.resolve(customer)
        decision = self._looked_up(purpose, who, categories)
        if self._reports is None or not decision.allowed:
            return decision
        return self._used(self._reports, purpose, who, decision, reference)

    def _looked_up(self, purpose: str, who: Resolved, categories: Sequence[str] | None) -> Decision:
        if not self._started:
            self._start()
        state = self._state  # taken first: what changes from here on makes another, and this answer is not given again
        (copy, lease), clock, now = self._follower.standing, self._follower.clock, ticks()
        if copy is None or now >= lease or purpose in copy.closed:
            return STALE_ANSWER
        decision, end = copy.answer(purpose, who.under(copy.key), categories, clock.earliest(now), clock.latest(now))
        if decision.allowed:
            asked = categories if categories is None or isinstance(categories, tuple) else list(categories)
            who._last = (state, purpose, asked, min(lease, clock.tick_at(end)), decision)
        return decision

    def _used(self, reports: Reports, purpose: str, who: Resolved, decision: Decision, reference: str) -> Decision:
        """The yes, once it is sure to be reported."""
        at = datetime.fromtimestamp(self._follower.clock.earliest(ticks()), UTC)
        use = Use(who.customer, purpose, decision.categories_allowed, at, reference)
        return decision if reports.add(calls.use_row(use)) else UNREPORTED_ANSWER


STALE_ANSWER: Final = Decision(
    allowed=False, reason=STALE, reason_user="What we hold may be out of date, so the answer is no."
)
UNREPORTED_ANSWER: Final = Decision(
    allowed=False, reason=UNREPORTED, reason_user="We could not report this use, so the answer is no."
)


def _in_child() -> None:
    for each in list(_checkers):
        each._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
