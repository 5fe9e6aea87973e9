"""What systems did with data after deciding on their own copy, and what customers got from it; in bulk."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.errors import Field as Wrong
from consent.errors import Invalid
from consent.rules import text
from consent.rules.text import LANGUAGE
from consent.services import uses
from consent.services.uses import Benefit, Use
from trustcenter import access
from trustcenter.api.answers import ONCE, WRITE, operation
from trustcenter.api.doors import Input, PlainText, once, read
from trustcenter.api.fields import KEY_LENGTH, Keys, Moment, SubjectInput, check_number, handle, several

ITEMS = 1000
REFERENCE_LENGTH = 200
WORDS_LENGTH = 200
OWN_HOUSE = (
    "A third party's key is refused: it checks online, where each check is its use, "
    "and a report would tell it whom we know."
)


class UseInput(Input):
    """One use: whose data, what for, which data, when."""

    subject = SubjectInput()
    purpose = PlainText(max_length=KEY_LENGTH)
    categories = Keys(min_length=1)
    at = Moment()
    reference = PlainText(max_length=REFERENCE_LENGTH, required=False, default="", allow_blank=True)


class UsesInput(Input):
    """Up to 1,000 uses, recorded together or not at all."""

    uses = several(UseInput, ITEMS)


class Words(serializers.DictField):
    """The same words in several languages: language → text."""

    child = PlainText(max_length=WORDS_LENGTH)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        found: dict[str, str] = super().to_internal_value(data)
        if not found or not all(LANGUAGE.fullmatch(each) for each in found):
            raise serializers.ValidationError("Language → text, e.g. {“en”: …, “zh-hans”: …}.", code="language")
        return found


class BenefitInput(Input):
    """One benefit: who got what, from which purpose, when."""

    subject = SubjectInput()
    purpose = PlainText(max_length=KEY_LENGTH)
    words = Words(help_text="What they got, by language: {“en”: “Skipped a 40-minute queue”}.")
    at = Moment()


class BenefitsInput(Input):
    """Up to 1,000 benefits, recorded together or not at all."""

    benefits = several(BenefitInput, ITEMS)


class IdsOutput(serializers.Serializer[Any]):
    """The numbers of the entries in the log, in the order of the items."""

    ids = serializers.ListField(child=serializers.UUIDField())


class ReportUses(APIView):
    """POST /api/v1/uses"""

    scopes = {"POST": "reports"}

    @operation(
        "Uses and benefits",
        {201: IdsOutput},
        WRITE,
        request=UsesInput,
        parameters=[ONCE],
        operation_id="report_uses",
        summary="Report uses of data",
        description="Each customer sees them under “Who used my data”. " + OWN_HOUSE,
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._report(request))

    def _report(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        rows = _rows(key, UsesInput, request.data, "uses")
        by = access.system_actor(request._request, key)
        found = [
            Use(handle(each["subject"]), each["purpose"], tuple(each["categories"]), each["at"], each["reference"])
            for each in rows
        ]
        return 201, {"ids": uses.report(uses=found, recipient=key.recipient.key, by=by, now=access.clock())}


class ReportBenefits(APIView):
    """POST /api/v1/benefits"""

    scopes = {"POST": "reports"}

    @operation(
        "Uses and benefits",
        {201: IdsOutput},
        WRITE,
        request=BenefitsInput,
        parameters=[ONCE],
        operation_id="report_benefits",
        summary="Report what customers got from a purpose",
        description="Shown beside the purpose. " + OWN_HOUSE,
    )
    def post(self, request: Request) -> Any:
        return once(request, lambda: self._report(request))

    def _report(self, request: Request) -> tuple[int, Any]:
        key: Any = request.user
        rows = _rows(key, BenefitsInput, request.data, "benefits")
        by = access.system_actor(request._request, key)
        found = [Benefit(handle(each["subject"]), each["purpose"], each["words"], each["at"]) for each in rows]
        done = uses.report_benefits(benefits=found, recipient=key.recipient.key, by=by, now=access.clock())
        return 201, {"ids": done}


def _rows(key: Any, form: type[Input], data: Any, member: str) -> list[dict[str, Any]]:
    """The items of a report. Raises Invalid, NotAllowed, TooLarge."""
    access.own_house(key)
    check_number(data, member, ITEMS)
    rows: list[dict[str, Any]] = read(form, data)[member]
    problems = []
    for place, each in enumerate(rows):
        access.limit(key, purpose=each["purpose"], namespace=each["subject"]["namespace"])
        if problem := text.identifier_problem(each["subject"]["namespace"], each["subject"]["id"]):
            problems.append(Wrong(f"/{member}/{place}/subject/id", "identifier", problem))
    if problems:
        raise Invalid(*problems)
    return rows
