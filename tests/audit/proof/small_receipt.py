"""A signed receipt over a small log: only the members that a verifier reads, so that each can be bent."""

from audit.proof import canonical, jws, receipt
from tests.audit.proof.small_log import ORIGIN, Key, SmallLog

NUMBER = "019d8bdc-da00-7000-8018-b1fab2007dfb"
WORDS = {"title": "Fitting offers", "what": "We look at what you buy. 您买了什么"}
PURPOSE, VERSION = "personal_offers", 1
RECEIPT_KEY = Key(7, receipt.key_name(ORIGIN))


def digest(words=WORDS, language="en"):
    import hashlib

    said = {"purpose": PURPOSE, "version": VERSION, "language": language, "text": words}
    return hashlib.sha256(canonical.dumps(said)).hexdigest()


def leaf():
    return {
        "v": 1,
        "id": NUMBER,
        "at": "2026-05-14T12:00:01.000000Z",
        "action": "consent.given",
        "actor": {"type": "system", "ref": "shop"},
        "commitment": "00" * 32,
        "subject": "s_1",
        "purpose": PURPOSE,
        "version": VERSION,
        "details": {
            "channel": "web",
            "actor": "self",
            "collected_at": "2026-05-14T12:00:00.000000Z",
            "categories": ["contact.email", "purchase_history"],
            "recipients": ["mail-engine"],
            "notice": digest(),
            "language": "en",
        },
    }


def named(identifier):
    return {"dct:identifier": [identifier], "dpv:hasIdentifier": [identifier]}


def document():
    event = {
        "@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"],
        "dct:date": ["2026-05-14T12:00:00.000000Z"],
        "tc:action": "consent.given",
        "tc:actor": "self",
        "tc:channel": "web",
        "tc:recorded": "2026-05-14T12:00:01.000000Z",
    }
    process = {
        "dpv:hasPurpose": [named(PURPOSE) | {"tc:version": VERSION}],
        "dpv:hasPersonalData": [named("contact.email"), named("purchase_history")],
        "dpv:hasRecipient": [named("mail-engine")],
    }
    record = named(NUMBER) | {
        "dct:language": ["en"],
        "dpv:hasDataSubject": [named("s_1")],
        "dpv:hasNotice": [named(digest()) | {"dct:language": ["en"], "tc:words": WORDS}],
        "dpv:hasProcess": [process],
        "dpv:hasConsentStatus": [event],
    }
    return named(NUMBER) | {"@type": ["dpv:ConsentReceipt"], "dpv:hasRecordOfActivity": [record]}


def log(**changed):
    """A log with the entry of the receipt at place 5 of 9."""
    small = SmallLog(size=5)
    small.append([leaf() | changed])
    small.append([leaf() | {"id": f"other-{place}"} for place in range(3)])
    return small


def signed(doc=None, *, key=RECEIPT_KEY, proof=None, **more):
    """The file, signed by `key` over whatever it is given."""
    proof = proof or log().bundle([5], disclosed=False)
    said = (doc or document()) | {"iss": key.name, "tc:key": key.vkey, "tc:log": proof} | more
    return jws.sign(canonical.dumps(said), key.public, key.sign).encode()
