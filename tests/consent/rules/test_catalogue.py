"""A catalogue file as it is written: every member has a type, and every fault is named with its place."""

import copy

import pytest

from consent.errors import Invalid
from consent.rules import catalogue
from tests.world import document

OFFERS = 1


def edited(part="purposes", place=OFFERS, **changes):
    """The park's file with one row changed; None takes a member away."""
    file = copy.deepcopy(document())
    row = file["controller"] if part == "controller" else file[part][place]
    row.update(changes)
    for name in [name for name, value in changes.items() if value is None]:
        del row[name]
    return file


def faults(file):
    with pytest.raises(Invalid) as caught:
        catalogue.parse(file)
    assert all(field.detail for field in caught.value.fields)
    return [field.pointer for field in caught.value.fields]


def details(**changes):
    """What a version may lack; its facts of AI have tests of their own."""
    found = catalogue.parse(edited(**changes))["purposes"][OFFERS]["content"]["details"]
    return {name: value for name, value in found.items() if name != "ai"}


def level(key, categories=("contact.email",), recipients=("mail-engine",), **more):
    return {"key": key, "name": {"en": key}, "categories": [*categories], "recipients": [*recipients]} | more


@pytest.mark.parametrize("name", ["address", "email", "name", "regulator", "jurisdiction"])
@pytest.mark.parametrize("value", [None, "", "  ", 7, ["a"]])
def test_G21_P4_a_controller_that_cannot_be_reached_is_refused(name, value):
    assert faults(edited("controller", **{name: value})) == [f"/controllers/0/{name}"]


@pytest.mark.parametrize("value", ["privacy", "privacy@", "write to us @ home"])
def test_G21_the_contact_of_a_controller_is_an_address(value):
    assert faults(edited("controller", email=value)) == ["/controllers/0/email"]


@pytest.mark.parametrize("name", ["retention", "recipients", "categories", "texts", "legal_basis"])
@pytest.mark.parametrize("value", [None, "", [], {}, 7, {"a": 1}])
def test_G21_P4_P5_a_purpose_that_leaves_out_what_people_must_be_told_is_refused(name, value):
    assert any(pointer.startswith(f"/purposes/1/{name}") for pointer in faults(edited(**{name: value})))


@pytest.mark.parametrize("name", ["title", "what", "why", "benefit", "if_no"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_G21_P4_a_notice_that_leaves_something_out_is_refused(name, language):
    file = edited()
    del file["purposes"][OFFERS]["texts"][language][name]
    assert faults(file) == [f"/purposes/1/texts/{language}/{name}"]


@pytest.mark.parametrize("flag", ["uses_ai", "automated_decisions"])
def test_G21_what_a_computer_does_or_decides_is_told(flag):
    languages = document()["purposes"][0]["texts"]
    assert faults(edited(place=0, **{flag: True})) == [f"/purposes/0/texts/{language}/ai" for language in languages]


def drafted(language, approved=False, place=OFFERS):
    file = edited()
    file["purposes"][place]["texts"][language]["approved"] = approved
    return file


def test_words_that_are_not_approved_stand_beside_the_content():
    whole = catalogue.parse(document())["purposes"][OFFERS]
    assert catalogue.parse(drafted("ar", approved=True))["purposes"][OFFERS] == whole
    row = catalogue.parse(drafted("ar"))["purposes"][OFFERS]
    assert whole["drafts"] == {}
    assert row["drafts"] == {"ar": whole["content"]["texts"].pop("ar")}
    assert row["content"] == whole["content"]


@pytest.mark.parametrize("value", ["no", 0, "false", ["en"]])
def test_approval_is_true_or_false(value):
    assert faults(drafted("ar", approved=value)) == ["/purposes/1/texts/ar/approved"]
    file = edited()
    file["principles"]["ar"]["approved"] = value
    assert faults(file) == ["/principles/ar/approved"]


def test_at_least_one_language_is_approved():
    file = edited()
    for words in (*file["purposes"][OFFERS]["texts"].values(), *file["principles"].values()):
        words["approved"] = False
    assert faults(file) == ["/purposes/1/texts", "/principles"]


def test_a_draft_leaves_nothing_out():
    file = drafted("ar")
    del file["purposes"][OFFERS]["texts"]["ar"]["if_no"]
    assert faults(file) == ["/purposes/1/texts/ar/if_no"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("double_opt_in", value) for value in ("yes", 1, [], "true")],
        *[("jurisdictions", value) for value in ("GB", [], [7], [""], {"GB": 1})],
        *[("storage_locations", value) for value in ("GB", [], ["GB", "GB"], [None])],
        *[("withdrawal_method", value) for value in (7, ["by post"], "", "x" * 601)],
        *[("min_age", value) for value in ("13", 0, 100, True, 13.5)],
        *[(name, "no") for name in ("uses_ai", "automated_decisions", "sale_or_sharing", "material", "retired")],
        *[("levels", value) for value in ("all", {"little": {}}, ["little"], 7)],
    ],
)  # fmt: skip
def test_a_member_of_another_type_is_refused_by_name(name, value):
    assert faults(edited(**{name: value})) == [f"/purposes/1/{name}"]


def test_what_says_nothing_is_as_if_it_were_not_there():
    assert details(levels=None) == details(levels=None, double_opt_in=False, jurisdictions=None) == {}


def test_descriptive_members_keep_what_they_say():
    said = {"jurisdictions": ["GB", "EU"], "storage_locations": ["IE"], "withdrawal_method": "Here, or by post."}
    assert details(levels=None, double_opt_in=True, **said) == said | {"double_opt_in": True}


def test_the_author_may_say_true_false_or_nothing_of_material():
    found = [catalogue.parse(edited(**more))["purposes"][OFFERS]["material"] for more in ({}, {"material": True})]
    assert [*found, catalogue.parse(edited(material=False))["purposes"][OFFERS]["material"]] == [None, True, False]


def test_nothing_and_all_may_be_named():
    said = [{"key": "nothing", "name": {"en": "Nothing"}}, level("little"), {"key": "all", "name": {"en": "All"}}]
    assert [each["categories"] for each in details(levels=said)["levels"]] == [[], ["contact.email"], []]


TWO = ("contact.email", "contact.sms")


@pytest.mark.parametrize(
    ("levels", "pointer"),
    [
        ([level("much")], "0/key"),
        ([level(["little"])], "0/key"),
        ([level("little"), level("little", TWO)], "1/key"),
        ([level("some", TWO), level("little")], ""),
        ([level("little", ["face_image"])], "0/categories"),
        ([level("little", (), ())], "0/categories"),
        ([level("little", recipients=["snapride"])], "0/recipients"),
        ([level("little", TWO), level("some", ["contact.email", "purchase_history"])], "1/categories"),
        ([level("little", recipients=["mail-engine", "mailbird"]), level("some", TWO)], "1/recipients"),
        ([level("little"), level("some")], "1"),
        ([level("little", name=None)], "0/name"),
        ([level("little", name={"EN": "A little"})], "0/name/EN"),
        ([level("little", name={False: "Litt"})], "0/name/False"),
        ([level("little", colour="green")], "0/colour"),
        ([level("nothing")], "0/categories"),
        ([level("all", ["contact.email"])], "0/recipients"),
    ],
)
def test_a_level_that_is_none_is_refused(levels, pointer):
    assert "/".join(["/purposes/1/levels", *filter(None, [pointer])]) in faults(edited(levels=levels))


@pytest.mark.parametrize("basis", ["contract", "legitimate_interest", "legal_obligation"])
def test_only_a_purpose_that_people_say_yes_to_has_levels(basis):
    assert faults(edited(legal_basis=basis)) == ["/purposes/1/levels"]


def test_a_basis_of_another_type_is_named():
    assert "/purposes/1/legal_basis" in faults(edited(legal_basis={"consent": True}))
