"""How fast the log is searched: `python -m tests.bench.search`, a page of 50 by each filter, on each database.

python -m tests.bench.search --entries 100000   a smaller log
python -m tests.bench.search --only PostgreSQL  one of the two

The entries are written below the verbs, in the mix of a busy year: nine in ten are checks. Each search is the verb that
the console and the API call, with the entry it leaves and its commit; half of the searches begin with the newest entry,
the others somewhere in the log. `looked` is how far back the first one got where it stopped before it had a page.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.__main__ import databases, machine

START, SPAN = datetime(2025, 6, 1, tzinfo=UTC), timedelta(days=365)
STEP = 10_000
SUBJECTS, COMMON = 100_000, 20_000
USUAL, BUSY = f"s_{77:020}", "s_busy"
RECIPIENTS = ("mail-engine", "queue-planner", "tills", "app", "mailbird", "adpartner")
PURPOSES = ("personal_offers", "improve_visit", "plan_staff", "ride_photos", "ads_elsewhere")
REFUSALS = ("consent_withdrawn", "no_consent", "category_not_chosen", "consent_expired", "objected", "consent_refused")
RARE = {"purpose": "school_trips", "recipient": "archive", "reason": "guardian_needed", "outcome": "breach"}


def main() -> None:
    """Measure on each database in turn and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.search", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each search is made (default 40)")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"], help="one of the two databases")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen.here, chosen.entries, chosen.times)
        return
    print(f"Machine: {machine()}; load {os.getloadavg()[0]:.0f}; {chosen.entries:,} entries.")
    for name, server in databases():
        if chosen.only not in (None, name):
            continue
        with server as url, tempfile.TemporaryDirectory() as folder:
            places = {"TRUST_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "trustcenter.settings", "LOG_LEVEL": "ERROR"}
            address = {"DATABASE_URL": url or f"sqlite:///{folder}/bench.sqlite3"}
            command = [sys.executable, "-m", "tests.bench.search", "--here", name]
            command += ["--entries", str(chosen.entries), "--times", str(chosen.times)]
            subprocess.run(command, env=os.environ | places | address, check=True)


def measure(name: str, number: int, times: int) -> None:
    """In a process of its own, which the environment gave a database."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    fill(number)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    print(f"{name}: written in {time.perf_counter() - start:.0f} s, load {os.getloadavg()[0]:.0f}")
    print(f"{'filter':<52} {'found':>6} {'p50 ms':>8} {'p95 ms':>8}  looked")
    for what, chosen in filters():
        found, spent = asked(chosen, times)
        p95 = statistics.quantiles(spent, n=20)[-1]
        back = f"to {found.searched_to:%Y-%m-%d}" if found.searched_to else ""
        print(f"{what:<52} {len(found.entries):>6} {statistics.median(spent):>8.1f} {p95:>8.1f}  {back}", flush=True)


def fill(number: int) -> None:
    """Write so many entries, with their places in the log."""
    from django.db import transaction

    from audit import vault
    from audit.models import Entry, Leaf
    from audit.rows import Lines, write_many
    from consent.models import Subject

    for pseudonym in (USUAL, BUSY):
        Subject.objects.create(pseudonym=pseudonym, created_at=START)
        vault.create(pseudonym, now=START)
    chance, step, place = random.Random(5), SPAN / number, 0
    names = ("id", "recorded_at", "action", "actor_type", "actor_ref", "subject", "purpose", "recipient")
    names += ("outcome", "reason", "leaf")
    while place < number:
        entries = [_entry(chance, each, START + step * each) for each in range(place, min(place + STEP, number))]
        leaves = [(seq, each[0]) for seq, each in enumerate(entries, place)]
        with transaction.atomic():
            write_many(Lines(Entry, names, entries), Lines(Leaf, ("seq", "entry_id"), leaves))
        place += len(entries)


def _entry(chance: random.Random, place: int, at: datetime) -> tuple[Any, ...]:
    from audit.services.entries import uuid7

    kind, subject = chance.random(), f"s_{chance.randrange(SUBJECTS):020}"
    recipient, purpose = chance.choice(RECIPIENTS), chance.choice(PURPOSES)
    if recipient == "adpartner":  # a partner is in one purpose only
        purpose = "ads_elsewhere"
    elif purpose == "ads_elsewhere":
        recipient = "adpartner"
    if place % COMMON == 7:
        row = ("use.reported", "system", "tills", subject, RARE["purpose"], RARE["recipient"], *_wrong(place))
    elif place % 50 == 3:
        row = ("decision.made", "system", recipient, BUSY, purpose, recipient, "allowed", "permitted")
    elif kind < 0.9:
        answer = ("allowed", "permitted") if chance.random() < 0.8 else ("refused", chance.choice(REFUSALS))
        row = ("decision.made", "system", recipient, subject, purpose, recipient, *answer)
    elif kind < 0.97:
        row = (chance.choice(("consent.given", "consent.withdrawn")), "customer", "", subject, purpose, "", "", "")
    elif kind < 0.9995:
        row = ("consent.given", "system", "tills", subject, purpose, "", "", "")
    else:
        row = ("evidence.viewed", "staff", f"staff-{chance.randrange(1, 4)}", subject, "", "", "allowed", "concern")
    return (uuid7(at), at, *row, chance.randbytes(400))


def _wrong(place: int) -> tuple[str, str]:
    return RARE["outcome"], RARE["reason"] if place % (2 * COMMON) == 7 else "no_consent"


def filters() -> Iterator[tuple[str, Any]]:
    """What is looked for, in words and as a search: each by itself, then what belongs and what cannot be together."""
    from consent.rules.entries import ACTORS, chosen
    from consent.services.entries import Wanted

    middle = START + SPAN / 2
    day, month = (middle, middle + timedelta(days=1)), (middle, middle + timedelta(days=30))

    def by(*times: datetime, pseudonym: str = "", **values: str) -> Wanted:
        since, before = times or (None, None)
        listed = {name: value.split() for name, value in values.items()}
        return Wanted(chosen(listed, since=since, before=before), pseudonym=pseudonym)

    yield "nothing: the newest entries", by()
    yield "a customer of some ten entries", by(pseudonym=USUAL)
    yield "a customer of 1 in 50 entries", by(pseudonym=BUSY)
    yield "an act: decision.made", by(action="decision.made")
    yield "a rare act: evidence.viewed", by(action="evidence.viewed")
    yield "an act that never was", by(action="catalogue.retired")
    yield "acts: consent.*", by(action="consent.")
    yield "who: staff", by(actor="staff")
    yield "who: one of the staff", by(actor="staff:staff-2")
    yield "who: a system", by(actor="system:tills")
    yield "who: systems", by(actor="system")
    yield "who: anybody", by(actor=" ".join(ACTORS))
    yield "a purpose", by(purpose="improve_visit")
    yield "a rare purpose", by(purpose=RARE["purpose"])
    yield "a recipient", by(recipient="mailbird")
    yield "a rare recipient", by(recipient=RARE["recipient"])
    yield "an answer: allowed", by(outcome="allowed")
    yield "an answer: refused", by(outcome="refused")
    yield "a rare answer: breach", by(outcome=RARE["outcome"])
    yield "a reason", by(reason="objected")
    yield "a rare reason", by(reason=RARE["reason"])
    yield "a day in the middle", by(*day)
    yield "a rare act, the busy customer (none)", by(action="evidence.viewed", pseudonym=BUSY)
    yield "the busy customer, refused (none)", by(outcome="refused", pseudonym=BUSY)
    yield "one purpose, refused, in one month", by(*month, purpose="improve_visit", outcome="refused")
    yield "a recipient and another's purpose (none)", by(recipient="mailbird", purpose="ads_elsewhere")
    common = {"actor": "system:tills", "action": "decision.made", "purpose": "improve_visit", "recipient": "tills"}
    yield "who, act, purpose, recipient, answer, all common", by(**common, outcome="allowed")
    yield "an act by whom it never is (none)", by(action="consent.withdrawn", actor="system")
    yield "allowed and a reason to refuse (none)", by(outcome="allowed", reason=" ".join(REFUSALS))


def asked(wanted: Any, times: int) -> tuple[Any, list[float]]:
    """Make a search so often; the first page, and the milliseconds of each."""
    from audit.services.entries import uuid7
    from consent.services import entries
    from tests.world import OPERATOR

    chance, spent, first = random.Random(7), [], None
    for turn in range(times):
        before = uuid7(START + SPAN * chance.random()) if turn % 2 else None
        start = time.perf_counter()
        found = entries.search(wanted=wanted, before=before, limit=50, by=OPERATOR, now=START + SPAN)
        spent.append((time.perf_counter() - start) * 1e3)
        first = first or found
    return first, spent


if __name__ == "__main__":
    main()
