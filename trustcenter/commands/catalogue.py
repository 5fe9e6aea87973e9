"""catalogue check, diff, apply."""

import argparse
from pathlib import Path
from typing import Any

import yaml

from consent.errors import Field, Invalid
from consent.services import catalogue
from consent.services.catalogue import Step
from trustcenter import access
from trustcenter.commands import terminal

_EXAMPLES = """\
  trustcenter catalogue check brand.yaml   Is the file right, and are its words plain?
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
    if options.verb == "apply":
        steps = catalogue.apply(document=document, by=access.operator_actor(), now=access.clock())
    else:
        steps = catalogue.diff(document=document)
    if options.verb == "check":
        terminal.say(*_advice(document))
        terminal.say(f"The file is right. Applying it would take {_count(len(steps), 'step')}.")
        return 0
    for step in steps:
        terminal.say(*_lines(step))
    if not steps:
        terminal.say("Nothing to do: the catalogue already says the same.")
    elif options.verb == "apply":
        terminal.say(f"Done: {_count(len(steps), 'step')}.")
    return 0


def _advice(document: Any) -> list[str]:
    """What the plain-language rules would change in the words; docs/plain-language.md explains each."""
    return [
        f"{found.rule} {found.severity}: {found.purpose}, {found.language} {found.field}: {found.message}"
        for found in catalogue.lint(document=document)
    ]


def _lines(step: Step) -> list[str]:
    number = f" version {step.number}" if step.number else ""
    kind = "purpose" if step.kind == "retire" else step.kind
    lines = [f"{step.what} {kind} {step.key}{number}{_weight(step)}"]
    return lines + [f"    {'material: ' if change.material else ''}{change.detail}" for change in step.changes]


def _weight(step: Step) -> str:
    if step.kind != "purpose" or step.number == 1:
        return ""
    if not step.material:
        return f" (editorial; {_count(step.touches, 'customer')} said yes, and nothing changes for them)"
    return f" (MATERIAL; off for {_count(step.touches, 'customer')} until they choose again)"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
