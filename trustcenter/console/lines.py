"""Entries of the log as a person reads them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from audit.proof import merkle
from audit.services import entries
from consent.rules import bases
from consent.rules.reasons import CODES, sentence
from consent.services import asked, carried, catalogue, uses, versions
from consent.services.carried import Carried
from consent.services.decisions import Standing
from consent.services.evidence import Line
from consent.services.holders import Receiver
from trustcenter.console import words
from trustcenter.console.words import Act
from trustcenter.templatetags import pages

# From how many alike on they are told as one line.
RUN = 3


@dataclass(frozen=True)
class Row:
    """One entry. `place` is its number in the log, "" while it is not sealed; `mark` is the end of its id."""

    id: UUID
    mark: str
    place: str
    at: datetime
    act: Act
    who: Any
    purpose: str
    subject: str
    detail: str
    leaf: str
    chosen: bool = False
    choice: bool = False


@dataclass(frozen=True)
class Run:
    """Entries in a row that differ in nothing but time and occasion; newest first."""

    rows: list[Row]

    @property
    def newest(self) -> Row:
        return self.rows[0]

    @property
    def oldest(self) -> Row:
        return self.rows[-1]


@dataclass(frozen=True)
class State:
    """One purpose at a moment."""

    title: str
    key: str
    act: Act
    why: str
    data: str
    to: str
    heard: list[str]
    version: int
    since: datetime | None
    receipt: UUID | None
    mark: str
    carried: list[str]


def grouped(number: int) -> str:
    """1204331 as 1,204,331."""
    return f"{number:,}"


def short(value: str) -> str:
    """A long pseudonym or digest, enough to tell two apart."""
    return f"{value[:6]}…{value[-4:]}" if len(value) > 16 else value


def logged(entry: Any) -> Row:
    """An entry as the log shows it to someone who has no customer's file open."""
    leaf = _leaf(entry)
    return _row(Line(entry, {}, seq=entries.place(entry)), entry.purpose, _logged_detail(entry, leaf), choice=False)


def told(line: Line, titles: dict[str, str], chosen: UUID | None) -> Row:
    """An entry as the open file of its customer shows it."""
    title = titles.get(line.entry.purpose, line.entry.purpose)
    is_choice = line.event is not None
    return _row(line, title, _told_detail(line), choice=is_choice, chosen=line.entry.id == chosen)


def runs(rows: list[Row]) -> list[Run]:
    """Rows gathered where the same party did the same for the same purpose; choices and visits stand alone."""
    groups = [list(group) for _key, group in groupby(rows, lambda row: (row.act, row.purpose, row.who, row.choice))]
    found = []
    for group in groups:
        together = len(group) >= RUN and group[0].purpose and not group[0].choice
        found += [Run(group)] if together else [Run([row]) for row in group]
    return found


def _heard(receiver: Receiver) -> str:
    since = f" ({receiver.confirmed_at:%Y-%m-%d %H:%M})" if receiver.confirmed_at else ""
    return f"{receiver.recipient.key}: {words.HEARD[receiver.heard]}{since}"


def stood(standing: Standing, event: Any, titles: dict[str, str], heard: Iterable[Receiver]) -> State:
    """One row of the table of states. heard: who was told of it, where it stands now."""
    basis = standing.version.legal_basis
    asked = basis in bases.ASKED
    terms = catalogue.terms(standing.version)
    reason = standing.decision.reason
    return State(
        title=titles.get(standing.purpose.key, standing.purpose.key),
        key=standing.purpose.key,
        act=words.standing(reason, asked=asked, objectable=basis in bases.OBJECTABLE),
        why="" if reason == "permitted" or reason in words.STANDINGS else sentence(reason, _language()),
        data=", ".join(standing.state.categories if asked else terms.categories),
        to=", ".join(standing.state.recipients if asked else terms.recipients),
        heard=[_heard(each) for each in heard],
        version=standing.state.version or standing.version.number,
        since=event.collected_at if event else None if asked else standing.version.published_at,
        receipt=event.entry_id if event else None,
        mark=_mark(event.entry_id) if event else "",
        carried=[_carried(each) for each in carried.over(state=standing.state, current=standing.version)],
    )


def _carried(over: Carried) -> str:
    """That an editorial version did not ask again, and what it changed."""
    changes = [f"{pages.change(each)} ({each.what})" if each.what else pages.change(each) for each in over.changes]
    sentence = _("Given to version %(given)s; carried over to version %(to)s, published on %(date)s: %(changes)s.")
    return sentence % {
        "given": over.given,
        "to": over.number,
        "date": date_format(over.published_at, "Y-m-d"),
        "changes": pgettext("between the parts of a list", ", ").join(changes),
    }


def titles() -> dict[str, str]:
    """The title of each purpose in the officer's language, by key."""
    return dict[str, str](versions.titles(_language()))


def _row(line: Line, purpose: str, detail: str, *, choice: bool, chosen: bool = False) -> Row:
    entry = line.entry
    return Row(
        id=entry.id,
        mark=_mark(entry.id),
        place="" if line.seq is None else grouped(line.seq),
        at=entry.recorded_at,
        act=_act(entry),
        who=_who(line),
        purpose=purpose,
        subject=short(entry.subject),
        detail=detail,
        leaf=merkle.leaf_hash(bytes(entry.leaf)).hex(),
        chosen=chosen,
        choice=choice,
    )


def _act(entry: Any) -> Act:
    # Of a list only the line of one customer has a reason, and says what was answered about them.
    listed = entry.action == asked.ACTION and entry.reason
    decides = entry.action == "decision.made" or listed or entry.outcome == uses.BREACH
    if decides and entry.outcome in words.OUTCOMES:
        return words.OUTCOMES[entry.outcome]
    return words.ACTS.get(entry.action, Act(entry.action, "on"))


def _who(line: Line) -> Any:
    """Whoever used or said it: a recipient, the staff by name where the payload may be read, or the kind of person."""
    entry = line.entry
    named = line.payload.get("actor_name", "") if entry.actor_type == "staff" else ""
    customer = words.ACTORS.get(line.event.actor) if line.event else ""
    kind = words.ACTORS.get(entry.actor_type, entry.actor_type)
    # Of a key the recipient is the one it was made for; whoever made it is the operator.
    recipient = "" if entry.action.startswith("key.") else entry.recipient
    return named or customer or recipient or entry.actor_ref or kind


def _told_detail(line: Line) -> str:
    """What else the file knows: reason, occasion, the words of a benefit, the officer's note, data, channel."""
    entry, payload = line.entry, line.payload
    parts = [_because(entry.reason), _listed(entry)]
    parts += [
        payload.get("reference", ""),
        payload.get("note", ""),
        payload.get("reason", ""),
        ", ".join(payload.get("asked", [])),
    ]
    said = payload.get("words") or {}
    parts.append(said.get(_language()) or said.get("en", ""))
    if line.event:
        parts += [line.event.channel, line.event.language]
        parts.append(", ".join([*line.event.categories, *line.event.recipients]))
    elif entry.action == "use.reported":
        parts.append(", ".join(_leaf(entry).get("details", {}).get("categories", [])))
    return " · ".join(str(each) for each in parts if each)


def _logged_detail(entry: Any, leaf: dict[str, Any]) -> str:
    details = leaf.get("details", {})
    version = f"v{leaf['version']}" if leaf.get("version") and entry.action != "decision.made" else ""
    parts = [_because(entry.reason), _listed(entry), details.get("channel", ""), details.get("language", ""), version]
    named = leaf.get("object", "")
    parts += [entry.recipient if entry.action.startswith("key.") else ""]
    if entry.action == "probing.suspected":
        told = _("%(asked)s asked, %(refused)s refused, %(unknown)s of them about nobody you know")
        parts.append(told % {name: grouped(details.get(name, 0)) for name in ("asked", "refused", "unknown")})
    parts += [short(named) if entry.action == "import.finished" else named]  # of an import it is a digest
    return ", ".join(str(each) for each in parts if each)


def _listed(entry: Any) -> str:
    """How long a list was, and for how many it was allowed."""
    if entry.action != asked.ACTION:
        return ""
    counts = _leaf(entry).get("details", {})
    told = _("list of %(asked)s, %(allowed)s allowed")
    return told % {"asked": grouped(counts.get("asked", 0)), "allowed": grouped(counts.get("allowed", 0))}


def _because(code: str) -> str:
    if code in words.WHY:
        return str(words.WHY[code])
    return sentence(code, _language()) if code in CODES and code != "permitted" else ""


def _leaf(entry: Any) -> dict[str, Any]:
    """What the leaf says; nothing when it can no longer be read. Its proof tells of that."""
    try:
        found = json.loads(bytes(entry.leaf))
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _mark(number: UUID) -> str:
    """The random end of an id: what begins alike was only made at the same time."""
    return f"…{str(number)[-8:]}"


def _language() -> str:
    return get_language() or "en"


def proof_words(holding: Any) -> tuple[str, str, str]:
    """Whether a proof holds: the class of the node, the word, and the rest of the sentence."""
    if holding.finding:
        return "late", _("Does not hold"), holding.finding
    if not holding.size:
        return "wait", _("Not sealed yet"), _("The sealer takes it in within seconds.")
    told = _("%(hashes)s hashes to checkpoint %(size)s")
    return "on", _("Holds"), told % {"hashes": holding.hashes, "size": grouped(holding.size)}
