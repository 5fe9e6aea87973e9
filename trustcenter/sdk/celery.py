"""Celery: a guard that asks when the task runs, not when it was queued."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from celery import current_task

from .errors import NotPermitted
from .guards import Checks, Whose, allowed, customer_of
from .messages import PASSING

F = TypeVar("F", bound=Callable[..., Any])


def requires(
    client: Checks,
    *,
    purpose: str,
    customer: Whose,
    categories: Sequence[str] | None = None,
    reference: str = "",
    countdown: float = 60,
) -> Callable[[F], F]:
    """Below `@app.task`. As `guards.requires`; where nobody could be asked, the task is tried again after `countdown`.

    A refusal fails the task with NotPermitted, and so does the last of Celery's `max_retries`.
    """

    def guard(function: F) -> F:
        whose = customer_of(function, customer)

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            who = whose(*args, **kwargs)
            try:
                with allowed(client, purpose=purpose, customer=who, categories=categories, reference=reference):
                    pass
            except NotPermitted as refused:
                if refused.decision.reason in PASSING:
                    raise current_task.retry(exc=refused, countdown=countdown) from None
                raise
            return function(*args, **kwargs)

        guarded: Any = run
        return guarded  # type: ignore[no-any-return]

    return guard
