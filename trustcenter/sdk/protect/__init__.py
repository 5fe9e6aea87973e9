"""Enforcement inside PostgreSQL: row-level security and masked views, made from a mapping and kept fresh from the feed.

docs/enforce.md tells it. Needs psycopg 3 (the extra `postgres`).
"""

from .follower import Follower, line
from .mapping import Mapping, Refused
from .plans import Plan, apply, plan, remove
from .verify import Report, verify

__all__ = ["Follower", "Mapping", "Plan", "Refused", "Report", "apply", "line", "plan", "remove", "verify"]
