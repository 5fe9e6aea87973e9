"""Lines of the law that no other test carries, each asked of the whole service through its own doors.

The names are those of docs/compliance.md. What a line needs in more than one place is tested there, under its name.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.test import Client

from audit.models import Entry, Payload
from audit.proof import bundle
from consent.errors import IdentifierUnverified, Invalid, NoChoiceHere, NoticeSuperseded, Suppressed
from consent.models import ConsentEvent, ConsentState, Identifier, NoticeText, PurposeVersion
from consent.rules import bases, profiles, receipt
from consent.rules.actions import AGEING
from consent.services import (
    catalogue,
    consents,
    decisions,
    evidence,
    overview,
    receipt_facts,
    records,
    stop_links,
    subjects,
    suppressions,
    whole_record,
)
from consent.services.ledger import Actor
from consent.services.subjects import Handle
from tests import visit
from tests.callers import about, choice, post, question
from tests.world import (
    ALICE,
    BOB,
    CAROL,
    CUSTOMER,
    MALLORY,
    NOW,
    OPERATOR,
    SYSTEM,
    ask,
    digest,
    document,
    key,
    publish,
    say,
    seal_all,
)

DAY = timedelta(days=1)
ONE = "/api/v1/consents"


def reason(who, purpose="personal_offers", now=NOW, **more):
    return ask(who, purpose, now=now, **more).decision.reason


def refused(**changed):
    """The pointers by which the catalogue refuses offers that are edited like this."""
    with pytest.raises(Invalid) as caught:
        publish(now=NOW, personal_offers=changed)
    return {field.pointer.split("/", 3)[-1] for field in caught.value.fields}


# --- GDPR -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["act", "channel", "method", "language"])
def test_G1_a_yes_says_by_which_act_and_in_which_words_it_was_made(cast, gone):
    body = {name: value for name, value in choice(CAROL).items() if name != gone}
    about(post(ONE, body, key=key()), 400, f"/{gone}")


@pytest.mark.parametrize("way", ["scroll", "Pre-ticked", "continued_use", "silence"])
def test_G1_what_says_nothing_is_no_act(cast, way):
    about(post(ONE, choice(CAROL, method=way), key=key()), 400, "/method")
    assert reason(CAROL) == "no_consent"
    assert post(ONE, choice(CAROL, "refuse", method=way), key=key()).status_code == 201, "a no needs no such act"


@pytest.fixture
def stranger(park):
    """A browser of somebody who chose nothing yet, at the time of this clock."""
    now = datetime.now(UTC)
    subjects.register(identifiers=[MALLORY], by=SYSTEM, now=now)
    client = Client()
    client.post(visit.link(now, who=MALLORY))
    return client


def test_G2_no_page_offers_a_choice_that_is_made_beforehand(stranger):
    client = stranger
    pages = ["/", *(f"/purposes/{row.key}" for row in catalogue.purposes())]
    asked = [row.key for row in catalogue.purposes() if row.current.legal_basis in bases.ASKED]
    pages += [f"/purposes/{key}/amount" for key in asked]
    for language, _ in settings.LANGUAGES:
        client.post("/language", {"language": language, "next": "/"})
        for page in pages:
            html = client.get(page).content.decode()
            assert "<form" in html
            assert not re.search(r"<(input|option)[^>]*\b(checked|selected)\b", html), page


def test_G3_a_purpose_without_published_words_permits_nothing(cast):
    assert reason(ALICE, "sell_everything") == "unknown_purpose"
    assert refused(texts={}) == {"texts"}


def test_G4_a_use_names_its_purpose_and_one_yes_is_no_yes_to_another(cast):
    body = question(ALICE)
    del body["action"]
    about(post("/access/v1/evaluation", body, key=key()), 400, "/action")
    assert reason(ALICE) == "permitted"
    others = [
        row.key for row in catalogue.purposes() if row.current.legal_basis == "consent" and row.key != "personal_offers"
    ]
    assert others
    for other in others:
        for recipient in catalogue.terms(catalogue.purpose(other).current).recipients:
            assert reason(ALICE, other, recipient=recipient) == "no_consent"


def test_G5_data_that_the_purpose_does_not_name_is_refused_and_that_is_logged(cast):
    assert reason(ALICE, categories=("face_image",)) == "category_not_named"
    assert Entry.objects.filter(action="decision.made", reason="category_not_named").count() == 1


def test_G6_an_identity_that_was_put_right_counts_at_the_next_check(cast):
    wrong, right = Handle("email", "alcie@example.org", verified=False), Handle("email", "alice@example.org")
    subjects.register(identifiers=[ALICE, wrong], by=SYSTEM, now=NOW)
    assert reason(right) == "unknown_customer"
    subjects.register(identifiers=[ALICE, right], by=SYSTEM, now=NOW)
    assert reason(right) == "permitted"
    assert reason(wrong) != "permitted", "nobody vouched for it"


def test_G7_every_purpose_says_how_long_and_a_yes_ends_by_itself(cast):
    assert refused(retention=None) == {"retention"}
    assert reason(ALICE, now=NOW + 800 * DAY) == "consent_expired"


def test_G8_what_concerns_a_person_is_encrypted_under_a_secret_of_their_own(cast):
    say(CAROL, "give", evidence={"note": "Carol rang us"})
    stored = b"".join(bytes(row.sealed) for model in (Payload, Identifier) for row in model.objects.all())
    for word in (b"Carol rang us", b"carol@example.org", CAROL.id.encode()):
        assert word not in stored
    from trustcenter.celery import app

    assert "audit.verify_log" in {row["task"] for row in app.conf.beat_schedule.values()}


def test_G9_for_a_past_moment_who_what_when_which_words_and_its_proof_are_shown(cast):
    say(ALICE, "withdraw", now=NOW)
    then, number = NOW - DAY, ConsentEvent.objects.get(act="give", subject=subjects.find(ALICE)).entry_id
    shown = {row.purpose.key: row for row in decisions.standing(subject=subjects.find(ALICE), moment=then)}
    assert shown["personal_offers"].decision.permitted
    seal_all()
    told = evidence.receipt(subject=subjects.find(ALICE), number=number)
    assert (told.event.notice.digest, told.event.collected_at) == (digest("personal_offers"), NOW - 30 * DAY)
    assert (told.event.subject, told.event.actor) == (subjects.find(ALICE), "self")
    assert (told.event.channel, told.payload["method"]) == ("web", "button")
    assert reason(ALICE) == "consent_withdrawn"
    assert reason(ALICE, as_of=then) == "permitted", "a check of that moment is answered as it was"
    proof = evidence.proof(found=[told.entry])
    assert bundle.verify_bundle(proof, None).size


def test_G10_another_legal_basis_is_a_new_version_and_no_yes_goes_over_to_it(cast):
    say(ALICE, "give", "improve_visit", now=NOW - DAY)
    assert reason(ALICE, "improve_visit", recipient="queue-planner") == "permitted"
    publish(now=NOW, improve_visit={"legal_basis": "legitimate_interest", "levels": None})
    assert [row.legal_basis for row in catalogue.purpose("improve_visit").versions.order_by("number")] == [
        "consent",
        "legitimate_interest",
    ]
    publish(now=NOW + DAY)
    assert reason(ALICE, "improve_visit", now=NOW + DAY, recipient="queue-planner") == "notice_changed"


def test_G12_terms_are_no_consent_and_one_act_is_about_one_purpose(cast):
    with pytest.raises(NoChoiceHere):
        say(CAROL, "give", "tickets_and_orders")
    about(post(ONE, choice(CAROL, purpose=["personal_offers", "tickets_and_orders"]), key=key()), 400, "/purpose")


def test_G15_P3_refusing_every_optional_use_costs_nothing_here(cast):
    alice = subjects.find(ALICE)
    consents.withdraw_all(subject=alice, language="en", channel="portal", by=CUSTOMER, now=NOW)
    uses = overview.of(subject=alice, language="en", now=NOW).uses
    assert {use.key for use in uses if use.permitted} == {"tickets_and_orders", "park_safety"}
    assert reason(ALICE, "tickets_and_orders", recipient="ticket-office") == "permitted"
    client = Client()
    client.post(visit.link(datetime.now(UTC)))
    for page in ("/", "/log", "/receipts", "/copy-or-erase", "/ai", "/concerns"):
        assert client.get(page).status_code == 200, page


def test_G20_a_no_is_taken_from_whoever_says_it_and_a_yes_is_not(cast):
    unknown = Handle("email", "nobody.checked@example.org", verified=False)
    assert say(unknown, "withdraw").state.status == "withdrawn"
    with pytest.raises(IdentifierUnverified):
        say(unknown, "give", now=NOW + DAY)


def test_G22_a_materially_changed_purpose_is_off_until_they_choose_its_new_words(cast):
    old = digest("personal_offers")
    publish(now=NOW, personal_offers={"retention": "P36M"})
    assert reason(ALICE) == "notice_changed"
    with pytest.raises(NoticeSuperseded):
        say(ALICE, "give", notice_digest=old)
    say(ALICE, "give", now=NOW + DAY, notice_digest=digest("personal_offers"))
    assert reason(ALICE, now=NOW + DAY) == "permitted"


def test_G23_a_copy_holds_what_was_said_the_words_the_uses_and_who_looked(cast):
    ask(ALICE, reference="Spring mailing")
    evidence.view(handle=ALICE, why="concern", note="K-311", by=Actor("staff", "staff-7", "Rosa"), now=NOW)
    whole = whole_record.carry_away(customer=ALICE, by=OPERATOR, now=NOW)
    assert whole.said[0].facts.words == catalogue.texts(catalogue.purpose("personal_offers").current)["en"].text
    assert [use.told["reference"] for use in whole.uses] == ["Spring mailing"]
    assert [view.told["note"] for view in whole.views] == ["K-311"]


def test_G29_an_objection_counts_from_the_next_check(cast):
    assert reason(CAROL, "plan_staff", recipient="staff-planner") == "permitted"
    say(CAROL, "object", "plan_staff")
    assert reason(CAROL, "plan_staff", recipient="staff-planner") == "objected"


def test_G32_whoever_said_nothing_is_refused_every_use_that_needs_a_yes(cast):
    asked = [row for row in catalogue.purposes() if row.current.legal_basis in {"consent", "explicit_consent"}]
    assert len(asked) >= 3
    for row in asked:
        for recipient in catalogue.terms(row.current).recipients:
            assert reason(CAROL, row.key, recipient=recipient) == "no_consent"


def test_G33_whoever_is_not_in_the_catalogue_is_refused(cast):
    assert reason(ALICE, recipient="data-broker") == "recipient_not_named"
    about(post("/access/v1/evaluation", question(ALICE), key="tc_000000000000_nobody"), 401)


# --- ePrivacy, United Kingdom, California, China, Brazil, India, Canada ------------------------------------------


def test_E2_no_channel_is_open_before_a_yes_and_each_is_chosen_by_itself(cast):
    for channel in ("contact.email", "contact.sms"):
        assert reason(CAROL, categories=(channel,)) == "no_consent"
    say(CAROL, "give", categories=["contact.email"])
    assert reason(CAROL, categories=("contact.email",)) == "permitted"
    assert reason(CAROL, categories=("contact.sms",)) == "category_not_chosen"


def test_U1_a_record_tells_who_when_how_which_words_and_whether_it_was_taken_back(cast):
    say(ALICE, "withdraw", now=NOW)
    given, taken = ConsentEvent.objects.filter(subject=subjects.find(ALICE)).order_by("id")
    leaf = json.loads(bytes(Entry.objects.get(id=given.entry_id).leaf))
    assert leaf["subject"] == given.subject.pseudonym
    assert leaf["details"]["notice"] == digest("personal_offers")
    assert {leaf["details"]["channel"], leaf["details"]["actor"]} == {"web", "self"}
    assert leaf["details"]["collected_at"]
    assert (taken.act, ConsentState.objects.get(event=taken).status) == ("withdraw", "withdrawn")


def test_U2_third_parties_stand_in_the_purpose_by_name(stranger):
    assert "AdPartner Ltd" in stranger.get("/purposes/personal_offers").content.decode()
    edited = document()["purposes"][1]["texts"]["en"] | {"what": "We share your e-mail with our trusted partners."}
    assert any("texts/en" in pointer for pointer in refused(texts={"en": edited}))


def test_U3_words_that_are_not_plain_are_not_published(park):
    edited = document()["purposes"][1]["texts"]["en"] | {
        "why": "Notwithstanding the aforementioned, processing may be undertaken pursuant to our interests."
    }
    assert "texts/en/why" in refused(texts={"en": edited})


def test_U4_a_yes_that_is_not_renewed_in_time_is_over(cast):
    end = ConsentState.objects.get(subject=subjects.find(ALICE)).expires_at
    assert reason(ALICE, now=end - timedelta(seconds=1)) == "permitted"
    assert reason(ALICE, now=end) == "consent_expired"
    say(ALICE, "renew", now=end)
    assert reason(ALICE, now=end) == "permitted"


def test_C2_an_opt_out_counts_from_the_next_check_and_not_in_15_days(cast):
    say(ALICE, "withdraw")
    for recipient in ("mail-engine", "mailbird", "adpartner"):
        assert reason(ALICE, recipient=recipient) == "consent_withdrawn"


def test_C6_one_press_takes_back_the_use_of_sensitive_data(cast):
    photos = {"purpose": "ride_photos", "recipient": "snapride"}
    say(ALICE, "give", "ride_photos", recipients=["snapride"], notice_digest=digest("ride_photos"))
    assert reason(ALICE, **photos) == "permitted"
    say(ALICE, "withdraw", "ride_photos", now=NOW + DAY)
    assert reason(ALICE, now=NOW + DAY, **photos) == "consent_withdrawn"
    assert reason(ALICE, now=NOW + DAY) == "permitted", "and nothing else"


def test_T2_a_stop_by_text_by_phone_or_by_letter_counts_at_the_next_check(cast):
    for place, way in enumerate(("sms", "phone", "email", "email_link", "post", "store")):
        at = NOW + 2 * place * DAY
        say(ALICE, "give", now=at)
        assert reason(ALICE, now=at) == "permitted"
        say(ALICE, "withdraw", channel=way, language="", now=at + DAY)
        assert reason(ALICE, now=at + DAY, categories=("contact.sms",)) == "consent_withdrawn"


def test_P15_what_was_published_and_said_is_kept_for_good(cast):
    assert not {each for each in AGEING if each.startswith(("catalogue.", "consent.", "rights.", "mandate.granted"))}
    for rows in (PurposeVersion.objects, NoticeText.objects, ConsentEvent.objects, Entry.objects):
        with pytest.raises(Error, match="append only"), transaction.atomic():
            rows.all()._raw_delete(rows.db)


def test_P2_one_word_takes_a_yes_back_whatever_else_is_left_out(cast):
    body = {"subject": choice(ALICE)["subject"], "purpose": "personal_offers", "act": "withdraw"}
    assert post(ONE, body | {"channel": "phone", "method": "call"}, key=key()).status_code == 201
    assert reason(ALICE, now=NOW + DAY) == "consent_withdrawn"


def test_P9_sensitive_data_takes_an_explicit_yes_of_its_own(cast):
    with pytest.raises(Invalid):
        publish(now=NOW, personal_offers={"categories": ["contact.email", "face_image"], "levels": None})
    with pytest.raises(Invalid):
        say(ALICE, "give", "ride_photos")
    assert say(ALICE, "give", "ride_photos", notice_digest=digest("ride_photos")).state.status == "given"


def test_P5_a_shorter_time_needs_no_new_yes_and_a_longer_one_does(cast):
    assert refused(retention=None) == {"retention"}
    publish(now=NOW, personal_offers={"retention": "P6M"})
    assert reason(ALICE) == "permitted"
    publish(now=NOW + DAY, personal_offers={"retention": "P12M"})
    assert reason(ALICE, now=NOW + DAY) == "notice_changed"


@pytest.mark.parametrize("empty", ["categories", "recipients"])
def test_L1_nobody_can_be_asked_for_a_yes_to_anything_in_general(park, empty):
    assert empty in refused(**{empty: [], "levels": None})


def test_L2_taking_back_works_from_every_way_of_saying_yes(cast):
    for place, way in enumerate(("web", "app", "phone", "store", "paper", "email")):
        at = NOW + place * DAY
        say(ALICE, "give", channel=way, now=at)
        assert reason(ALICE, now=at) == "permitted"
        say(ALICE, "withdraw", channel=way, now=at + timedelta(minutes=1))
        assert reason(ALICE, now=at + timedelta(minutes=1)) == "consent_withdrawn"


def test_I1_a_notice_names_each_kind_of_data_and_what_it_is_for(stranger):
    page = stranger.get("/purposes/personal_offers").content.decode()
    for row in catalogue.categories_named(["contact.email", "purchase_history"]).values():
        assert row.name["en"].lower() in page.lower()
    assert catalogue.texts(catalogue.purpose("personal_offers").current)["en"].text["why"].split(".")[0] in page


def test_T6_who_asked_to_be_left_alone_is_not_brought_back(cast):
    suppressions.suppress(subject=ALICE, by=SYSTEM, now=NOW)
    with pytest.raises(Suppressed):
        say(ALICE, "request", now=NOW + DAY)
    with pytest.raises(Suppressed):
        subjects.register(identifiers=[ALICE], by=SYSTEM, now=NOW + DAY)
    assert reason(ALICE, now=NOW + 2000 * DAY) == "unknown_customer"


def test_I3_less_than_all_can_be_given_and_no_more_can_be_asked_for(park):
    more = choice(ALICE, categories=["contact.email", "location.wristband"])
    about(post(ONE, more, key=key()), 400, "/categories")
    say(ALICE, "give", categories=["contact.email"])
    made = ask(ALICE, categories=("contact.email", "purchase_history")).decision
    assert (made.permitted, made.allowed, made.refused) == (False, ("contact.email",), ("purchase_history",))


def test_I6_every_yes_can_be_proved_with_its_words(cast):
    event = ConsentEvent.objects.get(subject=subjects.find(ALICE))
    assert event.notice.text["title"]
    assert event.notice.digest == digest("personal_offers")
    assert Entry.objects.filter(id=event.entry_id, action="consent.given").exists()


@pytest.mark.parametrize("gone", ["name", "address", "email"])
def test_A1_a_yes_is_asked_only_by_somebody_who_says_who_they_are(db, gone):
    controller = {name: value for name, value in document()["controller"].items() if name != gone}
    with pytest.raises(Invalid) as caught:
        catalogue.apply(document=document() | {"controller": controller}, by=OPERATOR, now=NOW)
    assert any(field.pointer.endswith(f"/{gone}") for field in caught.value.fields)


def test_A2_what_a_purchase_implies_ends_by_itself(cast):
    publish(now=NOW, improve_visit={"consent_lasts": "P2Y"})
    say(CAROL, "give", "improve_visit", evidence={"order": "K-4411"})
    assert reason(CAROL, "improve_visit", recipient="queue-planner", now=NOW + 729 * DAY) == "permitted"
    assert reason(CAROL, "improve_visit", recipient="queue-planner", now=NOW + 731 * DAY) == "consent_expired"


def test_A3_a_link_to_unsubscribe_works_60_days_after_the_letter(cast):
    made = stop_links.make(wanted={0: stop_links.Wanted(ALICE, ("personal_offers",))}, now=NOW)[0]
    stop_links.stop(token=made.token, method="button", by=CUSTOMER, now=NOW + 60 * DAY)
    assert reason(ALICE, now=NOW + 60 * DAY) == "consent_withdrawn"


def test_A3_a_no_is_in_force_before_its_answer_leaves(cast):
    shop = key()
    token = post(ONE, choice(ALICE, "withdraw"), key=shop).json()["token"]
    body = question(ALICE, context={"at_least": token})
    assert not post("/access/v1/evaluation", body, key=shop).json()["decision"]


def test_A4_what_was_done_after_a_withdrawal_is_kept(cast):
    say(ALICE, "withdraw")
    ask(ALICE, now=NOW + timedelta(minutes=1))
    lines = Entry.objects.filter(subject=subjects.find(ALICE).pseudonym).order_by("id").values_list("action", "reason")
    assert list(lines)[-2:] == [("consent.withdrawn", ""), ("decision.made", "consent_withdrawn")]


# --- Guidelines -------------------------------------------------------------------------------------


def test_D1_refusing_one_purpose_touches_no_other(cast):
    say(ALICE, "give", "improve_visit")
    say(ALICE, "refuse", "personal_offers", now=NOW + timedelta(minutes=1))
    held = {row.purpose.key: row.status for row in records.standing(customer=ALICE, only=None, now=NOW + DAY)}
    assert (held["improve_visit"], held["personal_offers"]) == ("given", "refused")
    assert reason(ALICE, "tickets_and_orders", recipient="ticket-office", now=NOW + DAY) == "permitted"


def test_D2_every_page_has_the_same_ways_on_in_the_same_place(stranger):
    frames = set()
    for page in ("/", "/log", "/receipts", "/copy-or-erase", "/ai", "/concerns", "/purposes/personal_offers"):
        html = stranger.get(page).content.decode()
        head = re.search(r"<header.*?</header>", html, re.DOTALL)[0]
        frames.add(tuple(re.findall(r'<a href="(/[^"?]*)"', head)))
    assert len(frames) == 1
    assert {"/", "/log", "/receipts", "/copy-or-erase", "/ai", "/concerns"} <= set(*frames), "there is no dead end"


@pytest.mark.parametrize(
    "said",
    [
        "You will miss out on the best offers.",
        "We may use some of your data from time to time.",
        "We never write to you unless you do not say no.",
        "Hurry, this is your last chance.",
    ],
)
def test_D2_words_that_push_or_leave_people_guessing_are_not_published(park, said):
    edited = document()["purposes"][1]["texts"]["en"] | {"what": said}
    assert "texts/en/what" in refused(texts={"en": edited})


def test_K1_the_receipt_of_every_act_names_the_standard_it_meets(cast):
    say(BOB, "request", "improve_visit")
    bare = say(CAROL, "give", imported=True, collected_at=NOW - 2000 * DAY, language="").event
    events = ConsentEvent.objects.select_related("subject", "purpose", "version__controller", "notice")
    found = [receipt.record(facts) for _, _, facts in receipt_facts.read(events)]
    assert len(found) == events.count()
    for record in found:
        meets = tuple(profile for profile, lacks in profiles.missing(record).items() if not lacks)
        assert profiles.met(record) == meets, "it says no more and no less than it meets"
        assert bool(meets) == (str(bare.entry_id) not in record["@id"]), "but for what came without its words"
