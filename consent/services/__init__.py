"""The verbs: keyword-only, one transaction each, the only code that writes. Call them as a sentence:

from consent.services import consents
consents.record(subject=…, purpose="personal_offers", act="withdraw", …)
"""
