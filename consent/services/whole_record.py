"""Everything that is kept about one customer, carried away by staff. That it was carried away is itself a fact."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from consent.models import Category, ConsentEvent, Recipient, Subject
from consent.rules import bases, lifecycle
from consent.rules.actions import USES
from consent.rules.whole_record import Happened, Said, Stands, Whole
from consent.services import (
    catalogue,
    evidence,
    families,
    ledger,
    mailing,
    receipt_facts,
    signed_receipts,
    subjects,
    versions,
)
from consent.services.evidence import Line
from consent.services.ledger import Actor, Fact
from consent.services.subjects import Handle

PAGE = 200
_VIEWS = ("evidence.viewed", "evidence.exported", "log.searched", "mandate.used")


@transaction.atomic
def carry_away(
    *, customer: Handle | Subject, by: Actor, now: datetime, progress: Callable[[int], None] = lambda entries: None
) -> Whole:
    """What stands, every choice with its words and its receipt, uses, benefits, identifiers, evidence, staff's looks.

    customer: as a handle by staff; as their record by the customer themselves, who are not told staff's names (CJEU
    C-579/21). progress(entries read) is called now and then. Raises NotFound for a customer we do not know.
    """
    own = isinstance(customer, Subject)
    subject = customer if isinstance(customer, Subject) else subjects.get(customer)
    lines = []
    for line in _lines(subject):
        lines.append(line)
        if len(lines) % PAGE == 0:
            progress(len(lines))
    whole = _whole(subject, [_unnamed(line) if own else line for line in reversed(lines)], now)
    ledger.record(
        Fact("evidence.exported", subject=subject.pseudonym, details={"entries": len(lines)}),
        by=by,
        now=now,
    )
    return whole


def _lines(subject: Subject) -> Iterator[Line]:
    """All of the log about a customer, newest first, page by page."""
    before = None
    while page := evidence.line(subject=subject, before=before, limit=PAGE):
        yield from page
        before = page[-1].entry.id


def _whole(subject: Subject, lines: Sequence[Line], now: datetime) -> Whole:
    said = [line for line in lines if line.event]
    others = [line for line in lines if not line.event]
    language = mailing.language(subject)
    controllers = {purpose.controller.name: None for purpose in catalogue.purposes()}
    return Whole(
        pseudonym=subject.pseudonym,
        base=settings.PUBLIC_URL,
        known_since=subject.created_at,
        made_at=now,
        controllers=tuple(controllers),
        identifiers=tuple((each.namespace, each.id, each.verified) for each in subjects.identifiers_of(subject)),
        standing=tuple(_standing(subject, language, now)),
        said=tuple(_said(subject, said)),
        uses=_happened(line for line in others if line.entry.action in USES and line.entry.action not in _VIEWS),
        benefits=_happened(line for line in others if line.entry.action == "benefit.reported"),
        views=_happened(line for line in others if line.entry.action in _VIEWS),
        others=_happened(line for line in others if line.entry.action not in (*USES, *_VIEWS, "benefit.reported")),
        jurisdiction=subject.jurisdiction,
        minor_until=subject.minor_until,
        language=language,
        data={row.key: versions.label(row.name, language) for row in Category.objects.all()},
        parties=dict(Recipient.objects.values_list("key", "name")),
    )


def _unnamed(line: Line) -> Line:
    """The same line; whoever of the staff acted is told by a number."""
    return replace(line, payload={name: each for name, each in line.payload.items() if name != "actor_name"})


def _standing(subject: Subject, language: str, now: datetime) -> Iterator[Stands]:
    """language: of the names and titles; notices keep the one in which they were shown."""
    titles, stood = versions.titles(language), evidence.stood(subject=subject, moment=now)
    published = versions.read(each.version for each, _ in stood)
    for each, event in stood:
        asked = each.version.legal_basis in bases.ASKED
        shown, paused = published[each.version.pk], each.state.paused_until
        categories = tuple(each.state.categories if asked else shown.terms.categories)
        recipients = tuple(each.state.recipients if asked else shown.terms.recipients)
        labels = {row.key: versions.label(row.name, language) for row in shown.categories}
        named = {row.key: row.name for row in shown.recipients}
        yield Stands(
            purpose=each.purpose.key,
            title=titles.get(each.purpose.key, each.purpose.key),
            status=lifecycle.status(each.state, now),
            reason=each.decision.reason,
            legal_basis=each.version.legal_basis,
            version=each.state.version or each.version.number,
            categories=categories,
            recipients=recipients,
            since=event.collected_at if event else None,
            expires_at=each.state.expires_at,
            paused_until=paused if paused and paused > now else None,
            data=tuple(labels.get(key, key) for key in categories),
            parties=tuple(named.get(key, key) for key in recipients),
        )


def _said(subject: Subject, lines: Sequence[Line]) -> Iterator[Said]:
    kept = {line.entry.id: line.payload.get("evidence") or {} for line in lines}
    events = ConsentEvent.objects.filter(subject__in=families.of(subject)).select_related(
        "subject", "purpose", "version__controller", "notice"
    )
    for event, entry, facts in receipt_facts.read(events.order_by("id")):
        signed = signed_receipts.read(subject=subject, number=event.entry_id)
        yield Said(facts, kept.get(entry.id, {}), signed.jws if signed else "")


def _happened(lines: Iterable[Line]) -> tuple[Happened, ...]:
    return tuple(
        Happened(
            number=str(line.entry.id),
            action=line.entry.action,
            at=line.entry.recorded_at,
            who=line.payload.get("actor_name") or line.entry.recipient or line.entry.actor_ref or line.entry.actor_type,
            purpose=line.entry.purpose,
            outcome=line.entry.outcome,
            reason=line.entry.reason,
            told=_told(line),
        )
        for line in lines
    )


def _told(line: Line) -> dict[str, Any]:
    """What the leaf says besides, and the payload: without what stands elsewhere, and without what is empty."""
    leaf = json.loads(bytes(line.entry.leaf))
    found = leaf.get("details", {}) | line.payload
    return {name: value for name, value in found.items() if value not in ("", [], {}, None) and name != "actor_name"}
