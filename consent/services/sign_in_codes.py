"""One way in: a code of six digits by e-mail, for the browser that asked and for nobody else.

Asking does the same for every address: it writes one row and looks nobody up. Only the worker looks, and sends a code
to whom it finds. So neither the answer nor the time it takes tells whether an address is known (OWASP ASVS 5.0, 6.3.8).
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from audit import vault
from consent.errors import LinkSpent, NotFound, TooMany
from consent.models import Identifier, SignInCode, Subject
from consent.services import handles, mailing, subjects, tokens, visits
from consent.services.handles import Handle
from consent.services.ledger import Actor
from consent.services.visits import Visit

LASTS = timedelta(minutes=10)
TRIES = 5
# Requests within the window; more for a network, where many people may stand behind one address. With five tries a
# code, the limit of a day leaves a guesser one chance in ten thousand a day.
WINDOW, DAY = timedelta(minutes=15), timedelta(days=1)
PER_ADDRESS, PER_ADDRESS_A_DAY, PER_NETWORK = 5, 20, 50
# While a worker sends, no other does. A mail that could not be sent is tried again, with another code.
LEASE = timedelta(seconds=60)
AT_ONCE = 5
# So many of a customer's own addresses are offered for a fresh code.
MOST = 10
WAIT = "Too many codes were asked for. Wait 15 minutes, then ask again."


@dataclass(frozen=True)
class Letter:
    """What is to be sent: the code, to the address as it is recorded, in the language of the page that asked."""

    address: str
    code: str
    language: str


def ask(*, address: str, network: str, language: str, now: datetime) -> str:
    """Note that somebody asks for a code; returns the token for their browser.

    network: where they ask from. Raises Invalid for what is no address; TooMany after 5 requests for one address, or
    50 from one network, within 15 minutes, or 20 for one address within a day. A request is written down before it is
    counted: however many come at the same moment, no more than these are noted. So this is no single transaction.
    """
    wanted = Handle(mailing.NAMESPACE, address)
    handles.check_handles([wanted], "/email")
    return _note(handles.lookup(wanted), network, language, now)


def ask_again(*, subject: Subject, address: str = "", network: str, language: str, now: datetime) -> str:
    """As `ask`, for a customer who is in already and shows afresh who they are, by an address of their own.

    address: one of `own_addresses`, by its number; "" for the newest. Raises NotFound for any other, and for none.
    """
    own = next((row for row in _own(subject) if address in ("", str(row.pk))), None)
    if own is None:
        raise NotFound("We know no such e-mail address of this customer.")
    return _note(bytes(own.lookup_hash), network, language, now)


def own_addresses(*, subject: Subject) -> dict[str, str]:
    """The addresses that a code can go to, newest first, by number: only their owner can tell which is which."""
    rows = _own(subject)
    box = vault.of(subject.pseudonym)
    known = [subjects.opened(row, box).id for row in rows]
    # Two that would look the same show a letter more, so that one can be chosen.
    for letters in range(1, 5):
        shown = [_masked(each, letters) for each in known]
        if len({*shown}) == len(shown):
            break
    return {str(row.pk): each for row, each in zip(rows, shown, strict=True)}


def _masked(address: str, letters: int) -> str:
    """`a•••@e•••.org`"""
    name, _, domain = address.partition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{name[:letters]}•••@{host[:1]}•••{dot}{ending}" if dot else f"{name[:letters]}•••@{domain[:1]}•••"


def deliver(*, send: Callable[[Letter], bool], now: datetime) -> int:
    """Answer the oldest requests: a code to each who is a customer of ours; how many were done with.

    send: says whether it went out.
    """
    due = _waiting(now).order_by("asked_at", "id")[:AT_ONCE]
    return mailing.deliver(
        due, take=lambda row: _take(row, now), send=send, note=lambda taken, letter: _note_sent(*taken, letter, now)
    )


def enter(*, browser: str, code: str, instead_of: str = "", by: Actor, now: datetime) -> Visit | None:
    """Use a code up and start a visit at level 2; None for a wrong code.

    browser: the token that `ask` gave. instead_of: the token of the visit that this browser had, which ends.
    Raises LinkSpent when no code waits in this browser: used, 10 minutes old, or tried 5 times. A try is counted before
    it is looked at: however many come at the same moment, five are answered. So this is no single transaction.
    """
    row = _tried(browser, code, now)
    return _enter(row, instead_of, by, now) if row else None


def prove(*, subject: Subject, browser: str, code: str, now: datetime) -> bool:
    """Use a code up without a visit, where one act needs it: whether it is right, and this customer's own.

    browser: the token that `ask_again` gave. Raises LinkSpent as `enter`, and counts a try as it does.
    """
    row = _tried(browser, code, now)
    return row is not None and _used(row, now).subject_id == subject.pk


@transaction.atomic
def forget(*, now: datetime) -> int:
    """Delete the requests that count towards no limit any more; how many."""
    return SignInCode.objects.filter(asked_at__lt=now - DAY).delete()[0]


def _note(address_hash: bytes, network: str, language: str, now: datetime) -> str:
    token = tokens.make()
    row = SignInCode.objects.create(
        address_hash=address_hash,
        network_hash=vault.lookup_hash("sign-in network", network),
        browser_hash=tokens.hashed(token),
        language=language,
        asked_at=now,
    )
    if _too_many(row, now):
        # Not counted: who keeps knocking at a closed door does not keep it closed.
        row.delete()
        raise TooMany(WAIT)
    return token


def _too_many(row: SignInCode, now: datetime) -> bool:
    address = SignInCode.objects.filter(address_hash=row.address_hash)
    network = SignInCode.objects.filter(network_hash=row.network_hash, asked_at__gt=now - WINDOW)
    return (
        address.filter(asked_at__gt=now - WINDOW).count() > PER_ADDRESS
        or address.filter(asked_at__gt=now - DAY).count() > PER_ADDRESS_A_DAY
        or network.count() > PER_NETWORK
    )


def _waiting(now: datetime) -> QuerySet[SignInCode]:
    return mailing.free(SignInCode.objects.filter(handled_at__isnull=True, asked_at__gt=now - LASTS), now)


@transaction.atomic
def _take(row: SignInCode, now: datetime) -> tuple[tuple[SignInCode, Identifier], Letter] | None:
    """Take one request and make its code; None when another worker has it, or there is nobody to send it to."""
    if _waiting(now).filter(pk=row.pk).update(lease_until=now + LEASE) != 1:
        return None
    mine = SignInCode.objects.filter(pk=row.pk)
    identifier = _reachable(row)
    if identifier is None:
        mine.update(handled_at=now)
        return None
    code = f"{secrets.randbelow(10**6):06}"
    mine.update(code_hash=_code_hash(row, code))
    # To the address as it is recorded: what was typed may only look like it.
    address = subjects.opened(identifier, vault.of(identifier.subject.pseudonym)).id
    return (row, identifier), Letter(address, code, row.language)


@transaction.atomic
def _note_sent(row: SignInCode, identifier: Identifier, letter: Letter, now: datetime) -> None:
    SignInCode.objects.filter(pk=row.pk).update(handled_at=now)
    mailing.record("portal.code_sent", identifier, letter.address, now=now)


@transaction.atomic
def _enter(row: SignInCode, instead_of: str, by: Actor, now: datetime) -> Visit:
    subject = _used(row, now).subject
    return visits.start(subject=subject, level=2, language=row.language, instead_of=instead_of, by=by, now=now)


def _tried(browser: str, code: str, now: datetime) -> SignInCode | None:
    """The request whose code this is; None for a wrong one. Raises LinkSpent."""
    mine = SignInCode.objects.filter(browser_hash=tokens.hashed(browser))
    open_still = mine.filter(used_at__isnull=True, asked_at__gt=now - LASTS, tries__lt=TRIES)
    if open_still.update(tries=F("tries") + 1) != 1:
        raise LinkSpent
    row = mine.get()
    # Where no code was sent, none is right; the time to say so is the same.
    if hmac.compare_digest(bytes(row.code_hash or bytes(32)), _code_hash(row, code)):
        return row
    if row.tries >= TRIES:
        raise LinkSpent
    return None


@transaction.atomic
def _used(row: SignInCode, now: datetime) -> Identifier:
    """Whose code it was, which is used up by that. Raises LinkSpent."""
    used = SignInCode.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=now)
    identifier = _reachable(row)
    if used != 1 or identifier is None:
        raise LinkSpent
    return identifier


def _reachable(row: SignInCode) -> Identifier | None:
    """The customer's identifier that a code may go to: somebody vouched for it, and they are not left alone."""
    known = Identifier.objects.filter(lookup_hash=row.address_hash, verified=True, suppressed=False)
    return known.select_related("subject").first()


def _own(subject: Subject) -> list[Identifier]:
    """Addresses that somebody vouched for, newest first, of a customer who is not left alone."""
    known = subject.identifiers.filter(namespace=mailing.NAMESPACE, verified=True, suppressed=False)
    return list(known.order_by("-id")[:MOST])


def _code_hash(row: SignInCode, code: str) -> bytes:
    """Six digits are soon tried through: so under our key, and for this browser alone."""
    return vault.lookup_hash("sign-in code", f"{bytes(row.browser_hash).hex()}\0{code}")
