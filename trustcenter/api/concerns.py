"""Concerns: write one down that came by phone or in a shop, read them, answer and close them."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.rules import choice
from consent.rules import concerns as rules
from consent.services import concerns
from consent.services.concerns import CONTACT_LENGTH, Said
from trustcenter import access
from trustcenter.api.answers import ONCE, READ, WRITE, operation
from trustcenter.api.doors import Input, OneOf, PlainText, once, read
from trustcenter.api.fields import KEY_LENGTH, Moment, SubjectInput, Words, handle
from trustcenter.api.paging import Rows, RowsInput
from trustcenter.api.rights import HOUSE, StepOutput, desk, told

STEPS: dict[str, Callable[..., Any]] = {
    "added": concerns.add,
    "answered": concerns.answer,
    "closed": concerns.close,
}


class ConcernInput(Input):
    """What worries a customer, and how they told it."""

    subject = SubjectInput()
    words = Words()
    channel = OneOf(choices=choice.CHANNELS)
    purpose = PlainText(max_length=KEY_LENGTH, required=False, help_text="What it is about.")
    about = serializers.UUIDField(required=False, help_text="The entry of the log that it is about, one of theirs.")
    contact = PlainText(max_length=CONTACT_LENGTH, required=False, help_text="How else to reach them.")


class ConcernStepInput(Input):
    """What is written next; the customer reads it."""

    step = OneOf(choices=tuple(STEPS))
    words = Words(required=False, help_text="Needed, but by `closed`.")


class ConcernOutput(serializers.Serializer[Any]):
    """A concern as it stands."""

    reference = serializers.CharField(help_text="For people to read aloud.")
    state = serializers.ChoiceField(choices=rules.STATES)
    purpose = serializers.CharField()
    about = serializers.UUIDField(allow_null=True)
    opened_at = Moment()
    due = serializers.DateField(help_text="The last day for the answer: five working days.")
    closed_at = Moment(allow_null=True)


class ThreadOutput(ConcernOutput):
    """A concern with all that was written, oldest first. contact: how else to reach who raised it, if they said so."""

    contact = serializers.CharField()
    steps = StepOutput(many=True)


class ConcernsOutput(serializers.Serializer[Any]):
    """Concerns, newest first."""

    items = ConcernOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ConcernsQuery(RowsInput):
    """Which concerns."""

    state = OneOf(choices=rules.STATES, required=False, help_text="Left out: all that are not closed.")


class Concerns(APIView):
    """/api/v1/concerns"""

    scopes = {"POST": "rights", "GET": "rights"}

    @operation(
        "Concerns",
        {201: ConcernOutput},
        (*WRITE, 429),
        request=ConcernInput,
        parameters=[ONCE],
        operation_id="raise_concern",
        summary="Write down a customer's concern",
        description=f"Those without a name come by the portal alone. {HOUSE}",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (201, self._raise(request)))

    def _raise(self, request: Request) -> Any:
        key = desk(request, everybody=False)
        found = read(ConcernInput, request.data)
        subject = handle(found.pop("subject"))
        access.limit(key, namespace=subject.namespace)
        by = access.system_actor(request._request, key)
        done = concerns.open(subject=subject, said=Said(**found), by=by, now=access.clock())
        return ConcernOutput(done.concern).data

    @operation(
        "Concerns",
        {200: ConcernsOutput},
        READ,
        parameters=[ConcernsQuery],
        operation_id="list_concerns",
        summary="Concerns, newest first",
        description=HOUSE,
    )
    def get(self, request: Request) -> Response:
        desk(request)
        rows = Rows(request, ConcernsQuery)
        return Response(rows.answer(concerns.listed(state=rows.found.get("state", ""), **rows.search), ConcernOutput))


class FollowConcern(APIView):
    """GET /api/v1/concerns/{reference}"""

    scopes = {"GET": "rights"}

    @operation(
        "Concerns",
        {200: ThreadOutput},
        READ,
        operation_id="read_concern",
        summary="One concern with all that was written",
        description=HOUSE,
    )
    def get(self, request: Request, reference: str) -> Response:
        desk(request)
        found = concerns.follow(reference=reference, who=None)
        steps = StepOutput(found.steps, many=True).data
        return Response({**ConcernOutput(found.concern).data, "contact": found.contact, "steps": steps})


class MoveConcern(APIView):
    """POST /api/v1/concerns/{reference}/steps"""

    scopes = {"POST": "rights"}

    @operation(
        "Concerns",
        {200: ConcernOutput},
        WRITE,
        request=ConcernStepInput,
        parameters=[ONCE],
        operation_id="move_concern",
        summary="Answer a concern, close it, or write down what its customer adds",
        description=f"409 for one that is closed. {HOUSE}",
    )
    def post(self, request: Request, reference: str) -> Any:
        return once(request, lambda: (200, self._move(request, reference)))

    def _move(self, request: Request, reference: str) -> Any:
        key = desk(request)
        given = read(ConcernStepInput, request.data)
        step = given.pop("step")
        given = told(given, ("words",)) | ({"who": None} if step == "added" else {})
        by = access.system_actor(request._request, key)
        return ConcernOutput(STEPS[step](reference=reference, **given, by=by, now=access.clock())).data
