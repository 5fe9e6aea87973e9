"""Join two records that are one customer's, and part them again."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.rules import text
from consent.services import links
from consent.services.links import Change, Why
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.consents import StateOutput
from trustcenter.api.doors import Input, PlainText, once, read
from trustcenter.api.fields import Evidence, SubjectInput, handle

OWN_HOUSE = "A third party's key is refused, and so is one limited to some purposes: this touches all of them."


class Reason(PlainText):
    """Free text of a few lines; what is wrong with it the service says."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("A text.", code="type")
        return data


class PartInput(Input):
    """Which identifier goes back to the record it came from, and why."""

    subject = SubjectInput()
    reason = Reason(max_length=text.FREE_TEXT_LENGTH, help_text="Why you believe so; the customer sees it.")
    evidence = Evidence(required=False)


class JoinInput(PartInput):
    """Two identifiers of one customer, and why they are believed to be."""

    other = SubjectInput()


class ChangeOutput(StateOutput):
    """What stands for one purpose whose answer changed, and how it stood in both records before."""

    was = serializers.ListField(child=serializers.CharField(), help_text="The two statuses before.")


class ChangesOutput(serializers.Serializer[Any]):
    """The purposes whose answer changed; the others stand as they stood."""

    changes = ChangeOutput(many=True)


class JoinRecords(APIView):
    """POST /api/v1/subjects/link"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Customers",
        {200: ChangesOutput},
        WRITE,
        request=JoinInput,
        parameters=[ONCE],
        operation_id="link_customers",
        summary="Join two records that are one customer's",
        description="For every purpose the stricter of the two answers stands: a yes that only one record gave is off. "
        "Checks by any of the identifiers then give one answer, and the customer is told. " + OWN_HOUSE,
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (200, self._link(request)))

    def _link(self, request: Request) -> Any:
        found = _body(request, JoinInput)
        return _told(
            links.link(
                subject=handle(found["subject"]),
                other=handle(found["other"]),
                why=Why(found["reason"], found.get("evidence")),
                by=access.system_actor(request._request, request.user),  # type: ignore[arg-type]
                now=access.clock(),
            )
        )


class PartRecords(APIView):
    """POST /api/v1/subjects/unlink"""

    scopes = {"POST": "consents:write"}

    @operation(
        "Customers",
        {200: ChangesOutput},
        WRITE,
        request=PartInput,
        parameters=[ONCE],
        operation_id="unlink_customers",
        summary="Part two records that were joined",
        description="The identifier named, and all that came with it, go back to their record. Each side keeps every "
        "no that was said meanwhile, and no yes that it had not given before. " + OWN_HOUSE,
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: (200, self._unlink(request)))

    def _unlink(self, request: Request) -> Any:
        found = _body(request, PartInput)
        return _told(
            links.unlink(
                subject=handle(found["subject"]),
                why=Why(found["reason"], found.get("evidence")),
                by=access.system_actor(request._request, request.user),  # type: ignore[arg-type]
                now=access.clock(),
            )
        )


def _body(request: Request, body: type[Input]) -> dict[str, Any]:
    """What was sent, by a key that may say it. Raises Invalid, NotAllowed."""
    key: Any = request.user
    access.own_house(key)
    found = read(body, request.data)
    for member in ("subject", "other"):
        if member in found:
            access.limit(key, namespace=found[member]["namespace"])
    access.every_purpose(key)
    return found


def _told(changes: list[Change]) -> dict[str, Any]:
    return {"changes": [{**StateOutput(each.state).data, "was": list(each.was)} for each in changes]}
