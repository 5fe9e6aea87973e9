import hashlib

import pytest

from audit.proof.commitment import check_commitment, commit
from audit.proof.errors import ProofError

SALT = bytes(32)


def test_it_is_the_hash_that_is_documented():
    assert commit(SALT, b"{}") == hashlib.sha256(b"pc1" + SALT + b"{}").hexdigest()
    check_commitment(commit(SALT, b"{}"), SALT, b"{}")


@pytest.mark.parametrize(
    ("claimed", "salt", "payload"),
    [
        (commit(SALT, b"{}"), SALT, b"[]"),
        (commit(SALT, b"{}"), bytes([1] * 32), b"{}"),
        (commit(SALT, b"{}").upper(), SALT, b"{}"),
        ("", SALT, b"{}"),
        ("ключ", SALT, b"{}"),
        ("\ud800", SALT, b"{}"),
    ],
)
def test_it_refuses_words_that_were_not_recorded(claimed, salt, payload):
    with pytest.raises(ProofError) as refused:
        check_commitment(claimed, salt, payload)
    assert refused.value.code == "commitment-mismatch"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_it_refuses_a_salt_of_another_length(length):
    """Else the last byte of a salt could be read as the first byte of a payload."""
    with pytest.raises(ProofError) as refused:
        commit(bytes(length), b"{}")
    assert refused.value.code == "salt-length"
