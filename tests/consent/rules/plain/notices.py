"""The notices of tests/corpus and how the tests read them."""

from pathlib import Path

import yaml

from consent.rules import plain

CORPUS = Path(__file__).parents[3] / "corpus"
GOOD, BAD = (yaml.safe_load((CORPUS / f"{kind}.yaml").read_text("utf-8")) for kind in ("good", "bad"))
CATALOGUE = {"basis": "consent", "retention": "P12M", "consent_lasts": "P24M", "recipients": ["Harbour Mail Ltd"]}

ENGLISH = {
    "title": "Offers by e-mail",
    "what": "We look at what you buy. We send you offers for the same kind of things.",
    "why": "So that you get fewer messages that mean nothing to you.",
    "benefit": "About 2 offers a month",
    "if_no": "We stop at once and delete your list within 30 days.",
}
CHINESE = {
    "title": "发送优惠",
    "what": "我们查看您在店里买了什么。我们给您发送同类商品的优惠。",
    "why": "让您少收到与您无关的消息。",
    "benefit": "每月约 2 次优惠",
    "if_no": "我们立即停止，并在 30 天内删除您的名单。",
}


def check(texts, **catalogue):
    return plain.check(texts, **CATALOGUE | catalogue)


def read(notice):
    """What is found in a notice of the corpus."""
    return check(notice["texts"], **{name: notice[name] for name in CATALOGUE if name in notice})


def english(**changed):
    return check({"en": ENGLISH | changed})


def chinese(**changed):
    return check({"zh-hans": CHINESE | changed})


def rules(found):
    return {(each.rule, each.severity) for each in found}


def errors(found):
    return {each.rule for each in found if each.severity == plain.ERROR}


def told(found):
    """Findings as lines, for a test that fails to say why."""
    return "\n".join(f"{each.rule} {each.severity} {each.language}/{each.field}: {each.message}" for each in found)
