"""The receipt of one choice: what was said, in which words, and what proves it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.models import Checkpoint
from audit.proof import bundle, merkle
from audit.proof.errors import ProofError
from audit.services import prove
from audit.services import receipts as signing
from consent.errors import Conflict, ReceiptGone
from consent.models import ConsentEvent, Controller, PurposeVersion, Recipient, Subject
from consent.rules import lifecycle, receipt_sheet
from consent.services import evidence, revisions, signed_receipts, states, versions

PAGE = 50


@dataclass(frozen=True)
class Receipt:
    """One consent event and its proof.

    title, words: as they stood in the notice that was shown; controller, categories, recipients: as they stood when it
    was recorded. seq, signed_at: None until the log is sealed. standing: of the receipt itself, signed a moment after
    (services/signed_receipts.py). meets: the profiles of ISO/IEC TS 27560 that it meets, once signed.
    damaged: why the log could not prove it, "" otherwise. leaf: the hash of the entry, in hex.
    """

    event: ConsentEvent
    version: PurposeVersion
    controller: Controller
    title: str
    words: dict[str, str]
    language: str
    categories: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    expires_at: datetime | None
    leaf: str
    seq: int | None
    head: str
    vkeys: tuple[str, ...]
    standing: str
    meets: tuple[str, ...]
    signed_at: datetime | None
    damaged: str

    @property
    def number(self) -> str:
        return str(self.event.entry_id)

    @property
    def ends(self) -> bool:
        """Whether nobody may use the data from then on."""
        return self.event.act in receipt_sheet.ENDS

    @property
    def sealed(self) -> bool:
        return self.signed_at is not None


@dataclass(frozen=True)
class Row:
    """One receipt of a list. title: of its purpose, as it stood then. stands: nothing was said of it since."""

    event: ConsentEvent
    title: versions.Text
    stands: bool


@dataclass(frozen=True)
class Page:
    """Some receipts, and the pages beside this one."""

    rows: list[Row]
    newer: int | None
    older: int | None


def read(*, subject: Subject, number: UUID, language: str) -> Receipt:
    """One receipt of one customer, checked against the log as it is read. Raises NotFound."""
    found = evidence.receipt(subject=subject, number=number)
    event = found.event
    assert event is not None
    published = versions.read([event.version])[event.version_id]
    notice = event.notice or published.notice(language)
    owner, then = event.version.controller, event.recorded_at
    earlier = revisions.read([owner, *published.categories, *published.recipients])
    document, damaged = _proof(found)
    standing, meets = _signed(subject, number)
    head = Checkpoint.objects.filter(size=_head(document)["size"]).first() if document else None
    return Receipt(
        event=event,
        version=event.version,
        controller=earlier.at(owner, then),
        title=str(notice.text["title"]),
        words=notice.text if event.notice else {},
        language=notice.language,
        categories=tuple(
            versions.label(earlier.at(row, then).name, language)
            for row in published.categories
            if not event.scoped or row.key in event.categories
        ),
        recipients=tuple(
            earlier.at(row, then) for row in published.recipients if not event.scoped or row.key in event.recipients
        ),
        expires_at=lifecycle.ends(states.event_as_rule(event)),
        leaf=merkle.leaf_hash(bytes(found.entry.leaf)).hex(),
        seq=found.seq,
        head="{origin} {size} {root}".format(**_head(document)) if document else "",
        vkeys=(*prove.vkeys(), *signing.vkeys()),
        standing=standing,
        meets=meets,
        signed_at=head.signed_at if head else None,
        damaged=damaged,
    )


def page(*, subject: Subject, language: str, number: int) -> Page:
    """A page of receipts, newest first; a number beyond the last page gives an empty one."""
    start = (max(number, 1) - 1) * PAGE
    events = list(states.history(subject=subject)[start : start + PAGE + 1])
    shown = versions.read(event.version for event in events)
    standing = {state.event_id for state in states.current(subject=subject).values()}
    rows = [
        Row(event, versions.title(shown[event.version_id].notice(language)), event.pk in standing)
        for event in events[:PAGE]
    ]
    return Page(rows, number - 1 if number > 1 else None, number + 1 if len(events) > PAGE else None)


def proof(*, subject: Subject | None, number: UUID) -> dict[str, Any] | None:
    """The proof to carry away, which verifies without us; None until the log is sealed.

    subject: only this customer's. Raises NotFound, and Conflict when the log does not prove it.
    """
    document, damaged = _proof(evidence.receipt(subject=subject, number=number))
    if damaged:
        raise Conflict(f"There is no proof to carry away: {damaged}")
    return document


def file(*, subject: Subject, number: UUID) -> bytes | None:
    """The same as a file."""
    document = proof(subject=subject, number=number)
    return bundle.dumps(document) if document else None


def _signed(subject: Subject, number: UUID) -> tuple[str, tuple[str, ...]]:
    try:
        found = signed_receipts.read(subject=subject, number=number)
    except ReceiptGone:
        return signed_receipts.DAMAGED, ()
    return (signed_receipts.SIGNED, found.meets) if found else (signed_receipts.WAITING, ())


def _proof(found: evidence.Line) -> tuple[dict[str, Any] | None, str]:
    try:
        return evidence.proof(found=[found.entry]), ""
    except ProofError as problem:
        return None, str(problem)


def _head(document: dict[str, Any]) -> dict[str, str]:
    """The three lines of the signed head: origin, size, root."""
    origin, size, root = str(document["checkpoint"]).splitlines()[:3]
    return {"origin": origin, "size": size, "root": root}
