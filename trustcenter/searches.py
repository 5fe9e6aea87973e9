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
        after=_after(asked, caller),
        limit=SEARCH_USUAL if asked.page.limit is UNSET else asked.page.limit,
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
    own = caller.key.recipient.key
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
    return _results(({"type": each.kind, "id": each.key} for each in found), asked, caller)


@asks("search")
def actions(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/search/action: what may this customer's data be used for?"""
    asked = read(request.body, ActionSearch)
    check_search(asked, now=caller.now)
    access.speak_for(caller.key, kind=asked.subject.type, recipient=asked.subject.id)
    access.limit(caller.key, namespace=asked.resource.type)
    found = searches.purposes(
        wanted=_wanted(asked.subject.id, asked.resource, asked.context),
        customer=Handle(asked.resource.type, asked.resource.id),
        only=caller.key.purposes,
        key=caller.key,
        by=access.system_actor(request, caller.key),
        now=caller.now,
    )
    return _results(({"name": each} for each in found), asked, caller)


def _wanted(recipient: str, resource: Resource | Anybody, context: Context) -> Wanted:
    reference = "" if context.reference is UNSET else context.reference
    return Wanted(recipient, categories_of(resource), reference)


def _results(rows: Iterable[dict[str, str]], asked: Search, caller: Caller, after: int | None = None) -> HttpResponse:
    """The results, and where the next page begins; "" at the end."""
    token = "" if after is None else signing.dumps([_bound(asked, caller), after], salt=_SALT)
    return respond({"results": list(rows), "page": {"next_token": token}})


def _after(asked: Search, caller: Caller) -> int:
    """Where a page begins. Raises Invalid for a token that is not ours, or that was made for another search."""
    if not asked.page.token:
        return 0
    try:
        bound, after = signing.loads(asked.page.token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        bound, after = "", 0
    if bound != _bound(asked, caller):
        raise Invalid(Field("/page/token", "unknown", "The `next_token` of this same search; begin again without one."))
    place: int = after
    return place


def _bound(asked: Search, caller: Caller) -> str:
    """What makes two searches the same: the caller, and everything that was asked but the page."""
    plain: dict[str, Any] = {**msgspec.to_builtins(asked), "page": None, "key": caller.key.prefix}
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
