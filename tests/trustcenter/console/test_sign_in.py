"""Who gets in, who does not, and what a stranger can learn."""

from datetime import timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User

from audit.models import Entry
from consent.models import SignInTry
from consent.services import officers
from tests.trustcenter.console.conftest import PASSWORD
from tests.world import NOW, OPERATOR

WRONG = "We know no officer with this name and password."
PAGES = ["/console/customers", "/console/customers/open", "/console/audit", f"/console/audit/{UUID(int=1)}"]
FORMS = ["/console/customers/close", "/console/customers/open/proof", "/console/audit/check"]


class Words(HTMLParser):
    """The words of a page, without what differs from one answer to the next (tokens, the clock)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def try_in(browser, username="rosa", password=PASSWORD, **more):
    return browser.post("/console/sign-in", {"username": username, "password": password}, **more)


def test_an_officer_gets_in_and_out(rosa, visitor):
    assert try_in(visitor)["Location"] == "/console/customers"
    assert visitor.get("/console/customers").status_code == 200
    assert visitor.post("/console/sign-out")["Location"] == "/console/sign-in"
    assert visitor.get("/console/customers").status_code == 302


def test_sign_out_by_a_link_does_nothing(desk):
    assert desk.get("/console/sign-out").status_code == 405
    assert desk.get("/console/customers").status_code == 200


def test_the_session_is_a_new_one_after_sign_in(rosa, visitor):
    visitor.get("/console/sign-in")
    session = visitor.session
    session["planted"] = True
    session.save()
    visitor.cookies["console"] = planted = session.session_key
    try_in(visitor)
    assert visitor.cookies["console"].value not in ("", planted)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_signing_in(visitor, page):
    answer = visitor.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/console/sign-in?next=/console/")


@pytest.mark.parametrize("page", FORMS)
def test_nobody_sends_a_form_without_signing_in(visitor, page):
    answer = visitor.post(page)
    assert (answer.status_code, answer["Location"]) == (302, "/console/sign-in?next=/console/customers")


def test_sign_in_leads_on_to_our_own_pages_only(rosa, visitor):
    for wanted, found in (("/console/audit", "/console/audit"), ("//evil.example/x", "/console/customers")):
        answer = visitor.post(f"/console/sign-in?next={wanted}", {"username": "rosa", "password": PASSWORD})
        assert answer["Location"] == found


def test_every_wrong_try_gets_the_same_answer(rosa, visitor):
    User.objects.create_user("pat", password=PASSWORD)
    User.objects.create_user("root", password=PASSWORD, is_superuser=True, is_staff=True)
    gone = officers.create(username="gone", password=PASSWORD, full_name="Gone", by=OPERATOR, now=NOW)
    gone.is_active = False
    gone.save()
    said = set()
    for name, password in (
        ("rosa", "wrong"),
        ("nobody", PASSWORD),
        ("pat", PASSWORD),
        ("root", PASSWORD),
        ("gone", PASSWORD),
    ):
        answer = try_in(visitor, name, password)
        assert answer.status_code == 400
        said.add(" ".join(Words(answer.content.decode()).words))
    assert len(said) == 1
    assert WRONG in said.pop()


def test_who_leaves_the_group_is_out_at_once(desk, rosa):
    rosa.groups.remove(Group.objects.get(name=officers.GROUP))
    assert desk.get("/console/audit").status_code == 302


def test_five_wrong_tries_close_the_name_for_a_while(rosa, visitor, clock):
    for _ in range(5):
        assert try_in(visitor, password="wrong").status_code == 400
    locked = try_in(visitor, REMOTE_ADDR="10.9.9.9")
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert b"Too many wrong tries" in locked.content
    clock.shift(timedelta(minutes=14))
    assert try_in(visitor).status_code == 429
    clock.shift(timedelta(minutes=1))
    assert try_in(visitor).status_code == 302


def test_knocking_at_a_closed_name_does_not_keep_it_closed(rosa, visitor, clock):
    for _ in range(12):
        try_in(visitor, password="wrong")
        clock.shift(timedelta(seconds=70))
    clock.shift(timedelta(minutes=14))
    assert try_in(visitor).status_code == 302


def test_a_name_nobody_has_is_closed_like_any_other(visitor):
    assert [try_in(visitor, "nobody").status_code for _ in range(6)] == [400] * 5 + [429]


def test_twenty_wrong_tries_close_an_address(rosa, visitor):
    for number in range(20):
        assert try_in(visitor, f"name-{number}", REMOTE_ADDR="10.1.1.1").status_code == 400
    assert try_in(visitor, REMOTE_ADDR="10.1.1.1").status_code == 429
    assert try_in(visitor, REMOTE_ADDR="10.1.1.2").status_code == 302


def test_a_right_password_forgets_the_wrong_ones(rosa, visitor):
    for _ in range(2):
        for _ in range(4):
            try_in(visitor, password="wrong")
        assert try_in(visitor).status_code == 302
    assert not SignInTry.objects.exists()


@pytest.mark.parametrize("name", ["a\0b", "x" * 10_000, "", "\u202erosa"])
def test_strange_names_are_refused_not_broken(visitor, name):
    assert try_in(visitor, name).status_code == 400


def test_an_idle_officer_is_signed_out(desk, clock):
    clock.shift(timedelta(minutes=14))
    assert desk.get("/console/audit").status_code == 200
    clock.shift(timedelta(minutes=16))
    assert desk.get("/console/audit").status_code == 302


def test_signing_in_leaves_no_name_in_the_log(desk):
    assert not Entry.objects.filter(leaf__contains=b"rosa").exists()
