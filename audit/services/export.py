"""A stretch of the log as one proof file, in which nothing may be missing."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from audit.models import Checkpoint as SignedHead
from audit.models import Leaf
from audit.proof import bundle, tiles
from audit.services import prove
from audit.services.tree import read_tile

_STEP = 500


def sealed() -> int:
    """How many entries the newest signed head covers."""
    newest = SignedHead.objects.order_by("-size").first()
    return newest.size if newest else 0


def bundle_of_range(
    *, first: int, last: int, disclose: bool, progress: Callable[[int, int], None] = lambda done, of: None
) -> dict[str, Any]:
    """The proof of all entries from first to last; both must be sealed.

    disclose: also the payloads that can still be opened. progress(done, total) is called now and then.
    Raises ProofError when what is stored does not prove what was signed.
    """
    head = SignedHead.objects.order_by("-size")[0]
    return bundle.make_bundle(
        checkpoint=head.note,
        vkeys=prove.vkeys(),
        entries=_proven(first, last, head.size, disclose, progress),
        complete=True,
    )


def _proven(
    first: int, last: int, size: int, disclose: bool, progress: Callable[[int, int], None]
) -> Iterator[bundle.Proven]:
    read = cache(read_tile)  # neighbours share all but their lowest tile
    for start in range(first, last + 1, _STEP):
        rows = list(
            Leaf.objects.filter(seq__range=(start, min(start + _STEP - 1, last)))
            .order_by("seq")
            .select_related("entry")
        )
        shown = prove.disclosures([row.entry for row in rows]) if disclose else {}
        for row in rows:
            yield bundle.Proven(
                index=row.seq,
                leaf=bytes(row.entry.leaf),
                proof=tiles.inclusion_proof(read, row.seq, size),
                disclosure=shown.get(row.entry_id),
            )
        progress(start + len(rows) - first, last + 1 - first)
