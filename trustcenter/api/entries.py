"""The log, searched: who did what with whose data."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.errors import Field as Wrong
from consent.errors import Invalid, NotAllowed, NotFound
from consent.rules import entries as rules
from consent.services import entries
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.api.answers import READ, operation
from trustcenter.api.doors import Input, PlainText, read
from trustcenter.api.fields import KEY_LENGTH, Moment
from trustcenter.api.paging import LIMIT, LIMIT_MOST, before, cursor

LISTED = 1000


class EntriesInput(Input):
    """What is looked for: entries that fit every parameter. Several values of one are parted by commas."""

    namespace = PlainText(max_length=KEY_LENGTH, required=False, help_text="With `id`: only this customer.")
    id = PlainText(required=False, help_text="An identifier of the customer.")
    subject = PlainText(max_length=32, required=False, help_text="The same by the pseudonym that stands in entries.")
    since = Moment(required=False, help_text="Recorded from then on.")
    before = Moment(required=False, help_text="Recorded before then.")
    limit = serializers.IntegerField(min_value=1, max_value=LIMIT_MOST, default=LIMIT, help_text="How many at most.")
    cursor = PlainText(max_length=64, required=False, help_text="`next` of the page before.")

    def get_fields(self) -> dict[str, Any]:
        parts = {
            name: PlainText(max_length=LISTED, required=False, help_text=how) for name, (_, how) in rules.PARTS.items()
        }
        return super().get_fields() | parts


class ActorOutput(serializers.Serializer[Any]):
    """Who acted."""

    type = serializers.ChoiceField(choices=rules.ACTORS, source="actor_type")
    ref = serializers.CharField(source="actor_ref", help_text="A recipient's key, or the number of a member of staff.")


class EntryOutput(serializers.Serializer[Any]):
    """One entry, without what a person wrote or was called. A member that the fact does not have is empty."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField(
        source="leaf_row.seq", default=None, allow_null=True, help_text="Its place in the log; null until it is sealed."
    )
    at = Moment(source="recorded_at")
    action = serializers.CharField()
    actor = ActorOutput(source="*")
    subject = serializers.CharField()
    purpose = serializers.CharField()
    recipient = serializers.CharField()
    outcome = serializers.CharField(help_text="Of a list of people: about the customer who was named.")
    reason = serializers.CharField()


class EntriesOutput(serializers.Serializer[Any]):
    """A page of entries, newest first."""

    items = EntryOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null at the end.")
    searched_to = Moment(
        allow_null=True,
        help_text="With a time the page is short: what was recorded before it was not looked at yet; go on by `next`.",
    )


class SearchEntries(APIView):
    """GET /api/v1/log/entries"""

    scopes = {"GET": "audit"}

    @operation(
        "Log",
        {200: EntriesOutput},
        READ,
        parameters=[EntriesInput],
        operation_id="search_entries",
        summary="Search the log",
        description=(
            "That somebody searched is itself an entry (`log.searched`), and a customer who was named sees it. "
            "A third party's key is refused."
        ),
    )
    def get(self, request: Request) -> Response:
        key: Any = request.user
        access.own_house(key)
        found = read(EntriesInput, request.query_params.dict())
        wanted = _wanted(found)
        _check_limits(key, wanted)
        page = entries.search(
            wanted=wanted,
            before=before(found["cursor"]) if "cursor" in found else None,
            limit=found["limit"],
            by=access.system_actor(request._request, key),
            now=access.clock(),
        )
        if wanted.named and page.subject is None:
            raise NotFound("We know no such customer.")
        after = cursor(page.after) if page.after else None
        shown = {"items": page.entries, "next": after, "searched_to": page.searched_to}
        return Response(EntriesOutput(shown).data)


def _wanted(found: dict[str, Any]) -> entries.Wanted:
    if ("namespace" in found) != ("id" in found) or {"id", "subject"} <= found.keys():
        raise Invalid(Wrong("/id", "together", "A customer by `namespace` and `id`, or by `subject`."))
    sent = {name: found[name].split(",") for name in rules.PARTS if name in found}
    chosen = rules.chosen(sent, since=found.get("since"), before=found.get("before"))
    customer = Handle(found["namespace"], found["id"]) if "id" in found else None
    return entries.Wanted(chosen, customer, found.get("subject", ""))


def _check_limits(key: Any, wanted: entries.Wanted) -> None:
    """Raises NotAllowed where a key is limited to some purposes or namespaces and asks beyond them."""
    purposes = wanted.chosen.values.get("purpose", ())
    for purpose in purposes:
        access.limit(key, purpose=purpose)
    if key.purposes is not None and not purposes:
        raise NotAllowed("This key is limited to some purposes; name one of them: ?purpose=…")
    if wanted.customer:
        access.limit(key, namespace=wanted.customer.namespace)
    elif key.namespaces is not None:
        raise NotAllowed("This key is limited to some namespaces; name a customer in one of them.")
