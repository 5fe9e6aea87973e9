"""Signed JSON that other tools can open: JWS in its compact form (RFC 7515), `Ed25519` (RFC 9864) only.

    base64url(header) "." base64url(payload) "." base64url(signature)

The header has one spelling, and nothing in it is a choice: `alg` is not read to learn how to verify, it is
compared. That leaves no room for `none`, for HMAC under a public key, or for a key that the token brings along.
"""

import hashlib
from typing import Any, NamedTuple

from . import canonical, ed25519, encoding, shape
from .errors import ProofError
from .note import Signer

ALGORITHM = "Ed25519"
TYPE = "consent-receipt+jwt"


class Parsed(NamedTuple):
    """A well-formed token, not yet verified. `kid` names the key that is said to have signed it."""

    kid: str
    payload: bytes
    signature: bytes


def thumbprint(public_key: bytes) -> str:
    """Return the name of a key that follows from the key alone (RFC 7638, RFC 8037 appendix A.3)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": encoding.to_base64url(public_key)}
    return encoding.to_base64url(hashlib.sha256(canonical.dumps(members)).digest())


def jwk(public_key: bytes) -> dict[str, str]:
    """Return the key as a JWK (RFC 7517, RFC 8037)."""
    x = encoding.to_base64url(public_key)
    return {"kty": "OKP", "crv": "Ed25519", "alg": ALGORITHM, "use": "sig", "kid": thumbprint(public_key), "x": x}


def sign(payload: bytes, public_key: bytes, signer: Signer) -> str:
    """Return the token in which the private half of `public_key` signs `payload`.

    Raises:
        ProofError: `signature-bad` if the signer does not belong to `public_key`.
    """
    kid = thumbprint(public_key)
    token = assemble(Parsed(kid, payload, signer(_signing_input(kid, payload))))
    verify(parse(token), public_key)
    return token


def assemble(parsed: Parsed) -> str:
    """Return the token with these parts."""
    return f"{_signing_input(parsed.kid, parsed.payload).decode('ascii')}.{encoding.to_base64url(parsed.signature)}"


def parse(token: str) -> Parsed:
    """Return the parts of a token; nothing of it is to be believed before `verify`.

    Raises:
        ProofError: `jws-form`, `jws-header`, `jws-algorithm`, `base64-bad`, `canonical-*`.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise ProofError("jws-form", "A signed receipt is three parts with a dot between them. Take a fresh copy.")
    header, payload, signature = (encoding.from_base64url(part, "The receipt") for part in parts)
    return Parsed(_kid(header), payload, signature)


def verify(parsed: Parsed, public_key: bytes) -> None:
    """Return if `public_key` signed this.

    Raises:
        ProofError: `jws-kid` if the token names another key; `signature-bad`.
    """
    if parsed.kid != thumbprint(public_key):
        raise ProofError("jws-kid", "The receipt names another key than the one it is checked with.")
    if not ed25519.verify(public_key, _signing_input(parsed.kid, parsed.payload), parsed.signature):
        raise ProofError("signature-bad", "The signature is not over this receipt: it was changed, or is not theirs.")


def _kid(header: bytes) -> str:
    members: dict[str, Any] = shape.an_object(canonical.loads(header), "the header")
    if members.get("alg") != ALGORITHM:
        raise ProofError("jws-algorithm", f"A receipt is signed with {ALGORITHM}, and this one says otherwise.")
    kid = shape.text(members, "kid")
    if header != _header(kid):
        raise ProofError("jws-header", f"The header of a receipt is alg, kid and typ {TYPE}; this one is not.")
    return kid


def _header(kid: str) -> bytes:
    return canonical.dumps({"alg": ALGORITHM, "kid": kid, "typ": TYPE})


def _signing_input(kid: str, payload: bytes) -> bytes:
    return f"{encoding.to_base64url(_header(kid))}.{encoding.to_base64url(payload)}".encode("ascii")
