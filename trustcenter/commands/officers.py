"""create-officer."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from consent.errors import Field, Invalid
from consent.services import officers
from trustcenter import access
from trustcenter.commands import terminal


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "create-officer",
        _create,
        short="let a member of staff sign in to the console",
        examples=(
            '  trustcenter create-officer rosa --name "Rosa Lind"      asks for the password, twice\n'
            '  trustcenter create-officer rosa --name "Rosa Lind" --password-file rosa.txt\n'
        ),
    )
    parser.add_argument("username", metavar="USERNAME", help="what the officer types to sign in")
    parser.add_argument("--name", required=True, help="the name colleagues see beside what the officer does")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="read the password from the file's first line"
    )


def _create(options: argparse.Namespace) -> int:
    officers.create(
        username=options.username,
        password=_password(options.password_file),
        full_name=options.name,
        by=access.operator_actor(),
        now=access.clock(),
    )
    terminal.say(f"{options.username} may sign in at /console/.")
    return 0


def _password(file: Path | None) -> str:
    if file:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as problem:
            raise Invalid(Field("/password-file", "unreadable", f"Cannot read {file}: {problem}")) from None
    if not sys.stdin.isatty():
        raise Invalid(Field("/password", "required", "There is no terminal to ask at; use --password-file."))
    password = getpass.getpass("Password (12 letters or more): ")
    if getpass.getpass("Again: ") != password:
        raise Invalid(Field("/password", "mismatch", "The two are not the same. Nothing was made."))
    return password
