"""The letter about changes as it goes out: plain text, no advertising, no personal data in its one link."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django.core import mail

from audit.models import Entry
from consent.services import concerns, letters, links, rights, subjects
from consent.services.concerns import Said
from consent.services.links import Why
from consent.services.rights import Wanted
from tests.visit import MAIL
from tests.world import ALICE, BOB, SYSTEM, say
from trustcenter.portal import mails


@pytest.fixture
def letter(open_park, today):
    """`letter(language)`: what Alice gets after our staff said no for her on the phone, and a yes of her own."""

    def letter(language: str = "en"):
        subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=today)
        say(ALICE, "give", "improve_visit", channel="portal", language=language, now=today)
        say(ALICE, "withdraw", channel="phone", actor="staff", language=language, now=today)
        mail.outbox.clear()
        with time_machine.travel(today + letters.SETTLE + timedelta(seconds=1)):
            mails.send_changes()
            mails.send_changes()
        (sent,) = mail.outbox
        return sent

    return letter


def test_T3_it_lists_what_changed_by_whom_and_says_how_to_take_it_back(letter):
    sent = letter()
    assert (sent.to, sent.subject) == ([MAIL.id], "Your data choices changed at Kestrel Park Ltd")
    lines = [line for line in sent.body.splitlines() if line.startswith("- ")]
    assert lines[0].startswith("- Turned on: “Improve your visit”, by you, on our privacy page, ")
    assert re.search("Turned off: “Send you offers that fit”, by our staff, on the phone", lines[1])
    assert "write to privacy@kestrelpark.example, or call +44 1947 555014" in sent.body
    assert "This is no advertising." in sent.body


def test_it_is_plain_text_that_no_machine_answers_and_its_link_names_nobody(letter, settings):
    sent = letter()
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert not getattr(sent, "alternatives", [])
    assert re.findall(r"https?://\S+", sent.body) == [f"{settings.PUBLIC_URL}/"]
    said = Entry.objects.filter(action__startswith="consent.").order_by("recorded_at").first()
    assert sent.extra_headers["Message-ID"].startswith("<")
    assert MAIL.id not in sent.body
    assert str(said.subject) not in str(sent.message())


def test_it_comes_in_their_language(letter):
    sent = letter("zh-hans")
    assert sent.subject == "您在 Kestrel Park Ltd 的数据选择有变化"
    assert "关闭：“发送适合您的优惠”，由我们的工作人员，通过电话" in sent.body


def only_letter(title, said, *, secrets):
    """The one letter that went out: to the customer, with no address in it but that of the portal, and no secret."""
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([MAIL.id], title)
    assert said in sent.body
    assert re.findall(r"https?://\S+", sent.body) == [f"{configured.PUBLIC_URL}/"]
    for secret in (*secrets, MAIL.id):
        assert secret not in sent.body
    return sent


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        ("en", "There is something to read at Kestrel Park Ltd", "We answered you."),
        ("zh-hans", "Kestrel Park Ltd 有新消息给您", "我们已答复您。"),
    ],
)
def test_the_letter_about_a_case_says_that_there_is_news_and_nothing_of_it(open_park, today, language, title, said):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=today)
    say(ALICE, "give", "improve_visit", language=language, now=today)
    opened = rights.open(subject=ALICE, wanted=Wanted("delete", "phone"), checked=True, by=SYSTEM, now=today)
    rights.refuse(reference=opened.reference, ground="law_requires", words="Tax law.", by=SYSTEM, now=today)
    mail.outbox.clear()
    mails.send_cases()
    mails.send_cases()
    only_letter(title, said, secrets=("Tax", "elete", opened.reference))


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        ("en", "There is something to read at Kestrel Park Ltd", "We closed your concern."),
        ("ar", "لديك ما تقرأه لدى Kestrel Park Ltd", "أغلقنا بلاغكم."),
    ],
)
def test_who_raised_a_concern_is_told_that_it_was_closed(open_park, today, language, title, said):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=today)
    say(ALICE, "give", "improve_visit", language=language, now=today)
    raised = concerns.open(subject=ALICE, said=Said("They rang at night.", "phone"), by=SYSTEM, now=today)
    concerns.close(reference=raised.concern.reference, words="We took you off the list.", by=SYSTEM, now=today)
    mail.outbox.clear()
    mails.send_cases()
    only_letter(title, said, secrets=("night", "list", raised.concern.reference))


@pytest.mark.parametrize(
    ("language", "title", "said"),
    [
        ("en", "We joined two records about you at Kestrel Park Ltd", "the stricter one holds now"),
        ("fr", "Nous avons réuni deux fiches sur vous chez Kestrel Park Ltd", "le plus strict vaut maintenant"),
    ],
)
def test_who_had_two_records_is_told_that_they_were_joined_and_what_holds_now(open_park, today, language, title, said):
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=today)
    say(ALICE, "give", "improve_visit", language=language, now=today)
    links.link(subject=ALICE, other=BOB, why=Why("Both numbers stood in one letter."), by=SYSTEM, now=today)
    mail.outbox.clear()
    mails.send_cases()
    sent = only_letter(title, said, secrets=("numbers", ALICE.id, BOB.id))
    assert "privacy@kestrelpark.example" in sent.body, "where to say that it is wrong"
