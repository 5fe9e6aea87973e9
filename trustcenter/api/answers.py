"""How an operation is described: its good answers, and every problem it can answer with."""

from collections.abc import Callable, Iterable
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema

from trustcenter.api.doors import ProblemOutput

PROBLEM = "application/problem+json"
READ = (400, 401, 403, 404)
WRITE = (400, 401, 403, 404, 409, 413, 422)
ONCE = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Any text of your own, at most 512 characters: the same request under it has one effect.",
    required=False,
    type=str,
)


class Description(AutoSchema):
    """How an operation is described without being told: the scope stands in the text."""

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        told = str(super().get_description() or "")
        told = "" if told.startswith(f"{self.method} /") else told  # the view's docstring, which says the address
        return f"{told} Needs the scope `{scope}`.".strip() if scope else told


def operation(
    noun: str, good: dict[Any, Any], problems: Iterable[int] = READ, **more: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Describe one operation.

    noun: the heading it stands under. good: status → output serializer. problems: the statuses of problem+json.
    more: as drf-spectacular's extend_schema takes it.
    """
    bad = {(status, PROBLEM): ProblemOutput for status in problems}
    described: Callable[[Callable[..., Any]], Callable[..., Any]] = extend_schema(
        tags=[noun], responses={**good, **bad}, **more
    )
    return described
