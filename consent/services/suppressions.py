"""“Leave me alone”: everything off in one act, and remembered, so that nobody brings the customer back."""

from datetime import datetime

from django.db import transaction

from consent.models import Subject
from consent.rules.acting import VISITORS
from consent.services import consent_requests, consents, handles, ledger, subjects
from consent.services.handles import Handle
from consent.services.ledger import Actor, Fact


@transaction.atomic
def suppress(*, subject: Handle | Subject, by: Actor, now: datetime) -> None:
    """Turn off all that rests on this customer's choice, and keep a hash of each of their identifiers.

    Checks then answer as for an unknown customer. The record stays, so that its evidence can be found. Somebody we do
    not know can ask too: then only the hash is kept. A second time changes nothing. Raises Invalid.
    """
    if isinstance(subject, Handle):
        handles.check_handles([subject], "/subject")
        row = handles.row(subject)
        if row is None:
            _stranger(subject, by, now)
            return
        subject = row.subject
    known = subjects.hold(subject)
    if not known.identifiers.filter(suppressed=False).exists():
        return
    consents.withdraw_all(
        subject=known, language="", channel="portal" if by.type in VISITORS else "api", by=by, now=now
    )
    cover(known, by=by, now=now)


def cover(subject: Subject, *, by: Actor, now: datetime) -> None:
    """Leave a customer alone by every identifier of theirs; inside the caller's transaction, all being off already."""
    handles.keep(subjects.identifiers_of(subject), now)
    subject.identifiers.update(suppressed=True)
    consent_requests.end_all(of=[subject])
    ledger.record(Fact("subject.suppressed", subject=subject.pseudonym), by=by, now=now)


def _stranger(handle: Handle, by: Actor, now: datetime) -> None:
    if handles.left_alone(handle):
        return
    handles.keep([handle], now)
    payload = {"identifier": [handle.namespace, handle.id]}
    ledger.record(Fact("subject.suppressed"), by=by, now=now, payload=payload, known=False)
