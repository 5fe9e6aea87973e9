"""What stands beside the entries, checked: a payload is what its entry commits to, and goes only with a secret.

Whoever can write to the database can make what was recorded unreadable: change or delete a payload, or the secret that
opens it. An erasure does that too, and says so in the log.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from audit import vault
from audit.models import Entry, Payload
from audit.proof import commitment
from audit.proof.errors import ProofError

# The entries that tell of a secret that was destroyed; they name its subject.
DESTROYED = ("subject.erased", "concern.forgotten")


def fault(found: Iterable[tuple[int, Entry, Mapping[str, Any]]]) -> str:
    """What is wrong with the payloads of these entries (place, row with its payload, leaf), in words; "" for nothing.

    A payload that is not there is no matter of this: `check_gone`.
    """
    there = [(place, entry, leaf, row) for place, entry, leaf in found if (row := getattr(entry, "payload", None))]
    boxes = {"": vault.house(), **vault.of_many({row.subject for *_, row in there} - {"", vault.NOBODY})}
    for place, entry, leaf, row in there:
        if row.subject == vault.NOBODY:  # nobody can open it, and nobody shall
            continue
        if not _fits(boxes.get(row.subject), row, leaf) and Payload.objects.filter(pk=entry.id).exists():
            return f"What was kept beside entry {place} is not what it commits to: it was changed, or its secret is."
    return ""


def check_gone() -> None:
    """Raises ProofError where a payload is not there, or can be opened by nobody, and the log tells of no erasure."""
    # Read once, not looked for anew by each entry: most have no subject, and share that with all the others.
    told = Entry.objects.filter(action__in=DESTROYED).values("subject")
    gone = Q(payload__isnull=True) | Q(payload__subject=vault.NOBODY) & ~Q(subject="")
    lost = Entry.objects.filter(gone).exclude(subject__in=told).order_by("id").first()
    if lost:
        raise ProofError("payload", f"What was kept beside entry {lost.id} is gone, and no erasure tells of it.")


def _fits(box: vault.Vault | None, row: Payload, leaf: Mapping[str, Any]) -> bool:
    place = str(row.pk)
    try:
        if box is not None:
            commitment.check_commitment(
                str(leaf.get("commitment")), box.salt(place), box.open(bytes(row.sealed), place)
            )
    except (vault.Unreadable, ProofError):
        return False
    return box is not None
