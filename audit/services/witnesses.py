"""Witnesses: whoever keeps our last head elsewhere, and cosigns the next one if it grew out of it.

They are asked after sealing, never on the way of a write; what they answer is kept beside the head. A witness that has
seen a larger head than ours, or refuses the proof, tells that this database is not the one it was.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from audit.models import Checkpoint as SignedHead
from audit.models import Cosignature
from audit.proof import cosignature, note, policy, tiles, witness
from audit.proof.errors import ProofError
from audit.services.tree import read_tile

Post = Callable[[str, bytes], tuple[int, bytes]]
_TRIES = 3
_RECENT = 100
# Rounds of asking that a receipt waits for witnesses, and no longer: one that is away keeps nobody waiting.
_PATIENCE = 3


@dataclass(frozen=True)
class Asked:
    """What came of asking one witness. `alarm`: it holds a head of this log that ours did not grow out of."""

    name: str
    size: int
    finding: str = ""
    alarm: bool = False


@cache
def configured() -> policy.Policy | None:
    """The witnesses to ask, and how many heads need, from the file that WITNESS_POLICY names; None without one.

    Raises ProofError or OSError when it cannot be read.
    """
    return policy.parse(Path(settings.WITNESS_POLICY).read_bytes()) if settings.WITNESS_POLICY else None


def ask(*, asked: policy.Witness, post: Post, now: datetime) -> Asked:
    """Have one witness cosign the newest head, and keep its line.

    post: sends a request to an address and returns status and answer; raises OSError when there is none.
    """
    head = SignedHead.objects.order_by("-size").first()
    if head is None:
        return Asked(asked.name, 0)
    key = cosignature.vkey(asked.key.name, asked.key.public_key)
    last = Cosignature.objects.filter(witness=key).order_by("-checkpoint_id").first()
    old = last.checkpoint_id if last else 0
    if old == head.size:
        return Asked(asked.name, old)
    try:
        line, size = _cosigned(asked, head, old, post)
        seconds = cosignature.check(note.parse(head.note)[0], line, asked.key)
    except _Refused as refusal:
        return Asked(asked.name, old, str(refusal), refusal.alarm)
    except (ProofError, OSError) as problem:
        return Asked(asked.name, old, str(problem))
    at = min(datetime.fromtimestamp(min(seconds, 2**33), UTC), now)
    Cosignature.objects.get_or_create(checkpoint=head, witness=key, defaults={"line": line, "cosigned_at": at})
    return Asked(asked.name, size)


def signed(head: SignedHead) -> str:
    """A head as a note, with what witnesses said of it below."""
    return head.note + "".join(head.cosignatures.order_by("id").values_list("line", flat=True))


def newest() -> SignedHead | None:
    """The newest head that as many witnesses have cosigned as the policy asks for; None without one."""
    wanted = None
    # A policy that cannot be read is for the sealer to complain of; a proof without witnesses is still one.
    with suppress(ProofError, OSError):
        wanted = configured()
    if wanted is None:
        return None
    sizes = Cosignature.objects.order_by("-checkpoint_id").values_list("checkpoint_id", flat=True)[:_RECENT]
    for head in SignedHead.objects.filter(size__in=list(sizes)).order_by("-size"):
        try:
            wanted.check(signed(head))
        except ProofError:
            continue
        return head
    return None


def settled(*, now: datetime) -> int:
    """How many entries are under a head that need not wait for witnesses: they have seen it, or had their time."""
    heads = SignedHead.objects.order_by("-size")
    if settings.WITNESS_POLICY:
        seen = newest()
        late = now - timedelta(seconds=_PATIENCE * settings.WITNESS_EVERY)
        old = heads.filter(signed_at__lte=late).first()
        return max(head.size if head else 0 for head in (seen, old))
    newest_of_all = heads.first()
    return newest_of_all.size if newest_of_all else 0


class _Refused(Exception):
    """The witness does not cosign; `alarm` when it holds something against us."""

    def __init__(self, why: str, *, alarm: bool = False) -> None:
        super().__init__(why)
        self.alarm = alarm


def _cosigned(asked: policy.Witness, head: SignedHead, old: int, post: Post) -> tuple[str, int]:
    """The witness's line over a head; which head it cosigned last we may have to learn from it."""
    for _ in range(_TRIES):
        proof = tiles.consistency_proof(read_tile, old, head.size) if old else []
        body = witness.make_request(witness.Request(old, proof, head.note))
        status, answer = post(f"{asked.url.rstrip('/')}/add-checkpoint", body)
        text = answer.decode("utf-8", "replace")
        if status == 200:
            return _line(text, asked), head.size
        if status == 422:
            raise _Refused(f"The witness says that this log did not grow out of the one it knows: {text}", alarm=True)
        if status != 409 or not text.strip().isdecimal():
            raise _Refused(f"The witness answers {status}: {text[:200]}")
        old = int(text)
        if old > head.size:
            raise _Refused(f"The witness has seen a head of {old} entries, and this log has {head.size}.", alarm=True)
    raise _Refused("The witness names another size each time.")


def _line(text: str, asked: policy.Witness) -> str:
    """The line by this witness among those it answered; others are no business of ours."""
    for each in text.splitlines(keepends=True):
        if note.parse_line(each.rstrip("\n"))[:2] == asked.key[:2]:
            return each
    raise _Refused("The witness answers without a line of its own.")
