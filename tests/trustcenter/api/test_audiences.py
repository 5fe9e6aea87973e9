"""POST /api/v1/audience: lists in, answers out, in every form; and every way in which a list can be wrong."""

import gzip
import hashlib
import json
import random
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from audit.models import Entry
from audit.services import entries
from consent.models import Asked, Recipient
from consent.services import asked, subjects
from consent.services.subjects import Handle
from tests import world
from tests.callers import JSON, about, call
from tests.world import ALICE, BOB
from trustcenter import lists
from trustcenter.api import audiences as door

PLAIN = "text/plain; charset=utf-8"
WHERE = "/api/v1/audience?purpose=personal_offers"
LIMITS = {"purposes": ["personal_offers"], "namespaces": ["customer"]}


def ask(body=b"C-1002\nC-1001\nC-9\n", more="", *, key=None, where=WHERE, content_type=PLAIN, **headers):
    headers = {"Content_Type": content_type, **headers}  # also where the body is empty
    return call("POST", where + more, body, key=key or world.key(), content_type=content_type, **headers)


def lines(answer):
    return [json.loads(line) for line in answer.content.splitlines()]


def whole(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


# The answer, in its forms


def test_the_allowed_come_back_in_the_order_given(cast):
    answer = ask(b"C-9\nC-1001\nC-1002\nC-1001")
    assert (answer.status_code, answer.content) == (200, b"C-1001\nC-1001\n")
    assert answer["Content-Type"] == PLAIN
    assert answer["Trust-Counts"] == "asked=4, allowed=2, refused=1, unknown=1"
    entry = Entry.objects.get(action="audience.filtered")
    assert answer["Trust-Audit-Id"] == str(entry.id)
    assert answer["Trust-Token"] == f"t1.{entry.id.hex}"
    assert answer["Cache-Control"] == "no-store"


def test_reasons_come_a_line_each_with_what_was_counted_at_the_end(cast):
    answer = ask('C-1001\nC-"9"\\, 𝒥\nC-1002'.encode(), Accept="application/x-ndjson")
    *told, last = lines(answer)
    assert told == [
        {"id": "C-1001", "decision": True, "reason": "permitted"},
        {"id": 'C-"9"\\, 𝒥', "decision": False, "reason": "unknown_customer"},
        {"id": "C-1002", "decision": False, "reason": "consent_refused"},
    ]
    counts = {"asked": 3, "allowed": 1, "refused": 1, "unknown": 1}
    assert last == {"audit_id": answer["Trust-Audit-Id"], "token": answer["Trust-Token"], "counts": counts}
    assert answer["Content-Type"] == "application/x-ndjson"


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_bits_stand_for_places_the_first_the_highest(cast, count, monkeypatch):
    monkeypatch.setattr(lists, "BLOCK", 64)  # so that blocks end within a byte
    chosen = [random.Random(count).choice(["C-1001", "C-1002"]) for _ in range(count)]
    answer = ask("\n".join(chosen).encode(), Accept="application/octet-stream")
    bits = "".join("1" if each == "C-1001" else "0" for each in chosen)
    assert answer.content == bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, count, 8))


def test_a_short_list_may_be_json(cast):
    answer = ask(json.dumps(["C-1001", "C\n1001", ""]).encode(), content_type=JSON, Accept="application/x-ndjson")
    assert [each["reason"] for each in lines(answer)[:-1]] == ["permitted", "unknown_customer", "unknown_customer"]


@pytest.mark.parametrize("accept", ["*/*", "text/*", "text/html, text/plain;q=0.1", ""])
def test_without_a_wish_the_answer_is_lines(cast, accept):
    assert ask(Accept=accept)["Content-Type"] == PLAIN


def test_a_third_party_learns_nothing_but_no(cast):
    key = world.key("adpartner", "decide", **LIMITS)
    for each in ("C-1002", "C-1003", "C-9", ""):
        answer = ask(each.encode(), key=key, Accept="application/x-ndjson")
        told, last = lines(answer) if each else [{"reason": "not_permitted"}, None]
        assert told["reason"] == "not_permitted"
        if last:
            assert last["counts"] == {"asked": 1, "allowed": 0, "refused": 1}
            assert answer["Trust-Counts"] == "asked=1, allowed=0, refused=1"
    about(ask(where="/api/v1/audience?purpose=improve_visit", key=key), 403)
    about(ask(more="&namespace=email", key=key), 403)


def test_who_asks_for_another_needs_admin_and_a_third_party_stays_one(cast):
    about(ask(more="&recipient=adpartner"), 403)
    answer = ask(
        more="&recipient=adpartner", key=world.key("mail-engine", "decide", "admin"), Accept="application/x-ndjson"
    )
    assert [each["reason"] for each in lines(answer)[:-1]] == ["not_permitted", "permitted", "not_permitted"]


def test_who_guesses_is_limited_and_the_officer_is_told(cast, settings):
    settings.THIRD_PARTY_ASKS, settings.THIRD_PARTY_REFUSALS = 100, 5
    key = world.key("adpartner", "decide", **LIMITS)
    about(ask(b"C-9\n" * 101, key=key), 429)
    assert Entry.objects.filter(action="probing.suspected", recipient="adpartner").count() == 1
    assert nothing_is_written()
    assert ask(b"C-9\nC-1002\nC-1003\nC-8\nC-7", key=key).status_code == 200
    about(ask(b"C-1001", key=key), 429)


def test_of_a_recipient_that_observes_a_no_is_one_that_would_have_been(cast):
    Recipient.objects.filter(key="mail-engine").update(observe=True)
    assert ask()["Trust-Enforced"] == "false"
    outcomes = {who: asked.about(subject=subjects.find(who))[0].outcome for who in (ALICE, BOB)}
    assert outcomes == {ALICE: "allowed", BOB: "observed"}
    assert asked.about(subject=subjects.find(BOB), outcome="refused") == []


# The list, in its forms


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"C-1001", 1),
        (b"C-1001\n", 1),
        (b"C-1001\n\n", 2),
        (b"C-1001\r\nC-1002\r\n", 2),
        (b"\xef\xbb\xbfC-1001\nC-1002", 2),
        (b"C-1001\nC-1001\nC-1001\n", 3),
    ],
)
def test_a_line_is_a_place(cast, body, asked):
    answer = ask(body)
    assert answer["Trust-Counts"].startswith(f"asked={asked}, allowed={body.count(b'C-1001')}")


@pytest.mark.parametrize(
    "wrong",
    [
        "C-1001\rC-1001",
        "C-1001\x00",
        "\x00",
        "C\u202e1001",
        "x" * 513,
        " C-1001",
        "'C-1001'",
        "C-1001,C-1001",
        "𝒥\ufeff",
    ],
)
def test_what_is_no_identifier_of_ours_is_refused_in_its_place(cast, wrong):
    answer = ask(f"C-1001\n{wrong}\nC-1001".encode(), Accept="application/octet-stream")
    assert answer.content == bytes([0b10100000])


def test_identifiers_of_every_kind_are_found(cast):
    ids = ["a,b", '"q"', "𝒥🎢", "ü\u0308", "-1", "=1+1", "x" * 512]
    for each in ids:
        world.say(Handle("customer", each), "give")
    answer = ask("\n".join(ids).encode())
    assert answer.content.decode().split("\n") == [*ids, ""]


@pytest.mark.parametrize("members", [1, 3])
def test_a_list_may_come_packed(cast, members):
    packed = gzip.compress(b"C-1001\n" * 10) * members
    assert ask(packed, Content_Encoding="gzip")["Trust-Counts"].startswith(f"asked={10 * members}, ")


@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_where_blocks_end_changes_nothing(cast, monkeypatch, block):
    monkeypatch.setattr(lists, "BLOCK", block)
    ids = ["C-1001", "", "𝒥🎢", "C-1002\r", "C-1001"]
    for body in ("\n".join(ids), "\n".join(ids) + "\n"):
        answer = ask(body.encode(), Accept="application/octet-stream")
        assert (answer.content, answer["Trust-Counts"][:7]) == (bytes([0b10001000]), "asked=5")


def test_the_list_is_known_again_by_its_digest_and_nothing_of_it_stands_in_the_leaf(cast):
    body = b"C-1001\nC-1002\nC-9\n"
    ask(body, "&reference=Spring%20mailing&categories=contact.email")
    entry = Entry.objects.get(action="audience.filtered")
    payload = entries.payloads([entry])[entry.id]
    assert payload["identifiers"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert (payload["reference"], payload["asked"], payload["namespace"]) == (
        "Spring mailing",
        ["contact.email"],
        "customer",
    )
    leaf = json.loads(bytes(entry.leaf))
    assert leaf["details"] == {"asked": 3, "allowed": 1, "refused": 1, "unknown": 1, "categories": ["contact.email"]}
    assert (leaf["purpose"], leaf["recipient"], leaf["outcome"]) == ("personal_offers", "mail-engine", "allowed")
    assert payload["identifiers"][7:].encode() not in bytes(entry.leaf)
    assert "subject" not in leaf


# What is refused


def nothing_is_written():
    return not Entry.objects.filter(action="audience.filtered").exists() and not Asked.objects.exists()


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ("&colour=red", "/colour"),
        ("&namespace=", "/namespace"),
        ("&reference=" + "x" * 201, "/reference"),
        ("&recipient=%00", "/recipient"),
    ],
)
def test_a_wrong_member_is_named(cast, more, pointer):
    about(ask(more=more), 400, pointer)
    assert nothing_is_written()


def test_the_purpose_is_needed_and_an_unknown_one_is_an_answer(cast):
    about(ask(where="/api/v1/audience"), 400, "/purpose")
    told = lines(ask(where="/api/v1/audience?purpose=heard_of_nowhere", Accept="application/x-ndjson"))
    assert {each["reason"] for each in told[:-1]} == {"unknown_purpose"}
    assert "heard_of" not in bytes(Entry.objects.get(action="audience.filtered").leaf).decode()


def test_a_wrong_line_is_named(cast):
    for body, detail in (
        (b"C-1\nC-2\n" + b"x" * 4097 + b"\nC-3", "Line 3 is longer than 4 KiB"),
        (b"C-1\n\xff\xfe\nC-3", "Line 2 is not UTF-8"),
        (b"C-1\nC-2\xf0\x9f", "Line 2 is not UTF-8"),
    ):
        answer = ask(body)
        about(answer, 400)
        assert detail in answer.json()["detail"]
    assert ask(b"x" * 4096).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"C-1001", gzip.compress(b"C-1001", mtime=0)[:-3], gzip.compress(b"C-1001", mtime=0) + b"junk"]
)
def test_broken_gzip_is_refused(cast, body):
    about(ask(body, Content_Encoding="gzip"), 400)
    assert nothing_is_written()


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/x-www-form-urlencoded", {}),
        ("text/plain; charset=latin-1", {}),
        (PLAIN, {"Content_Encoding": "br"}),
        (PLAIN, {"Accept": "text/html"}),
        (JSON, {}),
    ],
)
def test_what_we_cannot_read_or_write_is_refused(cast, content_type, headers):
    about(ask(content_type=content_type, **headers), 400)
    assert nothing_is_written()


@pytest.mark.parametrize("body", [b"[1]", b"{}", b"[null]", b'["\\ud800"]', b"[", b"\xff"])
def test_json_is_a_list_of_texts(cast, body):
    about(ask(body, content_type=JSON), 400)


def test_a_list_that_is_too_long_is_refused_with_the_limit(cast, settings):
    settings.AUDIENCE_BYTES = 100_000
    for body, headers in ((b"C-1001\n" * 20_000, {}), (gzip.compress(b"\n" * 100_001), {"Content_Encoding": "gzip"})):
        answer = ask(body, **headers)
        about(answer, 413)
        assert "100,000 bytes" in answer.json()["detail"]
    about(ask(json.dumps(["x" * 100] * 12_000).encode(), content_type=JSON), 413)
    assert nothing_is_written()


def test_a_list_of_too_many_lines_is_refused(cast, monkeypatch):
    monkeypatch.setattr(lists, "LINES", 1000)
    assert ask(b"\n" * 1000).status_code == 200
    about(ask(b"\n" * 1001), 413)


def test_a_sender_who_falls_behind_is_refused(cast, monkeypatch):
    monkeypatch.setattr(door, "PATIENCE", -1)
    about(ask(), 408)
    assert nothing_is_written()


# What it holds meanwhile


def held():
    """Files that this process has open and that have no name any more."""
    found = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = str(number.readlink())
            found += [name] if "(deleted)" in name and "etilqs" not in name else []  # those are SQLite's own
    return found


def test_a_long_answer_is_spooled_and_nothing_is_left_of_it(cast, monkeypatch):
    monkeypatch.setattr(door, "ONE_PIECE", 10)
    before = held()
    answer = ask(b"C-1001\n" * 200_000)
    assert len(held()) == len(before) + 1
    assert whole(answer) == b"C-1001\n" * 200_000
    assert answer["Content-Length"] == "1400000"
    assert held() == before


def test_a_caller_who_stops_reading_leaves_no_file_and_no_transaction(cast, monkeypatch):
    monkeypatch.setattr(door, "ONE_PIECE", 10)
    before = held()
    answer = ask(b"C-1001\n" * 200_000)
    assert Entry.objects.filter(action="audience.filtered").exists()
    next(iter(answer.streaming_content))
    answer.close()
    assert held() == before


def test_a_list_takes_no_memory_of_its_length(cast):
    def most(count):
        body = b"C-1001\nC-1002\n" * count
        tracemalloc.start()
        assert ask(body).status_code == 200
        found = tracemalloc.get_traced_memory()[1] - len(body)
        tracemalloc.stop()
        return found

    ask()
    small = most(50_000)
    assert most(400_000) < small * 1.5 + 2**23
