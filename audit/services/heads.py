"""Sign the head of the tree and publish it: after it has committed, and after the high-water mark was moved to it.

A row of Checkpoint is a published head: anyone may have read it. Before it there is the mark, before the mark the
committed tree. So after a crash anywhere the next pass finds the tree ahead of what is published, and goes on from
there; and a database that is behind the mark is an older one.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings

from audit import keys
from audit.models import Checkpoint as SignedHead
from audit.models import Head, VerifierKey
from audit.proof import merkle, note
from audit.proof.checkpoint import Checkpoint
from audit.services import mark, prove, rotation, tree
from audit.services.mark import Mark
from audit.services.refusals import LogDamaged, Refused

# A clock that is set right by a little is no reason to stop: such heads carry the time of the one before.
STEP = timedelta(seconds=5)


def publish(*, now: datetime) -> int:
    """Publish the tree as it stands, unless that was done; returns how many entries are published.

    Safe with any number of callers. Raises Refused when what is stored does not continue what was published.
    """
    rotation.announce("log", now=now)
    with mark.held():
        # The mark is read before the head: it is moved only to what has committed, so a head behind it is an old one.
        known = mark.read(prove.vkeys())
        head = Head.objects.get_or_create(pk=1, defaults={"size": 0, "root": merkle.EMPTY_ROOT})[0]
        newest = SignedHead.objects.order_by("-size").first()
        check(known, head, newest, now)
        if newest is None or newest.size < head.size or known is None or known.head.size < newest.size:
            _publish(head, newest, max(now, known.signed_at) if known else now)
    return head.size


def look(*, now: datetime) -> None:
    """Raises Refused when nothing would be signed now; changes nothing."""
    known = mark.read(prove.vkeys())
    head = Head.objects.first()
    if head is not None or known is not None:
        newest = SignedHead.objects.order_by("-size").first()
        check(known, head or Head(size=0, root=merkle.EMPTY_ROOT), newest, now)


def set_clock(*, now: datetime) -> None:
    """Let the last published head count as signed now: heads are signed from here on. Raises Refused."""
    with mark.held():
        if known := mark.read(prove.vkeys()):
            mark.write(known.note, head=known.head, signed_at=now)


def adopt() -> None:
    """Make a lost mark anew from the last head that the database knows. Raises Refused when its tree is not that."""
    with mark.held():
        newest = SignedHead.objects.order_by("-size")[0]
        found = Checkpoint.parse(note.open_note(newest.note, prove.vkeys()))
        if tree.root_at(found.size) != found.root:
            raise LogDamaged("The stored tree is not the one whose head was signed.")
        mark.write(newest.note, head=found, signed_at=newest.signed_at)


def last() -> tuple[Checkpoint, str]:
    """The last published head as its note, as far as anything still knows: the mark, else the database.

    Raises Refused when nothing was ever published.
    """
    with suppress(Refused):
        if known := mark.read(prove.vkeys()):
            return known.head, known.note
    newest = SignedHead.objects.order_by("-size").first()
    if newest is None:
        raise Refused("mark_missing", "Nothing was published yet, so there is no log to leave behind.")
    return Checkpoint.parse(note.open_note(newest.note, prove.vkeys())), newest.note


def used(origin: str) -> bool:
    """Whether a head was published under this name."""
    return SignedHead.objects.filter(note__startswith=f"{origin}\n").exists()


def is_new_key() -> bool:
    """Whether the key we sign with has never signed a head, under whatever name."""
    public = keys.signer("log").public
    return all(note.parse_vkey(each).public_key != public for each in prove.vkeys())


def restart(*, now: datetime) -> int:
    """Publish the first head of a new log: the mark leaves the old one. Returns its size."""
    rotation.announce("log", now=now)
    with mark.held():
        head = Head.objects.get()
        _publish(head, SignedHead.objects.filter(size=head.size).first(), now)
    return head.size


def check(known: Mark | None, head: Head, newest: SignedHead | None, now: datetime) -> None:
    """Raises Refused unless the tree continues the last published head, under its name, and later."""
    if known is None:
        if newest is not None:
            raise Refused("mark_missing", f"{newest.size:,} entries were published, and there is no mark.")
        return
    marked = known.head
    if marked.origin != settings.LOG_ORIGIN:
        raise Refused("origin_changed", f"The log is called {marked.origin}, and LOG_ORIGIN {settings.LOG_ORIGIN}.")
    if head.size < marked.size:
        raise Refused(
            "database_behind",
            f"The database is older than what was published: it holds {head.size:,} of {marked.size:,} entries.",
        )
    if (bytes(head.root) if head.size == marked.size else tree.root_at(marked.size)) != marked.root:
        raise Refused("forked", f"The first {marked.size:,} entries are not those that were published.")
    if now < known.signed_at - STEP:
        raise Refused(
            "clock_back", f"It is {now:%Y-%m-%d %H:%M:%S}, and the log was signed {known.signed_at:%Y-%m-%d %H:%M:%S}."
        )


def _publish(head: Head, newest: SignedHead | None, signed_at: datetime) -> None:
    tree.check_edge(head)
    found = Checkpoint(settings.LOG_ORIGIN, head.size, bytes(head.root))
    there = newest is not None and newest.size == head.size
    text = newest.note if newest is not None and there else _sign(found)
    mark.write(text, head=found, signed_at=signed_at)
    if not there:
        values = {"root": head.root, "note": text, "signed_at": signed_at}
        SignedHead.objects.get_or_create(size=head.size, defaults=values)


def retire_log(old: Checkpoint) -> None:
    """The keys of a log that ended signed no head after its last."""
    VerifierKey.objects.filter(vkey__startswith=f"{old.origin}+", until_size=None).update(until_size=old.size)


def _sign(head: Checkpoint) -> str:
    key = keys.signer("log")
    text = note.sign(head.body(), head.origin, key.public, key.sign)
    if rotation.overlapping("log"):
        key = keys.signer(keys.following("log"))
        text = note.countersign(text, head.origin, key.public, key.sign)
    return text
