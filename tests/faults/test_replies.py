"""F13: COMMIT was sent, and no reply came. It was done, or it was not; whoever asked cannot know, and goes on."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from audit.models import Checkpoint as Signed
from audit.models import Entry
from audit.services import seal
from consent.models import ConsentEvent
from tests.audit.services.test_crashes import everything_holds, nothing_is_published_that_the_mark_does_not_know
from tests.audit.services.test_mark import enter
from tests.callers import choice
from tests.faults.proxy import between
from tests.world import ALICE, BOB, NOW, cast, key, publish, say, seal_all

pytestmark = [pytest.mark.postgres]  # SQLite has no network in between
BOTH = pytest.mark.parametrize("persisted", [True, False], ids=["done", "not done"])


@pytest.fixture
def network(transactional_db):
    """Between the test and its database."""
    connection.ensure_connection()
    given, info = connection.settings_dict, connection.connection.info
    before, there = {name: given[name] for name in ("HOST", "PORT")}, (info.host, info.port)
    connection.close()
    with between(*there) as found:
        given.update(HOST="127.0.0.1", PORT=str(found.port))
        yield found
        connection.close()
        given.update(before)


@BOTH
def test_F13_a_sealer_that_gets_no_reply_goes_on_from_what_is_there(network, persisted):
    seen = set()
    for number in range(1, 30):
        enter(2)
        network.lose(number, persisted=persisted)
        try:
            seal.seal(now=NOW)
        except OperationalError:
            connection.close()
        nothing_is_published_that_the_mark_does_not_know()
        seen |= set(Signed.objects.values_list("note", flat=True))
        if not network.lost:
            break
        seal_all()
    assert number > 2, "a pass commits more than once"
    network.lose(0, persisted=False)
    seal_all()
    everything_holds(seen)


@BOTH
def test_F13_a_choice_sent_again_under_its_name_counts_once(network, persisted):
    """What it is against: sent again without a name, it counts twice where the first was done after all."""
    publish()
    cast()
    secret = key()
    _twice_without_a_name(network, persisted)
    for number in range(1, 30):
        before, name = ConsentEvent.objects.count(), uuid.uuid4().hex
        network.lose(number, persisted=persisted)
        first = _send(secret, name)
        connection.close()
        lost, _ = network.lost, network.lose(0, persisted=False)
        again = _again(secret, name)
        assert again.status_code == 201, again.content
        assert not (first == 201 and lost), "nobody is told of what may not be"
        assert ConsentEvent.objects.count() == before + 1
        assert _again(secret, name).content == again.content
        if not lost:
            break
    assert number > 2
    _all_fits()


def _twice_without_a_name(network, persisted):
    before = ConsentEvent.objects.count()
    network.lose(1, persisted=persisted)
    with pytest.raises(OperationalError):
        say(BOB, "give")
    connection.close()
    network.lose(0, persisted=False)
    say(BOB, "give")
    assert ConsentEvent.objects.count() == before + (2 if persisted else 1)


def _send(secret, name):
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": name}
    client = Client(raise_request_exception=False)
    return client.post("/api/v1/consents", choice(ALICE, "withdraw"), "application/json", headers=headers).status_code


def _again(secret, name):
    """As the client of a lost answer does: at once, and again when the first one's lease has run out."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": name}

    def send():
        return Client().post("/api/v1/consents", choice(ALICE, "withdraw"), "application/json", headers=headers)

    answer = send()
    if answer.status_code == 409:
        assert answer.json()["code"] == "still_running"
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            answer = send()
    return answer


def _all_fits():
    seal_all()
    everything_holds(set(Signed.objects.values_list("note", flat=True)))
    entered = Entry.objects.filter(action__in=["consent.given", "consent.refused", "consent.withdrawn"])
    assert set(ConsentEvent.objects.values_list("entry_id", flat=True)) == set(entered.values_list("id", flat=True))
