"""How many customers stand where, for one purpose."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.services import counts
from trustcenter import access
from trustcenter.api.answers import READ, operation
from trustcenter.api.fields import Moment
from trustcenter.api.past import AsOfInput, as_of


class CountOutput(serializers.Serializer[Any]):
    """One purpose at a moment; no customer is named."""

    purpose = serializers.CharField(source="count.purpose.key")
    as_of = Moment()
    version = serializers.IntegerField(source="count.version.number", help_text="The version in force then.")
    customers = serializers.IntegerField(source="count.customers", help_text="All that were known then.")
    permitted = serializers.IntegerField(
        source="count.permitted", help_text="For how many a check would have been allowed, within what they chose."
    )
    statuses = serializers.DictField(
        child=serializers.IntegerField(),
        source="count.statuses",
        help_text="How many stood at each status of DPV; `unknown`: they said nothing of it.",
    )


class CountPurpose(APIView):
    """GET /api/v1/purposes/{key}/counts"""

    scopes = {"GET": "audit"}

    @operation(
        "Catalogue",
        {200: CountOutput},
        READ,
        parameters=[AsOfInput],
        operation_id="count_purpose",
        summary="How many customers stand where, now or at a past moment",
        description=(
            "Now is one query; a past moment folds every event of the purpose recorded by then, some minutes for a "
            "million: `trustcenter count` shows how far it is. A third party's key is refused."
        ),
    )
    def get(self, request: Request, key: str) -> Response:
        caller: Any = request.user
        access.own_house(caller)
        access.limit(caller, purpose=key)
        now = access.clock()
        moment = as_of(request, now)
        found = counts.one(purpose=key, moment=moment, now=now)
        return Response(CountOutput({"count": found, "as_of": moment or now}).data)
