"""Sign receipts, and publish the keys they are checked with. Only the worker calls `sign`: it holds the private key."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from audit import keys
from audit.models import VerifierKey
from audit.proof import canonical, jws, note, receipt
from audit.services import rotation

_ENDED = (
    "The receipt key has ended, and the next one is not in its place: nothing is signed with a key that ended. "
    "Let TRUST_KEYS, TRUST_SIGNER or receipt.key give the next key under the name “receipt”, and restart."
)


def publish(*, now: datetime) -> None:
    """Publish the key that receipts are signed with, once.

    Raises ImproperlyConfigured when it has ended; a next one that lies in its place by now is taken up.
    """
    if rotation.announce("receipt", now=now).until_size is None:
        return
    keys.read_anew()
    if rotation.announce("receipt", now=now).until_size is not None:
        raise ImproperlyConfigured(_ENDED)


def sign(document: dict[str, Any], *, log: dict[str, Any]) -> str:
    """The signed receipt: the document, the proof of its entry, and the key's name, as one JWS.

    It is verified before it is returned, so that nobody is handed a broken one. Raises ProofError when the document
    does not say what the entry says.
    """
    key, vkey = keys.signer("receipt"), rotation.vkey("receipt")
    said = document | {"iss": note.parse_vkey(vkey).name, "tc:key": vkey, "tc:log": log}
    token = jws.sign(canonical.dumps(said), key.public, key.sign)
    receipt.verify_receipt(token.encode("ascii"), None)
    return token


def vkeys() -> list[str]:
    """The public keys of receipts, oldest first, one C2SP vkey each."""
    return [row.vkey for row in keys_of_receipts()]


def keys_of_receipts() -> list[VerifierKey]:
    """The same, each with where it ended."""
    return list(VerifierKey.objects.filter(purpose="receipt").order_by("id"))


def jwks() -> dict[str, list[dict[str, Any]]]:
    """Every public key of this house, of log and receipts, as a JWK set (RFC 7517).

    Old ones stay for ever: receipts outlive them.
    """
    return {"keys": [_jwk(each) for each in VerifierKey.objects.order_by("id")]}


def _jwk(row: VerifierKey) -> dict[str, Any]:
    """With the key's name in the log, and the sizes of the log between which it signs (audit/proof/keyset.py)."""
    sizes = {"tc:since": row.since_size or None, "tc:until": row.until_size}
    found = jws.jwk(note.parse_vkey(row.vkey).public_key) | {"tc:vkey": row.vkey}
    return found | {name: size for name, size in sizes.items() if size is not None}
