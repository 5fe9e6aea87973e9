"""Ask TrustCenter before data is used, from Python.

    client = Client("https://trust.example.org", key, recipient="mail-engine")
    if client.check("personal_offers", "customer:C-1001", ["contact.email"]):
        …

Guards for frameworks stand in modules of their own, so that nothing is imported that is not used: `django`,
`rest_framework`, `fastapi`, `celery`, `dataframes`. docs/sdk.md shows each.
"""

from .async_client import AsyncClient
from .audience import AsyncAudience, Audience
from .breaker import Breaker
from .client import Client
from .course import Timeout
from .errors import Member, NotPermitted, Rejected, TrustCenterError, Unreachable
from .guards import allowed, requires
from .local import LocalChecker
from .messages import STALE, UNREACHABLE, UNREPORTED, Customer, Decision, Question, Recorded, Use

__all__ = [
    "STALE",
    "UNREACHABLE",
    "UNREPORTED",
    "AsyncAudience",
    "AsyncClient",
    "Audience",
    "Breaker",
    "Client",
    "Customer",
    "Decision",
    "LocalChecker",
    "Member",
    "NotPermitted",
    "Question",
    "Recorded",
    "Rejected",
    "Timeout",
    "TrustCenterError",
    "Unreachable",
    "Use",
    "allowed",
    "requires",
]
