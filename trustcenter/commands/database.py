"""migrate, database-roles."""

import argparse
import re
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from trustcenter import grants
from trustcenter.commands import terminal

_ROLES = """\
Print the SQL that parts owner and users of the tables on PostgreSQL: a role that owns them, and one each for web,
worker and sealer with the rights they need (`NAME_app` is all three, for `serve`). Nothing in it is secret; run it as a
superuser in the service's database, and again whenever you like. docs/operate.md, Roles in PostgreSQL, says the rest.
"""


def add(commands: Any) -> None:
    terminal.command(
        commands,
        "migrate",
        _migrate,
        short="bring database, guards and keys up to date",
        about=(
            "Make or change the tables, put the append-only guards in place, and make the keys that are not there yet\n"
            "($TRUST_DATA_DIR/keys, mode 0600). Safe to repeat. With further arguments it is Django's own migrate."
        ),
        examples="  trustcenter migrate\n  trustcenter migrate --plan\n",
    )
    roles = terminal.command(
        commands,
        "database-roles",
        _print_roles,
        short="print the SQL that makes the roles for PostgreSQL",
        about=_ROLES,
        examples="  trustcenter database-roles | psql --set ON_ERROR_STOP=1 postgres://postgres@host/trustcenter\n",
    )
    roles.add_argument(
        "--prefix", type=_prefix, default="trustcenter", metavar="NAME", help="what they begin with (%(default)s)"
    )


def _migrate(options: argparse.Namespace) -> int:  # noqa: ARG001  every command takes its options
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    call_command("migrate", interactive=False)
    if prefix := grants.prefix_of(connection):
        # New tables belong to the owner already, and nobody else may read them yet.
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in grants.grants(prefix):
                cursor.execute(statement)
    terminal.say(f"Database and keys are ready. Back up {settings.DATA_DIR / 'keys'}: without it nothing can be read.")
    return 0


def _print_roles(options: argparse.Namespace) -> int:
    terminal.say("BEGIN;", *(f"{each};" for each in grants.statements(options.prefix)), "COMMIT;")
    return 0


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", text):
        raise argparse.ArgumentTypeError("small letters, digits and _, at most 41")
    return text
