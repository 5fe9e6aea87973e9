"""Members that several bodies share, and how strictly each is read."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from consent.errors import TooLarge
from consent.rules import evidence, moments, text
from consent.services.subjects import Handle
from trustcenter.api.doors import Input, PlainText

KEY_LENGTH = 64
LIST_LENGTH = 200


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[Any, Any, Any, Any]):
    """A time of RFC 3339 with its offset."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return moments.moment(data if isinstance(data, str) else "")
        except ValueError as problem:
            raise serializers.ValidationError(str(problem), code="time") from None

    def to_representation(self, value: Any) -> Any:
        return value  # the encoder writes times


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field[Any, Any, Any, Any]):
    """A day, as RFC 3339 writes it."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return moments.day(data if isinstance(data, str) else "")
        except ValueError as problem:
            raise serializers.ValidationError(str(problem), code="day") from None

    def to_representation(self, value: Any) -> Any:
        return value


class Flag(serializers.BooleanField):
    """true or false; no word or number that could be meant as one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("true or false.", code="type")
        return data


class Words(serializers.CharField):
    """What a person wrote: several lines, and nothing that turns the direction of writing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=text.FREE_TEXT_LENGTH, allow_blank=True, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("A text.", code="type")
        if problem := text.problem(data, length=text.FREE_TEXT_LENGTH, lines=True):
            raise serializers.ValidationError(problem, code="text")
        return data


_EVIDENCE = {
    "type": "object",
    "description": "Kept encrypted beside the choice; at most 16 KiB. Texts, whole numbers, true, false, and lists.",
    "additionalProperties": True,
}


@extend_schema_field(_EVIDENCE)
class Evidence(serializers.Field[Any, Any, Any, Any]):
    """What the caller keeps beside a choice: which page, which form, which call."""

    def to_internal_value(self, data: Any) -> Any:
        if problem := evidence.problem(data):
            raise serializers.ValidationError(problem, code="evidence")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Keys(serializers.ListField):
    """A list of keys of the catalogue."""

    child = PlainText(max_length=KEY_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LIST_LENGTH, **kwargs)


class SubjectInput(Input):
    """A customer, as the calling system knows them."""

    namespace = PlainText(max_length=KEY_LENGTH)
    id = PlainText()


class IdentifierInput(SubjectInput):
    """One identifier of a customer."""

    verified = Flag(default=True, help_text="false: the calling system did not check that it is theirs.")


def several(each: type[serializers.Serializer[Any]], most: int) -> serializers.ListSerializer[Any]:
    """A list of bodies: at least one, at most `most`."""
    return serializers.ListSerializer(child=each(), min_length=1, max_length=most)


def check_number(data: Any, member: str, most: int) -> None:
    """Raises TooLarge for a body whose list has more items than one call takes, before any of them is read."""
    rows = data.get(member)
    if isinstance(rows, list) and len(rows) > most:
        raise TooLarge(f"At most {most:,} {member} in one call. Send them in parts.")


def handle(found: dict[str, Any]) -> Handle:
    """The customer that a validated SubjectInput or IdentifierInput names."""
    return Handle(found["namespace"], found["id"], found.get("verified", True))
