"""Tokens that let somebody in once: who has one is believed, and only its SHA-256 is kept."""

import hashlib
import secrets


def make() -> str:
    """A new token: 256 random bits, as they may stand in an address or a cookie."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """What is kept of a token, and what it is found by."""
    return hashlib.sha256(token.encode()).digest()
