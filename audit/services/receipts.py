"""Sign receipts, and publish the keys they are checked with. Only the worker calls `sign`: it holds the private key."""

from datetime import datetime
from typing import Any

from django.conf import settings

from audit import keys
from audit.models import VerifierKey
from audit.proof import canonical, jws, note, receipt


def publish(*, now: datetime) -> None:
    """Publish the key that receipts are signed with, once."""
    VerifierKey.objects.get_or_create(vkey=_vkey(), defaults={"purpose": "receipt", "created_at": now})


def sign(document: dict[str, Any], *, log: dict[str, Any]) -> str:
    """The signed receipt: the document, the proof of its entry, and the key's name, as one JWS.

    It is verified before it is returned, so that nobody is handed a broken one. Raises ProofError when the document
    does not say what the entry says.
    """
    public, signer = keys.signer("receipt")
    said = document | {"iss": _name(), "tc:key": _vkey(), "tc:log": log}
    token = jws.sign(canonical.dumps(said), public, signer)
    receipt.verify_receipt(token.encode("ascii"), None)
    return token


def vkeys() -> list[str]:
    """The public keys of receipts, oldest first, one C2SP vkey each."""
    return list(VerifierKey.objects.filter(purpose="receipt").order_by("id").values_list("vkey", flat=True))


def jwks() -> dict[str, list[dict[str, str]]]:
    """Every public key of this house, of log and receipts, as a JWK set (RFC 7517).

    Old ones stay: receipts outlive them.
    """
    published = VerifierKey.objects.order_by("id").values_list("vkey", flat=True)
    return {"keys": [jws.jwk(note.parse_vkey(each).public_key) for each in published]}


def _name() -> str:
    return receipt.key_name(settings.LOG_ORIGIN)


def _vkey() -> str:
    public, _ = keys.signer("receipt")
    return note.vkey(_name(), public)
