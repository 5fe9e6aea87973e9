"""Every rule has texts that trip it and nothing else; everyday words trip none."""

import re

import pytest

from consent.rules.plain import ERROR, RULES, WARNING, packs
from consent.rules.plain.passage import Passage
from tests.consent.rules.plain.notices import CHINESE, ENGLISH, check, chinese, english, rules, told
from tests.tree import ROOT

pytestmark = pytest.mark.once

LONG = "We look at what you buy in each of our shops and we send you a list of the new things we think will fit you."
LONG_CHINESE = "我们查看您在店里买了什么、何时买、在哪家店买、花了多少钱，然后给您发送同类商品的优惠，每次都不同。"
MIDDLE = "We look at what you buy in each of our shops and send you a list by e-mail."
HARD = (
    "We describe delivery options, contract agreements, weekend collection. Regional managers inspect internal "
    "reporting standards. Quarterly summaries describe seasonal customer numbers, regional delivery numbers, "
    "company finances."
)

ALONE = [
    ("L0", WARNING, lambda: check({"it": ENGLISH})),
    ("L1", ERROR, lambda: english(what=f"{LONG} So it is.")),
    ("L1", ERROR, lambda: chinese(what=LONG_CHINESE)),
    ("L2", WARNING, lambda: english(what=MIDDLE, why=MIDDLE, if_no=MIDDLE.replace("send", "in 30 days delete"))),
    ("L3", WARNING, lambda: chinese(what="我们查看您在我们店里和网上都买了什么东西。我们给您发优惠。")),
    ("L3", ERROR, lambda: chinese(what="我们查看您去年在我们店里和我们网上商店都买了些什么样的东西。我们给您发优惠。")),
    ("L5", WARNING, lambda: english(why="So that you find accommodation.")),
    ("L6", ERROR, lambda: english(what="We look at your visits prior to each sale. We send you offers.")),
    ("L6", ERROR, lambda: chinese(what="我们查看用户画像。我们给您发送优惠。")),
    ("L7", ERROR, lambda: english(what="We may look at what you buy. We send you offers.")),
    ("L7", WARNING, lambda: english(benefit="You might get 2 offers a month")),
    ("L8", WARNING, lambda: chinese(what="我们查看您在饕餮店里买了什么。我们给您发送优惠。")),
    ("L9", ERROR, lambda: english(why="So that you do not get messages without a use for you.")),
    ("L9", ERROR, lambda: chinese(why="我们不得不给您发消息。")),
    ("L9", WARNING, lambda: english(what="We look at what you buy. Offers are sent to you.")),
    ("L10", ERROR, lambda: english(benefit="2 amazing offers a month")),
    ("L10", ERROR, lambda: chinese(benefit="2 次限时优惠")),
    ("L11", ERROR, lambda: english(what="We look at what you buy. Our affiliates send you offers.")),
    ("L11", ERROR, lambda: chinese(what="我们查看您买了什么。第三方给您发送优惠。")),
    ("L12", ERROR, lambda: english(title="Send you offers that fit you well")),
    ("L12", ERROR, lambda: english(benefit="2 offers a month for the things that you and we like")),
    ("L12", ERROR, lambda: english(why=" ")),
    ("L12", ERROR, lambda: english(if_no="We stop at once and delete your list soon.")),
    ("L12", WARNING, lambda: english(if_no="We stop at once.")),
    ("L12", ERROR, lambda: chinese(title="给您发送适合您的商品的优惠")),
    ("L13", ERROR, lambda: english(what="We look at what you buy. We keep the list for 18 months.")),
    ("L13", ERROR, lambda: english(if_no="We stop at once and delete your list within three years.")),
    ("L13", ERROR, lambda: english(what="We look at what you buy. Red Kite GmbH sends you offers.")),
    ("L13", ERROR, lambda: check({"en": ENGLISH, "zh-hans": CHINESE | {"benefit": "每月约 3 次优惠"}})),
    ("L13", ERROR, lambda: check({"en": ENGLISH, "it": ENGLISH | {"benefit": "Offers"}})),
    ("L14", WARNING, lambda: english(what="The shop looks at what you buy.", if_no="The list goes in 30 days.")),
    ("L14", WARNING, lambda: chinese(what="我们查看你在店里买了什么。我们给您发送优惠。")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "severity", "found"), ALONE)
def test_it_is_tripped_alone(rule, severity, found):
    seen = found()
    expected = {(rule, severity)}
    if rule == "L14" and seen[0].language == "en":
        expected |= {("L12", WARNING)}  # a text with no "we" promises no deletion either
    if "it" in {each.language for each in seen}:
        expected |= {("L0", WARNING)}
    assert rules(seen) == expected, told(seen)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("L7", "We use it for things like offers."),
        ("L7", "We use facts, including your age."),
        ("L7", "We use facts, for example your age."),
        ("L7", "We keep it for a reasonable period."),
        ("L7", "We keep it as long as we need it."),
        ("L10", "Do you really want to stop?"),
        ("L10", "You will miss our offers."),
        ("L10", "We would be sad."),
        ("L11", "We share it with companies we trust."),
        ("L11", "Brands we work with see it."),
    ],
)
def test_vague_words_guilt_and_receivers_without_a_name_are_errors(rule, words):
    assert (rule, ERROR) in {(found.rule, found.severity) for found in english(what=words)}


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("Nous écrivons ce qui s’est passé. Nous choisissons une offre adaptée chaque année.", set()),
        ("Un ordinateur cherche vos photos. L’ordinateur peut se tromper. Nous l'utilisons.", set()),
        ("Vos photos sont envoyées à votre adresse.", {("L9", WARNING)}),
        ("Nous regardons le catalogue international.", {("L5", WARNING)}),
    ],
)
def test_french_is_heard_as_it_is_spoken(what, found):
    notice = {
        "title": "Des offres pour vous",
        "what": what,
        "why": "Vous recevez des offres qui vous plaisent.",
        "benefit": "2 offres par mois",
        "if_no": "Vous ne recevez rien. Nous effaçons la liste en 30 jours.",
    }
    seen = check({"fr": notice})
    assert rules(seen) == found, told(seen)


def test_a_hard_text_trips_only_its_score():
    assert rules(english(what=HARD)) == {("L4", ERROR)}


def test_a_hard_field_does_not_hide_behind_easy_ones():
    easy = "We like to keep it short so that you can read it. " * 5
    assert ("L4", ERROR) in rules(english(what=f"{HARD} {HARD}", why=easy, ai=easy))


def test_every_rule_is_tried():
    assert {rule for rule, _, _ in ALONE} | {"L4"} == set(RULES)


def test_the_docs_name_every_rule_in_order():
    text = (ROOT / "docs" / "plain-language.md").read_text("utf-8")
    assert re.findall(r"^\| `(L\d+)`", text, flags=re.M) == list(RULES)


def test_a_finding_says_where_and_how_to_mend_it():
    [found] = english(what="We read your visits prior to each sale. We send you offers.")
    assert (found.rule, found.severity, found.language, found.field) == ("L6", ERROR, "en", "what")
    assert "We read your visits prior to each sale."[slice(*found.span)] == "prior to"
    assert found.suggestion == "before"
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    "what",
    [
        "We open in May. You get 2 offers by 3 May.",
        "We look at what you buy every 5 days. You can be 16 years old.",
        "You must be aged 16 months or more.",
        "Mr. Hill reads it, e.g. at work. We keep it for a year.",
        "We keep it for 1 year. We ask you again after 2 years.",
        "Harbour Mail Ltd sends it to you. Harbour Mail sees your address.",
        "It costs you 2,500 pounds.",
        "We don't sell it, and we don't lend it.",
        "The dismay is yours. We use half of it.",
        "You write to help@shop.example. We reply.",
        "Offers are sent to you by us.",
    ],
)
def test_everyday_words_pass(what):
    found = english(what=what)
    assert found == [], told(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("within 24 hours", "在 1 天内"),
        ("within two days", "在 48 小时内"),
        ("within 1 week", "在 7 天内"),
        ("by 3 May 2026", "在 2026 年 5 月 3 日前，30 天内"),
        ("within twelve months", "在 1 年内"),
    ],
)
def test_A25_the_same_time_in_other_units_is_the_same(one, other):
    english_text = f"We delete your list {one}" + (" and within 30 days." if "May" in one else ".")
    texts = {"en": ENGLISH | {"if_no": english_text}, "zh-hans": CHINESE | {"if_no": f"我们{other}删除您的名单。"}}
    found = check(texts)
    assert found == [], told(found)


def test_A25_names_are_the_same_in_every_language():
    names = ENGLISH | {"what": "Harbour Mail sends you offers. We see what you buy."}
    assert rules(check({"en": names, "zh-hans": CHINESE})) == {("L13", ERROR)}


def test_a_receiver_of_the_catalogue_that_the_version_does_not_name_is_refused():
    said = {"en": ENGLISH | {"what": "We look at what you buy. Kite sends you offers."}}
    assert rules(check(said, others=["Kite Ltd"])) == {("L13", ERROR)}
    assert check(said, others=["Kite Ltd"], recipients=["Kite Ltd"]) == []


def test_what_cannot_be_turned_off_promises_no_deletion():
    said = {"en": ENGLISH | {"if_no": "You cannot turn this off. We keep it even when you ask us to delete it."}}
    assert check(said, basis="legal_obligation", consent_lasts="") == []
    assert rules(check(said)) == {("L12", ERROR)}


def test_a_language_is_read_by_the_rules_of_its_family():
    assert rules(check({"en-gb": ENGLISH | {"why": "So that you get amazing offers."}})) == {("L10", ERROR)}
    assert rules(check({"zh-cn": CHINESE | {"why": "让您享受优惠。"}})) == {("L10", ERROR)}


def test_the_name_of_a_receiver_may_be_long():
    said = {"en": ENGLISH | {"what": "We look at what you buy. Opportunity Mail sends you offers."}}
    assert check(said, recipients=["Opportunity Mail Ltd"]) == []
    assert rules(check(said)) == {("L5", WARNING)}


def test_each_promise_to_delete_needs_a_time_of_its_own():
    found = english(if_no="We write to you within 30 days. We delete your list soon.")
    assert [each.rule for each in found] == ["L12"]


def test_phrases_of_two_rules_may_overlap():
    assert rules(english(what="We look at it for a while you can buy it.")) == {("L7", ERROR), ("L10", ERROR)}
    assert rules(chinese(what="我们查看您可能够您享受极致的东西。")) == {("L7", ERROR), ("L10", ERROR)}


@pytest.mark.parametrize(
    ("english_words", "language", "words"),
    [
        ("We do this since 2026.", "zh-hans", "我们从 2026 年起这样做，您放了心。"),
        ("You give us one photo of you.", "zh-hans", "您给我们一张照片。"),
        ("You give us 1 photo of you and 2 names.", "zh-hans", "您给我们一张照片和两个名字。"),
        ("We ask 1,000 of you.", "de", "Wir fragen 1.000 von Ihnen."),
        ("You pay 2.50 pounds to us.", "de", "Sie zahlen uns 2,50 Pfund."),
        ("You get 3 offers from us.", "ar", "تصلك منا ٣ عروض."),
        ("We ask you on 3 March 2026.", "de", "Wir fragen Sie am 3. März 2026."),
        ("We ask you on March 3, 2026.", "es", "Le preguntamos a usted el 3 de marzo de 2026."),
        ("We ask you on 3 March 2026.", "fr", "Nous vous demandons le 3 mars 2026."),
        ("We ask you on 3 March 2026.", "ar", "نسألك نحن في 3 مارس 2026."),
    ],
)
def test_A25_the_same_figure_written_otherwise_is_the_same(english_words, language, words):
    found = plain_facts({"en": {"why": english_words}, language: {"why": words}})
    assert found == [], told(found)


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", "我们从 2025 年起这样做。"), ("de", "Das tun wir seit 3. Mai 2026."), ("fr", "Nous le faisons.")],
)
def test_A25_another_figure_is_not(language, words):
    assert plain_facts({"en": {"why": "We do this since 2026."}, language: {"why": words}})


def plain_facts(texts):
    return [each for each in check(texts) if each.rule == "L13"]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "Mr. Hill reads it, e.g. at work. Then he stops.", 2),
        ("en", "It costs 2.50 pounds! Does it? Yes…", 3),
        ("de", "Wir fragen am 3. März. Sie sagen z. B. ja.", 2),
        ("zh-hans", "我们停止。您可以拒绝！好吗？", 3),
        ("ar", "نتوقف. هل تريد؟ نعم.", 3),
        ("en", " … ?! ", 0),
    ],
)
def test_sentences_are_cut_where_people_stop(language, text, count):
    assert len(Passage(packs.of(language), language, "what", text).sentences) == count


def test_one_phrase_is_told_once():
    assert [each.rule for each in english(benefit="Offers you don't miss out on, 2 a month")] == ["L10"]


def test_arabic_words_are_found_with_small_words_written_onto_them():
    found = check({"ar": {"what": "نرسل القائمة إلى المتجر وللشركاء."}})
    assert "L11" in {each.rule for each in found}, told(found)
