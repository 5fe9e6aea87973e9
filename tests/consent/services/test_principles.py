"""What AI does and the principles it is held to, from the file to the pages: versions, the log, and what is refused."""

import copy
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from consent.errors import Invalid, NotFound
from consent.models import Principles, PurposeVersion
from consent.rules import catalogue as rules
from consent.services import catalogue, principles
from tests.world import NOW, OPERATOR, damage, document, publish


def file(**changes):
    """The park's file with other English principles, or with a purpose edited."""
    found = copy.deepcopy(document())
    found["principles"]["en"].update(changes)
    return found


def apply(document):
    return catalogue.apply(document=document, by=OPERATOR, now=NOW)


def test_an_edit_makes_the_next_version_and_every_version_stays(park):
    [step] = apply(file(title="How AI works here"))
    assert (step.kind, step.key, step.number, step.material) == ("principles", "ai", 2, False)
    assert apply(file(title="How AI works here")) == []
    newest, first = principles.read(language="en"), principles.read(language="en", number=1)
    assert (newest.number, newest.title, newest.newest) == (2, "How AI works here", True)
    assert (first.number, first.title, first.newest) == (1, "How we use AI", False)
    assert [row.number for row in newest.others] == [1]
    assert newest.digest != first.digest


def test_a_version_is_in_the_log_with_the_digest_of_its_words(park):
    entry = Entry.objects.get(action="catalogue.principles")
    leaf, row = json.loads(bytes(entry.leaf)), Principles.objects.get()
    assert leaf["details"] == {"digest": row.digest}
    assert rules.digest({"principles": "ai", "version": 1, "words": row.words}) == row.digest
    assert "AI sets no price" not in bytes(entry.leaf).decode()


def test_the_database_refuses_to_change_a_version(park):
    for change in (lambda: Principles.objects.update(number=7), lambda: Principles.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_words_that_are_not_plain_are_not_published(park):
    said = [*document()["principles"]["en"]["statements"][1:], "Trust us."]
    with pytest.raises(Invalid) as caught:
        apply(file(statements=said))
    assert [(field.pointer, field.code) for field in caught.value.fields] == [("/principles/en/statements/6", "L10")]
    assert Principles.objects.count() == 1
    found = catalogue.lint(document=file(statements=said))
    assert ("L10", "principles") in [(each.rule, each.purpose) for each in found]


def test_a_language_that_is_not_there_is_told_in_another(park):
    notice = principles.read(language="it")
    assert (notice.language, notice.asked_for) == ("en", False)
    assert principles.read(language="zh-hans").title == "我们如何使用 AI"


def test_what_was_never_published_is_not_found(db, park):
    with pytest.raises(NotFound):
        principles.read(language="en", number=2)


def test_a_file_without_principles_leaves_them_as_they_are(park):
    assert apply({name: value for name, value in document().items() if name != "principles"}) == []
    assert principles.read(language="en").number == 1


def untold(**changes):
    """The park's file as it would have been written before the facts of AI were asked for."""
    found = copy.deepcopy(document())
    offers = next(row for row in found["purposes"] if row["key"] == "personal_offers")
    del offers["ai"]
    offers.update(changes)
    return found


def test_AI1_a_new_version_that_uses_ai_is_not_published_without_telling_what_it_does(park):
    with pytest.raises(Invalid) as caught:
        apply(untold(retention="P6M"))
    assert [(field.pointer, field.code) for field in caught.value.fields] == [("/purposes/1/ai", "required")]


def test_what_was_published_before_the_facts_were_asked_for_stays_and_is_remarked_on(park):
    [before] = [row["content"] for row in rules.parse(untold())["purposes"] if row["key"] == "personal_offers"]
    row = PurposeVersion.objects.filter(purpose__key="personal_offers")
    damage(row, digest=rules.digest(before), details=before["details"])
    assert apply(untold()) == []
    assert ("L12", "ai") in [(each.rule, each.field) for each in catalogue.lint(document=untold())]
    [step] = apply(document())
    assert [(change.code, change.material) for change in step.changes] == [("ai_told", False)]


def test_G31_U6_a_computer_decides_alone_on_sensitive_data_only_with_an_explicit_yes(park):
    photos = next(row for row in document()["purposes"] if row["key"] == "ride_photos")
    alone = {"automated_decisions": True, "ai": photos["ai"]}
    with pytest.raises(Invalid) as caught:
        publish(now=NOW, ride_photos=alone | {"legal_basis": "vital_interest", "ai": photos["ai"] | {"affects": []}})
    assert [(field.pointer, field.code) for field in caught.value.fields] == [("/purposes/2/ai/in", "sensitive")]
    publish(now=NOW + timedelta(days=1), ride_photos=alone)
