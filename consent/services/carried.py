"""Which later versions a yes was carried over to, and what changed in each: editorial versions ask nobody again."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from consent.models import PurposeVersion
from consent.rules import bases, decision, material
from consent.rules.decision import State
from consent.services import catalogue


@dataclass(frozen=True)
class Carried:
    """A yes given to version `given`, and a version that it was carried over to with what that one changed."""

    given: int
    number: int
    published_at: datetime
    changes: tuple[material.Change, ...]


def over(*, state: State, current: PurposeVersion) -> list[Carried]:
    """Every version that a standing yes was carried over to, oldest first; none where none stands.

    current: the version in force. A version published after the yes ran out was never carried to.
    """
    given = state.version
    stands = current.legal_basis in bases.ASKED and state.status in decision.PERMITTING
    if not stands or given is None or not current.material_number <= given < current.number:
        return []
    versions = PurposeVersion.objects.filter(
        purpose_id=current.purpose_id, number__gte=given, number__lte=current.number, published_at__isnull=False
    ).select_related("controller")
    return [
        Carried(given, new.number, new.published_at, _changes(old, new))
        for old, new in pairwise(versions.order_by("number"))
        if new.published_at and (state.expires_at is None or new.published_at < state.expires_at)
    ]


def _changes(old: PurposeVersion, new: PurposeVersion) -> tuple[material.Change, ...]:
    """Computed anew from the two contents, which never change; the log's own payload may be gone with its key."""
    found = material.changes(catalogue.content(old), catalogue.content(new), home=old.controller.jurisdiction)
    return tuple(found)
