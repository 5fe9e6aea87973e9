"""Limits on the use of a customer's data: while one stands, every check for them is refused (GDPR Art. 18).

A limit says no and nothing else, so it counts from the moment it is recorded, everywhere, and joining or parting
records takes it from nobody. All of this is part of a transaction of the caller's.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from consent.models import Limit, RightsRequest, Subject
from consent.services import ledger
from consent.services.ledger import Actor, Fact


def begin(subject: Subject, request: RightsRequest, *, by: Actor, now: datetime) -> None:
    """From now on nobody may use this customer's data. subject: their record, held."""
    Limit.objects.create(subject=subject, request=request, began_at=now)
    if subject.limited_at is None:
        _set(subject, now)
        fact = Fact("subject.limited", subject=subject.pseudonym, object=request.reference)
        ledger.record(fact, by=by, now=now)


def end(request: RightsRequest, *, by: Actor, now: datetime) -> None:
    """End what one request limited; what another one limits stands."""
    mine = Limit.objects.filter(request=request, ended_at__isnull=True)
    held: dict[int, Subject] = {}
    # Again, until none is new: while we waited for a record, another may have been joined to it.
    while new := set(mine.values_list("subject_id", flat=True)) - held.keys():
        held |= {each.pk: each for each in Subject.objects.select_for_update().filter(pk__in=new).order_by("-pk")}
    mine.update(ended_at=now)
    for subject in held.values():
        left = Limit.objects.filter(subject=subject, ended_at__isnull=True).order_by("began_at").first()
        _set(subject, left.began_at if left else None)
        if left is None:
            fact = Fact("subject.unlimited", subject=subject.pseudonym, object=request.reference)
            ledger.record(fact, by=by, now=now, known=subject.erased_at is None)


def carry(subject: Subject, other: Subject, *, now: datetime) -> None:
    """What is limited of one record is limited of the other, too; both held."""
    standing = Limit.objects.filter(ended_at__isnull=True)
    own = standing.filter(subject=subject).values("request")
    found = standing.filter(subject=other).exclude(request__in=own)
    Limit.objects.bulk_create(Limit(subject=subject, request_id=each.request_id, began_at=now) for each in found)
    if subject.limited_at is None and other.limited_at:
        _set(subject, now)


def stands(request: RightsRequest) -> bool:
    """Whether what a request limited is limited still."""
    return request.limits.filter(ended_at__isnull=True).exists()


def stood(subject: Subject, moment: datetime) -> bool:
    """Whether a limit stood for a record at a past moment."""
    return _at(moment).filter(subject=subject).exists()


def standing_at(moment: datetime) -> set[int]:
    """The numbers of all records for which a limit stood at a past moment."""
    return set(_at(moment).values_list("subject_id", flat=True))


def _at(moment: datetime) -> QuerySet[Limit]:
    later = Q(ended_at__isnull=True) | Q(ended_at__gt=moment)
    return Limit.objects.filter(later, began_at__lte=moment)


def _set(subject: Subject, since: datetime | None) -> None:
    subject.limited_at = since
    subject.save(update_fields=["limited_at"])
