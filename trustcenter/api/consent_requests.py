"""A page that asks one customer about one purpose, for a brand to open or to frame at the moment it matters."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.rules import consent_requests as rules
from consent.services import consent_requests
from consent.services.consent_requests import Made, Wanted
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, OneOf, PlainText, once, read
from trustcenter.api.fields import KEY_LENGTH, Moment, SubjectInput, handle

# Where customers answer by themselves.
CHANNELS = ["web", "app", "shop", "kiosk"]


class RequestInput(Input):
    """Whom to ask, about what, and where they go back to."""

    subject = SubjectInput()
    purpose = PlainText(max_length=KEY_LENGTH)
    language = OneOf(choices=settings.LANGUAGES, required=False)
    channel = OneOf(choices=CHANNELS, default="web")
    return_url = PlainText(
        max_length=rules.ADDRESS_LENGTH,
        required=False,
        help_text="On a site that the setting `BRAND_ORIGINS` names. It gets `consent=given|refused|deferred` and "
        "`request=<id>`.",
    )
    occasion = PlainText(
        max_length=rules.OCCASION_LENGTH,
        required=False,
        help_text="Why you ask now. It stands in the evidence and is not shown.",
    )


class RequestOutput(serializers.Serializer[Any]):
    """The page that asks: one customer, one purpose, one answer, for an hour."""

    state = serializers.ChoiceField(choices=["requested"])
    id = serializers.UUIDField()
    url = serializers.URLField()
    expires_at = Moment()


class AnsweredOutput(serializers.Serializer[Any]):
    """There is nothing to ask: their yes stands, or they paused it and said until when."""

    state = serializers.ChoiceField(choices=["given", "paused"])


class MakeRequest(APIView):
    """POST /api/v1/consent-requests"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Consent requests",
        {200: AnsweredOutput, 201: RequestOutput},
        WRITE,
        request=RequestInput,
        parameters=[ONCE],
        operation_id="make_consent_request",
        summary="Make a page that asks one customer for one consent",
        description="Open it in the customer's browser, or frame it. To make one is to ask: it is recorded, and "
        "`409 asked_recently` within 12 months of a no. A third party's key is refused.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._make(request))

    def _make(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        access.own_house(key)
        found = read(RequestInput, request.data)
        wanted = Wanted(**found | {"subject": handle(found["subject"])})
        access.limit(key, purpose=wanted.purpose, namespace=wanted.subject.namespace)
        by = access.system_actor(request._request, key)
        made = consent_requests.create(wanted=wanted, by=by, now=access.clock())
        return (201, _told(made)) if isinstance(made, Made) else (200, {"state": made})


def _told(made: Made) -> dict[str, Any]:
    url = f"{settings.PUBLIC_URL}/ask/{made.token}"
    return {"state": "requested", "id": made.number, "url": url, "expires_at": made.expires_at}
