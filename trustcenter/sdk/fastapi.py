"""FastAPI: a dependency that asks before the endpoint runs."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import Depends, HTTPException

from .errors import NotPermitted
from .guards import Checks, ChecksLater, permit
from .messages import Decision

REFUSED = "The customer has not permitted this use."


def permits(
    client: Checks | ChecksLater,
    *,
    purpose: str,
    customer: Callable[..., Any],
    categories: Sequence[str] | None = None,
    reference: str = "",
) -> Callable[..., Awaitable[Decision]]:
    """`decision: Annotated[Decision, Depends(permits(client, purpose=…, customer=whose))]`

    customer: a dependency of yours that gives the Customer, from the path, a header, a session. Use an AsyncClient; a
    Client blocks the loop while it asks. Refused is 403 and does not say why: the reason is the customer's.
    """

    async def asked(whose: Any = Depends(customer)) -> Decision:  # noqa: B008  FastAPI's way
        answer = client.check(purpose, whose, categories, reference)
        try:
            return permit(await answer if inspect.isawaitable(answer) else answer)
        except NotPermitted:
            raise HTTPException(403, REFUSED) from None

    return asked
