"""Global Privacy Control: report that a customer's browser sent it, and say in public that we honour it."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.rules import choice, signals
from consent.services import signals as services
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, OneOf, once, read
from trustcenter.api.fields import Moment, SubjectInput, handle

# The day on which what we say about it last changed.
LAST_UPDATE = "2026-11-22"


class SignalInput(Input):
    """Whose browser sent what, and where."""

    subject = SubjectInput()
    signal = OneOf(choices=signals.KINDS)
    channel = OneOf(choices=choice.CHANNELS)


class SignalOutput(serializers.Serializer[Any]):
    """Since when we have it, and whether the law of the customer's jurisdiction makes it bind."""

    signal = serializers.ChoiceField(choices=signals.KINDS)
    received_at = Moment()
    honoured = serializers.BooleanField(help_text="It stops every purpose that is marked as selling or sharing.")


class SupportOutput(serializers.Serializer[Any]):
    """The GPC support resource of W3C's Global Privacy Control."""

    gpc = serializers.BooleanField()
    lastUpdate = serializers.DateField()  # noqa: N815  the specification's name


class ReportSignal(APIView):
    """POST /api/v1/signals"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Consents",
        {201: SignalOutput, 200: SignalOutput},
        WRITE,
        request=SignalInput,
        parameters=[ONCE],
        operation_id="report_signal",
        summary="Report that a customer's browser sent `Sec-GPC: 1`",
        description="For your own site, of a customer who is signed in: the first report counts, further ones are "
        "answered with 200. Report only the exact value `1`. No report of its absence exists, for that is no yes. "
        "A third party's key is refused.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._report(request))

    def _report(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        access.own_house(key)
        found = read(SignalInput, request.data)
        subject = handle(found["subject"])
        access.limit(key, namespace=subject.namespace)
        by = access.system_actor(request._request, key)
        done = services.receive(subject=subject, channel=found["channel"], by=by, now=access.clock())
        told = {"signal": found["signal"], "received_at": done.received_at, "honoured": done.honoured}
        return 201 if done.new else 200, SignalOutput(told).data


class ReadSupport(APIView):
    """GET /.well-known/gpc.json"""

    authentication_classes = ()

    @operation(
        "Consents",
        {200: SupportOutput},
        (),
        operation_id="read_gpc_support",
        summary="That we honour Global Privacy Control",
        auth=[],
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        response = Response({"gpc": True, "lastUpdate": LAST_UPDATE})
        response["Cache-Control"] = "public, max-age=86400"
        return response
