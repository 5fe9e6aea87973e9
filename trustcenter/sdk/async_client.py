"""The client for asyncio: the same verbs, awaited."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Self, TypeVar, Unpack

import httpx

from . import audience, calls
from .audience import AsyncAudience
from .breaker import Breaker
from .calls import Call, Caller
from .course import USUAL, Course, Reply, Timeout, Wait
from .errors import Unreachable
from .line import Line
from .messages import ChoiceMembers, Customer, Decision, Question, Recorded, Use, unreachable

T = TypeVar("T")


class AsyncClient:
    """As Client. It belongs to the event loop in which it is first used."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        recipient: str,
        kind: str = "system",
        timeout: Timeout = USUAL,
        breaker: Breaker | None = None,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._line = Line.to(url, key, Caller(kind, recipient), timeout, breaker)
        self._transport = transport
        self._http = self._connected()

    async def check(
        self,
        purpose: str,
        customer: Customer | str,
        categories: Sequence[str] | None = None,
        reference: str = "",
        at_least: str = "",
    ) -> Decision:
        """As Client.check."""
        question = Question(purpose, customer, categories, reference, at_least)
        try:
            return await self._run(calls.check(self._line.caller, question))
        except Unreachable:
            return unreachable()

    async def check_many(self, questions: Sequence[Question]) -> list[Decision]:
        """As Client.check_many."""
        found: list[Decision] = []
        for call in calls.check_many(self._line.caller, questions):
            try:
                part = await self._run(call)
            except Unreachable:
                part = [unreachable()] * call.items
            found += part
        return found

    async def audience(
        self,
        purpose: str,
        ids: Iterable[str],
        *,
        namespace: str = "customer",
        categories: Sequence[str] | None = None,
        reference: str = "",
    ) -> AsyncAudience:
        """As Client.audience: `async with await client.audience(…) as audience: async for each in audience`."""
        wanted = audience.List(purpose, namespace, categories, reference)
        with await asyncio.to_thread(audience.packed, ids) as file:
            self._own()
            request = wanted.request(self._line, audience.size_of(file))
            with self._line.once(audience.PATH):
                response = await self._http.send(
                    self._http.build_request(**request, content=audience.blocks_later(file)), stream=True
                )
                try:
                    if response.status_code != 200:
                        audience.check(response.status_code, await response.aread())
                    return AsyncAudience(response)
                except BaseException:
                    await response.aclose()
                    raise

    async def record(
        self,
        customer: Customer | str,
        purpose: str,
        act: str,
        *,
        channel: str,
        method: str,
        **members: Unpack[ChoiceMembers],
    ) -> Recorded:
        """As Client.record."""
        return await self._run(
            calls.record(customer=customer, purpose=purpose, act=act, channel=channel, method=method, **members)
        )

    async def report_use(
        self,
        customer: Customer | str,
        purpose: str,
        categories: Sequence[str],
        *,
        at: datetime | None = None,
        reference: str = "",
        idempotency_key: str = "",
    ) -> str:
        """As Client.report_use."""
        use = Use(customer, purpose, categories, at or datetime.now(UTC), reference)
        return (await self.report_uses([use], idempotency_key=idempotency_key))[0]

    async def report_uses(self, uses: Sequence[Use], *, idempotency_key: str = "") -> list[str]:
        """As Client.report_uses."""
        return [each for call in calls.report_uses(uses, idempotency_key) for each in await self._run(call)]

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _run(self, call: Call[T]) -> T:
        """The answer to a call. Raises Rejected, Unreachable."""
        self._own()
        course = self._line.course(call)
        while True:
            limits = course.begin()
            outcome: Reply | Exception
            try:
                outcome = await self._send(call, course, limits)
            except Exception as fault:
                outcome = fault
            found = course.judge(outcome)
            if not isinstance(found, Wait):
                return found
            await asyncio.sleep(found.seconds)

    def _own(self) -> None:
        """In a forked process: a line of its own."""
        if not self._line.ours:
            self._http = self._connected()  # first: another thread that sees the new line sends by it
            self._line = self._line.forked()

    def _connected(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._transport and self._transport())

    async def _send(self, call: Call[T], course: Course[T], limits: httpx.Timeout) -> Reply:
        taken = bytearray()
        async with (
            asyncio.timeout(course.left()),
            self._http.stream(**self._line.request(call), timeout=limits) as response,
        ):
            async for chunk in response.aiter_bytes():
                course.take(taken, chunk)
            return Reply(response.status_code, response.headers, bytes(taken))
