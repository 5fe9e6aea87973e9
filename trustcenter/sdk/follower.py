"""Follows the feed: a snapshot, then what changes, and the lease for which the copy may be used."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from typing import NamedTuple

import httpx

from . import calls, kept, pace
from .calls import Malformed
from .client import Client
from .clock import ServiceClock, ticks
from .copies import Copy
from .errors import TrustCenterError
from .feed import CustomerTold, End, Fault, Feed, Gone, Heartbeat, Reload, Snapshot, Told
from .line import Line
from .naming import decoded

SAVE_EACH = 600.0
IDLE = 1.0  # between questions that the service answers at once, though nothing happened
logger = logging.getLogger(__name__)


class Standing(NamedTuple):
    """What may be used now: the copy, and the tick at which its lease is over."""

    copy: Copy | None = None
    until: float = 0.0

    @property
    def fresh(self) -> bool:
        """Whether all of it may be used."""
        return self.copy is not None and not self.copy.closed and ticks() < self.until


class Follower:
    """A thread of its own that keeps `standing` true.

    changed: called after each change, before it is confirmed. client: confirms; it is closed when the thread ends.
    What stands is never extended by anything but a heartbeat, whose lease counts from when it was asked for.
    """

    def __init__(
        self,
        line: Line,
        client: Client,
        *,
        holder: str,
        path: Path | None,
        transport: Callable[[], httpx.BaseTransport] | None,
        changed: Callable[[], None],
    ) -> None:
        self.standing = Standing()
        self.clock = ServiceClock()
        self.news = Condition()
        self._line, self._client, self._holder, self._path = line, client, holder, path
        self._transport, self._changed = transport, changed
        self._ended = Event()
        self._lease = 0.0  # seconds, as last told
        self._confirmed = -1
        self._faults = 0
        self._gone = False  # and with it what our file holds
        self._saving = Lock()
        self._saved_at, self._saved = float("-inf"), -1

    @property
    def position(self) -> int | None:
        copy = self.standing.copy
        return None if copy is None else copy.position

    def start(self) -> None:
        Thread(target=self._run, name=f"trustcenter-feed-{self._holder}", daemon=True).start()

    def end(self) -> None:
        """Nothing may be used from now on. The thread ends when its present question is answered."""
        self._ended.set()
        copy = self.standing.copy
        self._stand(Standing())
        self._save(copy)

    def _run(self) -> None:
        with self._client, httpx.Client(transport=self._transport and self._transport()) as http:
            feed = Feed(self._line, http, self.clock, self._holder)
            pause = 0.0
            while not self._ended.wait(pause):
                pause = self._turn(feed)

    def _turn(self, feed: Feed) -> float:
        """One round; the seconds until the next. No fault ends the thread: what it holds runs out by itself."""
        before = self.position, ticks()
        try:
            self._follow(feed)
        except Gone as gone:
            logger.warning("the copy is dropped and read anew: %s", gone)
            self._gone = True
            self._stand(Standing())
            return pace.FIRST_PAUSE
        except Exception as fault:
            self._faults += 1
            if self._faults == 1:
                logger.warning("no feed from %s: %s %s", self._line.url, type(fault).__name__, fault)
            return pace.pause(self._faults, fault)
        self._faults = 0
        waited = ticks() - before[1] > IDLE / 2
        return 0.0 if waited or self.position != before[0] else min(self._lease / 3 or IDLE, IDLE)

    def _follow(self, feed: Feed) -> None:
        copy = self.standing.copy
        if copy is not None:
            self._stand(Standing(copy, self._changes(feed, copy, 0 if copy.closed else pace.held(self._lease))))
        if copy is None or copy.closed:
            self._begin(feed)
        self._confirm()
        if self._path and ticks() - self._saved_at > SAVE_EACH:
            self._saved_at = ticks()  # in a thread of its own: a large copy takes longer than a lease
            Thread(target=self._save, args=(self.standing.copy,), name="trustcenter-copy", daemon=True).start()

    def _begin(self, feed: Feed) -> None:
        """Read a snapshot while what stands is kept fresh, bring it as far as that is, and put it in its place."""
        fresh = self._snapshot(feed)
        until = self._changes(feed, fresh, 0)
        while (self.position or 0) > (before := fresh.position):
            until = self._changes(feed, fresh, 0)
            if fresh.position == before:
                raise Gone("the service is not as far as we are")
        self._stand(Standing(fresh, until))

    def _snapshot(self, feed: Feed) -> Copy:
        """What the service holds for us now; or what our file holds, where what came since can be told."""
        if self._path and self.standing.copy is None and not self._gone and self._path.exists():
            with feed.snapshot() as (_, told):
                key = self._head(told).key
            if known := kept.load(self._path, key, self._line.caller.recipient):
                return known
        with feed.snapshot() as (_, told):
            return self._read(feed, told, self._head(told))

    def _head(self, told: Iterator[Told]) -> Copy:
        """The copy that a snapshot begins, with nothing in it yet."""
        first = next(told, None)
        if not isinstance(first, Snapshot) or first.recipient != self._line.caller.recipient:
            raise Fault("a snapshot that is none, or not ours")
        return Copy(decoded(first.hash_key, 32), (first.position, first.mark), first.purposes)

    def _read(self, feed: Feed, told: Iterator[Told], copy: Copy) -> Copy:
        for each in told:
            if isinstance(each, End):
                if (each.position, each.customers) != (copy.position, len(copy)) or next(told, None) is not None:
                    break
                return copy
            if not isinstance(each, CustomerTold):
                break
            copy.apply(each)
            self._keep_fresh(feed)
        raise Fault("a snapshot that is not whole")

    def _keep_fresh(self, feed: Feed) -> None:
        """While a long snapshot is read, the purposes that did not change go on under the copy that stands."""
        copy, until = self.standing
        if copy is not None and self._lease and until - ticks() < self._lease * 2 / 3:
            self._stand(Standing(copy, self._changes(feed, copy, 0)))

    def _changes(self, feed: Feed, copy: Copy, wait: int) -> float:
        """Take in what changed; the tick until which the copy may be used. Raises Fault for an answer without an end.

        Each line counts at once, also where the answer is cut after it; the position moves at its end only.
        """
        with feed.changes(*copy.at, wait) as (sent, told):
            for each in told:
                if isinstance(each, Heartbeat):
                    if each.position < copy.position or next(told, None) is not None:
                        break
                    copy.at, self._lease = (each.position, each.mark), each.lease
                    return sent + each.lease
                self._apply(copy, each)
        raise Fault("changes without a heartbeat at their end")

    def _apply(self, copy: Copy, told: Told) -> None:
        if isinstance(told, CustomerTold):
            copy.apply(told)
        elif isinstance(told, Reload):
            copy.close(told.purposes)
        else:
            raise Malformed
        self._changed()

    def _stand(self, standing: Standing) -> None:
        with self.news:
            self.standing = Standing() if self._ended.is_set() else standing
            self._changed()
            self.news.notify_all()

    def _confirm(self) -> None:
        """Say how far we are; the service learns it at the next change where this is lost."""
        copy = self.standing.copy
        if copy is None or copy.position == self._confirmed:
            return
        try:
            self._client._run(calls.confirm(copy.position, self._holder))
        except TrustCenterError as fault:
            logger.warning("the position was not confirmed: %s", fault)
        else:
            self._confirmed = copy.position

    def _save(self, copy: Copy | None) -> None:
        if self._path is None or copy is None:
            return
        with self._saving:
            position = copy.position
            if copy.closed or position == self._saved:
                return
            try:
                kept.save(self._path, copy, self._line.caller.recipient)
            except OSError as fault:
                logger.warning("the copy was not kept: %s", fault)
            else:
                self._saved = position
