"""Keys for one use each: the bytes are those of RFC 5869, as every entry so far was written with them."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import transaction

from audit import keys, vault
from audit.models import Entry, SubjectSecret
from audit.services import entries
from audit.services.entries import Fact, Record
from tests.world import NOW, OPERATOR

pytestmark = pytest.mark.once


def test_expand_gives_the_bytes_of_the_rfc():
    """RFC 5869, appendix A.3: no salt, no info."""
    wanted = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert keys.expand(keys.extract(b"\x0b" * 22), "").hex() == wanted


@pytest.mark.parametrize("use", ["enc", "commit", "wrap", "identifier"])
def test_expand_gives_the_bytes_of_the_package(use):
    secret = bytes(range(32))
    found = keys.expand(keys.extract(secret), use)
    assert found == HKDF(hashes.SHA256(), 32, salt=None, info=use.encode()).derive(secret)


def test_a_destroyed_secret_is_gone_at_once(db):
    box = vault.create("s_somebody", now=NOW)
    sealed = box.seal(b"words", "here")
    assert vault.of("s_somebody").open(sealed, "here") == b"words"
    SubjectSecret.objects.all().delete()
    with pytest.raises(vault.Unreadable):
        vault.of("s_somebody")


def test_a_secret_that_does_not_open_hides_no_other_and_nothing_is_written_under_it(db):
    for each in ("s_one", "s_other"):
        vault.create(each, now=NOW)
    SubjectSecret.objects.filter(pseudonym="s_one").update(wrapped=bytes(60))
    assert set(vault.of_many(["s_one", "s_other"])) == {"s_other"}
    facts = [Record(Fact("evidence.viewed", subject=each), {}) for each in ("s_other", "s_one")]
    with pytest.raises(vault.Unreadable), transaction.atomic():
        entries.append_many(facts, by=OPERATOR, now=NOW)
    with pytest.raises(vault.Unreadable), transaction.atomic():
        entries.append(facts[1].fact, by=OPERATOR, now=NOW, payload=None)
    assert not Entry.objects.filter(action="evidence.viewed").exists()
