"""Two calls that wait for each other: the database ends one, and it begins again."""

import threading
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from consent.models import Recipient
from trustcenter.api import doors


@pytest.mark.postgres  # SQLite lets one transaction write at a time, so two never wait for each other there
@pytest.mark.django_db(transaction=True)
def test_whoever_the_database_ended_begins_again(park):
    keys = ["mail-engine", "mailbird"]
    both, tries, done = threading.Barrier(2, timeout=60), [], []

    def work(first: str, second: str):
        tries.append(first)
        with transaction.atomic():
            Recipient.objects.select_for_update().get(key=first)
            if len(tries) <= 2:
                both.wait()
            Recipient.objects.select_for_update().get(key=second)
        return 200, {}

    def call(first: str, second: str) -> None:
        done.append(doors.once(SimpleNamespace(headers={}), lambda: work(first, second)).status_code)
        connection.close()

    callers = [threading.Thread(target=call, args=order) for order in (keys, keys[::-1])]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert (done, len(tries)) == ([200, 200], 3)
