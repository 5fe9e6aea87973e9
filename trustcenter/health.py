"""Is this process alive, and can it do its work?"""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from audit.services import erasures, prove
from trustcenter import access, problems

# Entries are sealed within a second; a minute means that nobody seals.
LAG = timedelta(seconds=60)
_BACK = "A restored backup brought erased people back, {} records. Run `trustcenter reapply-erasures`."


@problems.read_only
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  Django's signature
    """The process answers; nothing else is looked at, so that a slow database does not get it restarted."""
    return JsonResponse({"status": "live"})


@problems.read_only
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  Django's signature
    """200 when every part works; 503 naming those that do not."""
    parts = {}
    for name, look in _LOOKS.items():
        try:
            parts[name] = look()
        except DatabaseError:
            parts[name] = "does not answer"
    good = all(said == "good" for said in parts.values())
    return JsonResponse({"status": "ready" if good else "not ready", "parts": parts}, status=200 if good else 503)


def missing_migrations() -> list[str]:
    """Names of the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def returned() -> list[str]:
    """Why nobody may be served: erased people are here. By the whole record, and without regard to when."""
    try:
        back = erasures.returned()
    except erasures.RecordDamaged as problem:
        return [str(problem)]
    return [_BACK.format(len(back))] if back else []


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "good"


def _migrations() -> str:
    try:
        return _migrated()
    except _Behind as behind:
        return str(behind)


class _Behind(Exception):
    """Migrations are missing. Raised, so that only the good answer is remembered."""


@cache
def _migrated() -> str:
    if missing := missing_migrations():
        raise _Behind(f"{len(missing)} missing; run `trustcenter migrate`")
    return "good"


def _sealing() -> str:
    state = prove.state()
    if state.refusal:
        return f"nothing is signed ({state.refusal.code}); run `trustcenter doctor`"
    oldest = state.oldest_waiting
    if oldest is None or access.clock() - oldest < LAG:
        return "good"
    return f"the oldest entry has waited {int((access.clock() - oldest).total_seconds())} s; is the sealer running?"


def _erasures() -> str:
    """By the newest of the record: this is asked every few seconds, and a backup brings back the newest first."""
    try:
        back = erasures.returned(newest=erasures.NEWEST, before=access.clock() - LAG)
    except erasures.RecordDamaged as problem:
        return str(problem)
    return _BACK.format(len(back)) if back else "good"


_LOOKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "sealing": _sealing,
    "erasures": _erasures,
}
