"""Stop what is not permitted, where it would happen."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

from .errors import NotPermitted
from .messages import Customer, Decision, Question

logger = logging.getLogger(__name__)
F = TypeVar("F", bound=Callable[..., Any])
Whose = str | Callable[..., Customer | str]


class Checks(Protocol):
    """Whoever can answer a check at once: Client."""

    def check(
        self, purpose: str, customer: Customer | str, categories: Sequence[str] | None = None, reference: str = ""
    ) -> Decision: ...

    def check_many(self, questions: Sequence[Question]) -> list[Decision]: ...


class ChecksLater(Protocol):
    """Whoever answers when awaited: AsyncClient."""

    def check(
        self, purpose: str, customer: Customer | str, categories: Sequence[str] | None = None, reference: str = ""
    ) -> Awaitable[Decision]: ...


def permit(decision: object) -> Decision:
    """The decision, if it is one and lets it pass. Raises NotPermitted; TypeError for what was not awaited."""
    if not isinstance(decision, Decision):
        raise TypeError("A Client answers at once, an AsyncClient inside `async def` or `async with`.")
    if not passes(decision):
        raise NotPermitted(decision)
    return decision


def passes(decision: Decision) -> bool:
    """Whether a guard lets it through: what is allowed, and what is only observed, with a warning in the log."""
    if decision.allowed is True:
        return True
    if decision.enforced is False:
        logger.warning("Only observed: decision %s would have refused this (%s).", decision.id, decision.reason)
        return True
    return False


class allowed:  # noqa: N801  read as a word: `with allowed(…) as decision`
    """`with allowed(client, purpose=…, customer=…) as decision:`; `async with` for an AsyncClient.

    Raises NotPermitted before the block begins. Raises Rejected, as Client.check.
    """

    def __init__(
        self,
        client: Checks | ChecksLater,
        *,
        purpose: str,
        customer: Customer | str,
        categories: Sequence[str] | None = None,
        reference: str = "",
    ) -> None:
        self._ask: Callable[[], Decision | Awaitable[Decision]] = lambda: client.check(
            purpose, customer, categories, reference
        )

    def __enter__(self) -> Decision:
        asked = self._ask()
        if inspect.iscoroutine(asked):
            asked.close()
        return permit(asked)

    def __exit__(self, *exception: object) -> None:
        return None

    async def __aenter__(self) -> Decision:
        asked = self._ask()
        return permit(await asked if inspect.isawaitable(asked) else asked)

    async def __aexit__(self, *exception: object) -> None:
        return None


def requires(
    client: Checks | ChecksLater,
    *,
    purpose: str,
    customer: Whose,
    categories: Sequence[str] | None = None,
    reference: str = "",
) -> Callable[[F], F]:
    """Let a function run only for whose data it may use.

    customer: the name of the parameter that holds them ("customer:C-1001" or a Customer), or what makes a Customer of
    the function's arguments. An `async def` may use an AsyncClient. The function raises NotPermitted, and Rejected as
    Client.check. Raises TypeError, at once, for a function without that parameter, and for one that yields: its body
    runs later than its call.
    """

    def guard(function: F) -> F:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("A function that yields runs after the check: use `with allowed(…)` inside it.")
        whose = customer_of(function, customer)

        def asked(*args: Any, **kwargs: Any) -> allowed:
            who = whose(*args, **kwargs)
            return allowed(client, purpose=purpose, customer=who, categories=categories, reference=reference)

        @wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:
            async with asked(*args, **kwargs):
                return await function(*args, **kwargs)

        @wraps(function)
        def at_once(*args: Any, **kwargs: Any) -> Any:
            with asked(*args, **kwargs):
                return function(*args, **kwargs)

        guarded: Any = later if inspect.iscoroutinefunction(function) else at_once
        return guarded  # type: ignore[no-any-return]

    return guard


def customer_of(function: Callable[..., Any], customer: Whose) -> Callable[..., Customer | str]:
    """What finds the customer in the arguments of a function. Raises TypeError where there is no such parameter."""
    if callable(customer):
        return customer
    signature = inspect.signature(function)
    if customer not in signature.parameters:
        raise TypeError(f"{function.__name__} has no parameter {customer}.")

    def named(*args: Any, **kwargs: Any) -> Customer | str:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        found: Customer | str = bound.arguments[customer]
        return found

    return named
