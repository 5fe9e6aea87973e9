"""doctor: what is wrong here, and how to mend it."""

import argparse
import os
import stat
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from audit import guards, keys
from audit.services import erasures, heads, prove, refusals
from audit.services.refusals import Refused
from consent.services.erasures import ACTION
from trustcenter import access, grants, health
from trustcenter.commands import terminal

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # older than this program: the clock was never set


def add(commands: Any) -> None:
    terminal.command(
        commands,
        "doctor",
        _doctor,
        short="look for what is wrong here, and say how to mend it",
        examples="  trustcenter doctor && echo healthy\n",
    )


def _doctor(options: argparse.Namespace) -> int:  # noqa: ARG001  every command takes its options
    code = 0
    for name, look in LOOKS.items():
        try:
            found = look()
        except (DatabaseError, ImproperlyConfigured, OSError) as problem:
            found = [str(problem).strip()]
        terminal.say(f"{'wrong' if found else 'good '}  {name}", *(f"       {line}" for line in found))
        code = 1 if found else code
    return code


def _configuration() -> list[str]:
    found = [f"{each.msg} {each.hint or ''}".strip() for each in run_checks() if each.level >= ERROR]
    return [*found, *(["DEBUG is on: errors would show code and data. Unset it."] if settings.DEBUG else [])]


def _database() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return []


def _migrations() -> list[str]:
    found = health.missing_migrations()
    return [f"{len(found)} missing, the first is {found[0]}. Run `trustcenter migrate`."] if found else []


def _guards() -> list[str]:
    found = guards.missing(connection)
    return [f"{len(found)} missing, the first is {found[0]}. Run `trustcenter migrate`."] if found else []


def _rights() -> list[str]:
    found = grants.findings(connection)
    return [*found, "See docs/operate.md, Roles in PostgreSQL."] if found else []


def _clock() -> list[str]:
    now = access.clock()
    if now < _EARLIEST:
        return [f"It says {now:%Y-%m-%d %H:%M} UTC. Set it: consents and deadlines hang on it."]
    newest = prove.state().signed_at
    if newest and newest > now + timedelta(minutes=5):
        return [f"It says {now:%Y-%m-%d %H:%M} UTC, but the log was last signed at {newest:%Y-%m-%d %H:%M}. Set it."]
    return []


def _keys() -> list[str]:
    found = []
    for name in keys.NAMES:
        _ = keys.signer(name).public if name in keys.PRIVATE else keys.key(name)
        path = keys.folder() / f"{name}.key"
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(f"{path} can be read by others. Run: chmod 600 {path}")
    return found


def _log() -> list[str]:
    now, state = access.clock(), prove.state()
    found = _signing(now)
    if state.oldest_waiting and now - state.oldest_waiting > health.LAG:
        waited = int((now - state.oldest_waiting).total_seconds())
        found.append(f"{state.waiting:,} entries wait, the oldest for {waited:,} s. Is `trustcenter serve` running?")
    if state.checked and not state.checked.good:
        found.append(
            f"The last check found: {state.checked.finding} See docs/operate.md, When the log does not verify."
        )
    return found


def _erasures() -> list[str]:
    found = health.returned()
    if not found and (lost := erasures.forgotten(action=ACTION)):
        found.append(
            f"The record of erasures lacks {len(lost):,} that the log tells of. Run `trustcenter reapply-erasures`."
        )
    return found


def _signing(now: datetime) -> list[str]:
    """Looked at here and now, as the sealer does; where the mark cannot be seen from here, what the sealer wrote."""
    try:
        heads.look(now=now)
    except Refused as problem:
        return [f"Nothing is signed. {problem} {problem.mending}"]
    standing = prove.state().refusal
    return [f"Nothing is signed. {standing.detail} {refusals.MENDING[standing.code]}"] if standing else []


def _broker() -> list[str]:
    if not settings.BROKER_URL.startswith("filesystem:"):
        return []
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.DATA_DIR) as file:
        os.fsync(file.fileno())
    return []


LOOKS: dict[str, Callable[[], list[str]]] = {
    "configuration": _configuration,
    "database": _database,
    "migrations": _migrations,
    "guards of append-only tables": _guards,
    "rights in the database": _rights,
    "keys": _keys,
    "clock": _clock,
    "log": _log,
    "erasures": _erasures,
    "broker": _broker,
}
