"""Why nothing is signed: a signature over a doubtful head could never be taken back.

The sealer goes on trying; entries wait in the outbox meanwhile, and a person reads here what to do.
"""

from datetime import datetime

from audit.models import Refusal

MENDING = {
    "damaged": "Stop `trustcenter serve`, and see docs/operate.md, When the log does not verify.",
    "mark_missing": (
        "Heads of this log were published, but the mark that says how far is not in TRUST_OUTSIDE_DIR. Put it back; "
        "where it is lost for good, run `trustcenter recover-log mark`."
    ),
    "mark_unreadable": (
        "Put the mark in TRUST_OUTSIDE_DIR back as it was, or the key that signed it; "
        "where it is lost for good, take the file away and run `trustcenter recover-log mark`."
    ),
    "mark_unwritable": "Make room in TRUST_OUTSIDE_DIR, and let the sealer write there.",
    "origin_changed": (
        "Set LOG_ORIGIN back to the name of the log; for a new log under the new name, run "
        "`trustcenter recover-log new-origin`."
    ),
    "database_behind": (
        "Restore a newer copy, if there is one. If what lies between is lost, give LOG_ORIGIN a new name and run "
        "`trustcenter recover-log new-origin`: the new log states the loss."
    ),
    "forked": (
        "Restore the database that the published head came from. If it is lost, give LOG_ORIGIN a new name and run "
        "`trustcenter recover-log new-origin`."
    ),
    "clock_back": (
        "Set the clock right. If it was wrong before and is right now, run `trustcenter recover-log clock`."
    ),
}


class Refused(RuntimeError):
    """Nothing is signed. `code` is one of MENDING."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code

    @property
    def mending(self) -> str:
        """What a person can do."""
        return MENDING[self.code]


class LogDamaged(Refused):
    """What is stored is not what was hashed; nothing more is signed until a person has looked."""

    def __init__(self, detail: str) -> None:
        super().__init__("damaged", detail)


def remember(problem: Refused, *, now: datetime) -> None:
    """Write down that the sealer refuses, so that every process can say so; since when is kept while it lasts."""
    known = standing()
    if known is None or (known.code, known.detail) != (problem.code, str(problem)):
        since = known.since if known and known.code == problem.code else now
        Refusal.objects.update_or_create(pk=1, defaults={"code": problem.code, "detail": str(problem), "since": since})


def forget() -> None:
    """The sealer signs again."""
    if standing():
        Refusal.objects.all().delete()


def standing() -> Refusal | None:
    """Why the sealer signs nothing now; None when it does."""
    return Refusal.objects.first()
