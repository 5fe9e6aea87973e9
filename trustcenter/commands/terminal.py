"""How commands speak: results to standard output, everything said beside them to standard error."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from rich.console import Console
from rich.progress import Progress

Tick = Callable[[int, int], None]


def command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    short: str,
    about: str = "",
    examples: str = "",
) -> argparse.ArgumentParser:
    """Add a command that teaches: what it does, what it takes, and examples to copy."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=short,
        description=about or short[0].upper() + short[1:] + ".",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def listed(text: str) -> list[str]:
    """The parts of `a,b`; for argparse."""
    return [part.strip() for part in text.split(",") if part.strip()]


def say(*lines: str) -> None:
    """A result."""
    _write(sys.stdout, lines)


def note(*lines: str) -> None:
    """Something said beside the result, which a pipe must not get."""
    _write(sys.stderr, lines)


def complain(*lines: str) -> int:
    """What is wrong; returns the exit code 1."""
    _write(sys.stderr, lines)
    return 1


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns, each as wide as its widest cell."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    for row in [head, *rows]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    path.unlink(missing_ok=True)  # an older file may be open to others, and opening it would keep its mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def open_private(path: Path, *, encoding: str = "utf-8", errors: str = "strict") -> TextIO:
    """A new text file that only its owner may read. An older one of this name goes: it may be open to others."""
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(number, "w", encoding=encoding, errors=errors, newline="")


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Write such a file little by little. It has its name when it is whole; if writing fails, nothing is left."""
    unfinished = path.with_name(f"{path.name}~")
    try:
        with open_private(unfinished) as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def private_bytes(path: Path) -> Iterator[IO[bytes]]:
    """As `private_file`, of bytes."""
    with private_file(path) as file:
        yield file.buffer


@contextmanager
def progress(what: str) -> Iterator[Tick]:
    """Show how far long work is: a bar on a terminal, a plain line now and then elsewhere. Call it with (done, of)."""
    if not sys.stderr.isatty():
        yield _Lines(what)
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


class _Lines:
    """Progress where there is no terminal: a line at each quarter."""

    def __init__(self, what: str) -> None:
        self.what, self.said = what, 0

    def __call__(self, done: int, of: int) -> None:
        quarter = 4 * done // of if of else 0
        if quarter > self.said:
            self.said = quarter
            note(f"{self.what}: {done} of {of}")


def _write(stream: TextIO, lines: Sequence[str]) -> None:
    for line in lines:
        # A terminal that cannot show a letter must not stop the command.
        encoding = stream.encoding or "utf-8"
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
