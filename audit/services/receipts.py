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
    key = keys.signer("receipt")
    said = document | {"iss": _name(), "tc:key": _vkey(), "tc:log": log}
    token = jws.sign(canonical.dumps(said), key.public, key.sign)
    receipt.verify_receipt(token.encode("ascii"), None)
    return token


def vkeys() -> list[str]:
    """The public keys of receipts, oldest first, one C2SP vkey each."""
    return list(VerifierKey.objects.filter(purpose="receipt").order_by("id").values_list("vkey", flat=True))


def jwks() -> dict[str, list[dict[str, Any]]]:
    """Every public key of this house, of log and receipts, as a JWK set (RFC 7517).

    Old ones stay: receipts outlive them.
    """
    return {"keys": [_jwk(each) for each in VerifierKey.objects.order_by("id")]}


def _jwk(row: VerifierKey) -> dict[str, Any]:
    """Keys of the log say which heads they sign: those of so many entries."""
    sizes = {"tc:since": row.since_size, "tc:until": row.until_size}
    of_log = {name: size for name, size in sizes.items() if size} if row.purpose == "log" else {}
    return jws.jwk(note.parse_vkey(row.vkey).public_key) | of_log


def _name() -> str:
    return receipt.key_name(settings.LOG_ORIGIN)


def _vkey() -> str:
    return note.vkey(_name(), keys.signer("receipt").public)
