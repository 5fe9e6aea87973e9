"""The record of erasures outside the database: written before the commit, whole after a crash, and asked by all."""

import stat
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from audit import vault
from audit.services import erasures
from audit.services.erasures import Erasure, RecordDamaged

NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _apart(tmp_path, settings):
    settings.OUTSIDE_DIR = tmp_path / "outside"


def one(name, at=NOW):
    return Erasure(f"s_{name}", uuid.uuid4(), at)


def test_it_is_kept_in_order_and_read_back(tmp_path):
    assert erasures.remembered() == []
    first, second, third = one("a"), one("b"), one("c")
    erasures.remember([first, second])
    erasures.remember([third])
    assert erasures.remembered() == [first, second, third]
    assert stat.S_IMODE(erasures.place().stat().st_mode) == 0o600
    assert erasures.place() == tmp_path / "outside" / "erasures.log"


def test_half_a_line_of_a_crash_is_passed_over_for_ever():
    first, second = one("a"), one("b")
    erasures.remember([first])
    with erasures.place().open("ab") as file:
        file.write(b"s_half 0190")
    assert erasures.remembered() == [first]
    erasures.remember([second])
    assert erasures.remembered() == [first, second]


def test_a_line_that_somebody_changed_is_told(tmp_path):
    erasures.remember([one("a")])
    erasures.place().write_bytes(erasures.place().read_bytes().replace(b"s_a ", b"s_a"))
    with pytest.raises(RecordDamaged, match="cannot be read"):
        erasures.remembered()


def test_the_newest_are_read_without_the_rest():
    many = [one(f"{number:022}") for number in range(3000)]
    erasures.remember(many)
    found = erasures.remembered(newest=500)
    assert 500 <= len(found) < 1500
    assert found == many[-len(found) :]


def test_only_who_is_here_again_has_returned():
    for name in ("a", "b", "c"):
        vault.create(f"s_{name}", now=NOW)
    erasures.remember([one("a"), one("gone"), one("b", NOW + timedelta(minutes=5))])
    assert [each.pseudonym for each in erasures.returned()] == ["s_a", "s_b"]
    just = erasures.returned(newest=10, before=NOW + timedelta(minutes=1))
    assert [each.pseudonym for each in just] == ["s_a"], "one that is about to commit is no restored backup"
