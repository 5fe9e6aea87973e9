"""Personal data beside the log, readable only while its subject's secret lives.

Each subject has one 256-bit secret, wrapped by the data key. From it come the key that encrypts the subject's
payloads and identifiers (AES-256-GCM) and the salt of each commitment. Destroying the secret destroys both: what was
encrypted cannot be opened, and what was committed to cannot be guessed.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cache, cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit import keys, rows
from audit.models import SubjectSecret

# In whose name stands what was closed up under a secret that nobody kept.
NOBODY = "0" * 32
# The pads of HMAC (RFC 2104): the key combined with each is the first block of one of its two hashes.
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Unreadable(ValueError):
    """The secret is gone (erased), or the bytes are not what was sealed."""


class Vault:
    """The secret of one subject, opened: what was made of it for each use lives as long as this, no longer."""

    def __init__(self, secret: bytes) -> None:
        self._root = keys.extract(secret)
        self._cipher = AESGCM(keys.expand(self._root, "enc"))

    @cached_property
    def _salts(self) -> bytes:
        return keys.expand(self._root, "commit")

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt; `bound_to` names the place the bytes belong to, and opening elsewhere fails."""
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """The plain bytes; raises Unreadable when they were changed or moved."""
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], bound_to.encode())
        except InvalidTag:
            raise Unreadable("These bytes were not sealed for this place.") from None

    def salt(self, entry_id: str) -> bytes:
        """The 32-byte salt of one entry's commitment; nothing needs to be stored for it."""
        return hmac.digest(self._salts, entry_id.encode(), "sha256")


def create(pseudonym: str, *, now: datetime) -> Vault:
    """A new secret for a new subject."""
    secret = secrets.token_bytes(32)
    SubjectSecret.objects.create(pseudonym=pseudonym, wrapped=_wrapper().seal(secret, pseudonym), created_at=now)
    return Vault(secret)


def of(pseudonym: str) -> Vault:
    """The vault of a subject; raises Unreadable when it was erased."""
    # Read anew for each entry, and never kept: what is destroyed must be gone from the next transaction on.
    found = rows.read("SELECT wrapped FROM audit_subjectsecret WHERE pseudonym = %s", [pseudonym])
    return unwrapped(pseudonym, found[0][0] if found else None)


def unwrapped(pseudonym: str, wrapped: bytes | memoryview | None) -> Vault:
    """The vault of a subject whose row was just read; raises Unreadable where there was none."""
    if wrapped is None:
        raise Unreadable("The secret of this subject was destroyed.")
    return Vault(_wrapper().open(bytes(wrapped), pseudonym))


def readable(pseudonym: str, wrapped: bytes | memoryview | None) -> Vault | None:
    """The same for whoever reads of several; None where it raises: one damaged secret must not hide the others."""
    try:
        return unwrapped(pseudonym, wrapped)
    except Unreadable:
        return None


def of_many(pseudonyms: Iterable[str]) -> dict[str, Vault]:
    """The vaults of several subjects, read together; absent are those of the erased, and one that does not open.

    NOBODY's is a new one each time: it opens nothing, at the price of one that does.
    """
    wanted = list(dict.fromkeys(pseudonyms))
    if not wanted:
        return {}
    among, values = rows.among(wanted)
    found = rows.read(f"SELECT pseudonym, wrapped FROM audit_subjectsecret WHERE pseudonym {among}", values)  # noqa: S608
    opened = {pseudonym: box for pseudonym, wrapped in found if (box := readable(pseudonym, wrapped))}
    return opened | {NOBODY: Vault(secrets.token_bytes(32))} if NOBODY in wanted else opened


def house() -> Vault:
    """The vault for what concerns no customer: catalogue changes, staff names."""
    return _standing(keys.derived("data", "house"))


def links() -> Vault:
    """The vault for what a link carries through the world, under a key that opens nothing else."""
    return _standing(keys.derived("data", "links"))


def lookup_hash(namespace: str, value: str) -> bytes:
    """32 bytes that find an identifier again without telling it (HMAC-SHA-256 under the lookup key)."""
    return hmac.digest(keys.derived("lookup", "identifier"), f"{namespace}\0{value}".encode(), "sha256")


def lookup_hashes(namespace: str, values: Iterable[bytes]) -> list[bytes]:
    """The same of many values in UTF-8. What is alike in all of them is hashed once: half the time of one by one."""
    key = keys.derived("lookup", "identifier").ljust(64, b"\0")
    inner = hashlib.sha256(key.translate(_INNER) + namespace.encode() + b"\0").copy
    outer = hashlib.sha256(key.translate(_OUTER)).copy
    found = []
    for value in values:
        within, around = inner(), outer()
        within.update(value)
        around.update(within.digest())
        found.append(around.digest())
    return found


def suppression_hash(namespace: str, value: str) -> bytes:
    """32 bytes by which someone who asked to be left alone is known again, under a key that finds nothing else."""
    return hmac.digest(keys.derived("suppression", "identifier"), f"{namespace}\0{value}".encode(), "sha256")


def feed_key(recipient: str) -> bytes:
    """The 32 bytes under which one recipient's copy names customers: what two recipients hold cannot be joined."""
    return keys.derived("lookup", f"feed\0{recipient}")


def _wrapper() -> Vault:
    return _standing(keys.derived("data", "wrap"))


@cache
def _standing(key: bytes) -> Vault:
    """The vault of a key of our own, kept as the key itself is; no subject's ever is."""
    return Vault(key)
