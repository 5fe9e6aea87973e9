"""Read the catalogue: what for, which data, who, in which words. Any valid key may."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.rules import ai, levels
from consent.services import catalogue
from trustcenter.api.answers import operation
from trustcenter.api.fields import Moment

READ = (401, 404)


class ControllerOutput(serializers.Serializer[Any]):
    """The legal entity that answers for the data."""

    key = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    url = serializers.CharField()
    privacy_officer = serializers.CharField()
    regulator = serializers.CharField()
    regulator_url = serializers.CharField()
    jurisdiction = serializers.CharField()


class RecipientOutput(serializers.Serializer[Any]):
    """Whoever uses data."""

    key = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    country = serializers.CharField()
    third_party = serializers.BooleanField(help_text="Always chosen one by one, by name.")
    address = serializers.CharField()
    contact = serializers.CharField()
    observe = serializers.BooleanField(help_text="It is answered, and not yet held to the answer.")


class CategoryOutput(serializers.Serializer[Any]):
    """What data, with its label in each language."""

    key = serializers.CharField()
    name = serializers.DictField(child=serializers.CharField())
    sensitive = serializers.BooleanField()
    dpv = serializers.CharField()


class TextOutput(serializers.Serializer[Any]):
    """The words in one language. `digest` is what a consent names as `notice_digest`."""

    language = serializers.CharField()
    digest = serializers.CharField()
    approved_at = Moment()
    text = serializers.DictField(child=serializers.CharField())


class LevelOutput(serializers.Serializer[Any]):
    """One level of sharing: a scope with a name. Third parties are in none; they are chosen one by one, by name."""

    key = serializers.ChoiceField(choices=levels.KEYS, help_text="From the least to the most.")
    name = serializers.DictField(child=serializers.CharField(), help_text="By language; may be empty for nothing, all.")
    categories = serializers.ListField(child=serializers.CharField())
    recipients = serializers.ListField(child=serializers.CharField())


class AIOutput(serializers.Serializer[Any]):
    """What AI does with the data, as facts; the words are those of the texts that begin with `ai`."""

    # `in` is no name that Python lets a field have.
    vars()["in"] = serializers.ListField(child=serializers.CharField(), help_text="Categories that go in.")
    person_decides = serializers.ChoiceField(choices=ai.PERSON, help_text="Before it counts, after, or when asked.")
    affects = serializers.ListField(child=serializers.ChoiceField(choices=ai.AFFECTS))
    trains = serializers.BooleanField(help_text="It learns from this data.")


class VersionOutput(serializers.Serializer[Any]):
    """One published version; it never changes."""

    number = serializers.IntegerField()
    material = serializers.BooleanField(help_text="People are asked again.")
    published_at = Moment()
    digest = serializers.CharField()
    legal_basis = serializers.CharField()
    dpv = serializers.CharField()
    uses_ai = serializers.BooleanField()
    automated_decisions = serializers.BooleanField()
    sale_or_sharing = serializers.BooleanField()
    retention = serializers.CharField()
    consent_lasts = serializers.CharField(help_text="Empty: until withdrawn.")
    min_age = serializers.IntegerField(allow_null=True)
    categories = serializers.SerializerMethodField()
    recipients = serializers.SerializerMethodField()
    levels = serializers.SerializerMethodField(help_text="Empty where no choice has a scope.")
    ai = serializers.SerializerMethodField(help_text="null: no AI, or a version from before this was asked for.")
    texts = serializers.SerializerMethodField()

    @extend_schema_field(CategoryOutput(many=True))
    def get_categories(self, version: Any) -> Any:
        return CategoryOutput(version.categories.order_by("versioncategory__position"), many=True).data

    @extend_schema_field(RecipientOutput(many=True))
    def get_recipients(self, version: Any) -> Any:
        return RecipientOutput(version.recipients.order_by("versionrecipient__position"), many=True).data

    @extend_schema_field(LevelOutput(many=True))
    def get_levels(self, version: Any) -> Any:
        return LevelOutput(catalogue.presets(version), many=True).data

    @extend_schema_field(AIOutput(allow_null=True))
    def get_ai(self, version: Any) -> Any:
        return version.details.get("ai")

    @extend_schema_field(TextOutput(many=True))
    def get_texts(self, version: Any) -> Any:
        return TextOutput([*catalogue.texts(version).values()], many=True).data


class PurposeOutput(serializers.Serializer[Any]):
    """One purpose and the version in force."""

    key = serializers.CharField()
    group = serializers.CharField()
    retired_at = Moment(allow_null=True)
    controller = ControllerOutput()
    current = VersionOutput()


class PurposesOutput(serializers.Serializer[Any]):
    """Every published purpose, in catalogue order."""

    purposes = PurposeOutput(many=True)


class ReadPurposes(APIView):
    """GET /api/v1/purposes"""

    @operation("Catalogue", {200: PurposesOutput}, (401,), operation_id="read_purposes", summary="Every purpose")
    def get(self, request: Request) -> Response:  # noqa: ARG002  Django's signature
        return Response({"purposes": PurposeOutput(catalogue.purposes(), many=True).data})


class ReadPurpose(APIView):
    """GET /api/v1/purposes/{key}"""

    @operation("Catalogue", {200: PurposeOutput}, READ, operation_id="read_purpose", summary="One purpose")
    def get(self, request: Request, key: str) -> Response:  # noqa: ARG002
        return Response(PurposeOutput(catalogue.purpose(key)).data)


class ReadVersion(APIView):
    """GET /api/v1/purposes/{key}/versions/{number}"""

    @operation(
        "Catalogue",
        {200: VersionOutput},
        READ,
        operation_id="read_version",
        summary="One published version, as it was when people agreed to it",
    )
    def get(self, request: Request, key: str, number: int) -> Response:  # noqa: ARG002
        return Response(VersionOutput(catalogue.version(key, number)).data)
