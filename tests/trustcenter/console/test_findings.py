"""What an officer has to look at: what was found, and what would break if a recipient were held to the answers."""

from consent.services import uses
from tests.callers import post, question
from tests.trustcenter.test_observing import publish
from tests.world import ALICE, BOB, NOW, SYSTEM, ask, key, seal_all

FINDINGS = "/console/findings"


def test_breaches_and_guesses_stand_in_one_list(desk, settings):
    settings.THIRD_PARTY_REFUSALS = 1
    partner = key("adpartner", "decide", purposes=["personal_offers"], namespaces=["customer"])
    post("/access/v1/evaluation", question(BOB, subject={"type": "third_party", "id": "adpartner"}), key=partner)
    use = uses.Use(BOB, "personal_offers", ("contact.email",), NOW)
    uses.report(uses=[use, use], recipient="mail-engine", by=SYSTEM, now=NOW)
    seal_all()
    page = desk.get(FINDINGS)
    names = [str(row.act.name) for row in page.context["rows"]]
    assert sorted(names) == ["May be guessing", "Used without permission", "Used without permission"]
    (guess,) = [row for row in page.context["rows"] if str(row.act.name) == "May be guessing"]
    assert guess.who == "adpartner"
    assert "1 asked, 1 refused, 0 of them about nobody you know" in guess.detail
    assert b"C-1002" not in page.content


def test_older_findings_are_a_page_on(desk):
    use = uses.Use(BOB, "personal_offers", ("contact.email",), NOW)
    uses.report(uses=[use] * 51, recipient="mail-engine", by=SYSTEM, now=NOW)
    first = desk.get(FINDINGS)
    assert len(first.context["rows"]) == 50
    assert len(desk.get(FINDINGS, {"before": first.context["more"]}).context["rows"]) == 1


def test_what_would_break_is_counted_by_reason_in_both_languages(desk):
    publish()
    for who in (ALICE, BOB, BOB):
        ask(who)
    page = desk.get(FINDINGS).content.decode()
    assert "Only observed: Mail engine" in page
    assert "The customer said no. (2)" in page
    assert "C-1002" not in page
    assert "顾客拒绝了。 (2)" in desk.get(FINDINGS, headers={"Accept-Language": "zh-hans"}).content.decode()


def test_without_findings_the_page_says_so(desk):
    assert "Nothing was found." in desk.get(FINDINGS).content.decode()
