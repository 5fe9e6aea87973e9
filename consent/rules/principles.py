"""The brand's principles for AI, as the catalogue file says them: by language, a title and up to seven statements."""

import unicodedata
from typing import Any

from consent.errors import Field
from consent.rules import members
from consent.rules.members import Problems

KEY = "ai"
MOST = 7


def rows(document: Any, at: str, problems: Problems) -> list[dict[str, Any]]:
    """The member `principles` in its fixed form: one row with a key and the words by language, or none.

    Words that are not approved stand apart, as `drafts`.
    """
    if document is None:
        return []
    if not isinstance(document, dict) or not document:
        problems.append(Field(at, "type", "The words in at least one language: {en: {title: …, statements: […]}}."))
        return []
    found = {str(language): _words(words, language, at, problems) for language, words in document.items()}
    if len({len(words["statements"]) for words in found.values()}) > 1:
        problems.append(Field(at, "differs", "Say the same statements, in the same order, in every language."))
    ready = {str(language) for language, words in document.items() if _approved(words, f"{at}/{language}", problems)}
    if not ready:
        problems.append(Field(at, "approved", members.NONE_APPROVED))
    words = {language: said for language, said in found.items() if language in ready}
    return [{"key": KEY, "words": words, "drafts": {each: found[each] for each in found if each not in ready}}]


def _approved(words: Any, at: str, problems: Problems) -> bool:
    return not isinstance(words, dict) or members.approved(words, at, problems)


def _words(words: Any, language: Any, at: str, problems: Problems) -> dict[str, Any]:
    here = f"{at}/{language}"
    members.language(language, here, problems)
    if not isinstance(words, dict):
        problems.append(Field(here, "type", "A mapping with title, statements."))
        return {"title": "", "statements": []}
    members.only(words, ("title", "statements", "approved"), here, problems)
    said = members.some_texts(words, "statements", here, problems)
    if len(said) > MOST:
        detail = f"At most {MOST} statements, not {len(said)}: what is short is read."
        problems.append(Field(f"{here}/statements", "too_many", detail))
    title = members.text(words, "title", here, problems)
    return {
        "title": unicodedata.normalize("NFC", title),
        "statements": [unicodedata.normalize("NFC", each) for each in said],
    }
