"""The receipt of one event, signed, and its bare proof: either verifies without us."""

import base64
import hashlib
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.errors import Field, Invalid, NotAllowed, NotFound
from consent.rules import receipt_sheet
from consent.services import evidence, receipts, signed_receipts
from trustcenter import access
from trustcenter.api.answers import READ, operation

SOON = "1"
JOSE, HTML = "application/jose", "text/html"
FORMATS = ("proof", "kantara-1.1")


class DisclosureOutput(serializers.Serializer[Any]):
    """The payload and the salt that ties it to the leaf."""

    salt = serializers.CharField()
    payload = serializers.CharField()


class ProvenOutput(serializers.Serializer[Any]):
    """One entry: its place, its exact text, and the hashes up to the root."""

    index = serializers.IntegerField()
    leaf = serializers.CharField()
    proof = serializers.ListField(child=serializers.CharField())
    disclosure = DisclosureOutput(required=False)


class ProofOutput(serializers.Serializer[Any]):
    """A proof file. `python -m audit.proof` checks it offline."""

    kind = serializers.CharField()
    origin = serializers.CharField()
    checkpoint = serializers.CharField()
    vkeys = serializers.ListField(child=serializers.CharField())
    complete = serializers.BooleanField()
    entries = ProvenOutput(many=True)


class SignedOutput(serializers.Serializer[Any]):
    """The signed receipt taken apart, to be read; what is signed is `jws`."""

    id = serializers.UUIDField()
    signed_at = serializers.DateTimeField()
    profiles = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By profile of ISO/IEC TS 27560: the mandatory fields that this record lacks.",
    )
    receipt = serializers.DictField(help_text="JSON-LD with DPV terms.")
    jws = serializers.CharField()


class KantaraOutput(serializers.Serializer[Any]):
    """A Kantara Consent Receipt 1.1."""

    version = serializers.CharField()
    jurisdiction = serializers.CharField()
    consentTimestamp = serializers.IntegerField()  # noqa: N815  the standard's spelling
    collectionMethod = serializers.CharField()  # noqa: N815
    consentReceiptID = serializers.CharField()  # noqa: N815
    piiPrincipalId = serializers.CharField()  # noqa: N815
    piiControllers = serializers.ListField(child=serializers.DictField())  # noqa: N815
    policyUrl = serializers.CharField()  # noqa: N815
    services = serializers.ListField(child=serializers.DictField())
    sensitive = serializers.BooleanField()
    spiCat = serializers.ListField(child=serializers.CharField())  # noqa: N815
    language = serializers.CharField(required=False)


class WaitingOutput(serializers.Serializer[Any]):
    """The event is recorded; seal and signature follow within seconds."""

    status = serializers.CharField()


class ReadReceipt(APIView):
    """GET /api/v1/receipts/{id}"""

    scopes = {"GET": "consents:read"}

    @operation(
        "Receipts",
        {
            (200, JOSE): str,
            (200, HTML): str,
            (200, "application/json"): PolymorphicProxySerializer(
                "ReceiptAnswer", [SignedOutput, ProofOutput, KantaraOutput], resource_type_field_name=None
            ),
            202: WaitingOutput,
        },
        (*READ, 409, 410),
        operation_id="read_receipt",
        summary="The receipt of one choice",
        description=(
            "The signed receipt taken apart; `Accept: application/jose` gives the file (JWS), which verifies alone; "
            "`Accept: text/html` gives one page to print, in the language of the notice, with nothing to load. "
            "202 with Retry-After until it is signed; 410 when there will never be one, since the customer was "
            "erased or the record of the choice is damaged. A third party's key is refused."
        ),
        parameters=[
            OpenApiParameter("format", enum=FORMATS, description="The bare proof, or a yes in Kantara's form.")
        ],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:  # noqa: A002  the contract's word
        key: Any = request.user
        access.own_house(key)
        wanted = request.query_params.get("format", "")
        if wanted and wanted not in FORMATS:
            raise Invalid(Field("/format", "choice", f"One of {', '.join(FORMATS)}; without it, the signed receipt."))
        line = evidence.receipt(subject=None, number=id)
        _limit(key, line.event)
        if wanted == "kantara-1.1":
            return Response(_kantara(line.event))
        if wanted == "proof":
            proof = receipts.proof(subject=None, number=id)
            return Response(proof) if proof else _waiting()
        signed = signed_receipts.read(subject=None, number=id)
        return _signed(request, id, signed) if signed else _waiting()


def _kantara(event: Any) -> dict[str, Any]:
    found = signed_receipts.kantara(event)
    if found is None:
        raise NotFound("Kantara 1.1 knows a yes only, and this was none.")
    return found


def _waiting() -> Response:
    return Response({"status": "waiting for its signature"}, status=202, headers={"Retry-After": SOON})


def _signed(request: Request, number: UUID, signed: signed_receipts.Signed) -> HttpResponse:
    """What is in it as JSON, or the file itself, or a page, where a caller asks for it by name."""
    kind = request._request.get_preferred_type(["application/json", JOSE, HTML])
    headers = {"Vary": "Accept"}
    if kind == JOSE:
        return HttpResponse(signed.jws, content_type=JOSE, headers=headers)
    if kind == HTML:
        return _page(receipt_sheet.read(signed.document), headers)
    told = {"id": number, "signed_at": signed.signed_at, "profiles": signed.lacks}
    return Response(told | {"receipt": signed.document, "jws": signed.jws}, headers=headers)


def _page(sheet: receipt_sheet.Sheet, headers: dict[str, str]) -> HttpResponse:
    """The receipt for a person, in the language of its notice.

    Its style stands inside, so that the page can be kept; the policy allows that style and nothing else.
    """
    language = sheet.language if sheet.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    style = render_to_string("receipt_sheet.css")
    shown = {"sheet": sheet, "LANGUAGE_CODE": language, "check": f"{settings.PUBLIC_URL}/check"}
    with translation.override(language):
        page = render_to_string("receipt_sheet.html", shown | {"style": format_html("<style>{}</style>", style)})
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    return HttpResponse(page, headers=headers | {"Content-Security-Policy": policy, "Content-Language": language})


def _limit(key: Any, event: Any) -> None:
    """Raises NotAllowed for another purpose, or a customer who has no identifier in the key's namespaces."""
    access.limit(key, purpose=event.purpose.key)
    if key.namespaces is not None and not {row.namespace for row in event.subject.identifiers.all()} & {
        *key.namespaces
    }:
        raise NotAllowed("This key is limited to other identifier namespaces.")
