"""plan, apply, remove."""

from dataclasses import dataclass
from typing import NamedTuple

from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb

from . import catalog, removal, standing
from .catalog import Applied
from .connection import Connection
from .mapping import FOLLOWER, Mapping, Name, Refused
from .statements import STALE, build, tightened
from .statements import role as create

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"


@dataclass(frozen=True)
class Plan:
    """What would be done. script: the SQL; "" where all stands as it should."""

    mapping: Mapping
    script: str
    old: Applied | None

    @property
    def done(self) -> bool:
        """Whether nothing is to do."""
        return not self.script


class Roles(NamedTuple):
    """Of ours: those that are there, and those that are yet to be made."""

    known: list[str]
    new: list[str]


def plan(connection: Connection, mapping: Mapping) -> Plan:
    """What `apply` would do; changes nothing. Raises Refused."""
    old = catalog.applied(connection)
    if problems := list(catalog.refusals(connection, mapping, old)):
        raise Refused(problems)
    same = old is not None and old.mapping == mapping and old.state == standing.read(connection, old.mapping)
    return Plan(mapping, "" if same else _change(connection, mapping, old).as_string(connection), old)


def apply(connection: Connection, mapping: Mapping) -> Plan:
    """Put a mapping in force, in one transaction; changes nothing where it is. Raises Refused, psycopg.Error.

    A row is hidden until the follower has seen it, so after the first time all are.
    """
    with connection.transaction():
        connection.execute(LOCK_TIMEOUT)
        found = plan(connection, mapping)
        if found.done:
            return found
        before = _before(connection, mapping, found.old)
        connection.execute(found.script)  # its parts were quoted one by one
        _remember(connection, found, before)
    return found


def remove(connection: Connection) -> str:
    """Take away everything that `apply` made, in one transaction; the SQL that did it, "" where there was nothing.

    From then on whoever may read a table reads all of it. Raises psycopg.Error.
    """
    with connection.transaction():
        connection.execute(LOCK_TIMEOUT)
        old = catalog.applied(connection)
        if old is None:
            return ""
        roles = [*old.mapping.readers, FOLLOWER]
        parts = removal.everything(old.mapping, old.before, _there(connection, old.mapping))
        dropped = catalog.only_here(connection, roles)
        script = _as_member(connection, Roles(roles, []), list(parts), dropped).as_string(connection)
        connection.execute(script)
    return script


def _change(connection: Connection, mapping: Mapping, old: Applied | None) -> Composed:
    known = catalog.have_roles(connection)
    there = _there(connection, old.mapping) if old else []
    made = list(tightened(*catalog.loosened(connection, mapping)))
    left: list[str] = []
    if old:
        left = [role for role in old.mapping.readers if role not in mapping.readers]
        kept = [each.name for each in mapping.tables]
        made += removal.derived(old.mapping, there)
        if old.mapping.follower in known and old.mapping.follower != mapping.follower:
            made.append(removal.unfollow(old.mapping.follower))
        made += [removal.given_back(name, old.before[str(name)]) for name in there if name not in kept]
    given = catalog.given(connection) if old else {}
    made += build(mapping, catalog.bits(mapping, given))
    if old and any(pair not in given for pair in mapping.pairs):
        made.append(SQL(STALE).format())
    wanted = [FOLLOWER, *mapping.readers]
    roles = Roles([role for role in [*wanted, *left] if role in known], [role for role in wanted if role not in known])
    dropped = catalog.only_here(connection, left)
    return _as_member(connection, roles, made, dropped)


def _as_member(connection: Connection, roles: Roles, made: list[Composed], dropped: list[str]) -> Composed:
    """The statements between those that make and drop roles. Whoever is no superuser is a member of them meanwhile."""
    grant = [] if catalog.superuser(connection) else [*roles.known, *roles.new]
    revoke = [role for role in grant if role not in dropped]
    return Composed(
        [
            *(create(role) for role in roles.new),
            *(SQL("GRANT {} TO CURRENT_USER;\n").format(Identifier(role)) for role in grant),
            *made,
            *(SQL("REVOKE {} FROM CURRENT_USER;\n").format(Identifier(role)) for role in revoke),
            *removal.roles(dropped),
        ]
    )


def _there(connection: Connection, mapping: Mapping) -> list[Name]:
    """The tables of a mapping that still stand."""
    return [each.name for each in mapping.tables if catalog.table(connection, each.name)]


def _before(connection: Connection, mapping: Mapping, old: Applied | None) -> dict[str, dict[str, bool]]:
    """How the row security of each table stood before it was protected."""
    found = {}
    for name in (each.name for each in mapping.tables):
        if old and str(name) in old.before:
            found[str(name)] = old.before[str(name)]
        elif table := catalog.table(connection, name):
            found[str(name)] = {"row": table.row, "force": table.force}
    return found


def _remember(connection: Connection, made: Plan, before: dict[str, dict[str, bool]]) -> None:
    connection.execute("DELETE FROM trust.applied")
    connection.execute(
        "INSERT INTO trust.applied (mapping, script, before, state) VALUES (%s, %s, %s, %s)",
        [
            catalog.document(made.mapping),
            made.script,
            Jsonb(before),
            Jsonb(standing.read(connection, made.mapping)),
        ],
    )
