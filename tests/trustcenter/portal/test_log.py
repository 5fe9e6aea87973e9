"""Who used my data: every use, look and refusal, said so that a person can follow it."""

import csv
import io
import re
from datetime import timedelta

import pytest

from consent.services import entries, evidence, log, pruning, subjects, uses, whole_record
from consent.services.ledger import Actor
from consent.services.log import Filter
from consent.services.uses import Use
from tests import visit, world
from tests.world import ALICE, BOB, NOW, ask, say


def lines(**chosen):
    found = log.read(subject=subjects.find(ALICE), language="en", chosen=Filter(**chosen), before=None, now=NOW)
    return found.lines


def test_refusals_are_shown_with_their_reason(alice, today):
    ask(ALICE, recipient="adpartner", now=today)
    page = alice.get("/log").text
    assert '<tr role="row" class="no">' in page
    assert "Refused" in page
    assert "AdPartner Ltd" in page
    assert "You did not choose them." in page


def test_a_look_by_staff_is_shown_with_why(alice, today):
    evidence.view(handle=ALICE, why="customer_asked", note="Refund for order 4411", by=visit.STAFF, now=today)
    page = alice.get("/log").text
    assert "Our staff" in page
    assert "You asked us. <bdi>Refund for order 4411</bdi>" in page
    assert "Rosa" not in page


def test_the_words_of_a_caller_stay_words(alice, today):
    ask(ALICE, now=today, reference="<script>alert(1)</script>")
    page = alice.get("/log").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_machines_like_uses_of_one_day_are_one_line_and_people_never(cast):
    for minute in range(5):
        at = NOW - timedelta(minutes=minute)
        ask(ALICE, now=at)
        evidence.view(handle=ALICE, why="audit", note="Round", by=visit.STAFF, now=at)
    ask(ALICE, now=NOW - timedelta(days=1))
    found = lines()
    assert [line.times for line in found if not line.person] == [5, 1]
    assert [line.times for line in found if line.person] == [1] * 5


def test_what_differs_is_not_put_together(cast):
    ask(ALICE, now=NOW, categories=("contact.email",))
    ask(ALICE, now=NOW, categories=("purchase_history",))
    ask(ALICE, now=NOW, recipient="mailbird")
    ask(ALICE, now=NOW, categories=("face_image",))
    assert [line.times for line in lines()] == [1, 1, 1, 1]


def test_a_reported_use_stands_at_its_own_time(cast):
    earlier = NOW - timedelta(days=3)
    by = Actor("system", ref="staff-planner")
    uses.report(uses=[Use(ALICE, "plan_staff", ("ticket_scans",), earlier)], recipient="staff-planner", by=by, now=NOW)
    ask(ALICE, now=NOW - timedelta(days=1))
    assert [line.name for line in lines()] == ["Mail engine", "Staff planner"]
    assert lines()[-1].at == earlier


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"who": "people"}, [""]),
        ({"who": "machines"}, ["AdPartner Ltd", "Mail engine", "Staff planner"]),
        ({"refused": True}, ["AdPartner Ltd"]),
        ({"purpose": "plan_staff"}, ["Staff planner"]),
        ({"since": NOW.date()}, ["", "AdPartner Ltd", "Mail engine"]),
    ],
)
def test_it_shows_what_was_asked_for(park, chosen, names):
    say(ALICE, "give", now=NOW - timedelta(days=9))
    ask(ALICE, now=NOW)
    ask(ALICE, now=NOW, recipient="adpartner")
    ask(ALICE, "plan_staff", recipient="staff-planner", now=NOW - timedelta(days=1))
    evidence.view(handle=ALICE, why="audit", note="Round", by=visit.STAFF, now=NOW)
    assert sorted(line.name for line in lines(**chosen)) == names


def test_pages_end_between_days_and_lose_nothing(cast, monkeypatch):
    monkeypatch.setattr(log, "PAGE", 7)
    subject = subjects.find(ALICE)
    for day in range(6):
        for hour in range(3):
            ask(ALICE, now=NOW - timedelta(days=day, hours=hour))
    before, counted, pages = None, 0, 0
    while pages == 0 or before:
        found = log.read(subject=subject, language="en", chosen=Filter(), before=before, now=NOW)
        counted += sum(line.times for line in found.lines)
        assert {line.times for line in found.lines} == {3}
        before, pages = found.older, pages + 1
    assert (counted, pages) == (18, 3)


def test_the_months_agree_with_the_entries(cast):
    for days in (0, 0, 20):
        ask(ALICE, now=NOW - timedelta(days=days))
    ask(ALICE, now=NOW, recipient="snapride")
    found = log.read(subject=subjects.find(ALICE), language="en", chosen=Filter(), before=None, now=NOW)
    assert [(month.year, month.month) for month in found.months] == [(2025, 12), *((2026, n) for n in range(1, 6))]
    assert [(month.allowed, month.refused) for month in found.months][-2:] == [(1, 0), (2, 1)]
    assert (found.allowed, found.refused) == (3, 1)


def test_the_chart_and_its_table_say_the_same(alice, today):
    for _ in range(3):
        ask(ALICE, now=today)
    page = alice.get("/log").text
    drawn = re.findall(r'<text [^>]*y="[\d.]+"[^>]*>(\d+)</text>', page)
    told = re.findall(r'<td class="num">(\d+)</td>', page)
    assert drawn == told
    assert "3" in told


def test_the_chart_of_one_purpose_counts_that_purpose_alone(alice, today):
    ask(ALICE, now=today)
    ask(ALICE, "improve_visit", recipient="queue-planner", now=today)
    page = alice.get("/log?purpose=improve_visit").text
    told = re.search(r'<table class="tight" id="chart-table">.*?</table>', page, re.DOTALL)[0]
    title = world.document()["purposes"][0]["texts"]["en"]["title"]
    assert f"Uses each month: {title}" in page
    assert re.findall(r"<b>(\d)</b>", told) == ["0", "1"]


def test_it_names_who_was_never_heard(alice, today):
    ask(ALICE, now=today)
    page = alice.get("/log").text
    assert "<b>1 of 7</b>" in page
    heard = re.sub(r"</?bdi>", "", page)
    assert "Nothing yet from: AdPartner Ltd, MailBird Ltd, Queue planner, SnapRide Ltd, Staff planner" in heard


def test_it_is_about_one_customer(alice, today):
    ask(BOB, "improve_visit", recipient="queue-planner", now=today)
    page = alice.get("/log").text
    assert "Nobody used your data in this way." in page
    assert "Queue planner" not in re.search(r"<main.*", page, re.DOTALL)[0].split("</form>")[1]


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31"])
@pytest.mark.parametrize("part", ["since", "on"])
def test_a_day_at_the_end_of_the_calendar_is_passed_over(alice, today, part, day):
    ask(ALICE, now=today)
    answer = alice.get(f"/log?{part}={day}")
    assert answer.status_code == 200
    assert "Mail engine" in answer.text


@pytest.mark.parametrize("query", ["since=yesterday", "who=x", "before=x", "purpose=%00", "answer=x", "page=%FF"])
def test_a_question_it_cannot_read_shows_the_list_all_the_same(alice, today, query):
    ask(ALICE, now=today)
    answer = alice.get(f"/log?{query}")
    assert answer.status_code == 200
    assert "Mail engine" in answer.text
    assert ("Write the date as year-month-day." in answer.text) is query.startswith("since")


def test_the_file_holds_each_use_by_itself(fresh, today):
    for _ in range(3):
        ask(ALICE, now=today, reference="=SUM(A1)")
    ask(ALICE, now=today, recipient="=HYPERLINK(1)")
    answer = fresh.get("/log.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[:3] == ["When (UTC)", "Answer", "Who"]
    assert len(rows) == 4
    assert {row[1] for row in rows} == {"Allowed", "Refused"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.once
def test_a_formula_cannot_start_a_cell():
    from trustcenter.portal.log import _plain

    assert [_plain(cell) for cell in ("=1+1", "@x", "-2", "fine")] == ["'=1+1", "'@x", "'-2", "fine"]


def test_the_file_follows_the_filter(fresh, today):
    ask(ALICE, now=today)
    ask(ALICE, now=today, recipient="adpartner")
    content = fresh.get("/log.csv?answer=refused").content.decode("utf-8-sig")
    assert len(content.splitlines()) == 2


def test_a_whole_year_reads_well_in_chinese(db, come_in, today):
    visit.half_year(today)
    page = come_in(ALICE, "zh-hans").get("/log").text
    assert "谁用过我的数据" in page
    assert "您没有选择他们。" in page
    assert world.DEMO.name not in page


def test_a_use_without_permission_is_called_that(open_park, come_in, today):
    world.say(BOB, "refuse", now=today - timedelta(days=2))
    used = uses.Use(BOB, "personal_offers", ("contact.email",), today - timedelta(days=1))
    uses.report(uses=[used], recipient="mail-engine", by=world.SYSTEM, now=today)
    page = come_in(BOB).get("/log").text
    assert "Used without permission" in page
    assert "You said no to this." in page


def test_it_says_from_when_on_it_lists_uses_once_older_ones_were_pruned(alice, today):
    ask(ALICE, now=today)
    assert "no longer in it" not in alice.get("/log").text
    world.seal_all(today)
    later = today + timedelta(days=40)
    pruning.run(keep_days=31, by=world.OPERATOR, now=later)
    world.seal_all(later)
    pruning.finish()
    page = alice.get("/log").text
    said = re.search(r"Uses before (.*?) are no longer in it: we delete them after some time\.", page)
    assert said
    assert str((later - timedelta(days=31)).year) in said[1]
    assert "Nobody used your data in this way." in page


def each_of(page: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in re.findall(r'href="/log(\?on=[^"#]+)#list"', page)]


def test_a_line_that_stands_for_several_uses_shows_each(alice, today):
    day = (today - timedelta(days=2)).replace(hour=12)
    for minute in range(5):
        ask(ALICE, now=day + timedelta(minutes=minute), reference=f"Round {minute}")
    ask(ALICE, now=day, recipient="adpartner")
    ask(ALICE, now=day - timedelta(days=1))
    evidence.view(handle=ALICE, why="audit", note="Round by hand", by=visit.STAFF, now=day)
    (query,) = each_of(alice.get("/log").text)
    page = alice.get(f"/log{query}").text
    shown = page.split('aria-label="Filter the list"')[1].split("</form>")[1]
    assert f'Each use on <time datetime="{day.date()}">' in page
    assert [int(each) for each in re.findall(r"Round (\d)", shown)] == [4, 3, 2, 1, 0]
    assert "Round by hand" not in shown, "people were never put together"
    assert each_of(page) == []


def test_each_report_of_a_day_is_shown_however_late_it_came_in(alice, today):
    day = (today - timedelta(days=3)).replace(hour=12)
    for days in (0, 1, 2):
        used = [Use(ALICE, "plan_staff", ("ticket_scans",), day - timedelta(minutes=days))] * 2
        by, came = Actor("system", ref="staff-planner"), day + timedelta(days=days)
        uses.report(uses=used, recipient="staff-planner", by=by, now=came)
    (query,) = each_of(alice.get("/log").text)
    assert alice.get(f"/log{query}").text.count('<tr role="row" class="yes">') == 6
    assert "Nobody used your data" in alice.get(f"/log?on={day.date() + timedelta(days=1)}").text


def test_a_day_of_refusals_shows_those_alone_and_the_file_holds_the_same(fresh, today):
    day = (today - timedelta(days=2)).replace(hour=12)
    for _ in range(2):
        ask(ALICE, now=day, recipient="adpartner")
        ask(ALICE, now=day)
    query = next(each for each in each_of(fresh.get("/log").text) if "refused" in each)
    assert fresh.get(f"/log{query}").text.count('<tr role="row" class="no">') == 2
    assert len(fresh.get(f"/log.csv{query}").content.decode("utf-8-sig").splitlines()) == 3


def test_a_search_by_a_system_is_not_called_our_staff(alice, today):
    wanted = entries.Wanted(customer=ALICE)
    entries.search(wanted=wanted, limit=9, by=Actor("system", ref="queue-planner"), now=today)
    entries.search(wanted=wanted, limit=9, by=visit.STAFF, now=today)
    system, person = sorted(re.findall(r'<th role="rowheader" scope="row">(.*?)</th>', alice.get("/log").text))
    assert system == '<b><bdi>Queue planner</bdi></b> <span class="soft">a computer</span>'
    assert person == '<b>Our staff</b> <span class="soft">a person</span>'
    assert alice.get("/log").text.count("They searched our log for you.") == 2
    for who, name in (("people", "Our staff"), ("machines", "Queue planner")):
        rows = alice.get(f"/log?who={who}").text.split('aria-label="Filter the list"')[1].split("</form>")[1]
        assert re.findall(r"Our staff|Queue planner", rows)[0] == name
        assert rows.count('<tr role="row" class="yes">') == 1


def test_what_customers_carried_away_themselves_is_no_news_to_them(fresh, today):
    whole_record.carry_away(customer=subjects.find(ALICE), by=world.CUSTOMER, now=today)
    assert "They made a file" not in fresh.get("/log").text
    whole_record.carry_away(customer=ALICE, by=visit.STAFF, now=today)
    assert "They made a file with proof about you." in fresh.get("/log").text


def test_P7_each_row_can_be_asked_about_and_the_form_says_which(alice, today):
    ask(ALICE, now=today)
    ask(ALICE, now=today, recipient="adpartner")
    evidence.view(handle=ALICE, why="audit", note="Round", by=visit.STAFF, now=today)
    page = alice.get("/log").text
    asked = re.findall(r'href="(/concerns/new\?entry=[0-9a-f-]+)"', page)
    assert len(asked) == page.count('<tr role="row" class="') == 3
    for address, who in zip(asked, ("Our staff", "AdPartner Ltd", "Mail engine"), strict=True):
        form = alice.get(address).text
        assert f'<input type="hidden" name="entry" value="{address[-36:]}">' in form
        assert re.search(rf"<b>(<bdi>)?{who}(</bdi>)?</b>", form)
