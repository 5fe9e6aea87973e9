"""demo: a filled brand to try, in its own data folder, and then everything that `serve` does."""

import argparse
import json
import os
import secrets
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction

from audit.services import seal
from consent.errors import Conflict, Invalid, NotFound, TrustError
from consent.rules import imports as import_rules
from consent.services import catalogue, consent_requests, imports, keys, officers, portal_links, states, subjects
from consent.services.consent_requests import Made, Wanted
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from trustcenter import access, demo, health, logs
from trustcenter.commands import catalogue as catalogue_files
from trustcenter.commands import files, serve, sources, terminal, tour
from trustcenter.demo import year

_EXAMPLES = """\
  trustcenter demo                          on http://127.0.0.1:8000; a second start keeps the data
  trustcenter demo --bind 127.0.0.1:9000
  trustcenter demo --reset                  forget the demo's data and make it anew
"""
_SCOPES = ("decide", "consents:read", "consents:write", "reports")
_TOURISTS = 40


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "demo",
        _demo,
        short="a filled brand to try, with links and keys",
        about="Kestrel Park, a made-up theme park: 200 visitors and a year of their choices, uses and benefits.",
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "--bind", type=serve.address, default=("127.0.0.1", 8000), metavar="ADDRESS:PORT", help="where to listen"
    )
    parser.add_argument("--reset", action="store_true", help="delete the demo's data first")


def _demo(options: argparse.Namespace) -> int:
    host, port = options.bind
    if options.reset:
        _reset()
    fresh = _prepare()
    if found := serve.obstacles(host, port):
        return terminal.complain(*found)
    if fresh:
        _fill(access.clock())
    known = _credentials(access.clock())
    url = f"http://{serve.netloc(host, port)}"
    ways = {"link": _link(url, access.clock()), "question": _question(url, access.clock())}
    tour.show(url, known, fresh=fresh, **ways, customer=_tourist(), kept=_marker())
    _quieten()
    # What this process has open must not be shared with the children.
    connections.close_all()
    return serve.run(host, port, workers=1)


def _quieten() -> None:
    """What was printed stays on the screen: only warnings follow it, in words, unless somebody asked for more."""
    for name, value in (("LOG_TEXT", "1"), ("LOG_LEVEL", "WARNING")):
        os.environ.setdefault(name, value)
    logs.configure({"text": os.environ["LOG_TEXT"] == "1", "level": os.environ["LOG_LEVEL"].upper()})


def _marker() -> Path:
    """The file that says a folder is a demo's, and keeps what it prints."""
    return Path(settings.DATA_DIR) / "demo.json"


def _prepare() -> bool:
    """Database and keys, made if need be; whether the demo must still be filled."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if health.missing_migrations():
        terminal.note("Making database and keys …")
        call_command("migrate", interactive=False, verbosity=0)
    try:
        catalogue.purpose("personal_offers")
    except NotFound:
        if catalogue.brand().key:
            raise Conflict(f"{settings.DATA_DIR} holds another brand. Set TRUST_DATA_DIR to a new folder.") from None
        terminal.write_private(_marker(), b"{}")
        return True
    if not _marker().exists():
        raise Conflict(f"{settings.DATA_DIR} was not made by the demo. Set TRUST_DATA_DIR to a new folder.")
    return False


def _fill(now: datetime) -> None:
    """A year, all of it or nothing: a demo that was stopped half-way begins again."""
    emails = _emails()
    with transaction.atomic():
        document = catalogue_files.read(demo.CATALOGUE)
        catalogue.apply(document=document, by=access.operator_actor(), now=now - timedelta(days=year.DAYS))
        with terminal.progress("A year at Kestrel Park") as progress:
            year.live(emails, Actor("staff", ref="staff-1", name="Rosa Lind"), now=now, progress=progress)
    terminal.say("", "The consent history of the park's old e-mail tool (trustcenter/demo/history.csv):")
    mapped = imports.read_mapping(catalogue_files.read(demo.MAPPING))
    report, _ = files.take(demo.HISTORY, mapped)
    files.tell(report, dry_run=False)
    terminal.note("Sealing the log …")
    while seal.seal(now=access.clock()).taken:
        pass


def _emails() -> list[str]:
    """The addresses in the history that can be some, each once, in the order of the file."""
    found: dict[str, None] = {}
    history = sources.Source(demo.HISTORY, own=False)
    for row in history.rows(history.measure(lambda done, of: None).head):
        try:
            address = import_rules.checked_identifier("email", (row.cells or {}).get("Email Address", "").strip(" "))
        except import_rules.Refused:
            continue
        found[address.lower()] = None
    return list(found)


def _credentials(now: datetime) -> dict[str, str]:
    """Officer and key, made at the first start and kept in the marker; before each is made, so that none is lost."""
    known: dict[str, str] = json.loads(_marker().read_text())
    by = access.operator_actor()
    if "password" not in known:
        known["password"] = "-".join(secrets.token_hex(2) for _ in range(4))
        _keep(known)
    try:
        officers.create(username="officer", password=known["password"], full_name="Rosa Lind", by=by, now=now)
    except Invalid as problem:
        if any(field.code != "taken" for field in problem.fields):
            raise
    if not keys.recognise(key=known.get("key", ""), address="127.0.0.1", now=now):
        known["key"] = keys.create(recipient="mail-engine", scopes=_SCOPES, by=by, now=now).key
        _keep(known)
    return known


def _keep(known: dict[str, str]) -> None:
    terminal.write_private(_marker(), json.dumps(known).encode())


def _link(url: str, now: datetime) -> str:
    made = portal_links.create(subject=Handle("customer", "C-1001"), by=access.operator_actor(), now=now)
    return f"{url}/enter/{made.token}"


def _question(url: str, now: datetime) -> str:
    """A page that asks the first customer who may be asked about offers; "" where nobody may."""
    for number in range(1001, 1001 + _TOURISTS):
        wanted = Wanted(Handle("customer", f"C-{number}"), "personal_offers")
        with suppress(TrustError):
            made = consent_requests.create(wanted=wanted, by=access.operator_actor(), now=now)
            if isinstance(made, Made):
                return f"{url}/ask/{made.token}"
    return ""


def _tourist() -> str:
    """The first customer who still says yes to offers: the tour takes that yes back."""
    offers = catalogue.purpose("personal_offers").pk
    for number in range(1001, 1001 + _TOURISTS):
        subject = subjects.find(Handle("customer", f"C-{number}"))
        state = states.current(subject=subject).get(offers) if subject else None
        if state and state.status == "given" and "contact.email" in state.categories:
            return f"C-{number}"
    return "C-1001"


def _reset() -> None:
    """Delete what a demo made, and nothing else."""
    place = Path(settings.DATA_DIR)
    if not place.exists():
        return
    if not _marker().exists():
        raise Conflict(f"{place} was not made by the demo, so nothing is deleted.")
    name = settings.DATABASES["default"]["NAME"]
    if not all(str(each).startswith(str(place)) for each in (name, settings.OUTSIDE_DIR)):
        raise Conflict("The demo's data is in a database of its own making only; drop yours by hand.")
    terminal.note(f"Deleting the demo's database, keys, broker and figures in {place}.")
    connections.close_all()
    for path in chain(place.glob(f"{Path(name).name}*"), [_marker()]):
        path.unlink()
    # Beside a new database the old one's mark would say that something was lost.
    for folder in (place / "keys", settings.BROKER_FOLDER, settings.METRICS_DIR, settings.OUTSIDE_DIR):
        shutil.rmtree(folder, ignore_errors=True)
