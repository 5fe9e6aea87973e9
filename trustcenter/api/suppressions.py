"""A customer who asks to be left alone."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.services import suppressions
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, once, read
from trustcenter.api.fields import SubjectInput, handle


class SuppressInput(Input):
    """Who asks to be left alone."""

    subject = SubjectInput()


class SuppressedOutput(serializers.Serializer[Any]):
    """They are left alone from now on."""

    suppressed = serializers.BooleanField()


class LeaveAlone(APIView):
    """POST /api/v1/subjects/suppress"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Customers",
        {200: SuppressedOutput},
        WRITE,
        request=SuppressInput,
        parameters=[ONCE],
        operation_id="suppress_customer",
        summary="Leave a customer alone",
        description="All that rests on their choice is turned off, checks answer as for an unknown customer, and "
        "nobody can bring them back but themselves: by a yes of their own, under a verified identifier. "
        "Somebody we do not know can ask too. A third party's key is refused.",
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (200, self._suppress(request)))

    def _suppress(self, request: Request) -> Any:
        key: Any = request.user
        access.own_house(key)
        subject = handle(read(SuppressInput, request.data)["subject"])
        access.limit(key, namespace=subject.namespace)
        by = access.system_actor(request._request, key)
        suppressions.suppress(subject=subject, by=by, now=access.clock())
        return {"suppressed": True}
