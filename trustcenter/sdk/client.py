"""The client for code that waits."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Self, TypeVar, Unpack

import httpx

from . import audience, calls
from .audience import Audience
from .breaker import Breaker
from .calls import Call, Caller
from .course import USUAL, Course, Reply, Timeout, Wait
from .errors import Unreachable
from .line import Line
from .messages import ChoiceMembers, Customer, Decision, Question, Recorded, Use, unreachable

T = TypeVar("T")


class Client:
    """Asks TrustCenter, and takes no answer for a no. Safe for threads and across a fork; keeps no answer.

    url: where the service is. key: an API key. recipient and kind: whom the key belongs to, as in the catalogue.
    timeout: how long to wait. breaker: when to stop asking for a moment. transport: makes one of httpx's, for a
    private certificate authority or a test. Raises ValueError.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        recipient: str,
        kind: str = "system",
        timeout: Timeout = USUAL,
        breaker: Breaker | None = None,
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        self._line = Line.to(url, key, Caller(kind, recipient), timeout, breaker)
        self._transport = transport
        self._http = self._connected()

    def check(
        self,
        purpose: str,
        customer: Customer | str,
        categories: Sequence[str] | None = None,
        reference: str = "",
        at_least: str = "",
    ) -> Decision:
        """May we use this customer's data for this purpose? As Question says.

        Where nobody can be asked the answer is no, with the reason `unreachable`. Raises Rejected for a question that
        cannot be asked, ValueError for what is no question.
        """
        question = Question(purpose, customer, categories, reference, at_least)
        try:
            return self._run(calls.check(self._line.caller, question))
        except Unreachable:
            return unreachable()

    def check_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Many checks, answered in order; a thousand in each request. As `check`."""
        found: list[Decision] = []
        for call in calls.check_many(self._line.caller, questions):
            try:
                part = self._run(call)
            except Unreachable:
                part = [unreachable()] * call.items
            found += part
        return found

    def audience(
        self,
        purpose: str,
        ids: Iterable[str],
        *,
        namespace: str = "customer",
        categories: Sequence[str] | None = None,
        reference: str = "",
    ) -> Audience:
        """Which of these customers may we use the data of? `with client.audience(…) as audience: for each in audience`.

        ids: in one namespace, any number. They are packed first, on disk once they are many, and the answer is read as
        it comes, so a million need no more memory than a hundred. It is one entry in the log, and each customer sees
        it. It is sent once: ask again where nothing came. Raises ValueError, before anything is sent, for what is no
        identifier; Rejected; Unreachable, also while it is read, since half an audience is none.
        """
        wanted = audience.List(purpose, namespace, categories, reference)
        with audience.packed(ids) as file:
            self._own()
            request = wanted.request(self._line, audience.size_of(file))
            with self._line.once(audience.PATH):
                response = self._http.send(
                    self._http.build_request(**request, content=audience.blocks(file)), stream=True
                )
                try:
                    if response.status_code != 200:
                        audience.check(response.status_code, response.read())
                    return Audience(response)
                except BaseException:
                    response.close()
                    raise

    def record(
        self,
        customer: Customer | str,
        purpose: str,
        act: str,
        *,
        channel: str,
        method: str,
        **members: Unpack[ChoiceMembers],
    ) -> Recorded:
        """Record what a customer said; members as docs/api.md names them for POST /api/v1/consents.

        idempotency_key: one of your own makes a repetition safe even after a restart; left out, one is made, and only
        the tries of this call are safe. Raises Rejected; Unreachable when nothing says that it was recorded.
        """
        return self._run(
            calls.record(customer=customer, purpose=purpose, act=act, channel=channel, method=method, **members)
        )

    def report_use(
        self,
        customer: Customer | str,
        purpose: str,
        categories: Sequence[str],
        *,
        at: datetime | None = None,
        reference: str = "",
        idempotency_key: str = "",
    ) -> str:
        """Report one use that was made; the number of its entry in the log. As `report_uses`. at: left out, now."""
        use = Use(customer, purpose, categories, at or datetime.now(UTC), reference)
        return self.report_uses([use], idempotency_key=idempotency_key)[0]

    def report_uses(self, uses: Sequence[Use], *, idempotency_key: str = "") -> list[str]:
        """Report uses; the numbers of their entries in the log, in order. A thousand in each request.

        Raises Rejected, Unreachable; then some may be recorded: send the same list again under the same key.
        """
        return [each for call in calls.report_uses(uses, idempotency_key) for each in self._run(call)]

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, call: Call[T]) -> T:
        """The answer to a call. Raises Rejected, Unreachable."""
        self._own()
        course = self._line.course(call)
        while True:
            limits = course.begin()
            outcome: Reply | Exception
            try:
                outcome = self._send(call, course, limits)
            except Exception as fault:
                outcome = fault
            found = course.judge(outcome)
            if not isinstance(found, Wait):
                return found
            time.sleep(found.seconds)

    def _own(self) -> None:
        """In a forked process: a line of its own."""
        if not self._line.ours:
            self._http = self._connected()  # first: another thread that sees the new line sends by it
            self._line = self._line.forked()

    def _connected(self) -> httpx.Client:
        return httpx.Client(transport=self._transport and self._transport())

    def _send(self, call: Call[T], course: Course[T], limits: httpx.Timeout) -> Reply:
        taken = bytearray()
        with self._http.stream(**self._line.request(call), timeout=limits) as response:
            for chunk in response.iter_bytes():
                course.take(taken, chunk)
            return Reply(response.status_code, response.headers, bytes(taken))
