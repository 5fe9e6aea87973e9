"""The searches of AuthZEN 1.0: whose data may we use, who may use mine, what may we use it for?"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse
from msgspec import UNSET

from consent.errors import Field, Invalid
from consent.services import searches
from consent.services.searches import Wanted
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.pdp import Caller, asks, respond
from trustcenter.questions import (
    SEARCH_USUAL,
    ActionSearch,
    Anybody,
    Context,
    Resource,
    ResourceSearch,
    Search,
    SubjectSearch,
    categories_of,
    check_search,
    read,
)

_SALT = "trustcenter.searches"


@asks("search")
def resources(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/search/resource: whose data may we use?"""
    asked = read(request.body, ResourceSearch)
    check_search(asked, now=caller.now)
    access.speak_for(caller.key, kind=asked.subject.type, recipient=asked.subject.id)
    access.limit(caller.key, purpose=asked.action.name, namespace=asked.resource.type)
    found = searches.customers(
        wanted=_wanted(asked.subject.id, asked.resource, asked.context),
        purpose=asked.action.name,
        namespace=asked.resource.type,
        after=_place(asked, caller) or 0,
        limit=_limit(asked),
        key=caller.key,
        by=access.system_actor(request, caller.key),
        now=caller.now,
    )
    return _results(({"type": each.namespace, "id": each.id} for each in found.customers), asked, caller, found.after)


@asks("search")
def subjects(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/search/subject: who may use this customer's data? Without `admin`, a caller learns of itself."""
    asked = read(request.body, SubjectSearch)
    check_search(asked, now=caller.now)
    access.limit(caller.key, purpose=asked.action.name, namespace=asked.resource.type)
    own, place = caller.key.recipient.key, _place(asked, caller)
    found = searches.recipients(
        wanted=_wanted(own, asked.resource, asked.context),
        purpose=asked.action.name,
        customer=Handle(asked.resource.type, asked.resource.id),
        kind=asked.subject.type,
        only=None if "admin" in caller.key.scopes else own,
        key=caller.key,
        by=access.system_actor(request, caller.key),
        now=caller.now,
    )
    return _page([{"type": each.kind, "id": each.key} for each in found], "id", asked, caller, place)


@asks("search")
def actions(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/search/action: what may this customer's data be used for?"""
    asked = read(request.body, ActionSearch)
    check_search(asked, now=caller.now)
    access.speak_for(caller.key, kind=asked.subject.type, recipient=asked.subject.id)
    access.limit(caller.key, namespace=asked.resource.type)
    place = _place(asked, caller)
    found = searches.purposes(
        wanted=_wanted(asked.subject.id, asked.resource, asked.context),
        customer=Handle(asked.resource.type, asked.resource.id),
        only=caller.key.purposes,
        key=caller.key,
        by=access.system_actor(request, caller.key),
        now=caller.now,
    )
    return _page([{"name": each} for each in found], "name", asked, caller, place)


def _wanted(recipient: str, resource: Resource | Anybody, context: Context) -> Wanted:
    reference = "" if context.reference is UNSET else context.reference
    return Wanted(recipient, categories_of(resource), reference)


def _limit(asked: Search) -> int:
    return SEARCH_USUAL if asked.page.limit is UNSET else asked.page.limit


def _page(rows: list[dict[str, str]], by: str, asked: Search, caller: Caller, place: str | None) -> HttpResponse:
    """One page of what a service finds as a whole. It begins after a name, so that none is missed when another goes."""
    limit = _limit(asked)
    rest = sorted((each for each in rows if each[by] > (place or "")), key=lambda each: each[by])
    after = rest[limit - 1][by] if len(rest) > limit else None
    return _results(rest[:limit], asked, caller, after)


def _results(rows: Iterable[dict[str, str]], asked: Search, caller: Caller, after: int | str | None) -> HttpResponse:
    """The results, and where the next page begins; "" at the end."""
    token = "" if after is None else signing.dumps([_bound(asked, caller), after], salt=_SALT)
    return respond({"results": list(rows), "page": {"next_token": token}})


def _place(asked: Search, caller: Caller) -> Any:
    """Where a page begins: None at the start. Raises Invalid for a token not ours, or made for another search."""
    if not asked.page.token:
        return None
    try:
        bound, place = signing.loads(asked.page.token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        bound, place = "", None
    if bound != _bound(asked, caller):
        raise Invalid(Field("/page/token", "unknown", "The `next_token` of this same search; begin again without one."))
    return place


def _bound(asked: Search, caller: Caller) -> str:
    """What makes two searches the same: the caller, and everything that was asked but the page."""
    plain: dict[str, Any] = {
        **msgspec.to_builtins(asked),
        "page": None,
        "key": caller.key.prefix,
        "kind": type(asked).__name__,
    }
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
