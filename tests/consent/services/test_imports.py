"""A file of consents, taken in through the same verb as every other choice."""

import json
from collections import Counter
from datetime import timedelta

import pytest
import yaml

from audit.models import Entry
from audit.services import entries
from consent.errors import Conflict, Invalid
from consent.models import ConsentEvent, ImportRun, Subject
from consent.rules.mapping import Target
from consent.rules.own_words import COLUMNS
from consent.services import import_runs, imports, rebuild, subjects
from consent.services.imports import Row
from consent.services.subjects import Handle
from tests import test_demo_files as demo
from tests.world import NOW, OPERATOR, ask, publish, say
from trustcenter import mappings

MEI = Handle("email", "mei.lin@youjian.example")
ROW = {
    "Email Address": "Mei.Lin@youjian.example",
    "LIST": "Park News & Offers",
    "STATUS": "subscribed",
    "OPTIN_TIME": "01.06.2025",
    "CONFIRM_TIME": "",
    "UNSUB_TIME": "",
    "LAST_CHANGED": "",
    "LANGUAGE": "en",
}
GONE = ROW | {"STATUS": "unsubscribed", "OPTIN_TIME": "", "UNSUB_TIME": "long ago"}


def run(*rows, now=NOW, head=None, mapped=True, **more):
    return imports.run(
        rows=[row if isinstance(row, Row) else Row(line, row) for line, row in enumerate(rows, 2)],
        head=head or list(ROW),
        mapped=imports.read_mapping(demo.MAPPING) if mapped else None,
        digest="ab" * 32,
        by=OPERATOR,
        now=now,
        **more,
    )


def demo_rows():
    for line, cells in enumerate(demo.LINES, 2):
        yield Row(line, dict(zip(demo.HEAD, cells, strict=True)) if len(cells) == len(demo.HEAD) else None)


def test_the_demo_history_is_taken_in_and_every_refusal_has_its_reason(park):
    report = run(*demo_rows(), head=demo.HEAD)
    by_hand = Counter(reason for line in demo.LINES if (reason := demo.why_refused(line)))
    assert report.refused == sum(by_hand.values())
    assert sorted(reason.rows for reason in report.reasons.values()) == sorted(by_hand.values())
    assert report.rows == len(demo.LINES)
    assert report.repeated >= 9
    assert report.events == ConsentEvent.objects.count()
    assert not ConsentEvent.objects.exclude(imported=True, assumed=True, version__number=1, notice=None).exists()
    again = run(*demo_rows(), head=demo.HEAD, now=NOW + timedelta(days=1), again=True)
    assert (again.imported, again.events, again.repeated) == (0, 0, report.imported + report.repeated)
    assert ConsentEvent.objects.count() == report.events


def test_a_yes_permits_only_what_the_file_says(park):
    run(ROW)
    assert ask(MEI, categories=("contact.email",)).decision.permitted
    assert ask(MEI, categories=("contact.sms",)).decision.reason == "category_not_chosen"
    assert ask(MEI, recipient="adpartner").decision.reason == "recipient_not_chosen"


def test_the_evidence_says_where_it_comes_from(park):
    run(ROW)
    entry = Entry.objects.get(action="consent.given")
    payload = entries.payloads([entry])[entry.id]
    assert payload["evidence"]["line"] == 2
    assert payload["evidence"]["file"] == "ab" * 32
    assert "LIST: Park News & Offers" in payload["evidence"]["cells"]
    assert payload["assumed"] is True
    assert json.loads(bytes(entry.leaf))["details"]["imported"] is True


def test_a_dry_run_says_the_same_and_keeps_nothing(park):
    tried = run(*demo_rows(), head=demo.HEAD, dry_run=True)
    assert not Subject.objects.exists()
    assert not Entry.objects.filter(action="import.finished").exists()
    done = run(*demo_rows(), head=demo.HEAD)
    assert tried == done


def test_finishing_is_a_fact_with_counts_and_no_names(park):
    run(ROW, ROW | {"STATUS": "pending"}, ROW, ROW | {"LIST": "?"})
    leaf = json.loads(bytes(Entry.objects.get(action="import.finished").leaf))
    assert leaf["details"] == {"imported": 1, "repeated": 1, "skipped": 1, "refused": 1, "events": 1}
    assert leaf["object"] == "ab" * 32


def test_the_same_person_in_other_capitals_is_one_customer(park):
    run(ROW, ROW | {"Email Address": " MEI.LIN@YOUJIAN.EXAMPLE"}, ROW | {"LIST": "Queue Alerts"})
    assert Subject.objects.count() == 1
    assert ConsentEvent.objects.count() == 2


def test_an_undated_no_does_not_undo_a_later_yes_when_the_file_is_run_again(park):
    run(GONE)
    assert ask(MEI).decision.reason == "consent_withdrawn"
    say(MEI, "give", now=NOW + timedelta(days=1))
    report = run(GONE, now=NOW + timedelta(days=2), again=True)
    assert report.repeated == 1
    assert ask(MEI, now=NOW + timedelta(days=2)).decision.permitted


def test_an_old_no_orders_itself_by_its_own_date(park):
    say(MEI, "give", now=NOW - timedelta(days=3))
    run(GONE | {"UNSUB_TIME": "14.03.2026"})
    assert ask(MEI).decision.permitted


def test_a_yes_to_the_version_before_a_material_change_does_not_permit(park):
    publish(now=NOW - timedelta(days=1), personal_offers={"retention": "P24M"})
    run(ROW)
    assert ask(MEI).decision.reason == "notice_changed"


def test_a_refused_row_leaves_nothing_of_it(park):
    run(Row(2, None), ROW | {"LIST": "Ride Photo Club"})
    assert not Subject.objects.exists()


def test_one_bad_row_does_not_take_its_neighbours_along(park):
    report = run(ROW, Row(3, None), GONE | {"Email Address": "bo@courrier.example"})
    assert (report.imported, report.refused) == (2, 1)
    assert subjects.find(MEI)


def test_a_mapping_for_a_version_that_is_not_published_is_refused(park):
    with pytest.raises(Invalid) as caught:
        imports.read_mapping(demo.MAPPING | {"version": 7})
    assert "/version" in [field.pointer for field in caught.value.fields]


def test_our_own_words_need_no_mapping(park):
    row = {"namespace": "email", "id": MEI.id, "purpose": "personal_offers", "act": "give", "language": "en"}
    rows = [
        row | {"collected_at": "2026-03-14T09:12:00Z", "channel": "paper"},
        row | {"collected_at": "2026-03-14T09:12:00Z", "purpose": "tickets_and_orders"},
        row | {"collected_at": "2026-03-15T09:12:00Z", "categories": "dreams"},
    ]
    report = run(*rows, head=list(COLUMNS), mapped=False)
    assert (report.imported, [reason.code for reason in report.reasons.values()]) == (1, ["not_recordable"] * 2)
    assert ask(MEI).decision.permitted
    assert ConsentEvent.objects.get().notice is not None


def test_unknown_and_missing_columns_of_our_own_are_named(park):
    with pytest.raises(Invalid) as caught:
        run(head=["namespace", "id", "purpose", "act", "colour"], mapped=False)
    assert [field.pointer for field in caught.value.fields] == ["/collected_at", "/colour"]


def test_without_the_remembered_place_nothing_is_doubled_either(park):
    first = run(ROW, GONE, ROW | {"LIST": "?"})
    ImportRun.objects.all().delete()
    report = run(ROW, GONE, ROW | {"LIST": "?"}, now=NOW + timedelta(days=1))
    assert (report.imported, report.events, report.repeated) == (0, 0, first.imported)
    assert ConsentEvent.objects.count() == first.events


def test_a_file_that_is_done_stays_done(park):
    first = run(ROW, ROW | {"LIST": "?"})
    report = run(ROW, ROW | {"LIST": "?"}, now=NOW + timedelta(days=1))
    assert (report.imported, report.refused, report.reasons) == (first.imported, 1, first.reasons)
    assert (first.finished_at, report.finished_at) == (None, NOW)
    assert Entry.objects.filter(action="import.finished").count() == 1


def test_an_import_that_stopped_goes_on_after_its_last_row_and_adds_up(park, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 2)
    rows = [ROW | {"Email Address": f"v{number}@x.example", "LIST": "?"} for number in range(2)]
    rows += [ROW | {"Email Address": f"v{number}@x.example"} for number in range(2, 5)]

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(*rows, progress=stop)
    assert import_runs.place(digest="ab" * 32, mapped=imports.read_mapping(demo.MAPPING)).line == 3
    seen = []
    report = run(*rows, progress=seen.append, now=NOW + timedelta(minutes=1))
    assert (report.refused, report.imported, report.rows) == (2, 3, 5)
    assert seen == [4, 5]
    assert [reason.lines for reason in report.reasons.values()] == [[2, 3]]


def test_two_processes_cannot_import_one_file_at_once(park, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 1)
    other = ROW | {"Email Address": "other@x.example"}

    def meanwhile(done):
        if done == 1:
            ImportRun.objects.update(line=3)

    with pytest.raises(Conflict, match="Another process is importing this very file"):
        run(ROW, other, progress=meanwhile)
    assert ConsentEvent.objects.count() == 1


def test_the_report_names_the_first_lines_of_each_reason_and_counts_the_others(park):
    report = run(*[Row(line, None) for line in range(2, 60)], dry_run=True)
    reason = report.reasons["The row has more or fewer cells than the head of the file."]
    assert (reason.rows, reason.lines) == (58, list(range(2, 22)))


def test_however_many_sentences_there_are_the_report_stays_small(park):
    rows = [ROW | {"Email Address": f"{'x' * (600 + number)}@x.example"} for number in range(100)]
    report = run(*rows, dry_run=True)
    assert len(report.reasons) <= import_runs.REASONS + 1
    assert sum(reason.rows for reason in report.reasons.values()) == report.refused == 100


def test_a_mapping_that_leaves_its_purpose_open_wants_one(park):
    document = yaml.safe_load(mappings.file("klaviyo-profiles").read_text("utf-8"))
    for target, code in (
        (None, "open"),
        (Target("nothing"), "unknown"),
        (Target("personal_offers", ("x",)), "not_offered"),
    ):
        with pytest.raises(Invalid) as caught:
            imports.read_mapping(document, target=target)
        assert [field.code for field in caught.value.fields] == [code]
    with pytest.raises(Invalid) as caught:
        imports.read_mapping(demo.MAPPING, target=Target("personal_offers"))
    assert [field.code for field in caught.value.fields] == ["not_open"]


def test_a_customer_who_gets_a_second_identifier_in_the_file_is_one_from_the_next_row_on(park):
    row = {"namespace": "customer", "id": "C-7", "purpose": "personal_offers", "act": "refuse", "language": "en"}
    row |= {"collected_at": "2026-03-14T09:12:00Z"}
    rows = [row | {"identifiers": f"customer:C-7\nemail:{MEI.id}"}, row | {"namespace": "email", "id": MEI.id}]
    report = run(*rows, head=list(COLUMNS), mapped=False)
    assert (report.imported, report.repeated) == (1, 1)
    assert subjects.find(MEI) == subjects.find(Handle("customer", "C-7"))


def test_a_row_whose_identifiers_are_two_customers_is_refused_whole(park):
    say(MEI, "refuse", now=NOW - timedelta(days=1))
    say(Handle("customer", "C-7"), "refuse", now=NOW - timedelta(days=1))
    row = {"namespace": "customer", "id": "C-7", "purpose": "personal_offers", "act": "give", "language": "en"}
    row |= {"collected_at": "2026-03-14T09:12:00Z", "identifiers": f"email:{MEI.id}"}
    report = run(row, head=list(COLUMNS), mapped=False)
    assert [reason.code for reason in report.reasons.values()] == ["not_recordable"]
    assert not ConsentEvent.objects.filter(act="give").exists()


@pytest.mark.parametrize(
    "day",
    [
        "2024-10-27 01:30:00",  # came twice in London
        "2025-03-30 01:30:00",  # never came
        "2024-02-29T00:30:00+01:00",  # in UTC no leap day yet
        "2026-03-28 12:00:00",  # two years on it is summer time already
    ],
)
def test_a_date_in_local_time_is_one_moment_from_the_first_on(park, day):
    assert run(ROW | {"OPTIN_TIME": day}).events == 1
    assert rebuild.run(by=OPERATOR, now=NOW, check=True).differences == 0
    again = run(ROW | {"OPTIN_TIME": day}, again=True)
    assert (again.events, again.repeated) == (0, 1)
