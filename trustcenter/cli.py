"""What a person types: `trustcenter NAME …`. `manage.py` is the same; names that are not ours are Django's."""

import argparse
import os
import sys
from collections.abc import Sequence

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, get_commands
from django.db import DatabaseError
from environs import EnvError

from consent.errors import TrustError
from trustcenter.commands import terminal

_DESCRIPTION = "TrustCenter: consent that is recorded, enforced, shown and provable."
_EPILOG = """\
first steps:
  trustcenter demo                        a filled brand to try, with links and keys
or, with your own data:
  trustcenter migrate                     make database and keys in $TRUST_DATA_DIR (default: var/)
  trustcenter catalogue apply brand.yaml  publish who uses which data for what
  trustcenter create-key --recipient mail-engine --scopes decide,consents:write
  trustcenter serve                       web, worker and sealer on http://127.0.0.1:8000

`trustcenter NAME --help` explains one command with examples.
Exit codes: 0 good, 1 refused or found wrong, 2 used wrongly.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    argv: what stands after the program's name. Returns the exit code: 0 good, 1 refused or found wrong, 2 used wrongly.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustcenter.settings")
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except TrustError as error:
        return _refuse(error)
    except (ImproperlyConfigured, EnvError) as error:
        return terminal.complain(str(error))
    except DatabaseError as error:
        return terminal.complain(f"The database: {error}. If it is new, run `trustcenter migrate`.")
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    except OSError as error:  # a folder that cannot be made, a disk that is full
        return terminal.complain(f"{error.filename or 'The system'}: {error.strerror or error}.")


def _run(arguments: list[str]) -> int:
    if not apps.ready:
        django.setup()
    parser, ours = _parser()
    if not arguments:
        parser.print_help()
        return 2
    if not _is_ours(arguments, ours) and arguments[0] in get_commands():
        execute_from_command_line(["trustcenter", *arguments])
        return 0
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def _is_ours(arguments: list[str], ours: Sequence[str]) -> bool:
    """`migrate` alone is ours; with a name of an app or an option it is Django's."""
    name, *rest = arguments
    return name in ours and not (name == "migrate" and rest and rest[0] not in ("-h", "--help"))


def _parser() -> tuple[argparse.ArgumentParser, Sequence[str]]:
    # Only here: these modules read tables, and Django must be set up before tables exist.
    from trustcenter.commands import (
        audience,
        catalogue,
        database,
        demo,
        doctor,
        erasures,
        export_audit,
        exports,
        files,
        keys,
        log,
        officers,
        protect,
        pruning,
        rotation,
        sealing,
        serve,
        states,
        witnesses,
    )

    parser = argparse.ArgumentParser(
        prog="trustcenter",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="NAME", required=True)
    records = (catalogue, keys, officers, files, exports, export_audit, audience, states, erasures)
    for group in (demo, serve, database, *records, log, sealing, pruning, rotation, witnesses, protect, doctor):
        group.add(commands)
    return parser, list(commands.choices)


def _refuse(error: TrustError) -> int:
    fields = [f"  {field.pointer or '/'}: {field.detail}" for field in error.fields]
    # An error about one field says the field's sentence itself; with its place it is said once.
    said = any(field.detail == error.detail for field in error.fields)
    return terminal.complain(error.title if said else error.detail, *fields)


if __name__ == "__main__":
    sys.exit(main())
