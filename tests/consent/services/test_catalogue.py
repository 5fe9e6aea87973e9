"""Publishing a catalogue file: versions, materiality, words, and what the database refuses afterwards."""

import copy
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from consent.errors import Invalid, NotFound
from consent.models import NoticeText, Purpose, PurposeVersion
from consent.models.catalogue import VersionCategory
from consent.services import catalogue
from tests.world import ALICE, BOB, CAROL, NOW, OPERATOR, ask, document, publish, say


def edited(**changes):
    """The park's file with `personal_offers` changed."""
    file = copy.deepcopy(document())
    next(row for row in file["purposes"] if row["key"] == "personal_offers").update(changes)
    return file


def apply(file):
    return catalogue.apply(document=file, by=OPERATOR, now=NOW)


def test_a_second_apply_changes_nothing(park):
    assert catalogue.diff(document=document()) == []
    assert apply(document()) == []


def test_an_edit_makes_the_next_version_and_the_old_one_stays(park):
    apply(edited(retention="P6M"))
    assert [row.number for row in Purpose.objects.get(key="personal_offers").versions.order_by("number")] == [1, 2]
    assert catalogue.version("personal_offers", 1).retention == "P12M"


@pytest.mark.parametrize(
    ("changes", "material"),
    [
        ({"retention": "P6M"}, False),
        ({"retention": "P24M"}, True),
        ({"categories": ["purchase_history"], "levels": None}, False),
        ({"categories": ["contact.email", "contact.sms", "purchase_history", "location.wristband"]}, True),
        ({"recipients": ["mail-engine"], "levels": None}, False),
        ({"recipients": ["mail-engine", "mailbird", "adpartner", "snapride"]}, True),
        ({"automated_decisions": True}, True),
        ({"sale_or_sharing": True}, True),
        ({"legal_basis": "legitimate_interest", "levels": None}, True),
        ({"dpv": "dpv:DirectMarketing"}, True),
        ({"storage_locations": ["GB"]}, False),
        ({"storage_locations": ["GB", "US"]}, True),
        ({"retention": "P6M", "material": True}, True),
        ({"retention": "P6M", "material": False}, False),
    ],
)
def test_materiality_is_computed_and_can_only_be_escalated(park, changes, material):
    [step] = catalogue.diff(document=edited(**changes))
    assert (step.kind, step.number, step.material) == ("purpose", 2, material)


def test_an_author_cannot_play_a_material_change_down(park):
    with pytest.raises(Invalid) as caught:
        apply(edited(retention="P24M", recipients=["mail-engine", "mailbird", "snapride"], material=False))
    [field] = caught.value.fields
    assert (field.pointer, field.code) == ("/purposes/1/material", "material")
    assert "New recipient: snapride; Kept P24M instead of P12M." in field.detail
    assert "No longer" not in field.detail
    assert PurposeVersion.objects.filter(purpose__key="personal_offers").count() == 1


def test_diff_and_the_log_tell_how_many_customers_a_version_touches(park):
    say(ALICE, "give")
    say(BOB, "refuse")
    say(CAROL, "give")
    say(CAROL, "withdraw", now=NOW + timedelta(minutes=1))
    assert catalogue.diff(document=edited(retention="P24M"))[0].touches == 1
    apply(edited(retention="P24M"))
    leaf = json.loads(bytes(Entry.objects.filter(action="catalogue.published").latest("recorded_at").leaf))
    assert (leaf["details"]["touches"], leaf["details"]["material"]) == (1, True)
    # Whoever is off already is not switched off again.
    assert catalogue.diff(document=edited(retention="P36M"))[0].touches == 0


def test_an_editorial_version_carries_choices_over(park):
    say(ALICE, "give")
    apply(edited(retention="P6M"))
    answer = ask(ALICE).decision
    assert (answer.permitted, answer.version) == (True, 2)


def test_P1_a_change_of_purpose_method_or_category_switches_a_yes_off(park):
    more = [*catalogue.terms(catalogue.purpose("personal_offers").current).categories, "location.wristband"]
    changes = ({"dpv": "dpv:DirectMarketing"}, {"automated_decisions": True}, {"categories": more})
    for place, change in enumerate(changes):
        say(ALICE, "give", now=NOW + timedelta(minutes=2 * place))
        publish(now=NOW + timedelta(minutes=2 * place + 1), personal_offers=change)
        assert ask(ALICE, now=NOW + timedelta(minutes=2 * place + 1)).decision.reason == "notice_changed"


def test_L3_a_longer_yes_moves_the_end_of_none_that_was_given(park):
    say(ALICE, "give")
    before = ask(ALICE).decision.valid_until
    [step] = catalogue.diff(document=edited(consent_lasts="P48M"))
    apply(edited(consent_lasts="P48M"))
    assert not step.material
    assert ask(ALICE).decision.valid_until == before


def test_every_fault_of_a_file_is_named(park):
    file = edited(legal_basis="because", retention="a year", categories=["dreams"])
    file["recipients"][0]["country"] = "Wales"
    file["colour"] = "green"
    with pytest.raises(Invalid) as caught:
        apply(file)
    assert {"/colour", "/recipients/0/country", "/purposes/1/legal_basis", "/purposes/1/retention"} <= {
        field.pointer for field in caught.value.fields
    }


def test_a_purpose_cannot_name_what_the_catalogue_lacks(park):
    with pytest.raises(Invalid) as caught:
        apply(edited(recipients=["mail-engine", "mailbird", "stranger"]))
    assert [field.pointer for field in caught.value.fields] == ["/purposes/1/recipients"]
    assert PurposeVersion.objects.filter(purpose__key="personal_offers").count() == 1


def test_a_retired_purpose_permits_nothing_and_takes_no_new_yes(park):
    say(ALICE, "give")
    apply(edited(retired=True))
    assert ask(ALICE).decision.reason == "purpose_retired"


def test_a_purpose_that_was_never_published_is_not_published_by_retiring_it(db):
    apply(edited(retired=True))
    assert not Purpose.objects.filter(key="personal_offers").exists()
    assert catalogue.diff(document=edited(retired=True)) == []


def test_a_draft_is_not_there_for_anyone(park):
    current = catalogue.purpose("personal_offers").current
    current.pk, current.number, current.published_at = None, 2, None
    current.save(force_insert=True)
    with pytest.raises(NotFound):
        catalogue.version("personal_offers", 2)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: PurposeVersion.objects.update(retention="P99Y"),
        lambda: PurposeVersion.objects.all()._raw_delete("default"),
        lambda: NoticeText.objects.update(digest="0" * 64),
        lambda: NoticeText.objects.all()._raw_delete("default"),
        lambda: VersionCategory.objects.all()._raw_delete("default"),
        lambda: VersionCategory.objects.create(
            version=PurposeVersion.objects.first(), category=catalogue.categories_named(["face_image"])["face_image"],
            position=9,
        ),
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_what_was_published(park, attempt):
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt()


def test_the_words_of_each_version_and_language_have_a_digest_of_their_own(park):
    publish(now=NOW, personal_offers={"retention": "P6M"})
    digests = list(NoticeText.objects.filter(version__purpose__key="personal_offers").values_list("digest", flat=True))
    assert len(set(digests)) == len(digests) == 2 * len(document()["principles"])
