"""How the feed names customers: by hashes under a key of the recipient (ADR 9)."""

import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from .calls import Malformed
from .messages import Customer, Decision

SIZE = 16  # bytes of a name


def name(key: bytes, customer: Customer) -> bytes:
    """The name of a customer's identifier under a recipient's key."""
    text = f"{customer.namespace}\0{normal(customer.namespace, customer.id)}"
    return blake2b(text.encode(), digest_size=SIZE, key=key).digest()


def normal(namespace: str, value: str) -> str:
    """The form in which the service looks an identifier up; e-mail addresses are alike in any case."""
    return unicodedata.normalize("NFC", value).strip().lower() if namespace == "email" else value


def decoded(text: str, size: int = SIZE) -> bytes:
    """The bytes of a name, or of a key, as it is written. Raises Malformed."""
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Malformed from None
    if len(found) != size:
        raise Malformed
    return found


def encoded(value: bytes) -> str:
    """A name as it is written: base64url without padding (RFC 4648, 5)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


# What was answered last: in which state, about which purpose and categories, until which tick.
Last = tuple[object, str, Sequence[str] | None, float, Decision]
NEVER: Last = (None, "", None, 0.0, Decision(allowed=False, reason=""))


class Resolved:
    """A customer whose name in the copy is known already, from `LocalChecker.resolve`; good for that checker only."""

    __slots__ = ("_key", "_last", "_name", "customer")

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self._key: bytes | None = None
        self._last = NEVER
        self._name = b""

    def under(self, key: bytes) -> bytes:
        """Its name; worked out anew where the key is another than the last time."""
        if self._key is not key:
            self._name, self._key = name(key, self.customer), key
        return self._name
