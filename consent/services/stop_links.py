"""A link in an e-mail by which its reader says no, and can say nothing else (level 0): no session, no cookie, no code.

Nothing is stored of a link: it holds, encrypted, whom and what it is for. So a million letters leave no row, what is
in a link cannot be read or changed, and to use it twice does no more than to use it once.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit import vault
from consent.errors import Field, Invalid, NoChoiceHere, StopLinkEnded, TrustError
from consent.models import Controller, Identifier, NoticeText, Purpose
from consent.rules import bases
from consent.rules import choice as choices
from consent.rules import stop_links as rules
from consent.rules.choice import Choice
from consent.rules.stop_links import StopLink
from consent.services import catalogue, consents, handles, states, subjects, versions
from consent.services.handles import Handle
from consent.services.ledger import Actor

CHANNEL, BUTTON, ONE_CLICK = "email_link", "button", "one-click"
# What the letters are sent to; a link for no named purpose is for those that use it.
ADDRESS = "contact.email"
_PLACE = "stop-link"


@dataclass(frozen=True)
class Wanted:
    """A link to make: for whom, for which purposes (None: all that use the e-mail address), in which language."""

    subject: Handle
    purposes: Sequence[str] | None = None
    language: str = ""


@dataclass(frozen=True)
class Made:
    """A link's token, and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Stopping:
    """What the page behind a link shows: the uses it stops, in words; nothing about the customer."""

    controller: Controller
    notices: tuple[NoticeText, ...]
    language: str


def make(
    *, wanted: Mapping[int, Wanted], only: Sequence[str] | None = None, now: datetime
) -> dict[int, Made | TrustError]:
    """Links for a whole mailing, each under its place; Invalid in the place of one that cannot be made.

    only: the purposes that the caller is limited to, for links that name none. Nothing is written.
    """
    known = handles.recorded(each.subject for each in wanted.values() if not _wrong(each.subject))
    stoppable = {row.key: row for row in catalogue.purposes() if _rests_on_choice(row) and row.retired_at is None}
    default = [key for key in _for_letters(stoppable) if only is None or key in only]
    return {
        place: _make(each, known.get(handles.key(each.subject)), stoppable, default, now)
        for place, each in wanted.items()
    }


def read(*, token: str, chosen: str, otherwise: str, now: datetime) -> Stopping:
    """What a link stops; changes nothing. Raises StopLinkEnded.

    chosen: the language that its reader picked; else it is the link's, else `otherwise`.
    """
    link = _opened(token, now)
    return _shown(_purposes(link), chosen or link.language or otherwise)


@transaction.atomic
def stop(*, token: str, method: str, chosen: str = "", otherwise: str = "", by: Actor, now: datetime) -> Stopping:
    """Stop what a link is for: a withdrawal where there was a yes, an objection where none was needed.

    What its customer said no to already stays as it is. Raises StopLinkEnded; NoChoiceHere when nothing that it is for
    rests on a choice any more.
    """
    link = _opened(token, now)
    purposes = _purposes(link)
    subject = subjects.hold(Identifier.objects.select_related("subject").get(pk=link.identifier).subject)
    shown = _shown(purposes, chosen or link.language or otherwise)
    held = states.current(subject=subject)
    for row in purposes:
        basis = row.current.legal_basis if row.current else ""
        state = held.get(row.pk)
        if state and (state.objected if basis in bases.OBJECTABLE else state.status in {"refused", "withdrawn"}):
            continue
        # Nobody read a page of ours before the one click in a mail program.
        language = shown.language if method == BUTTON else ""
        choice = Choice(row.key, choices.no(basis), CHANNEL, method, language=language)
        consents.record(subject=subject, choice=choice, by=by, now=now)
    return shown


def _make(
    wanted: Wanted,
    identifier: Identifier | None,
    stoppable: Mapping[str, Purpose],
    default: Sequence[str],
    now: datetime,
) -> Made | TrustError:
    problems = _wrong(wanted.subject)
    if identifier is None and not problems:
        problems.append(Field("/subject", "unknown", "We know no such customer; make them known first."))
    keys = default if wanted.purposes is None else wanted.purposes
    problems += [
        Field(f"/purposes/{place}", "unknown", "No such purpose rests on a choice of the customer's.")
        for place, key in enumerate(keys)
        if key not in stoppable
    ]
    if not keys:
        problems.append(Field("/purposes", "required", f"Name a purpose: none that you may name uses {ADDRESS}."))
    if problems or identifier is None:
        return Invalid(*problems)
    numbers = [stoppable[key].pk for key in dict.fromkeys(keys)]
    content = rules.write(identifier=identifier.pk, purposes=numbers, language=wanted.language, now=now)
    token = base64.urlsafe_b64encode(vault.links().seal(content, _PLACE)).decode().rstrip("=")
    return Made(token, rules.ends(now.date()))


def _wrong(subject: Handle) -> list[Field]:
    try:
        handles.check_handles([subject], "/subject")
    except Invalid as wrong:
        return list(wrong.fields)
    return []


def _for_letters(stoppable: Mapping[str, Purpose]) -> list[str]:
    return [key for key, row in stoppable.items() if row.current and ADDRESS in catalogue.terms(row.current).categories]


def _opened(token: str, now: datetime) -> StopLink:
    """What a link says, of a customer whose identifier is still there. Raises StopLinkEnded."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        link = rules.read(vault.links().open(sealed, _PLACE), now)
    except (vault.Unreadable, binascii.Error, ValueError):
        link = None
    if link is None or not Identifier.objects.filter(pk=link.identifier).exists():
        raise StopLinkEnded
    return link


def _purposes(link: StopLink) -> list[Purpose]:
    """The purposes of a link that rest on a choice now. Raises NoChoiceHere."""
    found = [row for row in catalogue.purposes().filter(pk__in=link.purposes) if _rests_on_choice(row)]
    if not found:
        raise NoChoiceHere
    return found


def _rests_on_choice(row: Purpose) -> bool:
    return row.current is not None and row.current.legal_basis not in bases.FIXED


def _shown(purposes: Sequence[Purpose], language: str) -> Stopping:
    published = versions.read(row.current for row in purposes if row.current)
    notices = tuple(each.notice(language) for each in published.values())
    return Stopping(purposes[0].controller, notices, language)
