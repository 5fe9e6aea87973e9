"""Every decision case as rows of the database, asked over HTTP: the answer is the one the rules give."""

import pytest
import time_machine

from audit.models import Entry
from tests import decision_cases as cases
from tests import decision_rows as rows
from tests import world
from tests.callers import post, question


@pytest.mark.parametrize("case", cases.cases(), ids=cases.names())
def test_it_answers_over_http(db, case):
    given, asked, wanted = case["given"], case["ask"], case["answer"]
    rows.store(given, asked["recipient"])
    rows.recipient_row("ticket-office")
    resource = {"type": "customer", "id": rows.WHO.id}
    if "categories" in asked:
        resource["properties"] = {"categories": asked["categories"]}
    purpose = given["purpose"]["key"] if given["purpose"] else "unheard_of"
    body = question(rows.WHO, purpose, subject={"type": "any", "id": asked["recipient"]}, resource=resource)
    with time_machine.travel(cases.moment(given["now"]), tick=False):
        answer = post("/access/v1/evaluation", body, key=world.key("ticket-office", "decide", "admin")).json()
    context = answer["context"]
    assert answer["decision"] == wanted["decision"], case["says"]
    assert Entry.objects.get(id=context["id"]).reason == wanted["reason"], case["says"]
    outside = rows.KINDS.get(asked["recipient"]) in {"", "third_party"}
    if outside and not wanted["decision"]:
        assert (context["reason"], "categories" in context) == ("not_permitted", False)
        return
    assert context["reason"] == wanted["reason"]
    for name in ("allowed", "refused"):
        if name in wanted:
            assert context["categories"][name] == wanted[name], case["says"]
    if "valid_until" in wanted:
        assert cases.moment(context["valid_until"]) == cases.moment(wanted["valid_until"])
