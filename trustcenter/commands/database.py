"""migrate."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management import call_command

from trustcenter.commands import terminal


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


def _migrate(options: argparse.Namespace) -> int:  # noqa: ARG001  every command takes its options
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    call_command("migrate", interactive=False)
    terminal.say(f"Database and keys are ready. Back up {settings.DATA_DIR / 'keys'}: without it nothing can be read.")
    return 0
