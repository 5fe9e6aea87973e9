"""What a file names, beside what the catalogue holds: sensitive data, third parties, levels."""

import copy

import pytest

from consent.errors import Invalid
from consent.models import Purpose
from consent.rules import catalogue as rules
from consent.services import catalogue, references
from tests.world import NOW, OPERATOR, document

OFFERS, PHOTOS = 1, 2


def edited(place=OFFERS, **changes):
    file = copy.deepcopy(document())
    file["purposes"][place].update(changes)
    return file


def row(file, part, key):
    return next(each for each in file[part] if each["key"] == key)


def refused(file):
    with pytest.raises(Invalid) as caught:
        catalogue.apply(document=file, by=OPERATOR, now=NOW)
    return [(field.pointer, field.code) for field in caught.value.fields]


@pytest.mark.parametrize("basis", ["consent", "contract", "legitimate_interest"])
def test_G17_C6_sensitive_data_on_plain_consent_a_contract_or_our_own_interest_is_refused_by_name(db, basis):
    with pytest.raises(Invalid) as caught:
        catalogue.diff(document=edited(PHOTOS, legal_basis=basis))
    [field] = caught.value.fields
    assert (field.pointer, field.code) == ("/purposes/2/legal_basis", "sensitive")
    assert field.detail.startswith(f"face_image is sensitive data: it needs explicit_consent, not {basis}.")


def test_G17_so_it_is_when_the_file_does_not_restate_the_category(park):
    file = edited(PHOTOS, legal_basis="consent")
    del file["categories"]
    assert refused(file) == [("/purposes/2/legal_basis", "sensitive")]


@pytest.mark.parametrize("basis", ["explicit_consent", "legal_obligation", "vital_interest", "public_interest"])
def test_other_bases_may_name_sensitive_data(db, basis):
    assert references.problems(rules.parse(edited(PHOTOS, legal_basis=basis))) == []


def test_G17_a_category_does_not_turn_sensitive_under_our_own_interest(park):
    turned = row(document(), "categories", "ticket_scans") | {"sensitive": True}
    explicit = {"legal_basis": "explicit_consent", "controller": "kestrel-park"}
    visit = row(document(), "purposes", "improve_visit") | explicit
    assert refused({"categories": [turned], "purposes": [visit]}) == [("/categories/0/sensitive", "sensitive")]


def test_G17_a_category_does_not_turn_sensitive_under_a_plain_consent(park):
    turned = {"categories": [row(document(), "categories", "purchase_history") | {"sensitive": True}]}
    assert refused(turned) == [("/categories/0/sensitive", "sensitive")]
    assert refused(edited() | turned) == [("/purposes/1/legal_basis", "sensitive")]
    assert catalogue.apply(document=edited(legal_basis="explicit_consent") | turned, by=OPERATOR, now=NOW)


def test_a_purpose_on_the_wrong_basis_can_be_retired(park):
    file = edited(PHOTOS, legal_basis="consent", retired=True)
    assert [step.kind for step in catalogue.apply(document=file, by=OPERATOR, now=NOW)] == ["retire"]


def test_P6_third_parties_are_never_in_a_level(db):
    levels = copy.deepcopy(document()["purposes"][OFFERS]["levels"])
    levels[2]["recipients"] = ["mail-engine", "mailbird", "adpartner"]
    assert refused(edited(levels=levels)) == [("/purposes/1/levels/2/recipients", "third_party")]


def test_P6_so_it_is_when_the_file_does_not_restate_the_recipient(park):
    levels = copy.deepcopy(document()["purposes"][OFFERS]["levels"])
    levels[2]["recipients"] = ["mail-engine", "mailbird", "adpartner"]
    file = edited(levels=levels)
    del file["recipients"]
    assert refused(file) == [("/purposes/1/levels/2/recipients", "third_party")]


def test_a_level_that_holds_all_is_refused(db):
    categories, recipients = ["contact.email", "contact.sms", "purchase_history"], ["mail-engine", "mailbird"]
    whole = {"key": "some", "name": {"en": "Some"}, "categories": categories, "recipients": recipients}
    assert refused(edited(levels=[whole])) == [("/purposes/1/levels/0", "same")]


def test_P6_one_of_ours_does_not_become_a_third_party_under_those_who_said_yes(park):
    file = copy.deepcopy(document())
    row(file, "recipients", "mailbird")["kind"] = "third_party"
    assert ("/recipients/2/kind", "third_party") in refused(file)


def test_P6_a_third_party_is_told_of_with_a_way_to_reach_it(db):
    file = copy.deepcopy(document())
    del row(file, "recipients", "adpartner")["contact"]
    assert catalogue.diff(document=file)
    del row(file, "recipients", "adpartner")["address"]
    assert refused(file) == [("/recipients/5/contact", "required")]


def test_G21_a_purpose_needs_a_controller_that_is_known(db):
    assert refused(edited(controller="somebody")) == [("/purposes/1/controller", "unknown")]
    assert not Purpose.objects.exists()


def test_what_is_published_again_unchanged_is_never_refused(park):
    assert catalogue.apply(document=document(), by=OPERATOR, now=NOW) == []
