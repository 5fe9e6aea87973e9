"""Raise a concern: with a name or without, about a line of one's log, and read what was answered."""

import re
from datetime import timedelta

import time_machine
from django.test import Client

from audit.models import Entry
from consent.models import Concern, RightsDraft
from consent.services import concerns
from tests import visit
from tests.trustcenter.portal.test_rights import end_the_visit, sign_in_again, text
from tests.world import ALICE, BOB, OPERATOR, ask

WORDS = "They called me at night."


def write(client, **typed):
    return client.post("/concerns/new", {"words": WORDS} | typed)


def secret(answer):
    """The number and the secret that a page shows once."""
    return re.findall(r'<code class="aloud">([^<]+)</code>', answer.content.decode())


def test_with_a_name_the_answer_comes_to_ones_own_page(alice, today, come_in):
    address = write(alice, name="yes", purpose="personal_offers")["Location"].partition("?")[0]
    number = address.rpartition("/")[2]
    concerns.answer(reference=number, words="We are sorry. It will not happen again.", by=OPERATOR, now=today)
    page = text(alice.get(address))
    assert WORDS in page
    assert "We send no e-mail" not in page
    assert "It will not happen again." in page
    assert "Send you offers that fit" in page
    alice.post(f"{address}/add", {"words": "Thank you."})
    assert Concern.objects.get().state == "open"
    assert number in text(alice.get("/concerns"))
    for method, where in (("get", address), ("post", f"{address}/add")):
        assert getattr(come_in(BOB), method)(where, {"words": "x"}).status_code == 404


def test_a_closed_one_cannot_be_added_to_and_says_how_to_go_on(alice, today):
    where = write(alice, name="yes")["Location"].partition("?")[0]
    concerns.close(reference=where.rpartition("/")[2], by=OPERATOR, now=today)
    page = alice.get(where).text
    assert "Nothing can be added to it now." in page
    assert '<a class="button" href="/concerns/new">' in page
    assert "<textarea" not in page
    late = alice.post(f"{where}/add", {"words": "And again."})
    assert "This is not possible any more." in alice.get(late["Location"]).text


def test_what_people_wrote_keeps_its_own_direction(alice, today):
    where = write(alice, name="yes")["Location"].partition("?")[0]
    page = alice.get(where, headers={"Accept-Language": "ar"}).text
    assert f'<blockquote class="words"><bdi>{WORDS}</bdi></blockquote>' in page


def test_when_and_to_whom_else_is_said_before_one_writes(db, open_park):
    for page in (text(Client().get("/concerns")), text(Client().get("/concerns/new"))):
        assert "5 working days" in page
        assert "You can also complain to the Information Commissioner" in page


def test_without_a_session_a_number_and_a_secret_read_the_answer(open_park, today):
    sent = write(Client())
    number, word = secret(sent)
    concerns.answer(reference=number, words="Who called?", by=OPERATOR, now=today)
    assert "We send no e-mail when we answer." in text(sent)
    reader = Client()
    keys = {"reference": number.lower(), "secret": word.lower().replace("-", " ")}
    thread = text(reader.post("/concerns/read", keys))
    assert "Who called?" in thread
    assert "We send no e-mail when we answer." in thread
    again = reader.post("/concerns/read", keys | {"words": "A man."})
    assert "A man." in text(again)
    assert Concern.objects.get().subject is None
    for wrong in ({"reference": number, "secret": "0000-0000-0000-0000"}, {"reference": "C-0000-0000", "secret": word}):
        assert reader.post("/concerns/read", wrong).status_code == 404
    empty = reader.post("/concerns/read", {})
    assert (empty.status_code, '<a href="#secret">' in empty.content.decode()) == (400, True)


def test_who_is_in_and_gives_no_name_is_not_linked_to_it(alice):
    own = ask(ALICE).id
    answer = write(alice, name="no", entry=str(own))
    assert len(secret(answer)) == 2
    concern = Concern.objects.get()
    assert (concern.subject, concern.about) == (None, None)
    assert "c_" in Entry.objects.get(action="concern.raised").subject
    assert "Nothing yet." in text(alice.get("/concerns"))


def test_a_line_of_ones_log_is_asked_about_in_one_click(alice, today):
    ask(ALICE, now=today - timedelta(hours=1))
    page = alice.get("/log").content.decode()
    address = re.search(r'href="(/concerns/new\?entry=[^"]+)"', page)[1]
    form = alice.get(address)
    assert "It is about this line of your log:" in text(form)
    assert "Mail engine" in text(form)
    write(alice, name="yes", entry=address.partition("=")[2])
    assert str(Concern.objects.get().about) == address.partition("=")[2]
    others = ask(BOB, now=today).id
    assert "It is about this line" not in text(alice.get(f"/concerns/new?entry={others}"))


def test_what_is_missing_is_named_in_the_order_of_the_page(alice):
    answer = write(alice, words=" ")
    links = re.findall(r'<li><a href="#(\w+)">([^<]+)</a></li>', answer.content.decode())
    assert (answer.status_code, links) == (
        400,
        [("words", "Write what went wrong"), ("name", "Choose if we may know who you are")],
    )
    assert "<title>Error: " in answer.content.decode()
    assert 'type="radio" name="name" value="yes">' in answer.content.decode(), "nothing is chosen beforehand"


def test_A36_what_was_typed_survives_the_end_of_a_visit(alice, today):
    with time_machine.travel(today + timedelta(days=2), tick=True):
        answer = write(alice, name="yes")
    assert "You were signed out. Your text is still here." in text(answer)
    assert WORDS in answer.content.decode()
    assert not Concern.objects.exists()


def test_A36_and_is_there_again_after_signing_in(fresh):
    end_the_visit()
    write(fresh, name="yes", contact="020 7946 0000")
    visit.come_in_by_code(fresh)
    page = fresh.get("/concerns/new").content.decode()
    assert f"{WORDS}</textarea>" in page
    assert 'value="yes" checked' in page
    assert 'value="020 7946 0000"' in page
    where = write(fresh, name="yes")["Location"].partition("?")[0]
    assert WORDS not in fresh.get("/concerns/new").content.decode()
    end_the_visit()
    assert sign_in_again(fresh, fresh.post(f"{where}/add", {"words": "And again."})) == where
    assert "And again.</textarea>" in fresh.get(where).content.decode()
    fresh.post(f"{where}/add", {"words": "And again."})
    assert not RightsDraft.objects.exists()


def test_a_network_that_writes_too_often_keeps_its_text(open_park):
    for _ in range(concerns.PER_NETWORK):
        write(Client())
    answer = write(Client())
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert WORDS in answer.content.decode()
