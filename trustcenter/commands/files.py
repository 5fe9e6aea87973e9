"""import-consents: a file of consents recorded elsewhere."""

import argparse
from pathlib import Path
from typing import Any

from consent.rules.mapping import Mapping, Target
from consent.rules.own_words import MAY_BE, NEEDED
from consent.services import import_runs, imports
from consent.services.import_runs import LISTED, Report
from trustcenter import access, mappings
from trustcenter.commands import catalogue, terminal
from trustcenter.commands.refused import RefusedRows
from trustcenter.commands.sources import source

_ABOUT = f"""\
Take in consents that another tool recorded. Each row goes through the same rules and leaves the same evidence as a
choice made today. What cannot be trusted is refused, row by row, with its reason. Running it twice doubles nothing, and
an import that was stopped goes on where it stood.

Without --mapping the file is CSV, or NDJSON when its name ends in .ndjson or .jsonl, with columns of these names:
  {", ".join(NEEDED)}
and, where there are any:
  {", ".join(MAY_BE[:6])},
  {", ".join(MAY_BE[6:])}

Mappings that ship, by name:
  {", ".join(mappings.names())}
They fit any catalogue: --purpose says which of its purposes the people of the file said yes to, and for which data."""
_EXAMPLES = """\
  trustcenter import-consents history.csv --mapping history.mapping.yaml --dry-run
      Try everything, keep nothing, and say what would be taken and what refused, and why.
  trustcenter import-consents history.csv --mapping history.mapping.yaml --refused refused.csv
      Also keep the refused rows with their reasons. Mend them and take refused.csv in, with the same mapping.
      It holds personal data (mode 0600).
  trustcenter import-consents subscribed.csv --mapping mailchimp-audience --purpose newsletter:contact.email
      A file of a well-known tool: its people said yes to one purpose, and to e-mail only.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands, "import-consents", _import, short="take in consents from a file", about=_ABOUT, examples=_EXAMPLES
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--mapping", metavar="FILE|NAME", help="how to read the file: YAML, or one that ships")
    parser.add_argument(
        "--purpose",
        type=_target,
        metavar="KEY[:CATEGORY,…]",
        help="the purpose that the mapping leaves open; with categories, the yes is to these only (default: to all)",
    )
    parser.add_argument("--dry-run", action="store_true", help="try everything and keep nothing")
    parser.add_argument(
        "--again",
        action="store_true",
        help="from the first line, also when the file is done: what stands is passed over, what was refused is tried",
    )
    parser.add_argument(
        "--refused", type=Path, metavar="FILE", help="write refused rows with their reasons here, in the form of FILE"
    )


def take(
    path: Path, mapped: Mapping | None, *, dry_run: bool = False, again: bool = False, keep: Path | None = None
) -> tuple[Report, RefusedRows | None]:
    """Import a file, with progress shown; raises Invalid when the file as a whole cannot be read.

    keep: where refused rows go. Returns the report, and the file of refused rows if one was written.
    """
    found = source(path, mapped)
    with terminal.progress("Lines read") as progress:
        whole = found.measure(progress)
    before = import_runs.place(digest=whole.digest, mapped=mapped)
    line = 0 if dry_run or again else before.line
    if line and not before.finished_at:
        terminal.note(f"This file was begun before: going on after line {line:,}, with {before.rows:,} rows done.")
    refused = (
        RefusedRows(keep, found, whole.head, line) if keep and (dry_run or again or not before.finished_at) else None
    )
    with terminal.progress("Rows") as progress:
        report = imports.run(
            rows=found.rows(whole.head),
            head=whole.head,
            mapped=mapped,
            digest=whole.digest,
            by=access.operator_actor(),
            now=access.clock(),
            dry_run=dry_run,
            again=again,
            refused=refused.keep if refused else lambda row, problem: None,
            progress=lambda done: progress(done, whole.rows),
        )
    if refused:
        refused.close()
    return report, refused


def tell(report: Report, *, dry_run: bool) -> None:
    """The report in words."""
    would = "would be " if dry_run else ""
    if report.finished_at:
        done = f"{report.finished_at:%Y-%m-%d %H:%M} UTC"
        terminal.say(f"This file was taken in already, on {done}. Nothing was recorded. It was then:")
    terminal.say(
        f"{report.rows:,} rows:",
        f"  {report.imported:>6,}  {would}imported, as {report.events:,} acts",
        f"  {report.repeated:>6,}  repeated: recorded already",
        f"  {report.skipped:>6,}  skipped: the mapping says these are no consents",
        f"  {report.refused:>6,}  refused",
    )
    for sentence, reason in sorted(report.reasons.items(), key=lambda item: -item[1].rows):
        more = f" and {reason.rows - LISTED:,} more" if reason.rows > LISTED else ""
        lines = ", ".join(map(str, reason.lines))
        terminal.say(f"          {reason.rows:>4}  {sentence}", f"                line {lines}{more}")
    if report.finished_at and report.refused:
        terminal.say("To try the refused rows again, for instance after a change of the catalogue: --again.")


def _import(options: argparse.Namespace) -> int:
    mapped = None
    if options.mapping:
        document = catalogue.read(mappings.file(options.mapping))
        mapped = imports.read_mapping(document, target=options.purpose)
    elif options.purpose:
        terminal.complain("--purpose fills the purpose that a mapping leaves open: name the mapping too.")
        return 2
    report, kept = take(options.file, mapped, dry_run=options.dry_run, again=options.again, keep=options.refused)
    tell(report, dry_run=options.dry_run)
    if kept:
        _tell_refused(kept, report)
    return 0


def _tell_refused(kept: RefusedRows, report: Report) -> None:
    terminal.say(f"The refused rows are in {kept.path}. It holds personal data.")
    if kept.guarded:
        terminal.say(
            f"{kept.guarded:,} cells in it begin as a formula does. They stand behind an apostrophe, so that no",
            "spreadsheet runs them; import-consents takes it away again.",
        )
    if kept.rows < report.refused:
        terminal.say(
            f"{report.refused - kept.rows:,} rows that an earlier run refused are not in it; --again gives all."
        )


def _target(text: str) -> Target:
    """`KEY` or `KEY:CATEGORY,CATEGORY`."""
    key, colon, categories = text.partition(":")
    return Target(key, tuple(terminal.listed(categories)) if colon else None)
