"""Publishing a catalogue file: versions, materiality, words, and what the database refuses afterwards."""

import copy

import pytest
from django.db import IntegrityError, transaction

from consent.errors import Invalid, NotFound
from consent.models import NoticeText, Purpose, PurposeVersion
from consent.models.catalogue import VersionCategory
from consent.services import catalogue
from tests.world import ALICE, NOW, OPERATOR, ask, document, publish, say


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
        ({"categories": ["contact.email"]}, False),
        ({"categories": ["contact.email", "contact.sms", "purchase_history", "location.wristband"]}, True),
        ({"recipients": ["mail-engine"]}, False),
        ({"recipients": ["mail-engine", "mailbird", "adpartner", "snapride"]}, True),
        ({"automated_decisions": True}, True),
        ({"sale_or_sharing": True}, True),
        ({"legal_basis": "legitimate_interest"}, True),
        ({"dpv": "dpv:DirectMarketing"}, False),
        ({"dpv": "dpv:DirectMarketing", "material": True}, True),
    ],
)
def test_materiality_is_computed_and_can_only_be_escalated(park, changes, material):
    [step] = catalogue.diff(document=edited(**changes))
    assert (step.kind, step.number, step.material) == ("purpose", 2, material)


def test_diff_tells_how_many_customers_it_touches(park):
    say(ALICE, "give")
    assert catalogue.diff(document=edited(retention="P24M"))[0].touches == 1


def test_an_editorial_version_carries_choices_over(park):
    say(ALICE, "give")
    apply(edited(retention="P6M"))
    answer = ask(ALICE).decision
    assert (answer.permitted, answer.version) == (True, 2)


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
        apply(edited(recipients=["mail-engine", "stranger"]))
    assert [field.pointer for field in caught.value.fields] == ["/purposes/1/recipients"]
    assert PurposeVersion.objects.filter(purpose__key="personal_offers").count() == 1


def test_a_retired_purpose_permits_nothing_and_takes_no_new_yes(park):
    say(ALICE, "give")
    apply(edited(retired=True))
    assert ask(ALICE).decision.reason == "purpose_retired"


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
    assert len(set(digests)) == len(digests) == 4
