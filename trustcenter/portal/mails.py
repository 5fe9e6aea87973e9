"""The letters we send to customers: plain text, in their language, with no personal data in them."""

from smtplib import SMTPException
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.services import case_letters, catalogue, letters, sign_in_codes
from trustcenter import access

log = structlog.get_logger("mail")
# A machine wrote it, and no machine shall answer (RFC 3834, 5).
HEADERS = {"Auto-Submitted": "auto-generated"}
# What there is to read, and no more than that: a mailbox may be open to others.
NEWS = {
    "answered": gettext_lazy("We answered you."),
    "asked": gettext_lazy("We need something from you before we can go on."),
    "extended": gettext_lazy("We need more time to answer you."),
    "closed": gettext_lazy("We closed your concern."),
    "late": gettext_lazy("Our answer to you is late. We are sorry."),
}


def send_codes() -> None:
    """Send every code that was asked for, until nobody waits or nothing goes out."""
    while sign_in_codes.deliver(send=_send_code, now=access.clock()):
        pass


def send_changes() -> None:
    """Send every letter about changes that is due, until none is or nothing goes out."""
    while letters.deliver(send=_send_changes, now=access.clock()):
        pass


def send_cases() -> None:
    """Send every letter about a request, a concern or joined records that is due, until none is or nothing goes out."""
    while case_letters.deliver(send=_send_case, now=access.clock()):
        pass


def _send_code(letter: sign_in_codes.Letter) -> bool:
    brand = catalogue.brand()
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        subject = _("Your code for {brand}").format(brand=brand.name)
        text = render_to_string("portal/code.txt", {"brand": brand, "code": letter.code})
    sender = settings.DEFAULT_FROM_EMAIL or brand.email
    return _send(EmailMessage(" ".join(subject.split()), text, sender, [letter.address], headers=HEADERS))


def _send_changes(letter: letters.Letter) -> bool:
    brand = catalogue.brand()
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        subject = _("Your data choices changed at {brand}").format(brand=brand.name)
        told = {"brand": brand, "changes": letter.changes, "address": settings.PUBLIC_URL}
        text = render_to_string("portal/changes.txt", told)
    return _send(_numbered(letter, subject, text, brand.email))


def _send_case(letter: case_letters.Letter) -> bool:
    brand = catalogue.brand()
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        told = {"brand": brand, "news": NEWS.get(letter.kind, ""), "address": settings.PUBLIC_URL}
        if letter.kind == case_letters.JOINED:
            subject, text = _("We joined two records about you at {brand}"), render_to_string("portal/joined.txt", told)
        else:
            subject, text = _("There is something to read at {brand}"), render_to_string("portal/case.txt", told)
    return _send(_numbered(letter, subject.format(brand=brand.name), text, brand.email))


def _numbered(letter: letters.Letter | case_letters.Letter, subject: str, text: str, email: str) -> EmailMessage:
    """The number is the letter's own: if a worker dies while it sends, the second one is seen to be the same."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = HEADERS | {"Message-ID": f"<{letter.number}@{host}>"}
    sender = settings.DEFAULT_FROM_EMAIL or email
    return EmailMessage(" ".join(subject.split()), text, sender, [letter.address], headers=headers)


def _send(message: EmailMessage) -> bool:
    """Whether it went out. What a mail server says may name the address, so the log holds only its kind."""
    try:
        return message.send() == 1
    except (OSError, SMTPException, ValueError) as problem:
        log.warning("a mail was not sent; it is tried again", problem=type(problem).__name__)
        return False
