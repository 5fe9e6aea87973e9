"""Words that are not approved: read by the rules, told to the author, and seen by nobody else until they are."""

import copy

import pytest

from audit.models import Entry
from audit.services import entries
from consent.errors import Invalid
from consent.models import NoticeText
from consent.rules.plain import ERROR
from consent.services import catalogue, drafts, principles
from tests.world import ALICE, NOW, OPERATOR, document, say

OFFERS = 1


def drafted(*languages, place=OFFERS, **words):
    """The park's file with the words of one purpose in these languages not approved, and edited."""
    file = copy.deepcopy(document())
    for language in languages:
        file["purposes"][place]["texts"][language] |= {"approved": False} | words
    return file


def apply(file):
    return catalogue.apply(document=file, by=OPERATOR, now=NOW)


def offers():
    return catalogue.texts(catalogue.purpose("personal_offers").current)


def test_it_says_which_words_wait_and_what_is_read_instead():
    file = drafted("ar", "es")
    file["principles"]["de"]["approved"] = False
    told = [(each.purpose, each.language, each.instead) for each in drafts.read(document=file)]
    assert told == [("personal_offers", "es", "en"), ("personal_offers", "ar", "en"), ("principles", "de", "en")]
    assert [each.instead for each in drafts.read(document=drafted("en", "ar"))] == ["zh-hans", "zh-hans"]
    assert drafts.read(document=document()) == []


def test_words_of_what_is_retired_wait_for_nothing():
    file = drafted("ar")
    file["purposes"][OFFERS]["retired"] = True
    assert drafts.read(document=file) == []


def test_a_draft_is_not_published(db):
    apply(drafted("ar"))
    assert [*offers()] == ["de", "en", "es", "fr", "zh-hans"]
    assert not NoticeText.objects.filter(version__purpose__key="personal_offers", language="ar").exists()
    assert apply(drafted("ar", title="عروض")) == []


def test_a_version_with_a_draft_is_the_same_as_one_without_the_language(db):
    lacking = copy.deepcopy(document())
    del lacking["purposes"][OFFERS]["texts"]["ar"]
    apply(lacking)
    assert apply(drafted("ar")) == []


def test_approval_publishes_a_draft_as_an_editorial_version_and_every_yes_carries_over(db):
    apply(drafted("ar"))
    say(ALICE, "give")
    [step] = catalogue.diff(document=document())
    assert (step.number, step.material, step.touches) == (2, False, 1)
    assert [(change.code, change.what) for change in step.changes] == [("language_added", "ar")]
    apply(document())
    assert offers()["ar"].approved_at == NOW
    assert say(ALICE, "give", language="ar").event.notice.language == "ar"


def test_nobody_can_be_asked_in_a_language_whose_words_wait(db):
    apply(drafted("ar"))
    with pytest.raises(Invalid) as caught:
        say(ALICE, "give", language="ar")
    assert [(field.pointer, field.code) for field in caught.value.fields] == [("/language", "no_text")]


def test_a_draft_is_read_by_the_rules_and_keeps_nothing_from_being_published(db):
    file = drafted("es", why="Nuestros socios venden más.")
    said = [(each.language, each.field, each.rule, each.severity) for each in catalogue.lint(document=file)]
    assert ("es", "why", "L11", ERROR) in said
    assert apply(file)
    published = Entry.objects.filter(action="catalogue.published", purpose="personal_offers")
    assert entries.payloads(published)[published.get().id]["plain"] == []
    del file["purposes"][OFFERS]["texts"]["es"]["approved"]
    with pytest.raises(Invalid) as caught:
        apply(file)
    assert ("/purposes/1/texts/es/why", "L11") in [(field.pointer, field.code) for field in caught.value.fields]


def test_principles_wait_in_the_same_way(db):
    file = copy.deepcopy(document())
    file["principles"]["de"] |= {"approved": False, "title": "Vertrauen Sie uns"}
    assert ("principles", "de", "L10") in [
        (each.purpose, each.language, each.rule) for each in catalogue.lint(document=file)
    ]
    apply(file)
    assert principles.read(language="de").language == "en"
    [step] = apply(document())
    assert (step.kind, step.number) == ("principles", 2)
    assert principles.read(language="de").title == "Wie wir KI nutzen"
