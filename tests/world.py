"""The named cast: Kestrel Park and the people around it.

Alice said yes to offers and to AdPartner by name. Bob said no. Carol was never asked. Mallory is unknown.
mail-engine is the park's own system; adpartner is a third party; Rosa is the privacy officer.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet

from audit import guards
from audit.services import seal
from consent.rules.choice import Choice
from consent.services import catalogue, checks, consents, keys, officers, signed_receipts, subjects
from consent.services.checks import Question
from consent.services.ledger import Actor
from consent.services.subjects import Handle

DEMO = Path(__file__).parent.parent / "trustcenter" / "demo"
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
SYSTEM = Actor("system", ref="mail-engine")
CUSTOMER = Actor("customer")
OPERATOR = Actor("operator")
PASSWORD = "seven tall herons at dusk"
ALICE, BOB, CAROL, MALLORY = (Handle("customer", f"C-100{place}") for place in range(1, 5))


@cache
def document() -> dict[str, Any]:
    return yaml.safe_load((DEMO / "kestrel-park.yaml").read_text("utf-8"))


def publish(*, now: datetime = NOW - timedelta(days=365), **changed: dict[str, Any]) -> None:
    """Publish the catalogue; `personal_offers={"retention": "P24M"}` publishes it with a purpose edited."""
    purposes = [_edited(row, changed.get(row["key"], {})) for row in document()["purposes"]]
    catalogue.apply(document=document() | {"purposes": purposes}, by=OPERATOR, now=now)


def _edited(row: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """A purpose with an edit. What goes into its AI follows the categories; an AI that nothing goes into is no more."""
    new = row | changed
    if "categories" in changed and "ai" in row and "ai" not in changed:
        left = [key for key in row["ai"]["in"] if key in new["categories"]]
        new |= {"ai": row["ai"] | {"in": left}} if left else {"ai": None, "uses_ai": False}
    return new


def digest(purpose: str, language: str = "en") -> str:
    """The digest of the text in force."""
    return catalogue.texts(catalogue.purpose(purpose).current)[language].digest


def say(who: Handle, act: str, purpose: str = "personal_offers", *, now: datetime = NOW, **more: Any):
    """Record a choice the way a shop's system does."""
    choice = Choice(purpose, act, method="button", **({"channel": "web", "language": "en"} | more))
    return consents.record(subject=who, choice=choice, by=SYSTEM, now=now)


def ask(
    who: Handle,
    purpose: str = "personal_offers",
    *,
    recipient: str = "mail-engine",
    now: datetime = NOW,
    **more,
):
    """Check, the way a system does, and give the answer."""
    question = Question(recipient=recipient, purpose=purpose, customer=who, **more)
    return checks.check(questions=[question], by=Actor("system", ref=recipient), now=now)[0]


def cast() -> None:
    """Everybody says what they are known for."""
    say(ALICE, "give", recipients=["mail-engine", "mailbird", "adpartner"], now=NOW - timedelta(days=30))
    say(BOB, "refuse", now=NOW - timedelta(days=20))
    subjects.register(identifiers=[CAROL, Handle("email", "carol@example.org")], by=SYSTEM, now=NOW)


def key(recipient: str = "mail-engine", *scopes: str, **limits: Any) -> str:
    """A key of a recipient, with the scopes a system usually has unless some are named."""
    chosen = scopes or ("decide", "consents:read", "consents:write", "reports")
    return keys.create(recipient=recipient, scopes=chosen, by=OPERATOR, now=NOW - timedelta(days=300), **limits).key


def officer(now: datetime = NOW):
    """Rosa, the privacy officer; made once."""
    known = get_user_model().objects.filter(username="rosa").first()
    words = {"username": "rosa", "password": PASSWORD, "full_name": "Rosa Lindqvist"}
    return known or officers.create(**words, by=OPERATOR, now=now)


def seal_all(now: datetime | None = None) -> None:
    """Let the sealer catch up."""
    while seal.seal(now=now or NOW).taken:
        pass


def sign_all(now: datetime | None = None) -> int:
    """Let the sealer catch up, and the receipts with it; returns how many were signed."""
    seal_all(now)
    signed, moment = 0, now or NOW + timedelta(seconds=2)
    while signed_receipts.waiting(now=moment):
        signed += signed_receipts.sign_waiting(now=moment)
    return signed


def damage(rows: QuerySet, **values: Any) -> None:
    """Change what is append-only, as somebody with the database could."""
    connection.check_constraints()  # PostgreSQL alters no table while a check is still to come
    guards.remove(connection)
    rows.update(**values)
    connection.check_constraints()
    guards.install(connection)


def lose(place: int) -> None:
    """Take one entry out of the log, as somebody with the database could."""
    connection.check_constraints()
    guards.remove(connection)
    with connection.cursor() as cursor:
        entry = "(SELECT entry_id FROM audit_leaf WHERE seq = %s)"
        for table, column in (("audit_payload", "entry_id"), ("audit_entry", "id")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = {entry}", [place])
        cursor.execute("DELETE FROM audit_leaf WHERE seq = %s", [place])
    connection.check_constraints()
    guards.install(connection)
