"""What both clients know of the other end: where it is, who asks, how long to wait."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import httpx

from .breaker import Breaker
from .calls import Call, Caller
from .course import Course, Timeout
from .errors import Rejected, Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """The other end, as seen from one process."""

    url: str
    key: str
    caller: Caller
    timeout: Timeout
    breaker: Breaker
    process: int

    @classmethod
    def to(cls, url: str, key: str, caller: Caller, timeout: Timeout, breaker: Breaker | None) -> Self:
        """Raises ValueError naming what is wrong."""
        if httpx.URL(url).scheme not in ("http", "https") or not httpx.URL(url).host:
            raise ValueError("url: where the service is, e.g. “https://trust.example.org”.")
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("key: an API key, as `trustcenter create-key` shows it.")
        if not caller.recipient or not caller.kind:
            raise ValueError("recipient and kind: the recipient that the key belongs to, as in the catalogue.")
        return cls(url.rstrip("/"), key, caller, timeout, breaker or Breaker(), os.getpid())

    @property
    def ours(self) -> bool:
        """False in a forked process, where a socket of the parent's would bring somebody else's answers."""
        return self.process == os.getpid()

    def forked(self) -> "Line":
        return replace(self, breaker=self.breaker.fresh(), process=os.getpid())

    def course(self, call: Call[T]) -> Course[T]:
        return Course(call, self.timeout, self.breaker)

    @contextmanager
    def once(self, path: str) -> Iterator[None]:
        """Around what is sent once, as a stream. Raises Unreachable for whatever stops it; the breaker learns."""
        if not self.breaker.lets(time.monotonic()):
            raise Unreachable(f"No answer from {path}: the service failed several times in a row.")
        try:
            yield
        except Rejected:
            self.breaker.answered()
            raise
        except (Unreachable, httpx.HTTPError, httpx.StreamError, OSError) as fault:
            self.breaker.failed(time.monotonic())
            raise (
                fault
                if isinstance(fault, Unreachable)
                else Unreachable(f"No answer from {path}: {type(fault).__name__}.")
            ) from None
        self.breaker.answered()

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """What httpx sends."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        once = {"Idempotency-Key": call.once} if call.once else {}
        return {"method": "POST", "url": self.url + call.path, "content": call.body, "headers": {**headers, **once}}
