"""Scans of papers that customers signed, as evidence of what was recorded from them."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.rules import scans as rules
from consent.services import scans
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import once
from trustcenter.api.subjects import ID, OWN_HOUSE, named


class ScanOutput(serializers.Serializer[Any]):
    """What was kept. `sha256` is what the evidence of a choice names as `scan_sha256`."""

    sha256 = serializers.CharField(source="digest")
    size = serializers.IntegerField()
    type = serializers.ChoiceField(choices=rules.TYPES)


class StoreScan(APIView):
    """POST /api/v1/subjects/{namespace}/{id}/scans"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Customers",
        {201: ScanOutput, 200: ScanOutput},
        WRITE,
        request=dict.fromkeys(rules.TYPES, OpenApiTypes.BINARY),
        parameters=[ID, ONCE],
        operation_id="store_scan",
        summary="Keep the scan of a paper that a customer signed",
        description="The body is the file: PDF, PNG, JPEG or TIFF, told by what is in it, at most 5 MiB. It is kept "
        "encrypted, and erasure deletes it. 200 where we had it already. " + OWN_HOUSE,
    )
    def post(self, request: Request, namespace: str, id: str) -> Any:  # noqa: A002  the contract's word
        key: Any = request.user
        customer = named(key, namespace, id)
        # Read here, and no further than a scan can be long: Django itself reads no body as large as this.
        request._request._body = content = request._request.read(rules.LARGEST + 1)
        by, now = access.system_actor(request._request, key), access.clock()

        def work() -> tuple[int, Any]:
            row, new = scans.store(subject=customer, content=content, by=by, now=now)
            return 201 if new else 200, ScanOutput(row).data

        return once(request, work)
