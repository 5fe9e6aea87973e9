"""What staff write down for a customer whom they met: on the phone, in a shop, or on a paper that was signed."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from consent.errors import NotFound
from consent.models import NoticeText, PurposeVersion, Subject
from consent.rules import acting, bases, decision, lifecycle
from consent.rules import choice as rules
from consent.rules.choice import Choice
from consent.services import catalogue, consents, scans, states, versions
from consent.services.consents import Recorded
from consent.services.ledger import Actor

METHOD = "taken down by staff"


@dataclass(frozen=True)
class Offer:
    """A purpose that there is something to choose about: its title in the officer's language, its words in each."""

    key: str
    title: str
    texts: tuple[NoticeText, ...]


def offered(*, language: str, now: datetime) -> list[Offer]:
    """Every purpose that staff may write a choice down for, in catalogue order."""
    rows = [row for row in catalogue.purposes() if row.retired_at is None or row.retired_at > now]
    current = {row.key: row.current for row in rows if row.current and row.current.legal_basis not in bases.FIXED}
    read = versions.read(current.values())
    found = [(key, read[version.pk]) for key, version in current.items() if read[version.pk].texts]
    return [Offer(key, str(row.notice(language).text["title"]), tuple(row.texts.values())) for key, row in found]


@transaction.atomic
def record(
    *,
    subject: Subject,
    purpose: str,
    yes: bool,
    channel: str,
    language: str,
    reason: str,
    scan: bytes | None,
    by: Actor,
    now: datetime,
) -> Recorded:
    """Record a customer's yes or no for them, with the scan of what they signed where there is one.

    A yes covers all that is offered except third parties. On the phone and in a shop the text in force is what was read
    to them; of a paper it is assumed. Raises NotFound for a purpose that was never published, and as scans.store and
    consents.record.
    """
    version = catalogue.purpose(purpose).current
    if version is None:
        raise NotFound
    evidence = {acting.REASON: reason}
    if scan is not None:
        evidence[acting.SCAN] = scans.store(subject=subject, content=scan, by=by, now=now)[0].digest
    choice = Choice(
        purpose,
        lifecycle.GIVE if yes else _no(subject, version),
        channel,
        METHOD,
        language=language,
        notice_digest=_read_out(version, language) if channel != acting.PAPER else "",
        actor="staff",
        evidence=evidence,
    )
    return consents.record(subject=subject, choice=choice, by=by, now=now)


def _no(subject: Subject, version: PurposeVersion) -> str:
    """A no of who never said yes is a refusal."""
    act = rules.no(version.legal_basis)
    if act != lifecycle.WITHDRAW:
        return act
    held = states.as_rule(states.one(subject, version.purpose))
    return act if held.status in decision.PERMITTING else lifecycle.REFUSE


def _read_out(version: PurposeVersion, language: str) -> str:
    text = catalogue.texts(version).get(language)
    return text.digest if text else ""
