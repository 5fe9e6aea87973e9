"""The way into the portal that a brand's own site hands to its customer."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.services import portal_links
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, OneOf, once, read
from trustcenter.api.fields import Moment, SubjectInput, handle


class LinkInput(Input):
    """For whom, and in which language the portal opens."""

    subject = SubjectInput()
    language = OneOf(choices=settings.LANGUAGES, required=False)


class LinkOutput(serializers.Serializer[Any]):
    """The link: it works once, and for five minutes at most."""

    url = serializers.URLField()
    expires_at = Moment()


class MakeLink(APIView):
    """POST /api/v1/portal-links"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Portal links",
        {201: LinkOutput},
        WRITE,
        request=LinkInput,
        parameters=[ONCE],
        operation_id="make_portal_link",
        summary="Make a link to the portal for one customer",
        description="Hand it to the customer who is signed in with you, and to nobody else. "
        "A third party's key is refused, and one limited to some purposes: a link opens all that the customer may see "
        "and say.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._make(request))

    def _make(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        access.own_house(key)
        access.every_purpose(key)
        found = read(LinkInput, request.data)
        subject = handle(found["subject"])
        access.limit(key, namespace=subject.namespace)
        made = portal_links.create(
            subject=subject,
            language=found.get("language", ""),
            by=access.system_actor(request._request, key),
            now=access.clock(),
        )
        return 201, {"url": f"{settings.PUBLIC_URL}/enter/{made.token}", "expires_at": made.expires_at}
