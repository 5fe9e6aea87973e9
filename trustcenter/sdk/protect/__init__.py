"""Enforcement inside PostgreSQL: row-level security and masked views, made from a mapping and kept fresh from the feed.

docs/enforce.md tells it. Needs psycopg 3 (the extra `postgres`).
"""

from .mapping import Mapping, Refused
from .plans import Plan, apply, plan, remove

__all__ = ["Mapping", "Plan", "Refused", "apply", "plan", "remove"]
