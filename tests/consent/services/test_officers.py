"""Letting one more person into the console, and recognising who is there."""

import json
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection

from audit.models import Entry
from audit.services import entries
from consent.errors import Invalid, TooMany
from consent.models import SignInTry
from consent.services import officers
from tests.world import NOW, OPERATOR

GOOD = {"username": "rosa", "password": "the kestrel hovers at noon", "full_name": "Rosa Lindqvist"}


def create(**changed):
    return officers.create(**GOOD | changed, by=OPERATOR, now=NOW)


def recognise(password="wrong", *, username="rosa", address="10.0.0.1", now=NOW):
    return officers.recognise(username=username, password=password, address=address, now=now)


def test_an_officer_is_in_the_group_and_never_staff_of_django(db):
    user = create()
    assert (user.is_staff, user.is_superuser, officers.is_officer(user)) == (False, False, True)
    assert user.get_full_name() == "Rosa Lindqvist"
    assert user.check_password(GOOD["password"])


def test_the_log_knows_an_officer_by_number_only(db):
    user = create()
    entry = Entry.objects.get(action="officer.created")
    leaf = json.loads(bytes(entry.leaf))
    assert leaf["object"] == f"staff-{user.pk}"
    assert b"osa" not in bytes(entry.leaf)
    assert entries.payloads([entry])[entry.id] == {}


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "passwordpassword", "username": "passwordpassword"}, "/password"),
        ({"username": ""}, "/username"),
        ({"username": "rosa lindqvist"}, "/username"),
        ({"username": "r" * 151}, "/username"),
        ({"full_name": "  "}, "/full_name"),
        ({"full_name": "Rosa\u202e"}, "/full_name"),
        ({"full_name": "R" * 151}, "/full_name"),
    ],
)
def test_it_refuses_what_cannot_be_and_leaves_nothing(db, changed, pointer):
    with pytest.raises(Invalid) as caught:
        create(**changed)
    assert {field.pointer for field in caught.value.fields} == {pointer}
    assert not User.objects.exists()
    assert not Entry.objects.exists()


def test_it_refuses_a_weak_password_in_the_rules_own_words(db):
    with pytest.raises(Invalid) as caught:
        create(password="short")
    assert "at least 12 characters" in caught.value.detail


def test_it_refuses_a_name_that_is_taken(db):
    create()
    with pytest.raises(Invalid) as caught:
        create(full_name="Another Rosa")
    assert [field.code for field in caught.value.fields] == ["taken"]
    assert User.objects.count() == 1


def test_tries_are_kept_without_names_and_addresses(db):
    recognise()
    row = SignInTry.objects.get()
    assert b"rosa" not in bytes(row.name_hash) + bytes(row.address_hash)
    assert len(bytes(row.name_hash)) == 32


def test_old_tries_are_deleted(db):
    recognise(username="one")
    recognise(username="two", now=NOW + timedelta(minutes=15))
    assert SignInTry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_tries_than_one_after_the_other():
    start, answers = Barrier(10), []

    def knock():
        start.wait()
        try:
            answers.append(recognise())
        except TooMany:
            answers.append("too many")
        finally:
            connection.close()

    threads = [Thread(target=knock) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    assert answers.count(None) <= officers.TRIES_PER_NAME
