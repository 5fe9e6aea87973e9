"""The log, for anyone to read and check: C2SP tlog-tiles. It holds no personal data."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.proof import paths, tiles
from audit.proof.errors import ProofError
from audit.services import prove, receipts
from consent.errors import Conflict, Field, Invalid, NotAllowed, NotFound, Pruned
from consent.services import catalogue
from trustcenter import access, problems
from trustcenter.api.answers import operation

TEXT = "text/plain"
OCTETS = "application/octet-stream"
TLOG_PROOF = "tlog-proof"
# What can still grow is asked for again soon; what is full can be kept for ever.
SHORT = "public, max-age=1"
FOR_EVER = "public, max-age=31536000, immutable"
HOURS = "public, max-age=3600"
SECURITY_TXT_LASTS = timedelta(days=180)


FORMAT = OpenApiParameter("format", enum=[TLOG_PROOF], description="The proof as C2SP tlog-proof.")


class InclusionOutput(serializers.Serializer[Any]):
    """The inclusion proof of one entry in the newest signed head."""

    index = serializers.IntegerField()
    size = serializers.IntegerField()
    hashes = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()


class JwkOutput(serializers.Serializer[Any]):
    """A public key (RFC 7517, 8037)."""

    kty = serializers.CharField()
    crv = serializers.CharField()
    alg = serializers.CharField()
    use = serializers.CharField()
    kid = serializers.CharField(help_text="Its thumbprint (RFC 7638).")
    x = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        sizes = {
            "tc:since": "A key of the log signs larger heads only; one of receipts, for entries from this place on.",
            "tc:until": "A key of the log signs no larger head; one of receipts signs for no entry from this place on.",
        }
        more = {name: serializers.IntegerField(required=False, help_text=text) for name, text in sizes.items()}
        return super().get_fields() | {"tc:vkey": serializers.CharField(help_text="As in /log/vkeys.")} | more


class JwksOutput(serializers.Serializer[Any]):
    """The keys of /log/vkeys, as other tools read them."""

    keys = JwkOutput(many=True)


class PublicView(APIView):
    """Open to everybody: what stands here is meant to be read by strangers."""

    authentication_classes = ()
    permission_classes = ()


class ReadCheckpoint(PublicView):
    """GET /log/checkpoint"""

    @operation(
        "Log", {(200, TEXT): str}, (404,), operation_id="read_checkpoint", summary="The newest signed head", auth=[]
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002  Django's signature
        return _plain(prove.checkpoint(), SHORT)


class ReadCosigned(PublicView):
    """GET /log/cosigned"""

    @operation(
        "Log",
        {(200, TEXT): str},
        (404,),
        operation_id="read_cosigned",
        summary="The newest signed head that witnesses have seen",
        auth=[],
        description="As many of them as the operator's own policy asks for. It may be some seconds behind.",
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        return _plain(prove.cosigned(), SHORT, "No head has been seen by enough witnesses, or none are asked.")


class ReadTile(PublicView):
    """GET /log/tile/{L}/{N}[.p/{W}]"""

    @operation(
        "Log",
        {(200, OCTETS): OpenApiTypes.BINARY},
        (404,),
        operation_id="read_tile",
        summary="256 hashes of one level of the tree",
        auth=[],
        parameters=[OpenApiParameter("path", str, OpenApiParameter.PATH, description="As C2SP tlog-tiles spells it.")],
    )
    def get(self, request: Request, path: str) -> HttpResponse:  # noqa: ARG002
        try:
            level, index, width = paths.parse_tile_path(path)
        except ProofError:
            raise NotFound("This is not the address of a tile.") from None
        data = prove.tile(level, index, width)
        if data is None:
            raise NotFound("The log has not grown this far.")
        return _cached(HttpResponse(data, content_type=OCTETS), FOR_EVER if width == tiles.WIDTH else SHORT)


class ReadKeys(PublicView):
    """GET /log/vkeys"""

    @operation(
        "Log",
        {(200, TEXT): str},
        (404,),
        operation_id="read_vkeys",
        summary="The public keys: of the log first, then of receipts",
        auth=[],
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        rows = [*prove.keys_of_log(), *receipts.keys_of_receipts()]
        lines = [line for row in rows for line in _lines(row)]
        return _plain("".join(f"{each}\n" for each in lines) or None, HOURS)


class ReadProof(PublicView):
    """GET /log/entries/{seq}/proof"""

    @operation(
        "Log",
        {(200, "application/json"): InclusionOutput, (200, TEXT): str},
        (400, 404),
        operation_id="read_proof",
        summary="That an entry is in the log",
        auth=[],
        parameters=[FORMAT],
        description="With the cosignatures of witnesses on the head. `Accept: text/plain` gives C2SP tlog-proof too.",
    )
    def get(self, request: Request, seq: int) -> HttpResponse:
        kinds = ["application/json", TEXT]
        text = _as_tlog_proof(request) or request._request.get_preferred_type(kinds) == TEXT
        found = prove.tlog_proof_of(seq) if text else prove.proof_of(seq)
        if found is None:
            raise NotFound("The log has not grown this far.")
        response = _text(found) if isinstance(found, bytes) else Response(found)
        response["Vary"] = "Accept"
        return _cached(response, SHORT)


class ReadEntry(APIView):
    """GET /log/entries/{seq}"""

    scopes = {"GET": "audit"}

    @operation(
        "Log",
        {(200, "application/json"): OpenApiTypes.OBJECT, (200, TEXT): str},
        (400, 401, 403, 404, 409, 410),
        operation_id="read_entry",
        summary="One entry, byte for byte as it was hashed",
        description="`?format=tlog-proof` gives its proof, with the entry in it, as one file that verifies alone. "
        "A third party's key is refused: the entry of its own check holds the reason it is not told. So is one that is "
        "limited to some purposes or namespaces; it searches the log.",
        parameters=[FORMAT],
    )
    def get(self, request: Request, seq: int) -> HttpResponse:
        key: Any = request.user
        access.own_house(key)
        access.every_purpose(key)
        if key.namespaces is not None:
            raise NotAllowed("This key is limited to some namespaces, and this is about everybody.")
        try:
            found = prove.tlog_proof_of(seq, with_entry=True) if _as_tlog_proof(request) else prove.leaf_at(seq)
        except ProofError as problem:
            raise (Pruned if problem.code == "pruned" else Conflict)(str(problem)) from None
        if found is None:
            raise NotFound("The log has not grown this far.")
        return _text(found) if _as_tlog_proof(request) else HttpResponse(found, content_type="application/json")


class ReadJwks(PublicView):
    """GET /.well-known/jwks.json"""

    @operation("Log", {200: JwksOutput}, (), operation_id="read_jwks", summary="The same keys, as JWKS", auth=[])
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        return _cached(Response(receipts.jwks()), HOURS)


@problems.read_only
def security(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """GET /.well-known/security.txt: whom to tell of a weakness (RFC 9116)."""
    contact = catalogue.brand().email
    if not contact:
        raise NotFound("There is no controller in the catalogue yet.")
    expires = (access.clock() + SECURITY_TXT_LASTS).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: mailto:{contact}",
        f"Expires: {expires}",
        "Preferred-Languages: en, zh",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
    ]
    return _plain("".join(f"{each}\n" for each in lines), HOURS)


def _lines(row: Any) -> list[str]:
    """A key; one that does not sign heads of every size has a comment above it, as in C2SP tlog-policy."""
    if row.purpose == "receipt":
        return [row.vkey] if row.until_size is None else [f"# receipts of entries before {row.until_size}:", row.vkey]
    if row.until_size is None and not row.since_size:
        return [row.vkey]
    until = "" if row.until_size is None else f" and at most {row.until_size}"
    return [f"# heads of more than {row.since_size}{until} entries:", row.vkey]


def _as_tlog_proof(request: Request) -> bool:
    """Whether the other form is asked for by its name. Raises Invalid for a name we do not know."""
    wanted = request.query_params.get("format", "")
    if wanted not in ("", TLOG_PROOF):
        raise Invalid(Field("/format", "choice", f"`{TLOG_PROOF}`; without it, JSON."))
    return bool(wanted)


def _text(raw: bytes) -> HttpResponse:
    return HttpResponse(raw, content_type=f"{TEXT}; charset=utf-8")


def _plain(text: str | None, kept: str, otherwise: str = "Nothing was sealed yet.") -> HttpResponse:
    if text is None:
        raise NotFound(otherwise)
    return _cached(HttpResponse(text, content_type=f"{TEXT}; charset=utf-8"), kept)


def _cached(response: HttpResponse, kept: str) -> HttpResponse:
    response["Cache-Control"] = kept
    return response
