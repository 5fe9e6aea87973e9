"""Words that are not plain are not published; what was published before stays."""

import copy

import pytest

from consent.errors import Invalid
from consent.models import PurposeVersion
from consent.rules.plain import ERROR, WARNING
from consent.services import catalogue
from tests.world import NOW, OPERATOR, document

OFFERS = 1


def worded(language="en", place=OFFERS, **words):
    """The park's file with some words of one purpose changed."""
    file = copy.deepcopy(document())
    file["purposes"][place]["texts"][language].update(words)
    return file


def apply(file):
    return catalogue.apply(document=file, by=OPERATOR, now=NOW)


def refused(act, file):
    with pytest.raises(Invalid) as caught:
        act(file)
    return [(field.pointer, field.code) for field in caught.value.fields]


def diff(file):
    return catalogue.diff(document=file)


def publish_as_before_the_rules(file, monkeypatch):
    """Publish words that would be refused today."""
    with monkeypatch.context() as then:
        then.setattr("consent.services.wording.refuse_errors", lambda parsed, purposes: None)
        apply(file)


@pytest.mark.parametrize("act", [diff, apply])
def test_an_error_blocks_the_next_version_and_says_where(park, act):
    found = refused(act, worded(what="We may look at what you buy."))
    assert found == [("/purposes/1/texts/en/what", "L7")]
    assert PurposeVersion.objects.filter(purpose__key="personal_offers").count() == 1


@pytest.mark.parametrize("act", [diff, apply])
def test_an_error_blocks_a_first_version_too(db, act):
    assert refused(act, worded("zh-hans", why="让您享受优惠。")) == [("/purposes/1/texts/zh-hans/why", "L10")]
    assert not PurposeVersion.objects.exists()


def test_every_error_of_every_changed_purpose_is_named(park):
    file = worded(what="Our partners may see it.")
    file["purposes"][0]["texts"]["en"]["title"] = "Make your visit to the park better"
    assert set(refused(apply, file)) == {
        ("/purposes/0/texts/en/title", "L12"),
        ("/purposes/1/texts/en/what", "L7"),
        ("/purposes/1/texts/en/what", "L11"),
    }


def test_a_warning_blocks_nothing(park):
    file = worded(what="We look at what you buy. Offers are sent to you.")
    assert [found.severity for found in catalogue.lint(document=file)] == [WARNING]
    assert [step.number for step in apply(file)] == [2]


def test_what_was_published_before_stays(park, monkeypatch):
    old = worded(what="We may look at what you buy.")
    publish_as_before_the_rules(old, monkeypatch)
    assert diff(old) == []
    old["purposes"][0]["retention"] = "P2D"
    assert [step.key for step in apply(old)] == ["improve_visit"]


def test_a_published_purpose_with_bad_words_can_still_be_retired(park, monkeypatch):
    old = worded(what="We may look at what you buy.")
    publish_as_before_the_rules(old, monkeypatch)
    old["purposes"][OFFERS]["retired"] = True
    assert [step.kind for step in apply(old)] == ["retire"]


def test_the_retention_of_the_catalogue_must_bear_out_the_words(park):
    file = worded(what="We look at what you bought in the last 12 months.")
    file["purposes"][OFFERS]["texts"]["zh-hans"]["what"] = "我们查看您过去 12 个月买了什么。"
    assert diff(file)
    file["purposes"][OFFERS]["retention"] = "P6M"
    assert refused(diff, file) == [("/purposes/1/texts/en/what", "L13"), ("/purposes/1/texts/zh-hans/what", "L13")]


def test_only_receivers_of_the_version_are_named(park):
    said = "We look at what you buy. SnapRide sends you offers."
    file = worded(what=said)
    assert refused(diff, file) == [("/purposes/1/texts/en/what", "L13")]
    file["purposes"][OFFERS]["texts"]["zh-hans"]["what"] = "我们查看您买了什么。SnapRide 给您发送优惠。"
    file["purposes"][OFFERS]["recipients"] = ["mail-engine", "snapride"]
    assert diff(file)


def test_lint_reads_a_whole_file_before_anything_is_published(db):
    found = catalogue.lint(
        document=worded(what="We may look at what you buy.", benefit="You might get 2 offers a month")
    )
    assert [(each.purpose, each.rule, each.severity) for each in found] == [
        ("personal_offers", "L7", ERROR),
        ("personal_offers", "L7", WARNING),
    ]


def test_the_demo_is_plain(db):
    assert catalogue.lint(document=document()) == []


def test_lint_refuses_a_file_it_cannot_read(db):
    with pytest.raises(Invalid):
        catalogue.lint(document=[])
