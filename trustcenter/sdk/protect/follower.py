"""Keeps the masks of a database fresh: a snapshot, then every change in the order of the log, and the lease.

Fails closed by itself: rows show only until the gate's moment, which nothing but a heartbeat moves on. So it may be
killed, cut off or paused anywhere.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import timedelta
from threading import Event
from typing import Any, NamedTuple

import httpx
import psycopg
from psycopg.sql import SQL, Identifier

from .. import calls, naming, pace
from ..calls import Caller, Malformed
from ..clock import ServiceClock, ticks
from ..course import USUAL
from ..feed import CustomerTold, End, Fault, Feed, Gone, Heartbeat, Reload, Snapshot, Told
from ..line import Line
from . import catalog, masks
from .connection import Connection, scalars
from .mapping import FOLLOWER, Mapping, Refused
from .masks import Kept, Window
from .staging import Stage

BACK = timedelta(seconds=1)  # how far a replica's clock may be behind that of its primary
ONE_AT_A_TIME = 0x74727573745F6D61  # the number of an advisory lock
FRESH_UNTIL = 2 / 3  # of a lease: while a snapshot is read, changes are asked for when this much is over
LEFT = """
SELECT coalesce(max(extract(epoch FROM until - clock_timestamp())), 0) FROM trust.gate WHERE until > clock_timestamp()
"""
logger = logging.getLogger(__name__)
Tick = Callable[[int, int], None]
Progress = Callable[[str], AbstractContextManager[Tick]]


def line(url: str, key: str) -> Line:
    """The way to the service. Raises ValueError."""
    return Line.to(url, key, Caller("system", "follower"), USUAL, None)  # a copy is the key's: it names no caller


class Position(NamedTuple):
    """How far the log was followed, what stands there, and with which key. filled: every mask says what was."""

    position: int | None
    mark: str
    hash_key: bytes | None
    filled: bool


class Follower:
    """Follows for one database. line: to the service. database: its address. holder: a name for this copy.

    progress(what): shows how far long work is, called with (done, of).
    """

    def __init__(
        self,
        line: Line,
        database: str,
        mapping: Mapping,
        *,
        holder: str = "default",
        http: httpx.Client | None = None,
        progress: Progress = lambda what: nullcontext(lambda done, of: None),
    ) -> None:
        self.clock = ServiceClock()
        self._line, self._database, self._mapping, self._progress = line, database, mapping, progress
        self._holder, self._http = holder, http or httpx.Client()
        self._feed = Feed(line, self._http, self.clock, holder)
        self._connection: psycopg.Connection[Any] | None = None
        self._lease = 0.0  # seconds, as last told
        self._ends = float("-inf")  # the tick at which it is over
        self._confirmed = -1
        self._faults = 0

    def run(self, stopped: Event) -> None:
        """Follow until told to stop. Raises Refused where this cannot be done here at all."""
        pause = 0.0
        while not stopped.wait(pause):
            pause = self.turn()

    def turn(self) -> float:
        """One round; the seconds until the next. No fault of feed or database ends it. Raises Refused."""
        try:
            self.step()
        except (Fault, Malformed, httpx.HTTPError, psycopg.OperationalError) as fault:
            self._faults += 1
            if self._faults == 1:
                logger.warning("not followed: %s %s", type(fault).__name__, str(fault).strip())
            self._let_go()
            return pace.pause(self._faults, fault)
        if self._faults:
            logger.warning("followed again after %s tries", self._faults)
        self._faults = 0
        return 0.0 if pace.held(self._lease) else max(self._lease / 3, pace.FIRST_PAUSE)

    def step(self) -> None:
        """One round: a snapshot where one is needed, else what changed. Raises Refused, Fault, psycopg.Error, …"""
        connection = self._connected()
        kept = self._kept(connection)
        at = _position(connection)
        if at.position is None or at.hash_key is None or _stale(connection):
            at = self._begin(kept, at)
        if not at.filled:
            self._fill(kept)
        try:
            self._changes(kept, pace.held(self._lease))
        except Gone:
            logger.warning("the service no longer has our position: everything is read anew")
            with connection.transaction():
                connection.execute(masks.CLOSE, [list(self._mapping.purposes)])

    def close(self) -> None:
        self._let_go()
        self._http.close()

    def _begin(self, kept: Kept, at: Position) -> Position:
        """Read a snapshot beside what stands, which goes on meanwhile, and put it in its place behind closed gates."""
        begun = self._place() if self._mapping.same_database else None
        stage, seen = Stage(kept), kept.together.seen()
        with self._feed.snapshot() as (_, told), self._progress("Customers") as tick:
            first = _first(told)
            key = naming.decoded(first.hash_key, 32)
            for part in _customers(told, first):
                stage.add(part, self._window(ticks()))
                tick(stage.customers, max(stage.customers, kept.rows()))
                self._keep_fresh(kept, at)
        start = begun or first
        with kept.writing():
            kept.connection.execute(masks.CLOSE_ALL)
            if at.hash_key != key:
                kept.forget_keys()
            kept.together.know(key)
            stage.swap(seen)
            kept.together.reopened(seen)
            _put(kept.connection, start.position, start.mark)
            _put_source(kept.connection, first.recipient, key)
        return Position(start.position, start.mark, key, filled=False)

    def _place(self) -> Snapshot:
        """Where the log stands before we look at what was taken away: what is passed over is told again from there."""
        with self._feed.snapshot() as (_, told):
            return _first(told)

    def _fill(self, kept: Kept) -> None:
        """Set every mask; the gates stay closed meanwhile."""
        with self._progress("Rows") as tick:
            self._see_new(kept, tick)
        with self._progress("Masks") as tick:
            for done, of in kept.set_all():
                tick(done, of)
        kept.connection.execute("UPDATE trust.position SET filled = true")

    def _see_new(self, kept: Kept, tick: Tick = lambda done, of: None) -> None:
        key, done = _position(kept.connection).hash_key, 0
        for rows in kept.see_new(key) if key else ():
            done += rows
            tick(done, max(done, kept.rows()))

    def _keep_fresh(self, kept: Kept, at: Position) -> None:
        """While a long snapshot is read, the purposes that did not change go on."""
        if at.filled and at.position is not None and self._lease and self._ends - ticks() < self._lease * FRESH_UNTIL:
            self._changes(kept, 0)

    def _changes(self, kept: Kept, wait: int) -> None:
        """Take in what changed. Each line counts at once, also where the answer is cut; the position moves at its end.

        Raises Fault for an answer without an end, Gone.
        """
        at, seen, all_of_it = _position(kept.connection), kept.together.seen(), True
        after = at.position or 0
        with self._feed.changes(after, at.mark, wait) as (sent, told):
            for each in told:
                if isinstance(each, Heartbeat):
                    if each.position < after or next(told, None) is not None:
                        break
                    # What came too late for this answer is told again by the next, from where we are.
                    self._beat(kept, sent, each if all_of_it else Heartbeat(after, at.mark, each.lease))
                    return
                all_of_it &= self._take(kept, each, seen)
        raise Fault("changes without a heartbeat at their end")

    def _take(self, kept: Kept, each: Told, seen: str) -> bool:
        """One line; whether it was not too old."""
        connection = kept.connection
        if isinstance(each, Reload):
            connection.execute(masks.CLOSE, [list(each.purposes)])
            return True
        if not isinstance(each, CustomerTold):
            raise Malformed
        with kept.writing():
            # The heartbeat waits for the disk; a crash before it is within the lease, and the line is told again.
            connection.execute("SET LOCAL synchronous_commit = off")
            kept.together.know(_position(connection).hash_key or b"")
            return kept.apply(each, self._window(self._ends), seen)

    def _beat(self, kept: Kept, sent: float, beat: Heartbeat) -> None:
        """Everything up to here is in force: what time ends within the lease is ended, then the gates open for it."""
        self._see_new(kept)
        ends = sent + beat.lease
        with kept.writing():
            _put(kept.connection, beat.position, beat.mark)
            if beat.lease and ends > ticks():
                kept.turn(self._window(ends))
                now = scalars(kept.connection, "SELECT clock_timestamp()")[0]
                left = ends - ticks()  # measured after: the database's clock stood at `now` before
                kept.connection.execute(masks.OPEN, [now - BACK, now + timedelta(seconds=left)])
        self._lease, self._ends = beat.lease, max(self._ends, ends)
        self._confirm(beat.position)

    def _window(self, ends: float) -> Window:
        now = ticks()
        earliest, latest = self.clock.earliest(now), self.clock.latest(max(now, ends))
        return Window(masks.moment(earliest), masks.moment(latest))

    def _confirm(self, position: int) -> None:
        """Say how far we are; the service learns it at the next change where this is lost."""
        if position == self._confirmed:
            return
        request = self._line.request(calls.confirm(position, self._holder))
        with suppress(httpx.HTTPError):
            if self._http.request(**request, timeout=self._line.timeout.read).is_success:
                self._confirmed = position

    def _kept(self, connection: Connection) -> Kept:
        applied = catalog.applied(connection)
        if applied is None or applied.mapping != self._mapping:
            raise Refused(["the mapping is not what is in force here. Run `trustcenter protect apply` first."])
        return Kept.of(connection, self._mapping)

    def _connected(self) -> Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        connection: Connection = psycopg.connect(
            self._database, autocommit=True, application_name="trustcenter protect follow", connect_timeout=10
        )
        try:
            _act_as_follower(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        left = scalars(connection, LEFT)[0]  # what the one before us opened is open still
        self._ends = max(self._ends, ticks() + float(left))
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _act_as_follower(connection: Connection) -> None:
    try:
        connection.execute(SQL("SET ROLE {}").format(Identifier(FOLLOWER)))
    except psycopg.errors.InsufficientPrivilege:
        raise Refused([f"follower: who signs in here may not act as {FOLLOWER}. Name it as `follower`."]) from None
    except psycopg.errors.InvalidParameterValue:
        raise Refused([f"there is no role {FOLLOWER}. Run `trustcenter protect apply` first."]) from None
    # A maintainer who holds a row for long must not hold us: the lease ends, and rows hide.
    connection.execute(
        "SET search_path = pg_catalog; SET lock_timeout = '3s'; SET default_transaction_isolation = 'read committed'"
    )
    if not scalars(connection, "SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])[0]:
        raise Fault("another follower is at work in this database")


def _first(told: Iterator[Told]) -> Snapshot:
    first = next(told, None)
    if not isinstance(first, Snapshot):
        raise Fault("a snapshot that is none")
    return first


def _customers(told: Iterator[Told], first: Snapshot) -> Iterator[list[CustomerTold]]:
    """The customers of a snapshot, some at a time. Raises Fault where it is not whole."""
    some: list[CustomerTold] = []
    number = 0
    for each in told:
        if isinstance(each, CustomerTold):
            some.append(each)
            number += 1
            if len(some) == 1_000:
                yield some
                some = []
        elif (
            isinstance(each, End)
            and (each.position, each.customers) == (first.position, number)
            and not next(told, None)
        ):
            yield some
            return
        else:
            break
    raise Fault("a snapshot that is not whole")


def _position(connection: Connection) -> Position:
    row = connection.execute("SELECT position, mark, hash_key, filled FROM trust.position").fetchone()
    return Position(*row) if row else Position(None, "", None, filled=False)


def _stale(connection: Connection) -> bool:
    return bool(scalars(connection, "SELECT EXISTS (SELECT FROM trust.gate WHERE stale)")[0])


def _put(connection: Connection, position: int, mark: str) -> None:
    connection.execute("UPDATE trust.position SET position = %s, mark = %s", [position, mark])


def _put_source(connection: Connection, recipient: str, key: bytes) -> None:
    """Whose copy it is; its masks are yet to be set."""
    connection.execute("UPDATE trust.position SET recipient = %s, hash_key = %s, filled = false", [recipient, key])
