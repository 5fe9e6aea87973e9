"""Links for the foot of a letter, by which its reader says no: one, or those of a whole mailing."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.errors import TrustError
from consent.rules import stop_links as rules
from consent.services import stop_links
from consent.services.stop_links import Made, Wanted
from trustcenter import access, problems
from trustcenter.api.answers import READ, operation
from trustcenter.api.doors import Input, OneOf, PlainText, ProblemOutput, read
from trustcenter.api.fields import KEY_LENGTH, Moment, SubjectInput, handle, several

ITEMS = 1000


class StopLinkInput(Input):
    """For whom, what it stops, and in which language its page opens."""

    subject = SubjectInput()
    purposes = serializers.ListField(
        child=PlainText(max_length=KEY_LENGTH),
        min_length=1,
        max_length=rules.MOST,
        required=False,
        help_text="Left out: every purpose that rests on a choice and uses `contact.email`.",
    )
    language = OneOf(choices=settings.LANGUAGES, required=False)


class StopLinksInput(Input):
    """Up to 1,000 links."""

    links = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=ITEMS)


class StopLinksDescription(serializers.Serializer[Any]):
    """Up to 1,000 links."""

    links = several(StopLinkInput, ITEMS)


class StopLinkOutput(serializers.Serializer[Any]):
    """The link: it only ever says no, as often as it is used."""

    url = serializers.URLField(help_text="For the foot of the letter: a page with one button.")
    one_click_url = serializers.URLField(help_text="For the header `List-Unsubscribe` (RFC 8058).")
    expires_at = Moment()


class StopLinkResult(serializers.Serializer[Any]):
    """One item's result: as of POST /api/v1/stop-links, or the problem."""

    status = serializers.IntegerField()
    url = serializers.URLField(required=False)
    one_click_url = serializers.URLField(required=False)
    expires_at = Moment(required=False)
    problem = ProblemOutput(required=False)


class StopLinkResults(serializers.Serializer[Any]):
    """The results, in the order of the items."""

    results = StopLinkResult(many=True)


class MakeStopLink(APIView):
    """POST /api/v1/stop-links"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Stop links",
        {200: StopLinkOutput},
        (*READ, 413),
        request=StopLinkInput,
        operation_id="make_stop_link",
        summary="Make a link by which one customer stops a use",
        description="For the foot of a letter. It works without a session, for three years, and can only say no. "
        "A third party's key is refused: it is not told who is a customer.",
    )
    def post(self, request: Request) -> Any:
        access.own_house(request.user)  # type: ignore[arg-type]
        made = _make(request, {0: _wanted(request, request.data)})[0]
        if isinstance(made, TrustError):
            raise made
        return Response(_told(made))


class MakeStopLinks(APIView):
    """POST /api/v1/stop-links/batch"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Stop links",
        {200: StopLinkResults},
        (*READ, 413),
        request=StopLinksDescription,
        operation_id="make_stop_links",
        summary="Make up to 1,000 such links for a mailing",
        description="Each item has its own result.",
    )
    def post(self, request: Request) -> Any:
        access.own_house(request.user)  # type: ignore[arg-type]
        found: dict[int, Made | TrustError] = {}
        good: dict[int, Wanted] = {}
        for place, item in enumerate(read(StopLinksInput, request.data)["links"]):
            try:
                good[place] = _wanted(request, item)
            except TrustError as error:
                found[place] = error
        found |= _make(request, good)
        return Response({"results": [_result(request, found[place]) for place in sorted(found)]})


def _wanted(request: Request, data: Any) -> Wanted:
    """The link that a body asks for. Raises Invalid, and NotAllowed for what this key may not name."""
    key: Any = request.user
    found = read(StopLinkInput, data)
    subject = handle(found["subject"])
    access.limit(key, namespace=subject.namespace)
    for purpose in found.get("purposes", []):
        access.limit(key, purpose=purpose)
    return Wanted(subject, found.get("purposes"), found.get("language", ""))


def _make(request: Request, wanted: Mapping[int, Wanted]) -> dict[int, Made | TrustError]:
    key: Any = request.user
    return stop_links.make(wanted=wanted, only=key.purposes, now=access.clock())


def _told(made: Made) -> dict[str, Any]:
    url = f"{settings.PUBLIC_URL}/stop/{made.token}"
    return {"url": url, "one_click_url": f"{url}/now", "expires_at": made.expires_at}


def _result(request: Request, result: Made | TrustError) -> dict[str, Any]:
    if isinstance(result, TrustError):
        return {"status": result.status, "problem": problems.document(result, request._request)}
    return {"status": 200, **_told(result)}
