"""Frames of pandas and of Polars: rows and columns that are not permitted are not there."""

import pandas
import polars
import pytest

from audit.models import Entry
from tests.world import ALICE, CAROL, NOW, say
from trustcenter.sdk.dataframes import allowed

OFFERS = "personal_offers"
ROWS = {
    "customer": ["C-1001", "C-1002", "C-1003", "C-1001", None, ""],
    "email": ["a@x", "b@x", "c@x", "a@x", "d@x", "e@x"],
    "spent": [10, 20, 30, 40, 50, 60],
    "branch": ["N", "S", "N", "S", "N", "S"],
}
COLUMNS = {"email": "contact.email", "spent": "purchase_history", "branch": None}


@pytest.fixture(params=[pandas.DataFrame, polars.DataFrame], ids=["pandas", "polars"])
def frame(request):
    return request.param(ROWS)


def rows(frame):
    """The rows as tuples, with None for what is blank."""
    listed = frame.to_dicts() if isinstance(frame, polars.DataFrame) else frame.to_dict("records")
    return [tuple(None if value is None or value != value else value for value in row.values()) for row in listed]


def test_rows_of_those_who_do_not_permit_are_not_there(client, frame):
    kept = allowed(frame, client=client, purpose=OFFERS, id_column="customer")
    assert type(kept) is type(frame)
    assert rows(kept) == [("C-1001", "a@x", 10, "N"), ("C-1001", "a@x", 40, "S")]
    assert len(frame) == 6


def test_columns_are_blank_where_their_category_is_not_permitted(client, frame):
    say(CAROL, "give", categories=["contact.email"], now=NOW)
    kept = allowed(frame, client=client, purpose=OFFERS, id_column="customer", columns=COLUMNS)
    assert rows(kept) == [
        ("C-1001", "a@x", 10, "N"),
        ("C-1003", "c@x", None, "N"),
        ("C-1001", "a@x", 40, "S"),
    ]


def test_what_is_kept_was_permitted_in_the_log(client, frame):
    say(CAROL, "give", categories=["contact.email"], now=NOW)
    before = {each.pk for each in Entry.objects.filter(action="decision.made")}
    allowed(frame, client=client, purpose=OFFERS, id_column="customer", columns=COLUMNS)
    made = Entry.objects.filter(action="decision.made").exclude(pk__in=before)
    assert sorted(each.outcome for each in made) == ["allowed", "allowed", "refused", "refused"]


def test_nothing_is_left_where_nobody_permits(client, frame):
    say(ALICE, "withdraw", now=NOW)
    kept = allowed(frame, client=client, purpose=OFFERS, id_column="customer", columns=COLUMNS)
    assert rows(kept) == []
    assert list(kept.columns) == list(frame.columns)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"id_column": "buyer"}, "id_column: there is no column buyer"),
        ({"columns": {"email": "contact.email"}}, "columns: name the category, or None, of: branch, spent"),
        ({"columns": {**COLUMNS, "phone": "contact.sms"}}, "columns: not in this frame: phone"),
    ],
)
def test_columns_that_nobody_named_are_not_let_through(client, frame, change, member):
    with pytest.raises(ValueError, match=member):
        allowed(frame, client=client, purpose=OFFERS, **{"id_column": "customer", **change})


def test_numbers_may_be_ids(client):
    frame = polars.DataFrame({"customer": [1001, None], "spent": [10, 20]})
    assert rows(allowed(frame, client=client, purpose=OFFERS, id_column="customer")) == []


def test_a_lazy_frame_is_refused(client):
    with pytest.raises(TypeError):
        allowed(polars.LazyFrame(ROWS), client=client, purpose=OFFERS, id_column="customer")
