"""One row of a file, read by a mapping: acts to record, or a refusal with its reason."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.errors import Invalid
from consent.rules import imports, mapping, own_words
from consent.rules.imports import Act, Refused
from tests import test_demo_files as demo
from tests.world import NOW

pytestmark = pytest.mark.once

OFFERED = {
    "personal_offers": ("contact.email", "contact.sms", "purchase_history"),
    "improve_visit": ("location.wristband", "ticket_scans"),
    "ride_photos": ("ride_photos", "face_image"),
}
ROW = {
    "Email Address": " Mei.Lin@Youjian.Example ",
    "LIST": "park news & offers",
    "STATUS": " Subscribed",
    "OPTIN_TIME": "2025-06-01 10:00:00",
    "CONFIRM_TIME": "",
    "UNSUB_TIME": "0000-00-00 00:00:00",
    "LAST_CHANGED": "2025-06-02 10:00:00",
    "LANGUAGE": "ZH-CN",
}


def document(**changed):
    return demo.MAPPING | changed


def read(now=NOW, **cells):
    mapped = mapping.parse(document(), offered=OFFERED)
    return imports.Reader(mapped, explicit={"ride_photos"}, now=now).read(ROW | cells)


def refusal(**cells):
    with pytest.raises(Refused) as caught:
        read(**cells)
    return caught.value.code


def test_a_row_becomes_a_plan_in_our_words():
    plan = read()
    assert (plan.namespace, plan.id) == ("email", "Mei.Lin@Youjian.Example")
    assert (plan.purpose, plan.categories) == ("personal_offers", ("contact.email", "purchase_history"))
    assert (plan.language, plan.channel, plan.method, plan.version) == ("zh-hans", "email", "imported", 1)
    # London is an hour ahead of UTC in June.
    assert plan.acts == (Act("give", datetime(2025, 6, 1, 9, 0, tzinfo=UTC)),)
    assert "OPTIN_TIME: 2025-06-01 10:00:00" in plan.evidence
    assert not any("Youjian" in cell for cell in plan.evidence)


def test_the_first_readable_date_is_taken():
    assert read(CONFIRM_TIME="2025-06-03T10:00:00Z").acts[0].at == datetime(2025, 6, 3, 10, tzinfo=UTC)
    assert read(CONFIRM_TIME="31.02.2025").acts[0].at == datetime(2025, 6, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-03-14T09:12:00+01:00", (2026, 3, 14, 8, 12)),
        ("03/04/2026 09:12", (2026, 3, 4, 9, 12)),
        ("14.03.2026", (2026, 3, 14, 0, 0)),
        ("2026年3月14日", (2026, 3, 14, 0, 0)),
    ],
)
def test_every_format_is_read(cell, day):
    assert read(OPTIN_TIME=cell).acts[0].at == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", ["45731.38", "yesterday", "2026-02-30 10:00:00", "2062-01-01 10:00:00", "0001-01-01 00:00:00"]
)
def test_a_yes_without_a_sure_date_is_refused(cell):
    assert refusal(OPTIN_TIME=cell) == "no_date"


def test_a_no_always_counts():
    row = {"STATUS": "unsubscribed", "OPTIN_TIME": "?", "UNSUB_TIME": "yesterday", "LAST_CHANGED": "-"}
    assert read(**row).acts == (Act("withdraw", None),)
    assert read(**row | {"LIST": "Ride Photo Club", "UNSUB_TIME": "14.03.2026"}).acts[0].act == "withdraw"


def test_a_row_that_ends_in_a_no_never_ends_in_a_yes():
    row = {"STATUS": "unsubscribed", "OPTIN_TIME": "14.03.2026", "UNSUB_TIME": "13.03.2026"}
    assert [act.act for act in read(**row).acts] == ["withdraw"]
    assert [act.act for act in read(**row | {"UNSUB_TIME": "15.03.2026"}).acts] == ["give", "withdraw"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Email Address": "n/a"}, "no_identifier"),
        ({"Email Address": " "}, "no_identifier"),
        ({"Email Address": "mei\t@youjian.example"}, "control_character"),
        ({"Email Address": "mei@youjian.example\r"}, "control_character"),
        ({"Email Address": "mei"}, "bad_identifier"),
        ({"Email Address": "\u202emei@youjian.example"}, "bad_identifier"),
        ({"STATUS": "maybe"}, "unknown_status"),
        ({"LIST": "Pirate Night 2022"}, "unknown_purpose"),
        ({"LIST": "Ride Photo Club"}, "words_missing"),
        ({"UNSUB_TIME": "15.03.2026"}, "ended_later"),
    ],
)
def test_what_cannot_be_trusted_is_refused(cells, code):
    assert refusal(**cells) == code
    assert code in imports.REFUSALS


def test_rows_are_skipped_only_by_name():
    assert read(STATUS="pending") is None
    assert refusal(STATUS="") == "unknown_status"


def test_the_demo_file_is_refused_line_by_line_as_counted_by_hand():
    codes = {
        "no e-mail": "no_identifier",
        "control character": "control_character",
        "unknown status": "unknown_status",
        "unknown list": "unknown_purpose",
        "explicit consent without the words": "words_missing",
        "no readable date": "no_date",
        "unsubscribed later": "ended_later",
    }
    for line in demo.LINES:
        if len(line) == len(demo.HEAD):
            expected = codes.get(demo.why_refused(line))
            row = dict(zip(demo.HEAD, line, strict=True))
            assert (refusal(**row) if expected else read(**row) and None) == expected, row


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"channel": "pigeon"}, "/channel"),
        ({"method": ""}, "/method"),
        ({"version": "one"}, "/version"),
        ({"colour": "red"}, ""),
        ({"identifier": {"column": "E", "namespace": "No Such"}}, "/identifier/namespace"),
        ({"file": {"delimiter": ";;"}}, "/file/delimiter"),
        ({"dates": {"formats": ["%H:%M"], "time_zone": "Europe/London"}}, "/dates/formats/0"),
        ({"dates": {"formats": ["%d.%m.%Y"], "time_zone": "Middle/Earth"}}, "/dates/time_zone"),
        ({"purpose": {"column": "L", "values": {"N": {"purpose": "nothing"}}}}, "/purpose/values/N/purpose"),
        (
            {"purpose": {"column": "L", "values": {"N": {"purpose": "improve_visit", "categories": ["dreams"]}}}},
            "/purpose/values/N/categories",
        ),
        (
            {"status": {"column": "S", "values": {"x": [{"act": "give", "at": ["D"], "otherwise": "now"}]}}},
            "/status/values/x/0/otherwise",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_at_its_place(changed, pointer):
    with pytest.raises(Invalid) as caught:
        mapping.parse(document(**changed), offered=OFFERED)
    assert pointer in [field.pointer for field in caught.value.fields]


def test_every_column_the_file_lacks_is_named():
    mapped = mapping.parse(document(), offered=OFFERED)
    with pytest.raises(Invalid) as caught:
        mapping.check_columns(mapped, ["Email Address", "STATUS", "OPTIN_TIME"])
    assert {"/purpose/column", "/language/column", "/evidence/0"} <= {field.pointer for field in caught.value.fields}


OWN = {
    "namespace": "customer",
    "id": "C-1",
    "purpose": "personal_offers",
    "act": "give",
    "collected_at": "2026-03-14T09:12:00Z",
}


def own(**cells):
    return own_words.read(OWN | cells, explicit={"ride_photos"}, now=NOW)


def test_a_file_in_our_own_words_needs_no_mapping():
    plan = own(categories="contact.email purchase_history", language="en", channel="paper")
    assert plan.acts == (Act("give", datetime(2026, 3, 14, 9, 12, tzinfo=UTC)),)
    assert (plan.categories, plan.channel, plan.method) == (("contact.email", "purchase_history"), "paper", "imported")
    assert own().categories is None


def test_what_another_service_exports_is_read_as_it_was_told():
    plan = own(
        recipients="adpartner", identifiers="customer:C-1\ndevice:a:b", unverified="email:a@x.example", actor="guardian"
    )
    assert (plan.recipients, plan.actor, plan.verified) == (("adpartner",), "guardian", True)
    assert plan.others == (("device", "a:b", True), ("email", "a@x.example", False))
    assert not own(unverified="customer:C-1").verified
    assert (own(version="2").version, own(version="2", notice_digest="ab").version) == (2, None)
    assert own(version="2", notice_digest="ab", assumed="true").version == 2


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"id": ""}, "no_identifier"),
        ({"namespace": ""}, "no_identifier"),
        ({"act": "maybe"}, "unknown_status"),
        ({"purpose": "ride_photos"}, "words_missing"),
        ({"collected_at": "14.03.2026"}, "no_date"),
        ({"collected_at": (NOW + timedelta(days=1)).isoformat()}, "no_date"),
        ({"purpose": "ride_photos", "notice_digest": "ab", "assumed": "true"}, "words_missing"),
        ({"identifiers": "C-1"}, "bad_identifier"),
        ({"unverified": "email:no address"}, "bad_identifier"),
        ({"version": "one"}, "not_recordable"),
        ({"minor_until": "soon"}, "no_date"),
    ],
)
def test_our_own_words_are_checked_too(cells, code):
    with pytest.raises(Refused) as caught:
        own(**cells)
    assert caught.value.code == code
