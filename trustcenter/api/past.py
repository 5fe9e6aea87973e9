"""`?as_of=`: the same answer at a past moment."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request

from consent.errors import Field, Invalid
from consent.rules import moments
from trustcenter import access
from trustcenter.api.doors import Input, read
from trustcenter.api.fields import Moment


class AsOfInput(Input):
    """Which moment; without it, now."""

    as_of = Moment(required=False, help_text="A past moment, from all that was recorded by then; needs scope `audit`.")


def as_of(request: Request, now: datetime) -> datetime | None:
    """The moment that is asked about, None for now. Raises Invalid for one to come, NotAllowed without the scope."""
    found = read(AsOfInput, request.query_params.dict()).get("as_of")
    if found is None:
        return None
    key: Any = request.user
    access.require(key, "audit")
    if found > now:
        raise Invalid(Field("/as_of", "format", f"A moment that is past. {moments.HOW_MOMENT}"))
    moment: datetime = found
    return moment
