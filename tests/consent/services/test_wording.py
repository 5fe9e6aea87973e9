"""What the plain-language rules say about a catalogue file, before anything is published."""

import copy

import pytest

from consent.errors import Invalid
from consent.rules.plain import ERROR, WARNING
from consent.services import catalogue
from tests.world import document

OFFERS = 1


def worded(language="en", place=OFFERS, **words):
    """The park's file with some words of one purpose changed."""
    file = copy.deepcopy(document())
    file["purposes"][place]["texts"][language].update(words)
    return file


def said(file):
    return [
        (each.purpose, each.language, each.field, each.rule, each.severity) for each in catalogue.lint(document=file)
    ]


def test_it_says_which_purpose_language_and_field(db):
    file = worded("zh-hans", why="让您享受优惠。")
    assert said(file) == [("personal_offers", "zh-hans", "why", "L10", ERROR)]


def test_it_tells_errors_from_warnings(db):
    file = worded(what="We look at what you buy. Offers are sent to you.")
    assert [severity for *_, severity in said(file)] == [WARNING]


def test_the_retention_of_the_catalogue_must_bear_out_the_words(db):
    file = worded(what="We look at what you bought in the last 12 months.")
    file["purposes"][OFFERS]["texts"]["zh-hans"]["what"] = "我们查看您过去 12 个月买了什么。"
    assert said(file) == []
    file["purposes"][OFFERS]["retention"] = "P6M"
    assert [(language, rule) for _, language, _, rule, _ in said(file)] == [("en", "L13"), ("zh-hans", "L13")]


def test_only_receivers_of_the_version_are_named(park):
    file = worded(what="We look at what you buy. SnapRide sends you offers.")
    assert [rule for *_, rule, _ in said(file)] == ["L13"]
    file["purposes"][OFFERS]["texts"]["zh-hans"]["what"] = "我们查看您买了什么。SnapRide 给您发送优惠。"
    file["purposes"][OFFERS]["recipients"] = ["mail-engine", "snapride"]
    assert said(file) == []


def test_the_demo_is_plain(db):
    assert said(document()) == []


def test_it_refuses_a_file_it_cannot_read(db):
    with pytest.raises(Invalid):
        catalogue.lint(document=[])
