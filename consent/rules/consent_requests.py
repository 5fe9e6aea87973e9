"""A question that a brand asks one customer about one purpose: how long it waits, and where the answer goes back to."""

from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from consent.rules import lifecycle

# A question is asked at the moment it matters; an hour later that moment is over.
LASTS = timedelta(hours=1)
OCCASION_LENGTH, ADDRESS_LENGTH = 200, 2000
METHOD = "consent request page"
# What the brand is told of each answer.
OUTCOMES = {lifecycle.GIVE: "given", lifecycle.REFUSE: "refused", lifecycle.DEFER: "deferred"}


def problem(address: str, origins: Collection[str]) -> str:
    """What is wrong with the address that a customer goes back to; "" for one on an origin of the brand's own."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "This is no address."
    if f"{parts.scheme}://{parts.netloc}" in origins:
        return ""
    named = f"One of {', '.join(sorted(origins))}." if origins else "The setting BRAND_ORIGINS names none yet."
    return f"An address on a site of the brand's own, to which customers are sent back. {named}"


def back(address: str, act: str, number: UUID) -> str:
    """Where a customer goes back to, with the answer as a code and the question's number, and nothing of theirs."""
    parts = urlsplit(address)
    told = urlencode({"consent": OUTCOMES[act], "request": str(number)})
    return urlunsplit(parts._replace(query=f"{parts.query}&{told}" if parts.query else told))
