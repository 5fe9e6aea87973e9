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
from consent.models import ConsentEvent, Controller, PurposeVersion, Recipient, Subject
from consent.models import Receipt as Signed
from consent.rules import lifecycle
from consent.services import evidence, states, versions

PAGE = 50


@dataclass(frozen=True)
class Receipt:
    """One consent event and its proof.

    title, words: as they stood in the notice that was shown. seq, signed_at: None until the log is sealed. signed: the
    receipt itself is signed, a moment after the log.
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
    signed: bool
    signed_at: datetime | None
    damaged: str

    @property
    def number(self) -> str:
        return str(self.event.entry_id)

    @property
    def sealed(self) -> bool:
        return self.signed_at is not None


@dataclass(frozen=True)
class Page:
    """Some receipts, each with the title of its purpose as it stood then, and the pages beside this one."""

    rows: list[tuple[ConsentEvent, str]]
    newer: int | None
    older: int | None


def read(*, subject: Subject, number: UUID, language: str) -> Receipt:
    """One receipt of one customer, checked against the log as it is read. Raises NotFound."""
    found = evidence.receipt(subject=subject, number=number)
    event = found.event
    assert event is not None
    published = versions.read([event.version])[event.version_id]
    notice = event.notice or published.notice(language)
    document, damaged = _proof(found)
    head = Checkpoint.objects.order_by("-size").first() if document else None
    return Receipt(
        event=event,
        version=event.version,
        controller=event.purpose.controller,
        title=str(notice.text["title"]),
        words=notice.text if event.notice else {},
        language=notice.language,
        categories=tuple(
            versions.label(row.name, language)
            for row in published.categories
            if not event.scoped or row.key in event.categories
        ),
        recipients=tuple(row for row in published.recipients if not event.scoped or row.key in event.recipients),
        expires_at=lifecycle.ends(states.event_as_rule(event)),
        leaf=merkle.leaf_hash(bytes(found.entry.leaf)).hex(),
        seq=found.seq,
        head="{origin} {size} {root}".format(**_head(document)) if document else "",
        vkeys=(*prove.vkeys(), *signing.vkeys()),
        signed=Signed.objects.filter(event=event).exists(),
        signed_at=head.signed_at if head else None,
        damaged=damaged,
    )


def page(*, subject: Subject, language: str, number: int) -> Page:
    """A page of receipts, newest first; a number beyond the last page gives an empty one."""
    start = (max(number, 1) - 1) * PAGE
    events = list(states.history(subject=subject)[start : start + PAGE + 1])
    shown = versions.read(event.version for event in events)
    rows = [(event, str(shown[event.version_id].notice(language).text["title"])) for event in events[:PAGE]]
    return Page(rows, number - 1 if number > 1 else None, number + 1 if len(events) > PAGE else None)


def file(*, subject: Subject, number: UUID) -> bytes | None:
    """The proof to carry away, which verifies without us; None until the log is sealed. Raises NotFound."""
    document = evidence.proof(found=[evidence.receipt(subject=subject, number=number).entry])
    return bundle.dumps(document) if document else None


def _proof(found: evidence.Line) -> tuple[dict[str, Any] | None, str]:
    try:
        return evidence.proof(found=[found.entry]), ""
    except ProofError as problem:
        return None, str(problem)


def _head(document: dict[str, Any]) -> dict[str, str]:
    """The three lines of the signed head: origin, size, root."""
    origin, size, root = str(document["checkpoint"]).splitlines()[:3]
    return {"origin": origin, "size": size, "root": root}
