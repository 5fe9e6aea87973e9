"""A brand asks one customer about one purpose, at the moment it matters; the customer answers on a page of ours.

Whoever holds the link answers this one question, once, and sees nothing else of the customer. To make a link is to ask:
it is recorded, and nobody is asked again within 12 months of a no (`consents.record`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit import vault
from consent.errors import CodeNeeded, Field, IdentifierUnverified, Invalid, LinkSpent, NoChoiceHere, OutOfTurn
from consent.models import ConsentRequest, Controller, NoticeText, Purpose, PurposeVersion, Recipient, Subject
from consent.rules import bases, lifecycle, moments
from consent.rules import consent_requests as rules
from consent.rules.choice import Choice
from consent.services import acting, catalogue, consents, handles, sign_in_codes, states, subjects, tokens, versions
from consent.services.handles import Handle
from consent.services.ledger import Actor

NO_ADDRESS = "This use needs a fresh code, and we know no e-mail address of theirs that somebody vouched for."
CHILD = "They are a child, and their own yes would permit nothing. Ask their parent or guardian."


@dataclass(frozen=True)
class Wanted:
    """A question to ask. return_url: where the customer goes back to; occasion: why now, for the evidence."""

    subject: Handle
    purpose: str
    channel: str = "web"
    language: str = ""
    return_url: str = ""
    occasion: str = ""


@dataclass(frozen=True)
class Made:
    """A question's number, its token, which is shown once and not stored, and when it ends."""

    number: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Question:
    """What the page shows: the words, and who is named in them; of the customer, no more than their answer.

    recipients: those that a yes covers; third: those that are chosen one by one. coded: whether a yes needs a fresh
    code. act: the answer, "" while there is none. back: where the customer goes back to with it; "" to nowhere.
    """

    controller: Controller
    version: PurposeVersion
    notice: NoticeText
    language: str
    categories: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    third: tuple[Recipient, ...]
    coded: bool
    act: str
    back: str

    @property
    def asked_for(self) -> bool:
        return self.notice.language == self.language


@dataclass(frozen=True)
class Reply:
    """What was pressed: give, refuse or defer; on which words; which third parties were ticked.

    browser, code: the token of the code that was asked for, and the code.
    """

    act: str
    notice_digest: str
    third: Sequence[str] = ()
    browser: str = ""
    code: str = ""


@dataclass(frozen=True)
class CodeWanted:
    """A yes that waits for a code. browser: the token of the one that was sent; "" where a new one must be.

    wrong: the last one was not it.
    """

    question: Question
    browser: str
    wrong: bool = False


@transaction.atomic
def create(*, wanted: Wanted, by: Actor, now: datetime) -> Made | str:
    """A page that asks one customer about one purpose; or what stands where there is nothing to ask: given or paused.

    Raises Invalid for a customer we do not know, for a purpose that rests on no yes, and for a way back that is not the
    brand's own; IdentifierUnverified; OutOfTurn for a child; CodeNeeded for a use of sensitive data, or with double
    opt-in, where there is no address to send a code to; and as consents.record of the act request, AskedRecently among
    them.
    """
    purpose = _purpose(wanted)
    row = handles.row(wanted.subject)
    if row is None:
        raise Invalid(Field("/subject", "unknown", "We know no such customer; make them known first."))
    if not row.verified:
        raise IdentifierUnverified
    if standing := _standing(row.subject, purpose, now):
        return standing
    _refuse_in_vain(row.subject, purpose, now)
    evidence = {"occasion": wanted.occasion} if wanted.occasion else {}
    choice = Choice(
        purpose.key, lifecycle.REQUEST, wanted.channel, rules.METHOD, language=wanted.language, evidence=evidence
    )
    asked = consents.record(subject=wanted.subject, choice=choice, by=by, now=now).event
    return _store(asked.subject, purpose, asked.entry_id, wanted, now)


def read(*, token: str, chosen: str, otherwise: str, now: datetime) -> Question:
    """What a link asks, or what was answered; changes nothing. Raises LinkSpent.

    chosen: the language that its reader picked; else it is the link's, else `otherwise`.
    """
    row = _open(token, now)
    return _question(row, chosen or row.language or otherwise)


def answer(*, token: str, reply: Reply, chosen: str, network: str, by: Actor, now: datetime) -> Question | CodeWanted:
    """Record the answer to a question, once; a second one changes nothing, and tells what the first one was.

    A yes to the use of sensitive data, or with double opt-in, waits for a code, which is sent to the customer's own
    address; a no never does.
    chosen: the language of the page; network: where it is read. Raises LinkSpent; TooMany for codes; NotFound where
    there is no address any more; NoticeSuperseded for words that were replaced materially; Invalid for a yes to
    nobody; and as consents.record. A code is tried before anything is written: so this is no single transaction.
    """
    row = _open(token, now)
    question = _question(row, chosen)
    if question.act:
        return question
    if reply.act == lifecycle.GIVE and question.coded and (missing := _code_wanted(row, question, reply, network, now)):
        return missing
    _record(row, reply, by, now)
    return read(token=token, chosen=chosen, otherwise=chosen, now=now)


def end_all(*, of: Iterable[Subject]) -> None:
    """End every question to these records; inside the caller's transaction."""
    ConsentRequest.objects.filter(subject__in=of).delete()


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete questions that are over; how many."""
    return ConsentRequest.objects.filter(expires_at__lt=now).delete()[0]


def _purpose(wanted: Wanted) -> Purpose:
    """The purpose, once all that can be checked without the customer is right."""
    purpose, problems = catalogue.in_force(wanted.purpose), []
    basis = purpose.current.legal_basis if purpose and purpose.current else ""
    if basis in bases.FIXED:
        raise NoChoiceHere
    if purpose is None:
        problems.append(Field("/purpose", "unknown", "No such purpose was ever published."))
    elif basis not in bases.ASKED:
        problems.append(Field("/purpose", "basis", "This purpose rests on no yes, so there is nothing to ask."))
    if wanted.return_url and (problem := rules.problem(wanted.return_url, settings.BRAND_ORIGINS)):
        problems.append(Field("/return_url", "origin", problem))
    if problems or purpose is None:
        raise Invalid(*problems)
    return purpose


def _standing(subject: Subject, purpose: Purpose, now: datetime) -> str:
    """What stands, where asking would ask for nothing new: a yes to these words, resting or not."""
    state = states.as_rule(states.one(subject, purpose))
    newest = purpose.current.material_number if purpose.current else 0
    if not lifecycle.stands(state, now) or (state.version or 0) < newest:
        return ""
    return "paused" if lifecycle.paused(state, now) else "given"


def _refuse_in_vain(subject: Subject, purpose: Purpose, now: datetime) -> None:
    """Nobody is asked for a yes that they could not give."""
    until = acting.child_until(subject, purpose)
    if until and now < moments.midnight(until):
        raise OutOfTurn(CHILD)
    if _coded(purpose) and not sign_in_codes.own_addresses(subject=subject):
        raise CodeNeeded(NO_ADDRESS)


def _store(subject: Subject, purpose: Purpose, number: UUID, wanted: Wanted, now: datetime) -> Made:
    made = Made(number, tokens.make(), now + rules.LASTS)
    kept = json.dumps({"occasion": wanted.occasion, "return_url": wanted.return_url}).encode()
    ConsentRequest.objects.create(
        subject=subject,
        purpose=purpose,
        number=number,
        token_hash=tokens.hashed(made.token),
        language=wanted.language,
        channel=wanted.channel,
        sealed=vault.of(subject.pseudonym).seal(kept, str(number)),
        expires_at=made.expires_at,
    )
    return made


def _open(token: str, now: datetime) -> ConsentRequest:
    found = ConsentRequest.objects.filter(
        token_hash=tokens.hashed(token), expires_at__gt=now, subject__erased_at=None
    ).select_related("subject", "purpose__current", "purpose__controller")
    row = found.first()
    if row is None:
        raise LinkSpent
    return row


def _kept(row: ConsentRequest) -> dict[str, str]:
    found: dict[str, str] = json.loads(vault.of(row.subject.pseudonym).open(bytes(row.sealed), str(row.number)))
    return found


def _question(row: ConsentRequest, language: str) -> Question:
    version = row.purpose.current
    assert version is not None  # only what was published is asked for, and it stays so
    published = versions.read([version])[version.pk]
    notice = published.notice(language)
    address = _kept(row)["return_url"]
    return Question(
        controller=row.purpose.controller,
        version=version,
        notice=notice,
        language=language,
        categories=tuple(versions.label(each.name, notice.language) for each in published.categories),
        recipients=tuple(each for each in published.recipients if not each.third_party),
        third=tuple(each for each in published.recipients if each.third_party),
        coded=_coded(row.purpose),
        act=row.act,
        back=rules.back(address, row.act, row.number) if address and row.act else "",
    )


def _code_wanted(
    row: ConsentRequest, question: Question, reply: Reply, network: str, now: datetime
) -> CodeWanted | None:
    """What is missing before a yes that needs a code; None once the code is the customer's own."""
    if not reply.browser:
        sent = sign_in_codes.ask_again(subject=row.subject, network=network, language=question.language, now=now)
        return CodeWanted(question, sent)
    try:
        right = sign_in_codes.prove(subject=row.subject, browser=reply.browser, code=reply.code, now=now)
    except LinkSpent:
        return CodeWanted(question, "", wrong=True)
    return None if right else CodeWanted(question, reply.browser, wrong=True)


def _coded(purpose: Purpose) -> bool:
    """Sensitive data is used on explicit consent only, and that says who gave it (as `switches` asks).

    And where the purpose asks for double opt-in: no visit has shown that the address is theirs, and a code does.
    """
    version = purpose.current
    return version is not None and bool(
        version.legal_basis == bases.EXPLICIT_CONSENT or version.details.get("double_opt_in")
    )


@transaction.atomic
def _record(row: ConsentRequest, reply: Reply, by: Actor, now: datetime) -> None:
    """The answer, if there is none yet; the customer's row is held first, as everybody holds it."""
    subject = subjects.hold(row.subject)
    if ConsentRequest.objects.filter(pk=row.pk, act="").update(act=reply.act) != 1:
        return
    own = catalogue.offered(row.purpose.current)[1] if row.purpose.current else ()
    evidence = {"request": str(row.number)}
    if occasion := _kept(row)["occasion"]:
        evidence["occasion"] = occasion
    choice = Choice(
        row.purpose.key,
        reply.act,
        row.channel,
        rules.METHOD,
        notice_digest=reply.notice_digest,
        recipients=[*own, *reply.third] if reply.act == lifecycle.GIVE else None,
        evidence=evidence,
    )
    consents.record(subject=subject, choice=choice, by=by, now=now)
