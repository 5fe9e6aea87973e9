"""export-customer, export-consents."""

import argparse
import csv
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from consent.rules import moments, own_words, whole_record
from consent.rules.whole_record import Whole
from consent.services import consent_export
from consent.services import whole_record as service
from consent.services.subjects import Handle
from trustcenter import access, languages
from trustcenter.commands import formulas, terminal

_CUSTOMER = """\
  trustcenter export-customer customer C-1001 --out record.jsonld
      For a computer: JSON-LD with the terms of DPV 2.3. Each choice is a record as ISO/IEC TS 27560 has it.
  trustcenter export-customer email mei@example.org --out record.html --format html
      For a person: one page that needs no network and can be printed.
"""
_CONSENTS = """\
  trustcenter export-consents --out consents.ndjson
      Take it in elsewhere: trustcenter import-consents consents.ndjson. The same answers stand there.
  trustcenter export-consents --out consents.csv --format csv --as-of 2026-05-14T12:00:00Z
      For a spreadsheet, as everything stood at that moment. A cell that begins as a formula does (= + - @) stands
      behind an apostrophe, so that no spreadsheet runs it; import-consents takes it away again.
"""
_SHEET = '<link rel="stylesheet" href="trustcenter.css">'


def add(commands: Any) -> None:
    one = terminal.command(
        commands,
        "export-customer",
        _export_customer,
        short="write everything that is kept about one customer",
        about="Write everything that is kept about one customer: what stands, every choice with its words and its\n"
        "receipt, uses, benefits, identifiers, evidence, and which of the staff looked. The file holds personal data\n"
        "(mode 0600).",
        examples=_CUSTOMER,
    )
    one.add_argument("namespace", metavar="NAMESPACE", help="of the identifier, e.g. customer or email")
    one.add_argument("id", metavar="ID")
    one.add_argument("--out", type=Path, metavar="FILE", required=True)
    one.add_argument("--format", choices=("jsonld", "html"), default="jsonld")
    every = terminal.command(
        commands,
        "export-consents",
        _export_consents,
        short="write all answers that stand, one line per customer and purpose",
        about="Write all answers that stand, one line per customer and purpose. The file holds personal data\n"
        "(mode 0600).",
        examples=_CONSENTS,
    )
    every.add_argument("--out", type=Path, metavar="FILE", required=True)
    every.add_argument("--format", choices=("ndjson", "csv"), default="ndjson")
    every.add_argument("--as-of", type=_moment, metavar="MOMENT", help="as it stood then (RFC 3339; default: now)")


def page(whole: Whole) -> str:
    """The record as one page in the customer's language, with its style inside: nothing is fetched, nothing runs."""
    sheet = (Path(__file__).parent.parent / "static" / "trustcenter.css").read_text("utf-8")
    with translation.override(languages.known(whole.language) or settings.LANGUAGE_CODE):
        written = render_to_string("whole_record.html", {"whole": whole})
    return written.replace(_SHEET, f"<style>\n{sheet}</style>")


def _export_customer(options: argparse.Namespace) -> int:
    with terminal.progress("Entries") as progress:
        whole = service.carry_away(
            customer=Handle(options.namespace, options.id),
            by=access.operator_actor(),
            now=access.clock(),
            progress=lambda done: progress(done, done),
        )
    if options.format == "html":
        written = page(whole)
    else:
        written = json.dumps(whole_record.document(whole), ensure_ascii=False, indent=1) + "\n"
    terminal.write_private(options.out, written.encode())
    terminal.say(f"{len(whole.said):,} choices and all else of this customer are in {options.out}: personal data.")
    return 0


def _export_consents(options: argparse.Namespace) -> int:
    with terminal.progress("Customers") as progress, terminal.private_file(options.out) as file:
        lines = consent_export.run(
            as_of=options.as_of, by=access.operator_actor(), now=access.clock(), progress=progress
        )
        count, guarded = (_table if options.format == "csv" else _objects)(lines, file)
    terminal.say(f"{count:,} answers are in {options.out}: personal data.")
    if guarded:
        terminal.say(
            f"{guarded:,} cells begin as a formula does. They stand behind an apostrophe, so that no spreadsheet runs",
            "them; in NDJSON they stand as they are.",
        )
    return 0


def _objects(lines: Iterable[dict[str, Any]], file: TextIO) -> tuple[int, int]:
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007  how many there were
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return count, 0


def _table(lines: Iterable[dict[str, Any]], file: TextIO) -> tuple[int, int]:
    writer = csv.DictWriter(file, [*own_words.COLUMNS, *own_words.TOLD])
    writer.writeheader()
    count = guarded = 0
    for count, line in enumerate(lines, 1):  # noqa: B007  how many there were
        cells = {name: _cell(value) for name, value in line.items()}
        plain = {name: formulas.guarded(cell) for name, cell in cells.items()}
        guarded += sum(plain[name] != cell for name, cell in cells.items())
        writer.writerow(plain)
    return count, guarded


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moment(text: str) -> datetime:
    try:
        return moments.moment(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
