"""POST /api/v1/audience: lists in, answers out, in every form; and every way a list can be wrong."""

import gzip
import json

import pytest

from audit.models import Entry
from tests import world
from tests.callers import about, call
from tests.world import ALICE

PLAIN = "text/plain; charset=utf-8"
WHERE = "/api/v1/audience?purpose=personal_offers&namespace=customer"


def ask(body=b"C-1002\nC-1001\nC-9\n", more="", *, key=None, content_type=PLAIN, **headers):
    return call("POST", WHERE + more, body, key=key or world.key(), content_type=content_type, **headers)


def test_the_allowed_come_back_in_the_order_given(cast):
    answer = ask(b"C-9\nC-1001\nC-1002\nC-1001")
    assert (answer.status_code, answer.content) == (200, b"C-1001\nC-1001\n")
    assert answer["Content-Type"] == PLAIN
    assert answer["Trust-Counts"] == "asked=4, allowed=2, refused=1, unknown=1"
    entry = Entry.objects.get(action="audience.filtered")
    assert answer["Trust-Audit-Id"] == str(entry.id)
    assert answer["Trust-Token"] == f"t1.{entry.id.hex}"
    assert answer["Cache-Control"] == "no-store"
