"""The feed: what a recipient may hold, told whole, in the order of the log, and only to whom it concerns."""

import base64
import gzip
import hashlib
import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from audit.models import Entry
from audit.services import order
from consent.models import Holder
from consent.services import erasures, links, signals, subjects, suppressions
from consent.services.handles import Handle
from consent.services.links import Why
from tests.callers import about, get, post
from tests.world import ALICE, BOB, CAROL, CUSTOMER, MALLORY, NOW, OPERATOR, SYSTEM, key, publish, say, seal_all

DAY = timedelta(days=1)
LIMITS = {"purposes": ["personal_offers"], "namespaces": ["customer"]}


@pytest.fixture
def engine(cast):
    seal_all()
    return key("mail-engine", "feed")


def lines(path, holder_key):
    answer = get(path, key=holder_key)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
    assert answer["Cache-Control"] == "no-store"
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def snapshot(holder_key):
    head, *customers, end = lines("/api/v1/snapshot", holder_key)
    assert (head["type"], end["type"]) == ("snapshot", "end")
    assert (end["customers"], end["position"]) == (len(customers), head["position"])
    return head, customers


def changes(after, holder_key, wait=0):
    *found, beat = lines(f"/api/v1/changes?after={after}&wait={wait}", holder_key)
    assert beat["type"] == "heartbeat"
    return found, beat


def name(head, namespace, value):
    """The hash of an identifier, as a recipient works it out."""
    secret = base64.urlsafe_b64decode(head["hash_key"] + "=")
    digest = hashlib.blake2b(f"{namespace}\0{value}".encode(), key=secret, digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def told(found, head, who):
    """What a copy holds of one identifier after these lines."""
    hashed = name(head, who.namespace, who.id)
    own = [each for line in found for each in line.get("identities", ()) if hashed in each["ids"]]
    return [grant for each in own for grant in each["grants"]]


def offers(found, head, who):
    return [grant for grant in told(found, head, who) if grant["purpose"] == "personal_offers"]


def test_a_snapshot_holds_yes_only(engine):
    head, customers = snapshot(engine)
    assert head["recipient"] == "mail-engine"
    assert head["purposes"]["personal_offers"] == ["contact.email", "contact.sms", "purchase_history"]
    assert "improve_visit" not in head["purposes"], "it names other recipients"
    (grant,) = offers(customers, head, ALICE)
    assert grant["categories"] == ["contact.email", "contact.sms", "purchase_history"]
    assert grant["until"].startswith("2028-04")
    for nobody in (BOB, CAROL, MALLORY):
        assert offers(customers, head, nobody) == []
    text = json.dumps(customers)
    assert not [word for word in ("C-100", "carol@", subjects.get(ALICE).pseudonym) if word in text]


def test_a_snapshot_may_come_packed(engine):
    answer = get("/api/v1/snapshot", key=engine, **{"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.getvalue()).splitlines()[-1].startswith(b'{"type":"end"')


def test_that_a_copy_was_taken_is_in_the_log(engine):
    before = Entry.objects.count()
    snapshot(engine)
    entry = Entry.objects.latest("id")
    assert (entry.action, entry.recipient, Entry.objects.count()) == ("copy.taken", "mail-engine", before + 1)


def test_every_change_is_told_whole(engine):
    head, _ = snapshot(engine)
    position, minutes = head["position"], 0

    def after(do, **more):
        nonlocal position, minutes
        minutes += 1
        do(**more, now=NOW + timedelta(minutes=minutes))
        seal_all()
        found, beat = changes(position, engine)
        assert beat["position"] > position
        position = beat["position"]
        return offers(found, head, ALICE)

    assert after(say, who=ALICE, act="withdraw") == []
    assert after(say, who=ALICE, act="give", categories=["contact.email"])[0]["categories"] == ["contact.email"]
    (paused,) = after(say, who=ALICE, act="pause", until=NOW + 9 * DAY)
    assert paused["from"] == "2026-05-23T12:00:00.000000Z"
    assert "from" not in after(say, who=ALICE, act="resume")[0]
    known = [ALICE, Handle("email", "alice@example.org")]
    assert after(subjects.register, identifiers=known, by=OPERATOR)
    assert after(suppressions.suppress, subject=ALICE, by=SYSTEM) == []


def test_what_is_not_sealed_yet_is_told_too(engine):
    head, _ = snapshot(engine)
    say(ALICE, "withdraw")
    found, beat = changes(head["position"], engine)
    assert [line["type"] for line in found] == ["customer"]
    assert offers(found, head, ALICE) == []
    assert (beat["position"], beat["lease"] > 0) == (head["position"], True)


def test_joined_records_are_one_customer_in_a_copy(engine):
    head, _ = snapshot(engine)
    links.link(subject=ALICE, other=BOB, why=Why("One letter named both."), by=SYSTEM, now=NOW)
    found, _ = changes(head["position"], engine)
    assert told(found, head, ALICE) == told(found, head, BOB)
    assert not offers(found, head, ALICE), "the stricter stands"


def test_an_unverified_identifier_stands_apart(engine):
    other = Handle("email", "alice@example.org", verified=False)
    subjects.register(identifiers=[ALICE, other], by=OPERATOR, now=NOW)
    head, customers = snapshot(engine)
    assert len(offers(customers, head, ALICE)) == 1
    assert offers(customers, head, other) == []


def test_a_purpose_that_changed_closes_every_copy_of_it(engine):
    head, _ = snapshot(engine)
    publish(now=NOW, personal_offers={"retention": "P36M"})
    found, _ = changes(head["position"], engine)
    assert {"type": "reload", "purposes": ["personal_offers"]} in found


def test_two_recipients_have_nothing_to_join(engine):
    other = key("mailbird", "feed")
    (mine, first), (theirs, second) = snapshot(engine), snapshot(other)
    assert mine["hash_key"] != theirs["hash_key"]

    def names(customers):
        return {line["customer"] for line in customers} | {
            each for line in customers for identity in line["identities"] for each in identity["ids"]
        }

    assert names(first)
    assert names(second)
    assert names(first).isdisjoint(names(second))


def test_a_key_sees_its_own_purposes_and_namespaces(engine):
    subjects.register(identifiers=[ALICE, Handle("email", "alice@example.org")], by=OPERATOR, now=NOW)
    partner = key("adpartner", "feed", **LIMITS)
    head, customers = snapshot(partner)
    assert list(head["purposes"]) == ["personal_offers"]
    assert told(customers, head, ALICE)
    assert told(customers, head, Handle("email", "alice@example.org")) == []
    seal_all()
    position = changes(head["position"], partner)[1]["position"]
    publish(now=NOW, improve_visit={"retention": "P36M"})
    assert changes(position, partner)[0] == []


def test_a_holder_confirms_what_it_was_told(engine):
    head, _ = snapshot(engine)
    say(ALICE, "withdraw")
    seal_all()
    _, beat = changes(head["position"], engine)
    assert post("/api/v1/changes/ack", {"position": beat["position"]}, key=engine).json() == {
        "position": beat["position"]
    }
    about(post("/api/v1/changes/ack", {"position": beat["position"] + 1}, key=engine), 400, "/position")
    about(post("/api/v1/changes/ack", {"position": 0, "holder": "other"}, key=engine), 400, "/position")
    about(post("/api/v1/changes/ack", {"position": -1}, key=engine), 400, "/position")
    row = Holder.objects.get()
    assert (row.told, row.confirmed) == (beat["position"], beat["position"])


def test_G24_an_identity_that_is_put_right_reaches_every_copy_and_is_confirmed(engine):
    right = Handle("email", "alice@example.org")
    head, customers = snapshot(engine)
    assert offers(customers, head, right) == []
    subjects.register(identifiers=[ALICE, right], by=OPERATOR, now=NOW)
    seal_all()
    found, beat = changes(head["position"], engine)
    assert offers(found, head, right) == offers(found, head, ALICE) == offers(customers, head, ALICE) != []
    assert post("/api/v1/changes/ack", {"position": beat["position"]}, key=engine).status_code == 200
    assert Holder.objects.get().confirmed == beat["position"]


def test_a_log_that_was_restored_and_grew_again_is_noticed(engine):
    head, _ = snapshot(engine)
    since = f"/api/v1/changes?after={head['position']}&wait=0&mark="
    assert head["mark"] == order.mark(head["position"])
    assert lines(since + head["mark"], engine)[-1]["mark"] == head["mark"]
    about(get(since + "0123456789abcdef", key=engine), 410)
    about(get(since + "another", key=engine), 400, "/mark")


def test_what_is_wrong_is_named(engine):
    about(get("/api/v1/changes", key=engine), 400, "/after")
    about(get("/api/v1/changes?after=-1&wait=21&holder=A", key=engine), 400, "/after", "/wait", "/holder")
    about(get("/api/v1/changes?after=x", key=engine), 400, "/after")
    about(get("/api/v1/snapshot?holder=", key=engine), 400, "/holder")
    about(get(f"/api/v1/changes?after={order.size() + 1}", key=engine), 410)


@pytest.mark.postgres  # SQLite lets one transaction write at a time, so nobody commits late there
@pytest.mark.django_db(transaction=True)
def test_whoever_commits_late_is_not_passed_over(park):
    say(ALICE, "give")
    seal_all()
    engine = key("mail-engine", "feed")
    head, _ = snapshot(engine)
    written, others = threading.Event(), threading.Event()

    def late():
        with transaction.atomic():
            say(ALICE, "withdraw")
            written.set()
            others.wait(60)
        connection.close()

    holder = threading.Thread(target=late)
    holder.start()
    assert written.wait(60)
    say(BOB, "give")
    seal_all()
    found, beat = changes(head["position"], engine)
    assert told(found, head, BOB)
    assert beat["position"] > head["position"]
    others.set()
    holder.join()
    seal_all()
    found, _ = changes(beat["position"], engine)
    assert [line["identities"] for line in found if line["type"] == "customer"]
    assert not offers(found, head, ALICE)


def test_a_signal_ends_a_grant(engine):
    publish(now=NOW - DAY, personal_offers={"sale_or_sharing": True})
    say(ALICE, "give")
    seal_all()
    head, customers = snapshot(engine)
    assert offers(customers, head, ALICE)
    signals.receive(subject=subjects.get(ALICE), channel="portal", by=CUSTOMER, now=NOW + DAY)
    found, _ = changes(head["position"], engine)
    assert [line["type"] for line in found] == ["customer"]


def test_G27_a_copy_is_told_that_somebody_was_erased(engine):
    head, customers = snapshot(engine)
    assert offers(customers, head, ALICE)
    hashed = name(head, ALICE.namespace, ALICE.id)
    (mine,) = [each["customer"] for each in customers if any(hashed in one["ids"] for one in each["identities"])]
    erasures.erase(subject=ALICE, why="withdrawn", by=OPERATOR, now=NOW)
    for _ in ("before it is sealed", "and after"):
        found, _ = changes(head["position"], engine)
        assert {"type": "customer", "customer": mine, "identities": []} in found
        assert hashed not in json.dumps(found)
        seal_all()
    head, customers = snapshot(engine)
    assert mine not in [each["customer"] for each in customers]
