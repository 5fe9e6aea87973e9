"""audience."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from consent.errors import NotFound
from consent.services import audiences, catalogue
from consent.services.audiences import Block, Filtered, Judged, Wanted
from trustcenter import access, lists
from trustcenter.commands import terminal
from trustcenter.lists import Bits, Ids, Lines, Reasons

_EXAMPLES = """\
  trustcenter audience ids.txt --purpose personal_offers --recipient mail-engine --out allowed.txt
      Those of the list whose data the mail engine may use, in the order of the list.
  trustcenter audience emails.txt --purpose personal_offers --recipient mail-engine --namespace email \\
      --categories contact.email,purchase_history --reasons --out answers.ndjson
  zcat ids.gz | trustcenter audience - --purpose personal_offers --recipient mail-engine > allowed.txt
"""
_ABOUT = """\
Write those of a list of customers whose data may be used: one identifier a line, in and out. That they were checked is
a fact in the log, and each of them sees it. The answer is about customers: written to a file, it is yours alone (0600).
"""


def add(commands: Any) -> None:
    audience = terminal.command(
        commands,
        "audience",
        _audience,
        short="those of a list of customers whose data may be used",
        about=_ABOUT,
        examples=_EXAMPLES,
    )
    audience.add_argument("file", metavar="FILE", help="one identifier a line, UTF-8; - reads standard input")
    audience.add_argument("--purpose", metavar="KEY", required=True)
    audience.add_argument("--recipient", metavar="KEY", required=True, help="who would use the data")
    audience.add_argument("--namespace", metavar="NAME", default="customer", help="of the identifiers (customer)")
    audience.add_argument("--categories", metavar="A,B", type=terminal.listed, help="which data; those each chose")
    audience.add_argument("--reference", metavar="TEXT", default="", help="the occasion, shown to each customer")
    audience.add_argument("--out", metavar="FILE", type=Path, help="instead of standard output")
    form = audience.add_mutually_exclusive_group()
    form.add_argument("--bits", action="store_true", help="a bit for each line, the first the highest of its byte")
    form.add_argument("--reasons", action="store_true", help="a JSON object for each line, and one for the whole")


def _audience(options: argparse.Namespace) -> int:
    if catalogue.find_recipient(options.recipient) is None:
        raise NotFound("No such recipient is in the catalogue.")
    form = Bits if options.bits else Reasons if options.reasons else Ids
    with _opened(options.file) as source, lists.spool() as incoming, lists.spool() as outgoing:
        listed = Lines(lists.received(source.read, most=settings.AUDIENCE_BYTES), incoming)
        answer = form(outgoing)
        done = _checked(options, listed, answer)
        answer.end(done)
        _write(outgoing, options.out)
    told = ", ".join(f"{count:,} {name}" for name, count in lists.counts(done).items())
    terminal.note(f"{told}. Entry of the log: {done.entry}")
    return 0


def _checked(options: argparse.Namespace, listed: Lines, answer: Ids) -> Filtered:
    wanted = Wanted(
        recipient=options.recipient,
        purpose=options.purpose,
        namespace=options.namespace,
        categories=tuple(options.categories) if options.categories else None,
        reference=options.reference,
    )
    by, now = access.operator_actor(), access.clock()
    with terminal.progress("Identifiers") as progress:
        read = 0

        def tell(block: Block, judged: Judged) -> None:
            nonlocal read
            answer.tell(block, judged)
            read += len(block)
            progress(read, listed.asked)

        return audiences.check(wanted=wanted, blocks=listed.blocks(), asked=listed.asked, tell=tell, by=by, now=now)


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _write(answer: IO[bytes], path: Path | None) -> None:
    """Write the answer; a file has its name when it is whole."""
    answer.seek(0)
    blocks = iter(lambda: answer.read(lists.BLOCK), b"")
    if path is None:
        sys.stdout.buffer.writelines(blocks)
        sys.stdout.buffer.flush()
        return
    with terminal.private_bytes(path) as file:
        file.writelines(blocks)
