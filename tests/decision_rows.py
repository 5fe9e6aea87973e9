"""A decision case as rows of the database: what the server would hold if that had happened."""

import uuid
from datetime import date, timedelta
from typing import Any

from consent.models import (
    Category,
    ConsentEvent,
    ConsentState,
    Controller,
    Purpose,
    PurposeVersion,
    Recipient,
    Subject,
)
from consent.models.catalogue import VersionCategory, VersionRecipient
from consent.services import subjects
from consent.services.subjects import Handle
from tests.decision_cases import moment
from tests.world import OPERATOR

WHO = Handle("customer", "C-1")
KINDS = {"mailbird": "processor", "adpartner": "third_party", "snapride": "third_party", "nobody": ""}


def store(given: dict[str, Any], recipient: str) -> None:
    """Make the world of one case."""
    now = moment(given["now"])
    recipient_row(recipient)
    purpose = _purpose(given["purpose"], now) if given["purpose"] else None
    if given["customer"] is None:
        return
    subject, _ = subjects.register(identifiers=[WHO], by=OPERATOR, now=now - timedelta(days=900))
    _describe(subject, given["customer"], now)
    if purpose and given["customer"].get("state"):
        _state(subject, purpose, given["customer"], now)


def _describe(subject: Subject, customer: dict[str, Any], now) -> None:
    """A customer of this age, under this law, with this signal: it came with the yes, so the yes is no later."""
    subject.jurisdiction = "IN" if customer.get("never_shared") else "US-CA" if customer.get("must_opt_in") else ""
    if customer.get("minor"):
        subject.minor_until = date(2032, 1, 1)
    elif customer.get("must_opt_in"):
        subject.minor_until = date(2026, 1, 1)
    subject.gpc_at = now if customer.get("gpc") else None
    subject.limited_at = now if customer.get("limited") else None
    subject.save()


def _purpose(row: dict[str, Any], now) -> Purpose:
    controller = Controller.objects.create(key="park", name="Park", address="x", regulator="ICO", jurisdiction="GB")
    purpose = Purpose.objects.create(key=row["key"], controller=controller, position=1)
    material = 1
    for number, each in enumerate(row["versions"], 1):
        material = number if each["material"] else material
        purpose.current = _version(purpose, number, material, each, now - timedelta(days=800 - number))
    purpose.retired_at = now if row.get("retired") else None
    purpose.save()
    return purpose


def _version(purpose: Purpose, number: int, material: int, row: dict[str, Any], at) -> PurposeVersion:
    version = PurposeVersion.objects.create(
        purpose=purpose,
        number=number,
        controller=purpose.controller,
        legal_basis=row["legal_basis"],
        sale_or_sharing=row.get("sale_or_sharing", False),
        consent_lasts=row.get("consent_lasts") or "",
        retention="P12M",
        min_age=row.get("min_age"),
        material=row["material"],
        material_number=material,
        digest=uuid.uuid4().hex * 2,  # what is kept in memory is kept under it, and rows are numbered anew each test
    )
    for place, key in enumerate(row["categories"]):
        category, _ = Category.objects.get_or_create(key=key, defaults={"name": {"en": key}})
        VersionCategory.objects.create(version=version, category=category, position=place)
    for place, key in enumerate(row["recipients"]):
        VersionRecipient.objects.create(version=version, recipient=recipient_row(key), position=place)
    version.published_at = at
    version.save()
    return version


def recipient_row(key: str) -> Recipient | None:
    """A recipient of the catalogue; none for `nobody`."""
    kind = KINDS.get(key, "system")
    found = {"kind": kind, "name": key, "country": "GB"}
    return Recipient.objects.get_or_create(key=key, defaults=found)[0] if kind else None


def _state(subject: Subject, purpose: Purpose, customer: dict[str, Any], now) -> None:
    state = customer["state"]
    version = purpose.versions.get(number=state["version"]) if state.get("version") else None
    event = ConsentEvent.objects.create(
        subject=subject,
        purpose=purpose,
        version=version or purpose.current,
        act="give",
        channel="web",
        actor="self",
        collected_at=now,
        recorded_at=now,
        entry_id=uuid.uuid4(),
    )
    ConsentState.objects.create(
        subject=subject,
        purpose=purpose,
        status=state["status"],
        version=version,
        categories=state["categories"],
        recipients=state["recipients"],
        expires_at=moment(state.get("expires_at")),
        paused_until=moment(state.get("paused_until")),
        objected=state.get("objected", False),
        by_guardian=customer.get("guardian", False),
        since=now,
        event=event,
    )
