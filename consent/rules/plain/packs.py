"""Which rules a language tag gets."""

from consent.rules.plain.arabic import ARABIC
from consent.rules.plain.chinese import CHINESE
from consent.rules.plain.english import ENGLISH
from consent.rules.plain.french import FRENCH
from consent.rules.plain.german import GERMAN
from consent.rules.plain.pack import Pack
from consent.rules.plain.spanish import SPANISH

PACKS = {pack.language: pack for pack in (ENGLISH, CHINESE, SPANISH, FRENCH, GERMAN, ARABIC)}
# For a language without rules: only lengths and figures are looked at, in words.
OTHER = Pack("")


def of(language: str) -> Pack:
    """The pack of a tag, or of its language (`en-gb` reads as `en`, `zh-cn` as `zh-hans`); OTHER when there is none."""
    tag = language.lower().replace("_", "-")
    if tag in ("zh", "zh-cn", "zh-sg") or tag.startswith("zh-hans-"):
        return PACKS["zh-hans"]
    return PACKS.get(tag) or PACKS.get(tag.split("-")[0]) or OTHER
