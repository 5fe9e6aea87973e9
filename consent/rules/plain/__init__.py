"""Are the words of a notice plain? Rules L0 to L14 (docs/plain-language.md), in six languages, standard library only.

    check({"en": {"title": …, "what": …}}, recipients=["MailBird Ltd"], retention="P12M", consent_lasts="P24M",
          basis="consent")  →  [Finding("L7", "error", "en", "what", (3, 6), "“may” leaves people guessing. …", …)]

Errors block publishing, warnings do not. No finding is no proof that people understand: only people can show that.
"""

from consent.rules.plain.check import check, check_principles
from consent.rules.plain.finding import ERROR, RULES, WARNING, Finding
from consent.rules.plain.lengths import LEVELS
from consent.rules.plain.scores import grade

__all__ = ["ERROR", "LEVELS", "RULES", "WARNING", "Finding", "check", "check_principles", "grade"]
