"""API keys: make, end, list, and recognise."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from consent.errors import Field, Invalid, NotFound
from consent.models import ApiKey, Recipient
from consent.services import catalogue, ledger
from consent.services.ledger import Actor, Fact

SCOPES = (
    *("decide", "search", "consents:read", "consents:write", "catalogue"),
    *("rights", "reports", "feed", "audit", "admin"),
)
_FORM = re.compile(r"tc_([0-9a-z]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Made:
    """A new key. `secret` is shown once and never stored."""

    key: str
    row: ApiKey


@transaction.atomic
def create(
    *,
    recipient: str,
    scopes: Sequence[str],
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    purposes: Sequence[str] | None = None,
    namespaces: Sequence[str] | None = None,
    networks: Sequence[str] = (),
) -> Made:
    """Make a key for a recipient.

    Raises Invalid for an unknown scope or network, and for a third party's key that is not limited to purposes and
    namespaces or that would be `admin`; NotFound for an unknown recipient.
    """
    owner = catalogue.recipient(recipient)
    _check(owner, scopes, purposes, namespaces, networks)
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        prefix=prefix,
        secret_hash=hashlib.sha256(secret.encode()).digest(),
        recipient=owner,
        scopes=sorted(set(scopes)),
        purposes=None if purposes is None else sorted(set(purposes)),
        namespaces=None if namespaces is None else sorted(set(namespaces)),
        networks=list(networks),
        created_at=now,
        expires_at=expires_at,
    )
    details = {"prefix": prefix, "scopes": row.scopes}
    ledger.record(Fact("key.created", recipient=owner.key, details=details), by=by, now=now)
    return Made(f"tc_{prefix}_{secret}", row)


@transaction.atomic
def revoke(*, prefix: str, by: Actor, now: datetime) -> ApiKey:
    """End a key at once; ending it again changes nothing. Raises NotFound."""
    row = ApiKey.objects.select_for_update().select_related("recipient").filter(prefix=prefix).first()
    if row is None:
        raise NotFound("No key has this prefix; `trustcenter list-keys` shows them.")
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        ledger.record(Fact("key.revoked", recipient=row.recipient.key, details={"prefix": prefix}), by=by, now=now)
    return row


def listed() -> models.QuerySet[ApiKey]:
    """Every key, newest first."""
    return ApiKey.objects.select_related("recipient").order_by("-id")


def recognise(*, key: str, address: str, now: datetime) -> ApiKey | None:
    """The row of a valid key used from an address it may be used from; None for every other case alike."""
    found = _FORM.fullmatch(key)
    row = ApiKey.objects.select_related("recipient").filter(prefix=found[1]).first() if found else None
    # Compare even when there is no row, so that the time tells nothing about prefixes.
    wanted = bytes(row.secret_hash) if row else b"\0" * 32
    same = hmac.compare_digest(hashlib.sha256((found[2] if found else "").encode()).digest(), wanted)
    if row is None or not same or row.revoked_at or (row.expires_at and row.expires_at <= now):
        return None
    if row.networks and not any(_within(address, network) for network in row.networks):
        return None
    if row.used_on != now.date():
        ApiKey.objects.filter(pk=row.pk).update(used_on=now.date())
    return row


def _check(
    owner: Recipient,
    scopes: Sequence[str],
    purposes: Sequence[str] | None,
    namespaces: Sequence[str] | None,
    networks: Sequence[str],
) -> None:
    problems = []
    if not scopes or any(each not in SCOPES for each in scopes):
        problems.append(Field("/scopes", "choice", f"One or more of {', '.join(SCOPES)}."))
    if owner.third_party and (purposes is None or namespaces is None):
        problems.append(
            Field("/purposes", "required", "A third party's key is limited: name its purposes and namespaces.")
        )
    if owner.third_party and "admin" in scopes:
        problems.append(Field("/scopes", "choice", "A third party's key cannot be admin."))
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            problems.append(Field("/networks", "format", f"{network} is no network such as 10.0.0.0/8."))
    if problems:
        raise Invalid(*problems)


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False
