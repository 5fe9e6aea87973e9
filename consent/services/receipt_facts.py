"""What a receipt says about an event, read from the tables: many events together, each row once.

A receipt is signed after the event, and says what stood when the event was recorded: whatever the catalogue can edit
in place (an address, a name, a label) is read as it was then.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings

from audit.models import Entry
from audit.services import entries
from consent.models import Category, ConsentEvent, Controller, Recipient
from consent.rules import lifecycle
from consent.rules.receipt_facts import Data, Facts, Party
from consent.services import revisions, states, versions
from consent.services.revisions import Earlier
from consent.services.versions import Published


def read(events: Iterable[ConsentEvent]) -> Iterator[tuple[ConsentEvent, Entry, Facts]]:
    """Facts of each event, with its entry; events of erased customers are passed over.

    events: with subject, purpose, version__controller and notice selected.
    """
    wanted = list(events)
    published = versions.read(event.version for event in wanted)
    earlier = revisions.read(_rows(published.values()))
    rows = {entry.id: entry for entry in Entry.objects.filter(id__in=[event.entry_id for event in wanted])}
    opened = entries.payloads(rows.values())
    for event in wanted:
        if event.entry_id in opened:
            entry = rows[event.entry_id]
            yield event, entry, _facts(event, entry, opened[event.entry_id], published[event.version_id], earlier)


def _rows(published: Iterable[Published]) -> Iterator[Controller | Recipient | Category]:
    """Whatever the catalogue can edit in place of what these versions name."""
    for each in published:
        yield each.version.controller
        yield from each.categories
        yield from each.recipients


def _facts(
    event: ConsentEvent, entry: Entry, payload: Mapping[str, Any], published: Published, earlier: Earlier
) -> Facts:
    version, then = event.version, event.recorded_at
    controller = earlier.at(version.controller, then)
    scoped, details = event.scoped, version.details
    home = controller.jurisdiction
    return Facts(
        number=str(event.entry_id),
        pseudonym=event.subject.pseudonym,
        action=entry.action,
        status=lifecycle.told(event.act, pending=event.pending, after=_after(event)),
        purpose=event.purpose.key,
        version=version.number,
        legal_basis=version.legal_basis,
        base=settings.PUBLIC_URL,
        controller=_controller(controller),
        categories=tuple(
            Data(row.key, str(versions.label(row.name, event.language)), row.dpv, row.sensitive)
            for row in (earlier.at(each, then) for each in published.categories)
            if not scoped or row.key in event.categories
        ),
        recipients=tuple(
            _recipient(earlier.at(row, then))
            for row in published.recipients
            if not scoped or row.key in event.recipients
        ),
        jurisdictions=_codes(details.get("jurisdictions"), home),
        storage_locations=_codes(details.get("storage_locations"), home),
        retention=version.retention,
        collected_at=event.collected_at,
        recorded_at=event.recorded_at,
        channel=event.channel,
        actor=event.actor,
        recorder=_recorder(entry),
        purpose_term=version.dpv,
        method=str(payload.get("method", "")),
        assumed=event.assumed,
        imported=event.imported,
        expires_at=lifecycle.ends(states.event_as_rule(event)),
        withdrawal=str(details.get("withdrawal_method", "")),
        automated_decisions=version.automated_decisions,
        regulator=controller.regulator,
        regulator_url=controller.regulator_url,
        privacy_officer=controller.privacy_officer,
        **_shown(event),
    )


def _after(event: ConsentEvent) -> str:
    """The status that joining or parting records led to; of any other act it follows from the act."""
    if event.act not in lifecycle.MERGES:
        return ""
    return states.until(event.subject, event.pk)[event.purpose_id].status


def _shown(event: ConsentEvent) -> dict[str, Any]:
    """The words of the notice, where one was shown."""
    notice = event.notice
    if notice is None:
        return {}
    return {
        "notice": notice.digest,
        "language": notice.language,
        "words": notice.text,
        "published_at": event.version.published_at,
    }


def _controller(row: Controller) -> Party:
    return Party(row.key, "controller", row.name, address=row.address, email=row.email, phone=row.phone, url=row.url)


def _recipient(row: Recipient) -> Party:
    return Party(row.key, row.kind, row.name, address=row.address, contact=row.contact, country=row.country)


def _recorder(entry: Entry) -> str:
    return ":".join(part for part in (entry.actor_type, entry.actor_ref) if part)


def _codes(said: Any, home: str) -> tuple[str, ...]:
    """Places as the catalogue says them, one or several; where it is silent, the controller's own."""
    found = [said] if isinstance(said, str) else said
    return tuple(str(each) for each in found) if isinstance(found, list) and found else (home,)
