"""A payload stands in the leaf as a salted hash: with its salt it can be checked, without it never guessed.

The salt comes from a secret of the person concerned. Destroying that secret destroys every salt, and the log
still verifies, because the leaf holds only the hash.
"""

import hashlib
import hmac

from .errors import ProofError

PREFIX = b"pc1"
"""Keeps these hashes apart from every other SHA-256 in the log, and names the scheme."""
SALT_SIZE = 32


def commit(salt: bytes, payload: bytes) -> str:
    """Return the hex SHA-256 of prefix, salt and the payload's canonical bytes.

    Raises:
        ProofError: `salt-length` if the salt is not 32 bytes; a shorter one could be guessed, and a free
            length would let bytes move between salt and payload.
    """
    if len(salt) != SALT_SIZE:
        raise ProofError("salt-length", f"A salt is {SALT_SIZE} bytes, not {len(salt)}.")
    return hashlib.sha256(PREFIX + salt + payload).hexdigest()


def check_commitment(commitment: str, salt: bytes, payload: bytes) -> None:
    """Return if `commitment` was made from this salt and these payload bytes.

    Raises:
        ProofError: `commitment-mismatch` if not, or as `commit`.
    """
    if not hmac.compare_digest(commit(salt, payload).encode(), commitment.encode("utf-8", "replace")):
        raise ProofError("commitment-mismatch", "The words and data shown are not those that were recorded.")
