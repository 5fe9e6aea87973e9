"""catalogue check, diff, apply."""

import argparse
from pathlib import Path
from typing import Any

import yaml

from consent.errors import Field, Invalid
from consent.rules import plain
from consent.services import catalogue, drafts
from consent.services.catalogue import Step
from trustcenter import access
from trustcenter.commands import terminal

_EXAMPLES = """\
  trustcenter catalogue check brand.yaml   Is the file right, and are its words plain? Exits with 1 when not.
  trustcenter catalogue diff brand.yaml    What would change, and for how many customers?
  trustcenter catalogue apply brand.yaml   Publish it. A second time changes nothing.
"""


def add(commands: Any) -> None:
    parser = terminal.command(
        commands,
        "catalogue",
        _run,
        short="check, compare or publish the catalogue file",
        about=(
            "The catalogue says who uses which data for what, in which words. A published version never changes:\n"
            "an edit makes the next one, and a material edit turns the purpose off until each customer chooses."
        ),
        examples=_EXAMPLES,
    )
    parser.add_argument("verb", choices=("check", "diff", "apply"))
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML; trustcenter/demo/kestrel-park.yaml is one")


def read(file: Path) -> Any:
    """The document in a YAML file; raises Invalid, with the line, when it is none."""
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Invalid(Field("/file", "unreadable", f"Cannot read {file}: {problem.strerror}.")) from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise Invalid(Field("/file", "syntax", f"{file} is not YAML in UTF-8: {problem}")) from None


def _run(options: argparse.Namespace) -> int:
    document = read(options.file)
    if options.verb == "check":
        return _check(document)
    terminal.say(*_drafts(document))
    if options.verb == "apply":
        steps = catalogue.apply(document=document, by=access.operator_actor(), now=access.clock())
    else:
        steps = catalogue.diff(document=document)
    for step in steps:
        terminal.say(*_lines(step))
    if not steps:
        terminal.say("Nothing to do: the catalogue already says the same.")
    elif options.verb == "apply":
        terminal.say(f"Done: {_count(len(steps), 'step')}.")
    return 0


def _check(document: Any) -> int:
    """Every remark on the words, errors first; docs/plain-language.md explains each rule."""
    found = catalogue.lint(document=document)
    terminal.say(*_drafts(document))
    for each in found:
        where = f"{each.purpose}, {each.language} {each.field}"
        terminal.say(f"{each.rule} {each.severity}: {where}: {each.sentence}")
    if wrong := sum(each.severity == plain.ERROR for each in found):
        return terminal.complain(f"The words have {_count(wrong, 'error')}. Mend them, then publish.")
    steps = catalogue.diff(document=document)
    terminal.say(f"The file is right. Applying it would take {_count(len(steps), 'step')}.")
    return 0


def _drafts(document: Any) -> list[str]:
    """What the file holds and nobody reads yet."""
    return [
        f"{each.purpose}, {each.language}: not approved yet; customers read {each.instead}"
        for each in drafts.read(document=document)
    ]


def _lines(step: Step) -> list[str]:
    number = f" version {step.number}" if step.number else ""
    kind = "purpose" if step.kind == "retire" else step.kind
    lines = [f"{step.what} {kind} {step.key}{number}{_weight(step)}"]
    return lines + [f"    {'material: ' if change.material else ''}{change.detail}" for change in step.changes]


def _weight(step: Step) -> str:
    """Whom a new version touches, and how."""
    if step.kind != "purpose" or step.number == 1:
        return ""
    weight, touched = "MATERIAL" if step.material else "editorial", _count(step.touches, "customer")
    if not step.asked:
        return f" ({weight}; it rests on no yes, so nobody is switched off)"
    if not step.material:
        return f" ({weight}; the yes of {touched} carries over)"
    return f" ({weight}; switched off for {touched} until they choose again)"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
