"""The verbs: keyword-only, one transaction each, the only code that writes. Call them as a sentence:

from consent.services import consents
consents.record(subject=…, choice=Choice("personal_offers", "withdraw", "web", "button"), by=…, now=…)

docs/architecture.md shows which file is about what.
"""
