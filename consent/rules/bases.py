"""Legal bases (GDPR Art. 6(1) and 9(2)(a)) and what each means for a choice."""

CONSENT = "consent"
EXPLICIT_CONSENT = "explicit_consent"
CONTRACT = "contract"
LEGAL_OBLIGATION = "legal_obligation"
VITAL_INTEREST = "vital_interest"
PUBLIC_INTEREST = "public_interest"
LEGITIMATE_INTEREST = "legitimate_interest"

ALL = (
    CONSENT,
    EXPLICIT_CONSENT,
    CONTRACT,
    LEGAL_OBLIGATION,
    VITAL_INTEREST,
    PUBLIC_INTEREST,
    LEGITIMATE_INTEREST,
)
# Off until the customer says yes (Art. 6(1)(a), 9(2)(a)).
ASKED = frozenset({CONSENT, EXPLICIT_CONSENT})
# On until the customer says no (Art. 21(1)).
OBJECTABLE = frozenset({LEGITIMATE_INTEREST, PUBLIC_INTEREST})
# On none of these may sensitive data be used: Art. 9(2) knows no such ground.
PLAIN = frozenset({CONSENT, CONTRACT, LEGITIMATE_INTEREST})
# Neither: the customer cannot switch it.
FIXED = frozenset(ALL) - ASKED - OBJECTABLE
