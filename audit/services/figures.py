"""What the sealed log holds, counted. A sealed place never changes, so each is counted once."""

from collections import Counter

from django.db.models import Count

from audit.models import Leaf
from audit.services import order

Kind = tuple[str, str, str]


def counts(*, after: int) -> tuple[int, Counter[Kind]]:
    """Count the sealed entries from place `after` on, by action, outcome and reason.

    Returns the place to go on from next time, and the counts.
    """
    size = order.size()
    rows = (
        Leaf.objects.filter(seq__gte=after, seq__lt=size)
        .values_list("entry__action", "entry__outcome", "entry__reason")
        .annotate(entries=Count("seq"))
        .order_by()
    )
    return size, Counter({(action, outcome, reason): entries for action, outcome, reason, entries in rows})
