"""How the verifier speaks: plain sentences, and three exit codes."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from ..errors import ProofError

REAL, WRONG, CANNOT_TELL = 0, 1, 2
_UNTOLD = ("bundle-kind", "key-missing", "entry-missing", "compare-origin", "compare-proof", "unreadable")
"""What leaves open whether something holds: the file may be good, and only we lack the means."""


def verdict(error: ProofError) -> int:
    """Return CANNOT_TELL where the file may be good and only we lack the means, WRONG everywhere else."""
    return CANNOT_TELL if error.code in _UNTOLD else WRONG


def refuse(what: str, error: ProofError) -> int:
    """Say that something does not hold, or that it cannot be told, and return the exit code."""
    if verdict(error) == WRONG:
        first = f"This {what} does NOT hold. Do not rely on it."
    else:
        first = f"Cannot tell whether this {what} holds. Do not rely on it yet."
    return say([first, f"{error} ({error.code})"], verdict(error), sys.stderr)


def say(lines: Iterable[str], code: int, stream: TextIO | None = None) -> int:
    """Print `lines` and return `code`; letters the terminal cannot show are spelled out."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    for line in lines:
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return code


def forked(*signed: str) -> int:
    """Show two heads of one log that cannot both be true: whoever holds both can prove it to anyone."""
    lines = ["This log was FORKED: two heads bear its signature, and one is not a beginning of the other.", ""]
    for each in signed:
        lines += [*(plain(line) for line in each.rstrip("\n").split("\n")), ""]
    return say([*lines, "Keep both. Together they prove it to anyone who has the log's key."], WRONG, sys.stderr)


def count(number: int) -> str:
    """Return a number of entries in words."""
    return f"{number:,} entry" if number == 1 else f"{number:,} entries"


def plain(value: Any) -> str:
    """Return `value` in one line: a log entry must not be able to steer the terminal it is shown on."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))[:200]
