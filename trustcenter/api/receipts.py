"""The proof of one event, which verifies without us."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.errors import NotAllowed
from consent.services import evidence
from trustcenter import access
from trustcenter.api.answers import READ, operation

SOON = "1"


class DisclosureOutput(serializers.Serializer[Any]):
    """The payload and the salt that ties it to the leaf."""

    salt = serializers.CharField()
    payload = serializers.CharField()


class ProvenOutput(serializers.Serializer[Any]):
    """One entry: its place, its exact text, and the hashes up to the root."""

    index = serializers.IntegerField()
    leaf = serializers.CharField()
    proof = serializers.ListField(child=serializers.CharField())
    disclosure = DisclosureOutput(required=False)


class ProofOutput(serializers.Serializer[Any]):
    """A proof file. `python -m audit.proof` checks it offline."""

    kind = serializers.CharField()
    origin = serializers.CharField()
    checkpoint = serializers.CharField()
    vkeys = serializers.ListField(child=serializers.CharField())
    complete = serializers.BooleanField()
    entries = ProvenOutput(many=True)


class WaitingOutput(serializers.Serializer[Any]):
    """The event is recorded; its seal follows within seconds."""

    status = serializers.CharField()


class ReadReceipt(APIView):
    """GET /api/v1/receipts/{id}"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Receipts",
        {200: ProofOutput, 202: WaitingOutput},
        READ,
        operation_id="read_receipt",
        summary="The proof of one event",
        description="202 with Retry-After until the event is sealed. A third party's key is refused.",
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002  the contract's word
        key: Any = request.user
        access.own_house(key)
        line = evidence.receipt(subject=None, number=id)
        if line.event is not None:
            _limit(key, line.event)
        proof = evidence.proof(found=[line.entry])
        if proof is None:
            return Response({"status": "waiting for its seal"}, status=202, headers={"Retry-After": SOON})
        return Response(proof)


def _limit(key: Any, event: Any) -> None:
    """Raises NotAllowed for another purpose, or a customer who has no identifier in the key's namespaces."""
    access.limit(key, purpose=event.purpose.key)
    if key.namespaces is not None and not {row.namespace for row in event.subject.identifiers.all()} & {
        *key.namespaces
    }:
        raise NotAllowed("This key is limited to other identifier namespaces.")
