"""Guardians and representatives: who may act for a customer in the portal."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.rules import mandates as rules
from consent.rules import text
from consent.services import mandates
from consent.services.handles import Handle
from consent.services.mandates import Wanted
from trustcenter import access
from trustcenter.api.answers import ONCE, READ, WRITE, operation
from trustcenter.api.doors import Input, OneOf, PlainText, once, read
from trustcenter.api.fields import Evidence, Moment, SubjectInput, handle
from trustcenter.api.links import Reason


class MandateInput(Input):
    """Who may act for whom, and how that was checked."""

    kind = OneOf(choices=rules.KINDS)
    subject = SubjectInput(help_text="Whom it is for.")
    by = SubjectInput(help_text="Who may act for them: a customer too.")
    verification = Reason(
        max_length=text.FREE_TEXT_LENGTH, help_text="How their identity and their authority were checked, in words."
    )
    label = PlainText(  # type: ignore[assignment]  # a member of the body, not of the field
        max_length=rules.LABEL_LENGTH,
        required=False,
        help_text="What the one who acts is told whom it is for; left out: a part of an identifier.",
    )
    until = Moment(required=False, help_text="A guardian's ends when the child says yes themselves, in any case.")
    evidence = Evidence(required=False)


class MandateOutput(serializers.Serializer[Any]):
    """A mandate that stands."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=rules.KINDS)
    since = Moment()
    until = Moment(allow_null=True)


class MandatesOutput(serializers.Serializer[Any]):
    """Who may act for a customer, and for how many others they may."""

    over = MandateOutput(many=True, help_text="By these others act for them.")
    held = MandateOutput(many=True, help_text="By these they act for others.")


class EndInput(Input):
    """An empty object: the address says which."""


class EndedOutput(serializers.Serializer[Any]):
    """The mandate that ended."""

    id = serializers.UUIDField()


class GrantMandate(APIView):
    """POST /api/v1/mandates"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Mandates",
        {201: MandateOutput},
        WRITE,
        request=MandateInput,
        parameters=[ONCE],
        operation_id="grant_mandate",
        summary="Let a guardian or a representative act for a customer",
        description="Both are customers, by identifiers that somebody vouched for. A third party's key is refused, and "
        "one limited to some purposes: who acts for a customer does so for all of them.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (201, self._grant(request)))

    def _grant(self, request: Request) -> Any:
        key: Any = request.user
        access.own_house(key)
        access.every_purpose(key)
        found = read(MandateInput, request.data)
        both = {name: handle(found[name]) for name in ("subject", "by")}
        for each in both.values():
            access.limit(key, namespace=each.namespace)
        by = access.system_actor(request._request, key)
        return _told(mandates.grant(wanted=Wanted(**found | both), by=by, now=access.clock()))


class EndMandate(APIView):
    """POST /api/v1/mandates/{id}/end"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Mandates",
        {200: EndedOutput},
        WRITE,
        request=EndInput,
        parameters=[ONCE],
        operation_id="end_mandate",
        summary="End a mandate at once",
        description="Every visit under it is over.",
    )
    def post(self, request: Request, id: UUID) -> Any:  # noqa: A002  the address names it so
        return once(request, lambda: (200, self._end(request, id)))

    def _end(self, request: Request, number: UUID) -> Any:
        key: Any = request.user
        access.own_house(key)
        access.every_purpose(key)
        read(EndInput, request.data)
        mandates.end(number=number, by=access.system_actor(request._request, key), now=access.clock())
        return {"id": number}


class ReadMandates(APIView):
    """GET /api/v1/subjects/{namespace}/{id}/mandates"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Mandates",
        {200: MandatesOutput},
        READ,
        operation_id="read_mandates",
        summary="Who may act for a customer, and for whom they may",
    )
    def get(self, request: Request, namespace: str, id: str) -> Response:  # noqa: A002
        key: Any = request.user
        access.own_house(key)
        access.limit(key, namespace=namespace)
        over, held = mandates.of_customer(customer=Handle(namespace, id), now=access.clock())
        return Response({"over": [_told(each) for each in over], "held": [_told(each) for each in held]})


def _told(each: mandates.Held) -> dict[str, Any]:
    return {"id": each.number, "kind": each.kind, "since": each.since, "until": each.until}
