"""protect: row security and masked views in a PostgreSQL of yours, kept fresh from the feed."""

import argparse
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from consent.errors import Field, Invalid
from trustcenter.commands import catalogue, terminal

_ABOUT = """\
Enforce consent inside a PostgreSQL of yours. MAPPING says which column of which table holds which category of data, and
which roles read it for what; docs/enforce.md has one with every member explained.

  plan     print the SQL that apply would run; change nothing
  apply    put the mapping in force, in one transaction: rows are hidden until the follower has seen them
  follow   keep the masks fresh from the feed, until it is stopped; rows hide by themselves when it is
  verify   prove, with the plans of queries and by trying as each role, that nothing leaks
  remove   take everything away again; whoever may read a table then reads all of it"""
_EXAMPLES = """\
  trustcenter protect plan crm.yaml --database postgresql://crm_owner@db/crm
  trustcenter protect apply crm.yaml --database postgresql://crm_owner@db/crm
  TRUST_URL=https://trust.example.org TRUST_KEY=tc_… trustcenter protect follow crm.yaml \\
      --database postgresql://crm_follower@db/crm
  trustcenter protect verify crm.yaml --database postgresql://postgres@db/crm
"""
_VERBS = ("plan", "apply", "follow", "verify", "remove")


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "protect",
        _protect,
        short="enforce consent inside a PostgreSQL of yours",
        about=_ABOUT,
        examples=_EXAMPLES,
    )
    parser.add_argument("verb", choices=_VERBS, metavar="VERB", help=", ".join(_VERBS))
    parser.add_argument("mapping", type=Path, metavar="MAPPING", help="YAML")
    parser.add_argument(
        "--database", metavar="URL", default=os.environ.get("PROTECT_DATABASE", ""), help="or $PROTECT_DATABASE"
    )
    parser.add_argument("--holder", default="default", metavar="NAME", help="follow: which copy, if there are several")


def _protect(options: argparse.Namespace) -> int:
    """Exit codes: 0 done, 1 refused or found wrong, 2 used wrongly."""
    try:
        import psycopg

        from trustcenter.sdk import protect
    except ImportError as lacking:
        return terminal.complain(f"{lacking}. Install it: pip install 'trustcenter[postgres,sdk]'.")
    if not options.database:
        terminal.complain("--database: the address of the database that holds your tables.")
        return 2
    run: Callable[..., int] = _RUN[options.verb]
    try:
        mapping = protect.Mapping.of(catalogue.read(options.mapping))
        return run(mapping, options)
    except protect.Refused as refused:
        return terminal.complain(*(f"refused: {each}" for each in refused.findings))
    except psycopg.Error as error:
        return terminal.complain(f"The database: {str(error).strip()}")


def _plan(mapping: Any, options: argparse.Namespace) -> int:
    from trustcenter.sdk import protect

    with _connected(options) as connection:
        found = protect.plan(connection, mapping)
    terminal.say(found.script.rstrip() if not found.done else "Nothing to do: it stands as the mapping says.")
    return 0


def _apply(mapping: Any, options: argparse.Namespace) -> int:
    from trustcenter.sdk import protect

    with _connected(options) as connection:
        done = protect.apply(connection, mapping).done
    names = ", ".join(str(table.name) for table in mapping.tables)
    terminal.say(
        "Nothing to do: it stands as the mapping says."
        if done
        else f"In force: {names}. Rows show as `trustcenter protect follow` sees them."
    )
    return 0


def _remove(mapping: Any, options: argparse.Namespace) -> int:  # noqa: ARG001  what is taken away is what was applied
    from trustcenter.sdk import protect

    with _connected(options) as connection:
        script = protect.remove(connection)
    terminal.say(
        "Taken away. Whoever may read these tables now reads all of them." if script else "There was nothing of ours."
    )
    return 0


def _verify(mapping: Any, options: argparse.Namespace) -> int:
    from trustcenter.sdk import protect

    with _connected(options) as connection, terminal.progress("Rows") as progress:
        found = protect.verify(connection, mapping, progress=progress)
    for line in found.proved:
        terminal.say(f"good   {line}")
    for line in found.notes:
        terminal.say(f"note   {line}")
    for line in found.findings:
        terminal.say(f"wrong  {line}")
    return 1 if found.findings else 0


def _follow(mapping: Any, options: argparse.Namespace) -> int:
    from trustcenter.sdk import protect

    given = {name: os.environ.get(name, "") for name in ("TRUST_URL", "TRUST_KEY")}
    try:
        follower = protect.Follower(
            protect.line(given["TRUST_URL"], given["TRUST_KEY"]),
            options.database,
            mapping,
            holder=options.holder,
            progress=terminal.progress,
        )
    except ValueError as wrong:
        raise Invalid(Field("/TRUST_URL", "form", f"$TRUST_URL and $TRUST_KEY: {wrong}")) from None
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    terminal.note("Following. Stop with Ctrl-C; rows hide when the lease is over.")
    try:
        follower.run(stopped)
    finally:
        follower.close()
    return 0


@contextmanager
def _connected(options: argparse.Namespace) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(options.database, autocommit=True, application_name="trustcenter protect") as connection:
        yield connection


_RUN = {"plan": _plan, "apply": _apply, "follow": _follow, "verify": _verify, "remove": _remove}
