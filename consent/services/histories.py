"""What everybody said, customer after customer, in constant memory: for counting and for checking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from consent.models import ConsentEvent, Link, PurposeVersion, Subject

BATCH = 500  # customers read together
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class History:
    """One customer, and their events by purpose id, in the order of recording."""

    subject: Subject
    events: dict[int, list[ConsentEvent]] = field(default_factory=dict)


def read(*, until: datetime | None = None, purpose: int | None = None, progress: Progress) -> Iterator[list[History]]:
    """Everybody, a batch at a time, those included who said nothing; each batch is a query of its own.

    until: only customers known then and not erased yet, and events recorded by then; records joined then are one
    customer. purpose: only this purpose's events.
    progress: called with (customers done, customers in all).
    """
    everybody, events = Subject.objects.order_by("pk"), ConsentEvent.objects.order_by("subject_id", "purpose_id", "pk")
    if until is not None:
        everybody, events = everybody.filter(created_at__lte=until), events.filter(recorded_at__lte=until)
        everybody = everybody.exclude(erased_at__lte=until)
        # A record that was joined to another then is no customer of its own.
        standing = Q(ended_at__isnull=True) | Q(ended_at__gt=until)
        everybody = everybody.exclude(Exists(Link.objects.filter(standing, other=OuterRef("pk"), linked_at__lte=until)))
    if purpose is not None:
        events = events.filter(purpose=purpose)
    versions = PurposeVersion.objects.in_bulk()
    done, last, total = 0, 0, everybody.count()
    while subjects := list(everybody.filter(pk__gt=last)[:BATCH]):
        batch = {subject.pk: History(subject) for subject in subjects}
        for event in events.filter(subject_id__gt=last, subject_id__lte=subjects[-1].pk):
            if event.subject_id not in batch:
                continue
            # A version published after the first batch was read is fetched with its event.
            if event.version_id in versions:
                event.version = versions[event.version_id]
            batch[event.subject_id].events.setdefault(event.purpose_id, []).append(event)
        yield list(batch.values())
        done, last = done + len(subjects), subjects[-1].pk
        progress(done, max(done, total))
