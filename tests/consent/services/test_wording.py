"""What the plain-language rules say about a catalogue file, and what they keep from being published (GDPR Art. 12)."""

import copy

import pytest

from audit.models import Entry
from audit.services import entries
from consent.errors import Invalid
from consent.rules.plain import ERROR, WARNING
from consent.services import catalogue
from tests.world import NOW, OPERATOR, document

OFFERS = 1


def worded(language="en", place=OFFERS, **words):
    """The park's file with some words of one purpose changed; two languages are enough to compare."""
    file = copy.deepcopy(document())
    texts = file["purposes"][place]["texts"]
    file["purposes"][place]["texts"] = {spoken: texts[spoken] for spoken in ("en", "zh-hans")}
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
    file["purposes"][OFFERS] |= {"recipients": ["mail-engine", "snapride"], "levels": None}
    assert said(file) == []


def test_the_demo_is_plain(db):
    assert said(document()) == []


def test_it_refuses_a_file_it_cannot_read(db):
    with pytest.raises(Invalid):
        catalogue.lint(document=[])


def refused(file):
    with pytest.raises(Invalid) as caught:
        catalogue.diff(document=file)
    return [(each.pointer, each.code) for each in caught.value.fields]


def publish_unjudged(file, monkeypatch):
    """Publish as it was possible before a rule was written."""
    with monkeypatch.context() as before:
        before.setattr(catalogue.wording, "refused", lambda *_: [])
        catalogue.apply(document=file, by=OPERATOR, now=NOW)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"why": "We may sell more."}, ("why", "L7")),
        ({"title": "Do not miss your offers"}, ("title", "L10")),
        ({"what": "Our partners see what you buy."}, ("what", "L11")),
        ({"why": " ".join(["We sell you one more thing"] * 5) + "."}, ("why", "L1")),
        ({"why": "It is ours by virtue of considerable organisational capability. " * 4}, ("why", "L4")),
        ({"if_no": "We delete your list after a time."}, ("if_no", "L12")),
    ],
)
def test_G18_an_error_keeps_new_words_from_being_published(db, words, found):
    field, rule = found
    assert (f"/purposes/1/texts/en/{field}", rule) in refused(worded(**words))
    with pytest.raises(Invalid):
        catalogue.apply(document=worded(**words), by=OPERATOR, now=NOW)
    assert not catalogue.purposes().exists()


def test_G18_an_error_keeps_changed_words_from_being_published(park):
    assert refused(worded("zh-hans", why="让您享受优惠。")) == [("/purposes/1/texts/zh-hans/why", "L10")]


def test_G18_what_stands_beside_a_level_talks_nobody_into_more(db):
    file = worded()
    file["purposes"][OFFERS]["levels"][0]["benefit"]["en"] = "You miss out on our offers"
    file["purposes"][OFFERS]["levels"][2]["example"]["zh-hans"] = "与 SnapRide 有限公司分享"
    assert {("/purposes/1/levels/0/benefit/en", "L10")} <= set(refused(file))
    assert {at for at, _ in refused(file)} == {
        "/purposes/1/levels/0/benefit/en",
        "/purposes/1/levels/2/example/zh-hans",
    }


def test_the_author_reads_what_is_wrong_and_what_to_write_instead(db):
    with pytest.raises(Invalid) as caught:
        catalogue.diff(document=worded(why="We read it prior to each sale."))
    [field] = caught.value.fields
    assert field.detail == "“prior to” is jargon. Write it in everyday words. Instead: “before”."


def test_words_published_before_are_not_judged_again(db, monkeypatch):
    bad = worded(why="We might sell more.")
    publish_unjudged(bad, monkeypatch)
    assert catalogue.diff(document=bad) == []
    bad["purposes"][OFFERS]["retention"] = "P6M"
    assert [step.number for step in catalogue.diff(document=bad)] == [2]
    bad["purposes"][OFFERS]["texts"]["en"]["title"] = "Offers for you"
    assert [step.number for step in catalogue.diff(document=bad)] == [2]
    bad["purposes"][OFFERS]["texts"]["en"]["why"] = "We might sell more now."
    assert ("/purposes/1/texts/en/why", "L7") in refused(bad)


def test_words_that_the_new_version_makes_untrue_are_refused_though_they_are_old(db):
    file = worded(what="We look at what you bought in the last 12 months.")
    file["purposes"][OFFERS]["texts"]["zh-hans"]["what"] = "我们查看您过去 12 个月买了什么。"
    catalogue.apply(document=file, by=OPERATOR, now=NOW)
    file["purposes"][OFFERS]["retention"] = "P6M"
    assert refused(file) == [("/purposes/1/texts/en/what", "L13"), ("/purposes/1/texts/zh-hans/what", "L13")]


def test_a_purpose_with_bad_words_can_be_retired(db, monkeypatch):
    bad = worded(why="We might sell more.")
    publish_unjudged(bad, monkeypatch)
    bad["purposes"][OFFERS]["retired"] = True
    assert [step.kind for step in catalogue.diff(document=bad)] == ["retire"]
    assert said(bad) == []


def test_advice_blocks_nothing(db):
    file = worded(title="Offers we may send")
    assert [severity for *_, severity in said(file)] == [WARNING]
    assert catalogue.apply(document=file, by=OPERATOR, now=NOW)


def test_the_log_keeps_what_the_rules_said_of_the_words(db):
    catalogue.apply(document=worded(title="Offers we may send"), by=OPERATOR, now=NOW)
    found = Entry.objects.filter(action="catalogue.published")
    said = {entry.purpose: entries.payloads([entry])[entry.id]["plain"] for entry in found}
    assert said["personal_offers"] == [["L7", "warning", "en", "title"]]
    assert said["improve_visit"] == []


def test_errors_stand_first(db):
    file = worded(place=3, why="We may count you. You can say no to it.")
    file["purposes"][0]["texts"]["en"]["title"] = "We may count"
    assert [severity for *_, severity in said(file)] == [ERROR, WARNING]
