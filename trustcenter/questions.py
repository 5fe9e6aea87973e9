"""The wire form of an AuthZEN question: structs that msgspec fills, and a Question for the service.

Unknown members are passed over, as the standard demands; a missing or wrong one is named by JSON pointer.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from consent.errors import Field, Invalid
from consent.rules import moments, text
from consent.services.checks import Question
from consent.services.subjects import Handle

REFERENCE_LENGTH = 200
SEARCH_MOST, SEARCH_USUAL = 100, 50
BATCH_MOST = 10_000
_TOKEN = re.compile(r"t1\.[0-9a-f]{32}")
_TEXTS = (("subject", "type"), ("subject", "id"), ("action", "name"), ("resource", "type"), ("resource", "id"))
_PLACE = re.compile(r"(?P<detail>.*?)(?: - at `(?:key in )?\$?(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")


class Subject(Struct):
    """Who wants to use the data: a recipient of the catalogue."""

    type: str
    id: str
    properties: dict[str, Any] | UnsetType = UNSET


class Action(Struct):
    """What for: a purpose."""

    name: str
    properties: dict[str, Any] | UnsetType = UNSET


class ResourceProperties(Struct):
    """Which data; without categories, those the customer chose."""

    categories: list[str] | UnsetType = UNSET


class Resource(Struct):
    """Whose data: an identifier of a customer."""

    type: str
    id: str
    properties: ResourceProperties | UnsetType = UNSET


class Context(Struct):
    """The occasion."""

    as_of: str | UnsetType = UNSET
    at_least: str | UnsetType = UNSET
    consistency: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET


class Single(Struct):
    """The body of one evaluation."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context = msgspec.field(default_factory=Context)


class Anyone(Struct):
    """Whom a subject search looks for; an id is passed over, as the standard demands."""

    type: str


class Anybody(Struct):
    """Whose data a resource search looks for: in which namespace of identifiers, and which data."""

    type: str
    properties: ResourceProperties | UnsetType = UNSET


class PageWanted(Struct):
    """Which part of the results."""

    token: str = ""
    limit: int | UnsetType = UNSET


class SubjectSearch(Struct):
    """The body of a search for who may use."""

    subject: Anyone
    action: Action
    resource: Resource
    context: Context = msgspec.field(default_factory=Context)
    page: PageWanted = msgspec.field(default_factory=PageWanted)


class ResourceSearch(Struct):
    """The body of a search for whose data may be used."""

    subject: Subject
    action: Action
    resource: Anybody
    context: Context = msgspec.field(default_factory=Context)
    page: PageWanted = msgspec.field(default_factory=PageWanted)


class ActionSearch(Struct):
    """The body of a search for what the data may be used for."""

    subject: Subject
    resource: Resource
    context: Context = msgspec.field(default_factory=Context)
    page: PageWanted = msgspec.field(default_factory=PageWanted)


Search = SubjectSearch | ResourceSearch | ActionSearch


class Options(Struct):
    """How a batch is run."""

    evaluations_semantic: str = "execute_all"


class Item(Struct):
    """One item of a batch, undecoded: what it leaves out comes from the top of the body."""

    subject: Raw | UnsetType = UNSET
    action: Raw | UnsetType = UNSET
    resource: Raw | UnsetType = UNSET
    context: Raw | UnsetType = UNSET


_PARTS: dict[str, type[Struct]] = {"subject": Subject, "action": Action, "resource": Resource, "context": Context}
_Wire = TypeVar("_Wire", bound=Struct)


class Batch(Struct):
    """The body of a batch; the items stay undecoded, since each may be wrong by itself."""

    subject: Subject | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Resource | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    evaluations: list[Raw] = msgspec.field(default_factory=list)
    options: Options = msgspec.field(default_factory=Options)

    def defaults(self) -> dict[str, Struct]:
        """The members at the top."""
        found = {name: getattr(self, name) for name in _PARTS}
        return {name: value for name, value in found.items() if value is not UNSET}

    def single(self) -> Single:
        """The top of the body as the one question. Raises Invalid for what is missing."""
        return _whole(self.defaults())

    def item(self, raw: Raw, defaults: dict[str, Struct]) -> Single:
        """One item over the defaults, member by member. Raises Invalid, with pointers inside the item."""
        own = read(raw, Item)
        members = dict(defaults)
        for name, part in _PARTS.items():
            value = getattr(own, name)
            if value is not UNSET:
                members[name] = read(value, part, at=f"/{name}")
        return _whole(members)


def read(raw: bytes | Raw, wire: type[_Wire], at: str = "") -> _Wire:
    """Decode strictly. Raises Invalid naming every wrong member below `at`."""
    try:
        return msgspec.json.decode(raw, type=wire)
    except msgspec.ValidationError as error:
        raise Invalid(*(_every(raw, wire, at) or [_field(str(error), at)])) from None
    except (ValueError, RecursionError):
        raise Invalid(Field(at, "json", "The body is not JSON in UTF-8.")) from None


def question(members: Single, *, now: datetime) -> Question:
    """The question that a body asks. Raises Invalid naming every member whose text may not come in."""
    context = members.context
    wrong = [*_text_problems(members), *_context_problems(context, now)]
    if wrong:
        raise Invalid(*wrong)
    return Question(
        recipient=members.subject.id,
        purpose=members.action.name,
        customer=Handle(members.resource.type, members.resource.id),
        categories=categories_of(members.resource),
        as_of=moments.moment(context.as_of) if context.as_of is not UNSET else None,
        at_least=context.at_least if context.at_least is not UNSET else "",
        reference=context.reference if context.reference is not UNSET else "",
    )


def check_search(asked: Search, *, now: datetime) -> None:
    """Raises Invalid naming every member of a search whose text may not come in. A search answers for now."""
    wrong = [*_text_problems(asked), *_context_problems(asked.context, now)]
    if asked.context.as_of is not UNSET:
        wrong.append(Field("/context/as_of", "unknown", "A search answers for now only; a check also for the past."))
    limit = asked.page.limit
    if limit is not UNSET and not 1 <= limit <= SEARCH_MOST:
        wrong.append(Field("/page/limit", "range", f"A number from 1 to {SEARCH_MOST}."))
    if wrong:
        raise Invalid(*wrong)


def categories_of(resource: Resource | Anybody) -> tuple[str, ...] | None:
    """The categories that a body names, or None."""
    found = UNSET if resource.properties is UNSET else resource.properties.categories
    return None if found is UNSET else tuple(found)


def _whole(members: dict[str, Any]) -> Single:
    missing = [Field(f"/{name}", "required", "Missing.") for name in _PARTS if name not in members | {"context": None}]
    if missing:
        raise Invalid(*missing)
    return Single(**members)


def _text_problems(members: Single | Search) -> Iterator[Field]:
    """What is wrong with the texts of the members that a body has."""
    for part, name in _TEXTS:
        value = getattr(getattr(members, part, None), name, None)
        if value is not None and (problem := _text_problem(value)):
            yield Field(f"/{part}/{name}", "text", problem)
    for place, each in enumerate(categories_of(members.resource) or ()):
        if problem := _text_problem(each):
            yield Field(f"/resource/properties/categories/{place}", "text", problem)


def _text_problem(value: str) -> str:
    return text.problem(value, length=text.IDENTIFIER_LENGTH) if value else "Not empty."


def _context_problems(context: Context, now: datetime) -> Iterator[Field]:
    if context.as_of is not UNSET and not _past(context.as_of, now):
        yield Field("/context/as_of", "format", f"A moment that is past. {moments.HOW_MOMENT}")
    if context.at_least is not UNSET and not _TOKEN.fullmatch(context.at_least):
        yield Field("/context/at_least", "format", "A token as our answers carry it.")
    if context.consistency is not UNSET and context.consistency != "strict":
        yield Field("/context/consistency", "choice", "Only “strict”.")
    if context.reference is not UNSET and (problem := text.problem(context.reference, length=REFERENCE_LENGTH)):
        yield Field("/context/reference", "text", problem)


def _past(value: str, now: datetime) -> bool:
    try:
        return moments.moment(value) <= now
    except ValueError:
        return False


def _every(raw: bytes | Raw, wire: type[Struct], at: str) -> list[Field]:
    """All faults of a body: decoding stops at the first, and only a wrong body pays for looking at the rest."""
    try:
        return list(_problems(msgspec.json.decode(raw), wire, at))
    except (ValueError, RecursionError):
        return []


def _problems(value: Any, wire: type[Struct], at: str) -> Iterator[Field]:
    """Every missing and every wrong member of a decoded value, in the order of the struct."""
    if not isinstance(value, dict):
        yield Field(at, "type", "An object.")
        return
    for member in msgspec.structs.fields(wire):
        here = f"{at}/{member.encode_name}"
        if member.encode_name not in value:
            if member.required:
                yield Field(here, "required", "Missing.")
            continue
        kinds = get_args(member.type) or (member.type,)
        part = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Struct)), None)
        yield from (
            _problems(value[member.encode_name], part, here)
            if part
            else _wrong(value[member.encode_name], member.type, here)
        )


def _wrong(value: Any, kind: Any, at: str) -> Iterator[Field]:
    """What is wrong with one plain member; an undecoded one is looked at later, by itself."""
    if Raw in (kind, *get_args(kind)) or kind == list[Raw]:
        return
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        yield _field(str(error), at)


def _field(message: str, at: str) -> Field:
    """What msgspec says, as a JSON pointer and a sentence."""
    found = _PLACE.fullmatch(message)
    detail, path = (found["detail"], found["path"] or "") if found else (message, "")
    steps = [name or place for name, place in _STEP.findall(path)]
    missing = _MISSING.fullmatch(detail)
    pointer = "".join(f"/{step}" for step in [*steps, *(missing.groups() if missing else ())])
    return Field(at + pointer, "required" if missing else "type", "Missing." if missing else f"{detail}.")
