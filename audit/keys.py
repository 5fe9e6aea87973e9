"""Where keys are found, and which process may hold which.

`log` and `receipt` are Ed25519 seeds (private: only sealer and worker read them), `data` wraps the secrets of
subjects, `lookup` finds an identifier without storing it in the clear, `suppression` knows again who asked to be left
alone. All are 32 random bytes, each its own file `<name>.key` (base64, mode 0600) in $TRUST_DATA_DIR/keys, or given in
TRUST_KEYS.
"""

import base64
import hmac
import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NAMES = ("log", "receipt", "data", "lookup", "suppression")


def folder() -> Path:
    """The folder the key files stand in."""
    return Path(settings.DATA_DIR) / "keys"


@cache
def key(name: str) -> bytes:
    """The 32 bytes of one key.

    Raises ImproperlyConfigured, with how to mend it, when the key is not there or not 32 bytes.
    """
    text = _given().get(name) or _read(name)
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise ImproperlyConfigured(f"The key “{name}” is not 32 bytes in base64; see docs/operate.md, Keys.")
    return value


@cache
def derived(name: str, use: str) -> bytes:
    """32 bytes for one use, from one of our keys; kept, as the key itself is."""
    return expand(extract(key(name)), use)


def extract(secret: bytes) -> bytes:
    """The first half of HKDF-SHA-256 (RFC 5869, 2.2), without a salt: what `expand` makes keys for single uses of.

    A few microseconds for both, so that nobody needs to keep what came of it: in memory it would outlive the erasure of
    the secret.
    """
    return hmac.digest(bytes(32), secret, "sha256")


def expand(extracted: bytes, use: str) -> bytes:
    """32 bytes for one use, so that no secret serves two uses: the first and only block of RFC 5869, 2.3."""
    return hmac.digest(extracted, use.encode() + b"\x01", "sha256")


def signer(name: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    """The public key (32 bytes) and the signing function of an Ed25519 key; only for sealer and worker."""
    private = Ed25519PrivateKey.from_private_bytes(key(name))
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return public, private.sign


def make() -> list[str]:
    """Make the keys that are neither given nor there, and return their names."""
    made = []
    for name in (*NAMES, "secret"):
        path = folder() / f"{name}.key"
        given = bool(_given().get(name)) or (name == "secret" and "SECRET_KEY" in os.environ)
        if not given and not path.exists():
            _write(path, base64.b64encode(secrets.token_bytes(32)))
            made.append(name)
    return made


def make_after_migrate(**_: Any) -> None:
    make()
    key.cache_clear()


def _given() -> dict[str, str]:
    return dict(item.split(":", 1) for item in settings.TRUST_KEYS.split() if ":" in item)


def _read(name: str) -> str:
    path = folder() / f"{name}.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        raise ImproperlyConfigured(
            f"The key “{name}” is neither in TRUST_KEYS nor in {path}. On a new service, `trustcenter migrate` "
            "makes one. Was it lost? Put the copy from your backup there: a new key opens nothing the old one closed."
        ) from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # O_EXCL: two processes that start together must not each believe in a key of their own.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content + b"\n")
        file.flush()
        os.fsync(file.fileno())
