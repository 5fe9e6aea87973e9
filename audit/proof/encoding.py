"""Text and bytes with one spelling for each value: base64 (RFC 4648, sections 3.5, 4 and 5) and UTF-8."""

import base64
import binascii

from .errors import ProofError


def to_base64(raw: bytes) -> str:
    """Return the standard base64 text of `raw`, with padding."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str, what: str) -> bytes:
    """Return the bytes that `text` spells; `what` names them in the error.

    Raises:
        ProofError: `base64-bad` for foreign letters, wrong padding, or spare bits that are not zero.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProofError("base64-bad", f"{what} is not base64. Take a fresh copy of the file.") from None
    # Spare bits can be set without changing the value: a changed file would then still verify.
    if to_base64(raw) != text:
        raise ProofError("base64-bad", f"{what} is base64 in another spelling than the one allowed.")
    return raw


def to_base64url(raw: bytes) -> str:
    """Return the base64url text of `raw` without padding, as JOSE writes it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str, what: str) -> bytes:
    """Return the bytes that `text` spells in base64url without padding; `what` names them in the error.

    Raises:
        ProofError: `base64-bad` for foreign letters, padding, or spare bits that are not zero.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ProofError("base64-bad", f"{what} is not base64url. Take a fresh copy of the file.") from None
    # This also catches "+" and "/", which some Python versions let through beside their replacements.
    if to_base64url(raw) != text:
        raise ProofError("base64-bad", f"{what} is base64url in another spelling than the one allowed.")
    return raw


def to_utf8(text: str, what: str) -> bytes:
    """Return the UTF-8 bytes of `text`; `what` names it in the error.

    Raises:
        ProofError: `unicode-bad` for half a character (a lone surrogate), which UTF-8 cannot hold.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ProofError("unicode-bad", f"{what} holds half a character (a lone surrogate).") from None
