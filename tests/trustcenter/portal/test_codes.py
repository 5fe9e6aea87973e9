"""The way in by e-mail: one answer for everybody, one browser, one visit; and a fresh code as a step up."""

import re
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory

from audit.models import Entry
from consent.models import ConsentEvent, PortalSession, SignInCode
from consent.services import sign_in_codes, subjects, suppressions
from consent.services.subjects import Handle
from tests import visit
from tests.trustcenter.portal.test_choices import press
from tests.visit import MAIL
from tests.world import ALICE, BOB, SYSTEM, say

UNKNOWN = "nobody@example.org"


@pytest.fixture
def addresses(open_park, today) -> dict[str, str]:
    """One address of each kind."""
    half, alone = Handle("email", "half@example.org", verified=False), Handle("email", "alone@example.org")
    subjects.register(identifiers=[ALICE, MAIL], by=SYSTEM, now=today)
    subjects.register(identifiers=[half], by=SYSTEM, now=today)
    subjects.register(identifiers=[alone], by=SYSTEM, now=today)
    suppressions.suppress(subject=alone, by=SYSTEM, now=today)
    return {"known": MAIL.id, "unknown": UNKNOWN, "unverified": half.id, "suppressed": alone.id}


def plain(answer) -> tuple:
    """An answer without what is random in it."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.text)
    cookies = {name: len(cookie.value) for name, cookie in answer.cookies.items()}
    return answer.status_code, answer.get("Location"), cookies, text


def test_a_customer_comes_in_by_a_code(addresses):
    client = Client()
    visit.come_in_by_code(client)
    assert "You decide how we use your data" in client.get("/").text
    assert not client.cookies[settings.SIGN_IN_COOKIE_NAME].value, "the browser forgets that it asked"


def test_the_letter_holds_the_code_and_the_brand_and_nothing_about_anybody(addresses):
    Client().post("/welcome", {"email": MAIL.id})
    code = visit.code()
    (letter,) = mail.outbox
    assert letter.subject == "Your code for Kestrel Park Ltd"
    assert letter.to == [MAIL.id]
    assert "@" in letter.from_email
    assert code in letter.body
    assert "10 minutes" in letter.body
    assert not re.search(r"alice|C-1001|example\.org|https?:", letter.subject + letter.body, re.I)
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_letter_is_in_the_language_of_the_page(addresses):
    Client().post("/welcome", {"email": MAIL.id}, headers={"Accept-Language": "zh-hans"})
    assert re.fullmatch("[0-9]{6}", visit.code())
    assert "验证码" in mail.outbox[0].subject + mail.outbox[0].body


def test_nothing_is_sent_while_somebody_waits_for_the_page(addresses):
    Client().post("/welcome", {"email": MAIL.id})
    assert mail.outbox == []


def test_A37_every_address_gets_the_same_answer(addresses):
    found = {}
    for kind, address in addresses.items():
        client = Client()
        asked = client.post("/welcome", {"email": address})
        page = client.get("/welcome/code")
        visit.code()
        wrong = [client.post("/welcome/code", {"code": "0000000"[:6]}) for _ in range(5)]
        found[kind] = [plain(each) for each in (asked, page, *wrong)]
    assert [letter.to for letter in mail.outbox] == [[MAIL.id]]
    for kind in ("unknown", "unverified", "suppressed"):
        assert found[kind] == found["known"], kind
    assert [each[0] for each in found["known"]] == [302, 200, 400, 400, 400, 400, 410]


def test_A37_every_address_takes_the_same_time(addresses, monkeypatch):
    monkeypatch.setattr(sign_in_codes, "PER_ADDRESS", 999)
    monkeypatch.setattr(sign_in_codes, "PER_ADDRESS_A_DAY", 999)
    monkeypatch.setattr(sign_in_codes, "PER_NETWORK", 999)
    client, taken = Client(), {kind: [] for kind in addresses}
    asked = {kind: [] for kind in addresses}  # a look-up more for whom we know is less than any clock here can tell
    for _ in range(15):
        for kind, address in addresses.items():
            begun = time.perf_counter()
            with connection.execute_wrapper(lambda run, sql, *more, of=asked[kind]: of.append(sql) or run(sql, *more)):
                client.post("/welcome", {"email": address})
            taken[kind].append(time.perf_counter() - begun)
    least = {kind: min(each) for kind, each in taken.items()}  # whatever else this machine does makes it longer only
    assert max(least.values()) - min(least.values()) < 0.05, least
    assert len({tuple(each) for each in asked.values()}) == 1


def test_looking_changes_nothing(addresses):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    code, entries = visit.code(), Entry.objects.count()
    before = list(SignInCode.objects.values())
    for _ in range(3):
        assert client.get("/welcome").status_code == 200
        assert client.get(f"/welcome/code?code={code}").status_code == 200
    assert list(SignInCode.objects.values()) == before
    assert (Entry.objects.count(), PortalSession.objects.count()) == (entries, 0)
    assert client.head("/welcome/code").status_code == 405


def test_the_code_is_of_no_use_in_another_browser(addresses):
    client, thief = Client(), Client()
    client.post("/welcome", {"email": MAIL.id})
    code = visit.code()
    assert thief.post("/welcome/code", {"code": code})["Location"] == "/welcome"
    thief.post("/welcome", {"email": MAIL.id})
    visit.code()
    assert thief.post("/welcome/code", {"code": code}).status_code in (400, 410)
    assert client.post("/welcome/code", {"code": code})["Location"] == "/"


@pytest.mark.parametrize("typed", ["{a} {b}", "{a}-{b}", " {a}{b} "])
def test_a_code_may_be_typed_with_gaps(addresses, typed):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    code = visit.code()
    assert client.post("/welcome/code", {"code": typed.format(a=code[:3], b=code[3:])})["Location"] == "/"


def test_full_width_digits_are_digits(addresses):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    wide = visit.code().translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert client.post("/welcome/code", {"code": wide})["Location"] == "/"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12 34 5", "x" * 99, "١٢٣٤٥"])
def test_what_is_no_code_costs_no_try(addresses, typed):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    answer = client.post("/welcome/code", {"code": typed})
    assert answer.status_code == 400
    assert "A code has six digits" in answer.text
    assert SignInCode.objects.get().tries == 0


def test_a_spent_code_says_what_to_do(addresses):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    SignInCode.objects.update(tries=5)
    answer = client.post("/welcome/code", {"code": visit.code()})
    assert answer.status_code == 410
    assert "This code no longer works" in answer.text
    assert 'href="/welcome"' in answer.text


def test_what_is_no_address_is_named_beside_the_field_and_kept(addresses):
    answer = Client().post("/welcome", {"email": "alice at example"})
    assert answer.status_code == 400
    assert 'value="alice at example"' in answer.text
    assert "This is not an e-mail address" in answer.text
    assert "<title>Error: " in answer.text


def test_too_many_requests_are_told_to_wait_in_plain_words(addresses):
    for address in addresses.values():
        for _ in range(5):
            Client().post("/welcome", {"email": address})
        answer = Client().post("/welcome", {"email": address})
        assert (answer.status_code, answer["Retry-After"]) == (429, "900")
        assert "Wait 15 minutes, then ask again." in answer.text
        assert settings.SIGN_IN_COOKIE_NAME not in answer.cookies


@pytest.mark.once
def test_a_network_is_an_address_or_the_half_of_one():
    from trustcenter import access

    def network(value):
        return access.network(RequestFactory().get("/", REMOTE_ADDR=value))

    assert network("192.0.2.7") == "192.0.2.7"
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2:ffff::1") != network("2001:db8:1:3::1")
    assert network("unix") == "unix"


def test_the_cookies_are_for_the_service_alone(addresses):
    cookie = Client().post("/welcome", {"email": MAIL.id}).cookies[settings.SIGN_IN_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 600
    assert bool(cookie["secure"]) is settings.HTTPS


def test_no_visit_that_somebody_planted_becomes_the_customers(addresses, come_in):
    """Session fixation: neither a token made up nor one that was somebody's is in use after the code."""
    thief = come_in(BOB)
    planted = thief.cookies[settings.PORTAL_COOKIE_NAME].value
    for token in ("made-up", planted):
        victim = Client()
        victim.cookies[settings.PORTAL_COOKIE_NAME] = token
        visit.come_in_by_code(victim)
        assert victim.cookies[settings.PORTAL_COOKIE_NAME].value != token
        stale = Client()
        stale.cookies[settings.PORTAL_COOKIE_NAME] = token
        assert stale.get("/").status_code == 302, "what was there before has ended"


def test_a_link_too_ends_the_visit_that_was_there(alice, today):
    before = alice.cookies[settings.PORTAL_COOKIE_NAME].value
    alice.post(visit.link(today))
    thief = Client()
    thief.cookies[settings.PORTAL_COOKIE_NAME] = before
    assert thief.get("/").status_code == 302
    assert alice.get("/").status_code == 200


def test_every_form_on_the_way_in_needs_its_own_token(addresses, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice.cookies
    strict.cookies[settings.SIGN_IN_COOKIE_NAME] = "x"
    for address in ("/welcome", "/welcome/code", "/fresh"):
        answer = strict.post(address, {"email": MAIL.id, "code": "123456"})
        assert answer.status_code == 403, address
        assert "This page was open for too long" in answer.text
    assert not SignInCode.objects.exists()


def test_a_form_from_before_is_worth_nothing_after(addresses):
    client = Client(enforce_csrf_checks=True)

    def token(page):
        return re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]

    client.post("/welcome", {"email": MAIL.id, "csrfmiddlewaretoken": token(client.get("/welcome"))})
    sent = token(client.get("/welcome/code"))
    client.post("/welcome/code", {"code": visit.code(), "csrfmiddlewaretoken": sent})
    assert client.post("/choices/everything", {"csrfmiddlewaretoken": sent}).status_code == 403


def test_no_page_on_the_way_in_can_be_framed(addresses, alice):
    client = Client()
    client.post("/welcome", {"email": MAIL.id})
    for answer in (client.get("/welcome"), client.get("/welcome/code"), alice.get("/fresh")):
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store"


# The step up


def test_who_came_by_a_link_is_asked_for_a_fresh_code_and_led_back(addresses, alice):
    asked = alice.get("/log.csv")
    assert asked["Location"] == "/fresh?next=%2Flog"
    page = alice.get(asked["Location"]).text
    assert "<b><bdi>a•••@e•••.org</bdi></b>" in page
    assert MAIL.id not in page
    before = alice.cookies[settings.PORTAL_COOKIE_NAME].value
    to = alice.post(asked["Location"])["Location"]
    assert to == "/welcome/code?next=%2Flog"
    assert alice.post(to, {"code": visit.code()})["Location"] == "/log"
    assert alice.cookies[settings.PORTAL_COOKIE_NAME].value != before
    assert alice.get("/log.csv").status_code == 200
    assert PortalSession.objects.count() == 1, "the visit at level 1 has ended"


def test_of_several_addresses_one_is_chosen_and_none_beforehand(addresses, alice, today):
    subjects.register(identifiers=[ALICE, Handle("email", "new@example.org")], by=SYSTEM, now=today)
    page = alice.get("/fresh?next=/log").text
    numbers = re.findall(r'type="radio" name="address" value="([0-9]+)" required> <bdi>(.)•••@e•••.org</bdi>', page)
    assert [first for _, first in numbers] == ["n", "a"]
    assert "checked" not in page
    for typed in ({}, {"address": "0"}):
        answer = alice.post("/fresh?next=/log", typed)
        assert answer.status_code == 400
        assert "<title>Error: " in answer.text
        assert 'href="#address">Choose one of your addresses.' in answer.text
    mail.outbox.clear()
    assert alice.post("/fresh?next=/log", {"address": numbers[1][0]})["Location"] == "/welcome/code?next=%2Flog"
    assert visit.code()
    assert [letter.to for letter in mail.outbox] == [[MAIL.id]]


def test_the_step_up_is_over_after_five_minutes_and_the_visit_is_not(fresh):
    assert fresh.get("/log.csv").status_code == 200
    PortalSession.objects.update(fresh_at=PortalSession.objects.get().fresh_at - timedelta(minutes=6))
    assert fresh.get("/log.csv").status_code == 302
    assert fresh.get("/").status_code == 200


def test_who_has_no_address_is_told_whom_to_ask(open_park, come_in):
    bob = come_in(BOB)
    assert "We know no e-mail address of yours" in bob.get("/fresh").text
    assert bob.post("/fresh").status_code == 200
    assert not SignInCode.objects.exists()


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_the_step_up_leads_nowhere_else(addresses, alice, place):
    assert "elsewhere" not in alice.get("/fresh", {"next": place}).text.split("<main")[1]
    assert alice.post(f"/fresh?next={place}")["Location"] == "/welcome/code"
    assert alice.post(f"/welcome/code?next={place}", {"code": visit.code()})["Location"] == "/"


def test_asking_too_often_for_a_fresh_code(addresses, alice):
    for _ in range(5):
        alice.post("/fresh")
    assert alice.post("/fresh").status_code == 429


def test_a_yes_to_sensitive_data_needs_a_fresh_code(addresses, alice, fresh):
    asked = press(alice, "ride_photos", "on")
    assert asked["Location"] == "/fresh?next=%2Fpurposes%2Fride_photos"
    assert not ConsentEvent.objects.filter(purpose__key="ride_photos").exists()
    assert "saved=" in press(fresh, "ride_photos", "on")["Location"]


def test_A3_saying_no_never_needs_a_code(addresses, alice, today):
    from tests.world import digest

    say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos"), now=today - timedelta(days=9))
    done = press(alice, "ride_photos", "off")["Location"]
    assert "saved=" in done
    say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos"), now=today)
    assert "saved=" in alice.post("/choices/everything")["Location"]


def test_A35_a_slip_is_undone_without_a_code_and_an_old_no_is_not(addresses, alice, today):
    from tests.world import digest

    say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos"), now=today - timedelta(days=9))
    press(alice, "ride_photos", "off")
    slip = ConsentEvent.objects.filter(purpose__key="ride_photos").latest("id")
    undo = {"act": "undo", "receipt": str(slip.entry_id)}
    assert "saved=" in alice.post("/choices/ride_photos", undo)["Location"]
    say(ALICE, "withdraw", "ride_photos", now=today - timedelta(hours=2))
    old = {"act": "undo", "receipt": str(ConsentEvent.objects.latest("id").entry_id)}
    assert alice.post("/choices/ride_photos", old)["Location"].startswith("/fresh")


def test_a_mail_server_that_refuses_says_no_address_in_the_log(addresses, monkeypatch, caplog):
    from smtplib import SMTPRecipientsRefused

    def refuse(self, messages):
        raise SMTPRecipientsRefused({MAIL.id: (550, b"no such user alice@example.org")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    Client().post("/welcome", {"email": MAIL.id})
    assert visit.code() == ""
    assert "SMTPRecipientsRefused" in caplog.text
    assert "alice" not in caplog.text
    assert SignInCode.objects.get().handled_at is None, "it is tried again"
