"""A customer who has to be erased."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.services import erasures
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, OneOf, once, read
from trustcenter.api.fields import SubjectInput, handle


class EraseInput(Input):
    """Who is erased, and why they have to be."""

    subject = SubjectInput()
    why = OneOf(erasures.WHY, help_text="GDPR Art. 17(1)(a) to (f), in this order.")


class ErasedOutput(serializers.Serializer[Any]):
    """What was destroyed. id: of the entry in the log that tells of it."""

    id = serializers.UUIDField(source="number")
    records = serializers.IntegerField(help_text="More than one where records were joined.")
    identifiers = serializers.IntegerField()
    payloads = serializers.IntegerField()
    receipts = serializers.IntegerField()
    scans = serializers.IntegerField()


class Erase(APIView):
    """POST /api/v1/subjects/erase"""

    scopes = {"POST": "rights"}

    @operation(
        "Customers",
        {200: ErasedOutput},
        WRITE,
        request=EraseInput,
        parameters=[ONCE],
        operation_id="erase_customer",
        summary="Erase a customer",
        description="All that is personal is destroyed, with every record that is joined to theirs; there is no way "
        "back. Checks then answer as for an unknown customer, receipts answer 410, and no import can bring them back. "
        "The log still verifies. A third party's key is refused, and so is one limited to some purposes.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (200, self._erase(request)))

    def _erase(self, request: Request) -> Any:
        key: Any = request.user
        access.own_house(key)
        found = read(EraseInput, request.data)
        subject = handle(found["subject"])
        access.limit(key, namespace=subject.namespace)
        access.every_purpose(key)
        by = access.system_actor(request._request, key)
        done = erasures.erase(subject=subject, why=found["why"], by=by, now=access.clock())
        return ErasedOutput(done).data
