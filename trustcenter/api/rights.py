"""Requests of customers for their rights: open one that came by phone or in a shop, follow it, answer it."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.errors import Field, Invalid, NotAllowed
from consent.rules import choice
from consent.rules import rights as rules
from consent.services import rights
from consent.services.rights import Followed, Wanted
from trustcenter import access
from trustcenter.api.answers import ONCE, READ, WRITE, operation
from trustcenter.api.doors import Input, OneOf, PlainText, once, read
from trustcenter.api.fields import KEY_LENGTH, Flag, Moment, SubjectInput, Words, handle
from trustcenter.api.paging import Rows, RowsInput

STEPS: dict[str, Callable[..., Any]] = {
    "added": rights.add,
    "withdrawn": rights.withdraw,
    "started": rights.start,
    "asked": rights.ask_for_more,
    "extended": rights.extend,
    "answered": rights.answer,
    "refused": rights.refuse,
    "lifted": rights.lift,
}
# Which members go with which step, besides `step` itself; by our own staff, so for no customer's session.
MEMBERS = {
    "withdrawn": (),
    "started": (),
    "answered": ("words", "done", "file"),
    "refused": ("words", "ground"),
}
HOUSE = "A third party's key is refused, and so is one limited to some purposes: this touches all of them."


class RightsInput(Input):
    """What a customer asks for, and how they came."""

    subject = SubjectInput()
    kind = OneOf(choices=rules.KINDS)
    channel = OneOf(choices=choice.CHANNELS)
    identity_checked = Flag(
        help_text="Whether you checked who they are. false: a copy, a correction and a deletion wait for that."
    )
    words = Words(required=False, help_text="What they said. A correction needs it.")
    purpose = PlainText(
        max_length=KEY_LENGTH,
        required=False,
        help_text="Of an objection: what they object to. Of a deletion: the use whose data.",
    )
    about = serializers.UUIDField(required=False, help_text="Of a review: the entry of the log that it is about.")


class StepInput(Input):
    """The next step of a request. Everything written here is read by the customer, but `file`."""

    step = OneOf(choices=tuple(STEPS))
    words = Words(required=False, help_text="Needed by each step but `withdrawn` and `started`.")
    ground = OneOf(choices=rules.GROUNDS, required=False, help_text="Of a refusal.")
    done = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=2**31),
        required=False,
        help_text='Of an answer: what was done, counted, e.g. `{"orders": 12}`.',
    )
    file = PlainText(max_length=200, required=False, help_text="Of an answer: where what was handed over is kept.")


class RightsOutput(serializers.Serializer[Any]):
    """A request as it stands."""

    reference = serializers.CharField(help_text="For people to read aloud.")
    kind = serializers.ChoiceField(choices=rules.KINDS)
    purpose = serializers.CharField(help_text="The use that it names; empty for none.")
    channel = serializers.ChoiceField(choices=choice.CHANNELS)
    state = serializers.ChoiceField(choices=rules.STATES)
    law = serializers.CharField(help_text="Whose clock it is.")
    opened_at = Moment()
    due = serializers.DateField(help_text="The last day for the answer.")
    stopped_on = serializers.DateField(allow_null=True, help_text="Since when the clock stands still.")
    extended = serializers.BooleanField()


class StepOutput(serializers.Serializer[Any]):
    """One step. words: absent once its customer was erased."""

    id = serializers.UUIDField(source="number")
    step = serializers.CharField()
    at = Moment()
    by_customer = serializers.BooleanField(source="own")
    reason = serializers.CharField()
    words = serializers.CharField()


class FollowedOutput(RightsOutput):
    """A request with its steps, oldest first."""

    limits_now = serializers.BooleanField(help_text="Because of it, checks answer `processing_limited`.")
    steps = StepOutput(many=True)


class RequestsOutput(serializers.Serializer[Any]):
    """Requests, newest first."""

    items = RightsOutput(many=True)
    next = serializers.CharField(allow_null=True)


class RightsQuery(RowsInput):
    """Which requests."""

    state = OneOf(choices=rules.STATES, required=False, help_text="Left out: all that are open.")


class Requests(APIView):
    """/api/v1/rights"""

    scopes = {"POST": "rights", "GET": "rights"}

    @operation(
        "Rights",
        {201: RightsOutput},
        WRITE,
        request=RightsInput,
        parameters=[ONCE],
        operation_id="open_rights_request",
        summary="Open a customer's request: copy, correct, delete, limit, object, human review",
        description="`limit` counts at once: every check for this customer answers `processing_limited` until it is "
        f"taken back or lifted. `delete` deletes nothing by itself. {HOUSE}",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (201, self._open(request)))

    def _open(self, request: Request) -> Any:
        key = desk(request, everybody=False)
        found = read(RightsInput, request.data)
        subject = handle(found["subject"])
        access.limit(key, namespace=subject.namespace)
        wanted = Wanted(
            found["kind"], found["channel"], found.get("words", ""), found.get("purpose", ""), found.get("about")
        )
        by = access.system_actor(request._request, key)
        done = rights.open(subject=subject, wanted=wanted, checked=found["identity_checked"], by=by, now=access.clock())
        return RightsOutput(done).data

    @operation(
        "Rights",
        {200: RequestsOutput},
        READ,
        parameters=[RightsQuery],
        operation_id="list_rights_requests",
        summary="Requests, newest first",
        description=HOUSE,
    )
    def get(self, request: Request) -> Response:
        desk(request)
        rows = Rows(request, RightsQuery)
        return Response(rows.answer(rights.listed(state=rows.found.get("state", ""), **rows.search), RightsOutput))


class FollowRequest(APIView):
    """GET /api/v1/rights/{reference}"""

    scopes = {"GET": "rights"}

    @operation(
        "Rights",
        {200: FollowedOutput},
        READ,
        operation_id="read_rights_request",
        summary="One request with its steps and what was written",
        description=HOUSE,
    )
    def get(self, request: Request, reference: str) -> Response:
        desk(request)
        return Response(_told(rights.follow(reference=reference)))


class MoveRequest(APIView):
    """POST /api/v1/rights/{reference}/steps"""

    scopes = {"POST": "rights"}

    @operation(
        "Rights",
        {200: RightsOutput},
        WRITE,
        request=StepInput,
        parameters=[ONCE],
        operation_id="move_rights_request",
        summary="Take the next step of a request",
        description="`added` and `withdrawn` write down what the customer says by another way than the portal; the "
        f"others are yours. 409 for a step that cannot be taken now. {HOUSE}",
    )
    def post(self, request: Request, reference: str) -> Any:
        return once(request, lambda: (200, self._move(request, reference)))

    def _move(self, request: Request, reference: str) -> Any:
        key = desk(request)
        given = read(StepInput, request.data)
        step = given.pop("step")
        given = told(given, MEMBERS.get(step, ("words",)))
        if step in ("added", "withdrawn"):
            given["subject"] = None
        by = access.system_actor(request._request, key)
        return RightsOutput(STEPS[step](reference=reference, **given, by=by, now=access.clock())).data


def desk(request: Request, *, everybody: bool = True) -> Any:
    """The key of a system that staff work with. everybody: it reaches what is any customer's. Raises NotAllowed."""
    key: Any = request.user
    access.own_house(key)
    if everybody and key.namespaces is not None:
        raise NotAllowed("This key is limited to some namespaces, and this is about everybody.")
    access.every_purpose(key)
    return key


def told(given: Mapping[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    """The members of a step. Raises Invalid for one that does not go with it; texts that are missing are ""."""
    if odd := [Field(f"/{name}", "unknown", "Not a member of this step.") for name in given if name not in wanted]:
        raise Invalid(*odd)
    empty = {name: "" for name in wanted if name != "done"}
    return {**empty, **given}


def _told(found: Followed) -> dict[str, Any]:
    steps = StepOutput(found.steps, many=True).data
    return {**RightsOutput(found.request).data, "limits_now": found.own_limit, "steps": steps}
