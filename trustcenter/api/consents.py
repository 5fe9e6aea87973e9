"""Record what customers say: one choice, or many."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.errors import TrustError
from consent.rules import choice as rules
from consent.rules import lifecycle
from consent.rules.choice import Choice
from consent.services import batches, consents, decisions
from consent.services.consents import Recorded
from consent.services.subjects import Handle
from trustcenter import access, problems
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, OneOf, PlainText, ProblemOutput, once, read
from trustcenter.api.fields import (
    KEY_LENGTH,
    Evidence,
    Flag,
    IdentifierInput,
    Keys,
    Moment,
    check_number,
    handle,
    several,
)
from trustcenter.api.waiting import WAIT, PlaceOutput, wanted, with_places

ITEMS = 1000
STATUSES = (
    *("requested", "deferred", "refused", "given", "renewed"),
    *("withdrawn", "revoked", "expired", "invalidated", "unknown"),
)


class ConsentInput(Input):
    """One choice: who said what about which purpose, in which words, where and how."""

    subject = IdentifierInput()
    purpose = PlainText(max_length=KEY_LENGTH)
    act = OneOf(choices=lifecycle.ACTS)
    categories = Keys(required=False, help_text="Left out: every category offered.")
    recipients = Keys(required=False, help_text="Left out: every recipient except third parties.")
    level = PlainText(max_length=16, required=False, help_text="A level of sharing in place of categories.")
    language = PlainText(max_length=16, required=False, help_text="Of the text that was shown; a yes needs it.")
    notice_digest = PlainText(max_length=64, required=False, help_text="Left out: the text in force then.")
    channel = OneOf(choices=rules.CHANNELS)
    method = PlainText(max_length=200, help_text="How they said it: a button, a form, a call.")
    collected_at = Moment(required=False, help_text="Left out: now.")
    until = Moment(required=False, help_text="The end of a pause, at most 12 months ahead; an earlier end of a yes.")
    confirmation = PlainText(max_length=64, required=False, help_text="The one-time token that `confirm` needs.")
    actor = OneOf(choices=rules.ACTORS, default="self")
    evidence = Evidence(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["act"] in lifecycle.SCOPED and "language" not in attrs:
            raise serializers.ValidationError({"language": ["A yes names the language of its text."]}, code="required")
        return attrs


class BatchInput(Input):
    """Up to 1,000 choices."""

    consents = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=ITEMS)
    atomic = Flag(default=False, help_text="All or nothing.")


class BatchDescription(serializers.Serializer[Any]):
    """Up to 1,000 choices."""

    consents = several(ConsentInput, ITEMS)
    atomic = Flag(default=False, help_text="All or nothing.")


class EventOutput(serializers.Serializer[Any]):
    """What was recorded. `id` is also the number of its receipt and of its entry in the log."""

    id = serializers.UUIDField(source="entry_id")
    purpose = serializers.CharField(source="purpose.key")
    version = serializers.IntegerField(source="version.number")
    act = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    recipients = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField(help_text="Empty where no text was shown.")
    notice_digest = serializers.SerializerMethodField(help_text="Empty where no text was shown.")
    assumed = serializers.BooleanField(help_text="No digest was named: the text is the one in force then.")
    channel = serializers.CharField()
    actor = serializers.CharField()
    collected_at = Moment()
    recorded_at = Moment()
    pending = serializers.BooleanField(help_text="A yes that permits nothing until it is confirmed.")
    until = Moment(allow_null=True, help_text="The end of a pause or of a yes, or the day a child comes of age.")

    @extend_schema_field(str)
    def get_notice_digest(self, event: Any) -> str:
        return event.notice.digest if event.notice else ""


class StateOutput(serializers.Serializer[Any]):
    """The answer that stands for one purpose."""

    purpose = serializers.CharField(source="purpose.key")
    status = serializers.ChoiceField(choices=STATUSES)
    categories = serializers.ListField(child=serializers.CharField())
    recipients = serializers.ListField(child=serializers.CharField())
    legal_basis = serializers.CharField(source="purpose.current.legal_basis")
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    since = Moment()
    expires_at = Moment(allow_null=True)
    paused_until = Moment(allow_null=True)


class ReceiptOutput(serializers.Serializer[Any]):
    """Where the proof of one event is read."""

    id = serializers.UUIDField()
    url = serializers.URLField()


class ConfirmationOutput(serializers.Serializer[Any]):
    """What confirms a yes, where the purpose asks for that: send it to the customer's own address, and nowhere else."""

    token = serializers.CharField(help_text="For the act `confirm`, once.")
    url = serializers.URLField(help_text="A page on which the customer confirms with one press.")
    expires_at = Moment()


class RecordedOutput(serializers.Serializer[Any]):
    """What was recorded and what stands after it; a third party is told only what it said itself."""

    event = EventOutput()
    state = StateOutput(required=False)
    receipt = ReceiptOutput()
    token = serializers.CharField(help_text="A check with `at_least` of this token sees at least this.")
    confirmation = ConfirmationOutput(required=False)
    proof = PlaceOutput(required=False)


class ResultOutput(serializers.Serializer[Any]):
    """One item's result: as of POST /api/v1/consents, or the problem."""

    status = serializers.IntegerField()
    event = EventOutput(required=False)
    state = StateOutput(required=False)
    receipt = ReceiptOutput(required=False)
    token = serializers.CharField(required=False)
    confirmation = ConfirmationOutput(required=False)
    proof = PlaceOutput(required=False)
    problem = ProblemOutput(required=False)


class ResultsOutput(serializers.Serializer[Any]):
    """The results, in the order of the items."""

    results = ResultOutput(many=True)


class RecordConsent(APIView):
    """POST /api/v1/consents"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Consents",
        {201: RecordedOutput},
        WRITE,
        request=ConsentInput,
        parameters=[ONCE, WAIT],
        operation_id="record_consent",
        summary="Record one choice",
        description="A customer we did not know becomes known by it. A third party cannot record a yes to itself.",
    )
    def post(self, request: Request) -> Any:
        now, waits = access.clock(), wanted(request)

        def work() -> tuple[int, Any]:
            subject, choice = _choice(request, request.data)
            by = access.system_actor(request._request, request.user)  # type: ignore[arg-type]
            return 201, _told(request, consents.record(subject=subject, choice=choice, by=by, now=now))

        answer = once(request, work)
        return with_places(answer) if waits else answer


class RecordConsents(APIView):
    """POST /api/v1/consents/batch"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Consents",
        {200: ResultsOutput},
        WRITE,
        request=BatchDescription,
        parameters=[ONCE, WAIT],
        operation_id="record_consents",
        summary="Record up to 1,000 choices",
        description="Each item has its own result, unless `atomic` is true: then all are recorded or none.",
    )
    def post(self, request: Request) -> Any:
        waits = wanted(request)
        answer = once(request, lambda: (200, self._record(request)))
        return with_places(answer) if waits else answer

    def _record(self, request: Request) -> dict[str, Any]:
        check_number(request.data, "consents", ITEMS)
        body = read(BatchInput, request.data)
        by = access.system_actor(request._request, request.user)  # type: ignore[arg-type]
        good, wrong = _parted(request, body["consents"])
        done: Mapping[int, batches.Result]
        if not body["atomic"]:
            done = {**wrong, **batches.record(items=good, by=by, now=access.clock())}
        elif wrong:
            raise batches.gathered(wrong, "/consents")
        else:
            items = [*good.values()]
            recorded = batches.record_together(items=items, at="/consents", by=by, now=access.clock())
            done = dict(enumerate(recorded))
        return {"results": [_result(request, done[place]) for place in sorted(done)]}


def _parted(request: Request, items: list[Any]) -> tuple[dict[int, tuple[Handle, Choice]], dict[int, TrustError]]:
    """The items that can be tried, and what is wrong with the others, by place."""
    good: dict[int, tuple[Handle, Choice]] = {}
    wrong: dict[int, TrustError] = {}
    for place, item in enumerate(items):
        try:
            good[place] = _choice(request, item)
        except TrustError as error:
            wrong[place] = error
    return good, wrong


def _choice(request: Request, data: Any) -> tuple[Handle, Choice]:
    """The choice in a body. Raises Invalid, and NotAllowed for what this key may not record."""
    found = read(ConsentInput, data)
    key: Any = request.user
    subject = handle(found.pop("subject"))
    access.limit(key, purpose=found["purpose"], namespace=subject.namespace)
    return subject, Choice(**found)


def _told(request: Request, recorded: Recorded) -> dict[str, Any]:
    number = recorded.event.entry_id
    told = {
        "event": EventOutput(recorded.event).data,
        "receipt": {"id": number, "url": f"{settings.PUBLIC_URL}/api/v1/receipts/{number}"},
        "token": decisions.token(number),
    }
    # The state may come from what the customer told others, which is not a third party's to see; and a token proves
    # that the customer holds an address only when the company that knows it sends it there.
    if request.user.recipient.third_party:  # type: ignore[union-attr]
        return told
    if recorded.waiting:
        url = f"{settings.PUBLIC_URL}/confirm/{recorded.waiting.token}"
        told["confirmation"] = ConfirmationOutput(
            {"token": recorded.waiting.token, "url": url, "expires_at": recorded.waiting.expires_at}
        ).data
    return told | {"state": StateOutput(recorded.state).data}


def _result(request: Request, result: batches.Result) -> dict[str, Any]:
    if isinstance(result, TrustError):
        return {"status": result.status, "problem": problems.document(result, request._request)}
    return {"status": 201, **_told(request, result)}
