"""May I use this customer's data? OpenID AuthZEN Authorization API 1.0, in the mapping of docs/api.md, Check.

subject: who wants to use the data · action: what for · resource: whose data, and which · context: the occasion.
No Django REST framework here: this is the most asked door, so it parses, makes one service call, and answers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from audit import vault
from consent.errors import Field, Invalid, TooLarge, TrustError
from consent.rules import reasons
from consent.services import checks, decisions
from consent.services.checks import Answer, Question
from trustcenter import access, problems
from trustcenter.access import Key
from trustcenter.questions import BATCH_MOST, Batch, Single, question, read

SEMANTICS: Mapping[str, bool | None] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


@dataclass(frozen=True)
class Caller:
    """Who asks, in which language sentences come back, and when."""

    key: Any
    language: str
    now: datetime


View = Callable[[HttpRequest, Caller], HttpResponse]


def asks(scope: str) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """A door of AuthZEN: POST, a key with this scope, JSON; errors leave as problem+json."""

    def door(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            if request.method != "POST":
                return problems.wrong_method(request, ["POST"])
            now = access.clock()
            key = access.system(request, now)
            access.require(key, scope)
            if request.content_type != "application/json":
                raise Invalid(Field("", "content_type", "Send JSON with Content-Type: application/json."))
            caller = Caller(key, getattr(request, "LANGUAGE_CODE", "en"), now)
            try:
                return view(request, caller)
            except vault.Unreadable:  # they were erased after we found them; nothing was written, so look again
                return view(request, caller)

        return guarded

    return door


@asks("decide")
def evaluation(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/evaluation: one question, one answer."""
    return _one(request, caller, read(request.body, Single))


@asks("decide")
def evaluations(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /access/v1/evaluations: many questions in one transaction, answered in order."""
    batch = read(request.body, Batch)
    if not batch.evaluations:
        return _one(request, caller, batch.single())
    if len(batch.evaluations) > BATCH_MOST:
        raise TooLarge(f"At most {BATCH_MOST:,} evaluations in one call. Send them in parts.")
    stop_at = _stop_at(batch)
    slots = _slots(batch, caller, stop_at)
    asked_of_us = [each for each in slots if isinstance(each, Question)]
    by = access.system_actor(request, caller.key)
    answers = checks.check(questions=asked_of_us, stop_at=stop_at, key=caller.key, by=by, now=caller.now)
    return respond({"evaluations": list(_merged(slots, answers, stop_at, caller))})


@problems.read_only
def configuration(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """GET /.well-known/authzen-configuration: where the doors are."""
    return respond(
        {
            "policy_decision_point": settings.PUBLIC_URL,
            "access_evaluation_endpoint": f"{settings.PUBLIC_URL}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{settings.PUBLIC_URL}/access/v1/evaluations",
            "search_subject_endpoint": f"{settings.PUBLIC_URL}/access/v1/search/subject",
            "search_resource_endpoint": f"{settings.PUBLIC_URL}/access/v1/search/resource",
            "search_action_endpoint": f"{settings.PUBLIC_URL}/access/v1/search/action",
        }
    )


def _one(request: HttpRequest, caller: Caller, members: Single) -> HttpResponse:
    asked, by = _allowed(caller, members), access.system_actor(request, caller.key)
    (answer,) = checks.check(questions=[asked], key=caller.key, by=by, now=caller.now)
    return respond(_document(answer, caller))


def _stop_at(batch: Batch) -> bool | None:
    name = batch.options.evaluations_semantic
    if name not in SEMANTICS:
        detail = f"One of {', '.join(SEMANTICS)}."
        raise Invalid(Field("/options/evaluations_semantic", "choice", detail))
    return SEMANTICS[name]


def _slots(batch: Batch, caller: Caller, stop_at: bool | None) -> list[Question | TrustError]:
    """Each item as a question or as what is wrong with it; a wrong item counts as a refusal."""
    defaults = batch.defaults()
    slots: list[Question | TrustError] = []
    for raw in batch.evaluations:
        try:
            slots.append(_allowed(caller, batch.item(raw, defaults)))
        except TrustError as error:
            slots.append(error)
            if stop_at is False:
                break
    return slots


def _merged(
    slots: Sequence[Question | TrustError], answers: Sequence[Answer], stop_at: bool | None, caller: Caller
) -> Iterator[dict[str, Any]]:
    """Answers and faults in the order of the items, up to the one that decided."""
    waiting = iter(answers)
    for slot in slots:
        if isinstance(slot, TrustError):
            yield {"decision": False, "context": {"error": {"status": slot.status, "message": _message(slot)}}}
            continue
        answer = next(waiting)
        yield _document(answer, caller)
        if stop_at is not None and answer.decision.permitted == stop_at:
            return


def _message(error: TrustError) -> str:
    return " ".join(f"{each.pointer}: {each.detail}" for each in error.fields) or error.detail


def _allowed(caller: Caller, members: Single) -> Question:
    """The question, if this key may ask it. Raises Invalid, NotAllowed."""
    key: Key = caller.key
    asked = question(members, now=caller.now)
    access.speak_for(key, kind=members.subject.type, recipient=asked.recipient)
    access.limit(key, purpose=asked.purpose, namespace=asked.customer.namespace)
    if asked.as_of is not None:
        access.require(key, "audit")
    return asked


def _document(answer: Answer, caller: Caller) -> dict[str, Any]:
    """The answer as it leaves. A third party that is refused never learns why."""
    made = answer.decision
    hidden = not made.permitted and (answer.third_party or caller.key.recipient.third_party)
    reason = "not_permitted" if hidden else made.reason
    context: dict[str, Any] = {
        "id": str(answer.id),
        "reason": reason,
        "reason_user": reasons.sentence(reason, caller.language),
    }
    if not hidden:
        context["categories"] = {"allowed": made.allowed, "refused": made.refused}
        known = {"legal_basis": made.legal_basis, "purpose_version": made.version, "valid_until": made.valid_until}
        context |= {name: value for name, value in known.items() if value}
    if not answer.enforced:
        context["enforced"] = False
    return {"decision": made.permitted, "context": context | {"token": decisions.token(answer.id)}}


def respond(document: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(document), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
