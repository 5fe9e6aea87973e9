"""Reading formulas. English: Flesch-Kincaid grade (Kincaid et al. 1975), the school year that reads a text with ease.

The others have formulas of their own, as Flesch-Kincaid is fitted to English: German the first new Wiener
Sachtextformel (Bamberger, Vanecek 1984), French Kandel and Moles (1958), Spanish Fernández Huerta (1959).
"""

from consent.rules.plain import syllables
from consent.rules.plain.pack import Pack
from consent.rules.plain.passage import Passage

_PLAIN = Pack("en", abbreviations=frozenset({"e.g.", "i.e.", "mr.", "mrs.", "ms.", "dr.", "no.", "ltd.", "inc."}))


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of an English text: 0.39 words/sentence + 11.8 syllables/word - 15.59; 0 when empty."""
    passage = Passage(_PLAIN, "en", "", text)
    return flesch_kincaid(passage.words, len(passage.sentences)) if passage.words else 0.0


def flesch_kincaid(words: list[str], sentences: int) -> float:
    spoken = sum(map(syllables.english, words))
    return 0.39 * len(words) / sentences + 11.8 * spoken / len(words) - 15.59


def wiener(words: list[str], sentences: int) -> float:
    """A school year: long words of three and more syllables, sentence length, letters, and short words."""
    spoken = [syllables.german(word) for word in words]
    percent = 100 / len(words)
    long_words = percent * sum(count >= 3 for count in spoken)
    many_letters = percent * sum(len(word) > 6 for word in words)
    short_words = percent * sum(count == 1 for count in spoken)
    length = len(words) / sentences
    return 0.1935 * long_words + 0.1672 * length + 0.1297 * many_letters - 0.0327 * short_words - 0.875


def kandel_moles(words: list[str], sentences: int) -> float:
    """Ease from 0 to 100."""
    spoken = sum(map(syllables.french, words))
    return 207 - 1.015 * len(words) / sentences - 73.6 * spoken / len(words)


def fernandez_huerta(words: list[str], sentences: int) -> float:
    """Ease from 0 to 100."""
    spoken = sum(map(syllables.spanish, words))
    return 206.84 - 60 * spoken / len(words) - 1.02 * len(words) / sentences
