"""How to read a file that another tool wrote: its columns and values in our words.

trustcenter/demo/history.mapping.yaml is an example with every member explained. What a mapping does not name is
refused, and nothing is guessed.
"""

import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from consent.errors import Field, Invalid
from consent.rules import choice, lifecycle, text

SKIP = "skip"
OPEN = "?"  # the purpose of a mapping that fits any catalogue: named when it is used

# Below, forbid_unknown_fields: a misspelt member must not be lost in silence.


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    encoding: str = "utf-8-sig"
    delimiter: str = ","


class Identifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: str
    namespace: str


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a value of the purpose column means. categories: the part of the scope that people said yes to."""

    purpose: str
    categories: tuple[str, ...] | None = None


class Purposes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By the values of a column; or `always` the same, in a file that holds one list only."""

    column: str = ""
    values: dict[str, Target] = {}
    always: Target | None = None


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One act, and the columns of its date; see the demo's mapping."""

    act: str
    at: tuple[str, ...]
    optional: bool = False
    otherwise: Literal["now", ""] = ""
    unless_later: str = ""


class Statuses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By the values of a column; or `always` the same, in a file that holds rows of one kind only."""

    column: str = ""
    values: dict[str, tuple[Step, ...] | Literal["skip"]] = {}
    always: tuple[Step, ...] = ()


class Dates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    formats: tuple[str, ...]
    time_zone: str = "UTC"


class Languages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    default: str
    column: str = ""
    values: dict[str, str] = {}


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of it."""

    identifier: Identifier
    purpose: Purposes
    version: int
    status: Statuses
    dates: Dates
    language: Languages
    channel: str
    method: str
    file: File = File()
    empty: tuple[str, ...] = ("",)
    evidence: tuple[str, ...] = ()


def parse(document: Any, *, offered: dict[str, Collection[str]]) -> Mapping:
    """The mapping in a document.

    offered: for each published purpose, the categories of the version the mapping names (empty: no such version).
    Raises Invalid naming what is wrong by JSON pointer.
    """
    try:
        found = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as problem:
        said, _, place = str(problem).partition(" - at `$")
        raise Invalid(Field(_pointer(place), "form", f"{said}.")) from None
    problems = [*_meaning(found), *_references(found, offered)]
    if problems:
        raise Invalid(*problems)
    return found


def fill(document: Any, target: Target | None) -> Any:
    """The document with the purpose that it leaves open (`always: {purpose: "?"}`) filled in.

    Raises Invalid when it leaves one open and none is given, and when one is given and nothing is open.
    """
    purpose: Any = document.get("purpose") if isinstance(document, dict) else None
    always: Any = purpose.get("always") if isinstance(purpose, dict) else None
    is_open = isinstance(always, dict) and always.get("purpose") == OPEN
    if is_open and target is None:
        detail = "This mapping leaves the purpose open. Say which one of the catalogue it is: --purpose KEY."
        raise Invalid(Field("/purpose/always/purpose", "open", detail))
    if target is not None and not is_open:
        raise Invalid(Field("/purpose", "not_open", "This mapping names its purposes itself: leave --purpose out."))
    if target is None:
        return document
    filled = {name: value for name, value in msgspec.to_builtins(target).items() if value is not None}
    return document | {"purpose": purpose | {"always": always | filled}}


def columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """Every column that the mapping reads, with the place that names it."""
    for part in ("identifier", "purpose", "status", "language"):
        if named := getattr(mapping, part).column:
            yield f"/{part}/column", named
    for at, step in _steps(mapping):
        for name in (*step.at, *([step.unless_later] if step.unless_later else [])):
            yield f"{at}/at", name
    for place, name in enumerate(mapping.evidence):
        yield f"/evidence/{place}", name


def check_columns(mapping: Mapping, head: Sequence[str]) -> None:
    """Raises Invalid naming each column that the file does not have, or has more than once."""
    problems = [
        Field(at, "unknown", f"The file has {head.count(name) or 'no'} column{'s' * bool(head.count(name))} {name}.")
        for at, name in columns(mapping)
        if head.count(name) != 1
    ]
    if problems:
        raise Invalid(*problems)


def folded(values: dict[str, Any]) -> dict[str, Any]:
    """A list of values by the form in which cells are compared: trimmed, upper and lower case the same."""
    return {name.strip().casefold(): value for name, value in values.items()}


def _meaning(mapping: Mapping) -> Iterator[Field]:
    if mapping.channel not in choice.CHANNELS:
        yield Field("/channel", "choice", f"One of {', '.join(choice.CHANNELS)}.")
    if not mapping.method or (problem := text.problem(mapping.method, length=64)):
        yield Field("/method", "text", problem if mapping.method else "Say how they said it, e.g. imported.")
    if not text.KEY.fullmatch(mapping.identifier.namespace):
        yield Field("/identifier/namespace", "format", "A namespace is lower-case letters, digits, . _ -; at most 64.")
    if len(mapping.file.delimiter) != 1:
        yield Field("/file/delimiter", "format", "One character.")
    try:
        zoneinfo.ZoneInfo(mapping.dates.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        yield Field("/dates/time_zone", "unknown", "A time zone such as Europe/London.")
    for place, form in enumerate(mapping.dates.formats):
        if not _reads(form):
            yield Field(f"/dates/formats/{place}", "format", "strptime codes that hold year, month and day.")
    for part in ("purpose", "status"):
        found = getattr(mapping, part)
        if bool(found.always) == bool(found.column):
            yield Field(f"/{part}", "choice", "Name a column with its values, or what is `always` so.")
    for at, step in _steps(mapping):
        if step.act not in lifecycle.IMPORTABLE:
            yield Field(f"{at}/act", "choice", f"One of {', '.join(lifecycle.IMPORTABLE)}.")
        if step.act in lifecycle.YES and step.otherwise:
            yield Field(f"{at}/otherwise", "choice", "A yes needs a sure date: `otherwise` is for a no.")


def _steps(mapping: Mapping) -> Iterator[tuple[str, Step]]:
    """Every step, with its place."""
    for value, steps in mapping.status.values.items():
        for place, step in enumerate(steps if isinstance(steps, tuple) else ()):
            yield f"/status/values/{value}/{place}", step
    for place, step in enumerate(mapping.status.always):
        yield f"/status/always/{place}", step


def _references(mapping: Mapping, offered: dict[str, Collection[str]]) -> Iterator[Field]:
    targets = {f"/purpose/values/{value}": target for value, target in mapping.purpose.values.items()}
    if mapping.purpose.always:
        targets["/purpose/always"] = mapping.purpose.always
    for at, target in targets.items():
        known = offered.get(target.purpose)
        if known is None:
            yield Field(f"{at}/purpose", "unknown", f"No purpose {target.purpose} was published.")
        elif not known:
            yield Field("/version", "unknown", f"{target.purpose} has no published version {mapping.version}.")
        for key in target.categories or ():
            if known and key not in known:
                yield Field(f"{at}/categories", "not_offered", f"Version {mapping.version} does not name {key}.")


def _reads(form: str) -> bool:
    """Whether a format gives back the day that it wrote."""
    day = datetime(2021, 3, 14, tzinfo=UTC)
    try:
        return datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007
    except ValueError:
        return False


def _pointer(place: str) -> str:
    """msgspec's `.status.values[...][0].act` as a JSON pointer."""
    return place.rstrip("`").replace("[", ".").replace("]", "").replace("...", "*").replace(".", "/")
