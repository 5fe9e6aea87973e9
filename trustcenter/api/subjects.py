"""Customers: make one known; read what stands, what was said, and who used their data."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.services import records, subjects
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.api.answers import ONCE, READ, WRITE, operation
from trustcenter.api.consents import STATUSES, EventOutput
from trustcenter.api.doors import Input, PlainText, once, read
from trustcenter.api.fields import Day, IdentifierInput, Moment, SubjectInput, handle, several
from trustcenter.api.paging import Page, PageInput
from trustcenter.api.past import AsOfInput, as_of

OWN_HOUSE = "A third party's key is refused: what others do with a customer's data is not theirs to see."
ID = OpenApiParameter(name="id", location=OpenApiParameter.PATH, description="As recorded; at most 512 characters.")


class CustomerInput(Input):
    """Identifiers of one customer, and what bears on the law that protects them."""

    identifiers = several(IdentifierInput, 20)
    jurisdiction = PlainText(max_length=16, required=False)
    minor_until = Day(required=False, help_text="The day from which they say yes themselves.")
    born = Day(
        required=False,
        help_text="Not kept: `minor_until` is worked out from it by the law of their jurisdiction; the later day wins.",
    )


class CustomerOutput(serializers.Serializer[Any]):
    """Whether the customer is new to us."""

    created = serializers.BooleanField()


class StandingOutput(serializers.Serializer[Any]):
    """What stands for one purpose."""

    purpose = serializers.CharField(source="purpose.key")
    status = serializers.ChoiceField(choices=STATUSES)
    categories = serializers.ListField(child=serializers.CharField(), source="state.categories")
    recipients = serializers.ListField(child=serializers.CharField(), source="state.recipients")
    legal_basis = serializers.CharField(source="version.legal_basis")
    version = serializers.IntegerField(source="state.version", allow_null=True, help_text="The version last agreed to.")
    version_in_force = serializers.IntegerField(source="version.number")
    since = Moment(allow_null=True)
    expires_at = Moment(source="state.expires_at", allow_null=True)
    paused_until = Moment(source="state.paused_until", allow_null=True)


class StandingsOutput(serializers.Serializer[Any]):
    """Every published purpose, in catalogue order."""

    purposes = StandingOutput(many=True)


class HistoryOutput(serializers.Serializer[Any]):
    """What a customer said, the last recorded first."""

    items = EventOutput(many=True)
    next = serializers.CharField(allow_null=True)


class UseOutput(serializers.Serializer[Any]):
    """One use of a customer's data, or one that was refused."""

    id = serializers.UUIDField(source="entry.id")
    at = Moment(source="entry.recorded_at")
    action = serializers.CharField(source="entry.action")
    recipient = serializers.CharField(source="entry.recipient")
    purpose = serializers.CharField(source="entry.purpose")
    outcome = serializers.CharField(source="entry.outcome")
    reason = serializers.CharField(source="entry.reason")
    reference = serializers.SerializerMethodField(help_text="The occasion, in the words of whoever asked.")

    @extend_schema_field(str)
    def get_reference(self, seen: Any) -> str:
        return str(seen.payload.get("reference", ""))


class UsesOutput(serializers.Serializer[Any]):
    """Who used a customer's data, newest first."""

    items = UseOutput(many=True)
    next = serializers.CharField(allow_null=True)


class MakeKnown(APIView):
    """POST /api/v1/subjects"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Customers",
        {201: CustomerOutput, 200: CustomerOutput},
        WRITE,
        request=CustomerInput,
        parameters=[ONCE],
        operation_id="make_known",
        summary="Make a customer known, or tie further identifiers to one who is",
        description="201 for a new customer, 200 for a known one, 409 when the identifiers belong to two, or to one "
        "who asked to be left alone. Naming an identifier as verified verifies it. " + OWN_HOUSE,
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._register(request))

    def _register(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        access.own_house(key)
        found = read(CustomerInput, request.data)
        for each in found["identifiers"]:
            access.limit(key, namespace=each["namespace"])
        _, new = subjects.register(
            identifiers=[handle(each) for each in found["identifiers"]],
            jurisdiction=found.get("jurisdiction"),
            minor_until=found.get("minor_until"),
            born=found.get("born"),
            by=access.system_actor(request._request, key),
            now=access.clock(),
        )
        return 201 if new else 200, {"created": new}


class ReadSubject(APIView):
    """GET /api/v1/subjects/{namespace}/{id}"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Customers",
        {200: StandingsOutput},
        READ,
        parameters=[ID, AsOfInput],
        operation_id="read_customer",
        summary="What stands for one customer, for every published purpose; or what stood at a past moment",
        description=OWN_HOUSE,
    )
    def get(self, request: Request, namespace: str, id: str) -> Response:  # noqa: A002  the contract's word
        key: Any = request.user
        customer = named(key, namespace, id)
        now = access.clock()
        found = records.standing(customer=customer, only=key.purposes, as_of=as_of(request, now), now=now)
        return Response({"purposes": StandingOutput(found, many=True).data})


class ReadHistory(APIView):
    """GET /api/v1/subjects/{namespace}/{id}/history"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Customers",
        {200: HistoryOutput},
        READ,
        parameters=[ID, PageInput],
        operation_id="read_history",
        summary="Everything one customer said",
        description=OWN_HOUSE,
    )
    def get(self, request: Request, namespace: str, id: str) -> Response:  # noqa: A002
        page = Page(request, named(request.user, namespace, id))
        return Response(page.answer(records.history(**page.search), EventOutput, lambda event: event.entry_id))


class ReadUses(APIView):
    """GET /api/v1/subjects/{namespace}/{id}/uses"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Customers",
        {200: UsesOutput},
        READ,
        parameters=[ID, PageInput],
        operation_id="read_uses",
        summary="Who used one customer's data, refused tries included",
        description=OWN_HOUSE,
    )
    def get(self, request: Request, namespace: str, id: str) -> Response:  # noqa: A002
        page = Page(request, named(request.user, namespace, id))
        return Response(page.answer(records.used(**page.search), UseOutput, lambda seen: seen.entry.id))


def named(key: Any, namespace: str, value: str) -> Handle:
    """The customer that an address names. Raises Invalid, NotAllowed."""
    access.own_house(key)
    customer = handle(read(SubjectInput, {"namespace": namespace, "id": value}))
    access.limit(key, namespace=customer.namespace)
    return customer
