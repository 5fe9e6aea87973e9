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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

NAMES = ("log", "receipt", "data", "lookup", "suppression")
# What is signed with; and what follows either, there only while the two overlap.
PRIVATE = ("log", "log-next", "receipt", "receipt-next")
# Which part of `serve` a process is; web processes are told by it that they hold no private key.
PART = "TRUST_PART"


def folder() -> Path:
    """The folder the key files stand in."""
    return Path(settings.DATA_DIR) / "keys"


@cache
def key(name: str) -> bytes:
    """The 32 bytes of one key.

    Raises ImproperlyConfigured, with how to mend it, when the key is not there or not 32 bytes.
    """
    _check_may_hold(name)
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


class Signer(Protocol):
    """Who signs with one Ed25519 key (RFC 8032): the key itself may be elsewhere, in a KMS or another process."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, text: bytes, /) -> bytes:
        """The signature over these bytes, 64 bytes."""


@dataclass(frozen=True)
class _Own:
    """A key that this process holds."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, text: bytes, /) -> bytes:
        return self.private.sign(text)


def signer(name: str) -> Signer:
    """Who signs as `log`, `receipt`, or what follows either: what TRUST_SIGNER names, else the key that is ours.

    Only for sealer and worker. Raises ImproperlyConfigured where there is no such key, and in a web process.
    """
    _check_may_hold(name)
    found: Signer | None = import_string(settings.SIGNER)(name) if settings.SIGNER else None
    return found or _Own(Ed25519PrivateKey.from_private_bytes(key(name)))


def has(name: str) -> bool:
    """Whether there is a key of this name to sign with."""
    try:
        return bool(signer(name).public)
    except ImproperlyConfigured:
        return False


def withhold() -> None:
    """Make this process, and those it starts, unable to sign: what signs is neither given to them nor read."""
    os.environ[PART] = "web"
    settings.TRUST_KEYS = os.environ["TRUST_KEYS"] = without_private(settings.TRUST_KEYS)


def without_private(given: str) -> str:
    """TRUST_KEYS without the keys that sign."""
    return " ".join(item for item in given.split() if item.split(":", 1)[0] not in PRIVATE)


def following(name: str) -> str:
    """The name of the key that is to follow this one."""
    return f"{name}-next"


def make_next(name: str) -> bool:
    """Make the key that is to follow; False when there is one."""
    if has(following(name)):
        return False
    _write(folder() / f"{following(name)}.key", base64.b64encode(secrets.token_bytes(32)))
    return True


def promote_next(name: str) -> None:
    """The next key signs from now on; the old one stays beside it, under another name."""
    for old, new in ((name, f"{name}-old"), (following(name), name)):
        path = folder() / f"{old}.key"
        if path.exists():
            path.replace(folder() / f"{new}.key")
    read_anew()


def read_anew() -> None:
    """Forget what was read of the files: another process may have put others there."""
    key.cache_clear()


def make() -> list[str]:
    """Make the keys that are neither given nor there, and return their names."""
    made = []
    for name in (*NAMES, "secret"):
        path = folder() / f"{name}.key"
        given = bool(_given().get(name)) or (name == "secret" and "SECRET_KEY" in os.environ)
        given = given or (name in PRIVATE and bool(settings.SIGNER))
        if not given and not path.exists():
            _write(path, base64.b64encode(secrets.token_bytes(32)))
            made.append(name)
    return made


def make_after_migrate(**_: Any) -> None:
    make()
    key.cache_clear()


def _check_may_hold(name: str) -> None:
    if name in PRIVATE and os.environ.get(PART) == "web":
        raise ImproperlyConfigured(f"A web process does not hold the key “{name}”: whoever breaks into it cannot sign.")


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
