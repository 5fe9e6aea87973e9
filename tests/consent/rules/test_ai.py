"""What a catalogue file must tell of AI: facts that can be compared, and words that people can read."""

import copy

import pytest

from consent.errors import Invalid
from consent.rules import catalogue
from tests.world import document

OFFERS, VISIT = 1, 0
FACTS = {"in": ["purchase_history"], "person_decides": "asked", "affects": [], "trains": False}


def parse(place=OFFERS, **changes):
    file = copy.deepcopy(document())
    file["purposes"][place].update(changes)
    return catalogue.parse(file)["purposes"][place]["content"]


def faults(place=OFFERS, **changes):
    with pytest.raises(Invalid) as caught:
        parse(place, **changes)
    assert all(field.detail for field in caught.value.fields)
    return [(field.pointer.removeprefix(f"/purposes/{place}"), field.code) for field in caught.value.fields]


def test_the_facts_are_part_of_the_version():
    told = parse()
    assert told["details"]["ai"] == FACTS
    assert catalogue.digest(parse(ai=FACTS | {"trains": True})) != catalogue.digest(told)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"in": None}, ("/ai/in", "required")),
        ({"in": []}, ("/ai/in", "required")),
        ({"in": ["face_image"]}, ("/ai/in", "not_offered")),
        *[({"person_decides": value}, ("/ai/person_decides", "choice")) for value in (None, True, "never", ["before"])],
        *[({"affects": value}, ("/ai/affects", "choice")) for value in (None, "price", ["mood"], [{}], ["price"] * 2)],
        ({"trains": None}, ("/ai/trains", "required")),
        ({"trains": "no"}, ("/ai/trains", "type")),
        ({"vendor": "x"}, ("/ai/vendor", "unknown")),
    ],
)
def test_AI1_each_fact_is_told(changed, fault):
    assert fault in faults(ai=FACTS | changed)


@pytest.mark.parametrize("value", [True, [], "yes", 7])
def test_the_facts_are_a_mapping(value):
    assert faults(ai=value) == [("/ai", "type")]


def test_facts_of_ai_belong_to_ai():
    texts = {language: words | dict.fromkeys(("ai", "ai_out", "ai_learned", "ai_sure"), "It counts.")
             for language, words in document()["purposes"][VISIT]["texts"].items()}  # fmt: skip
    facts = FACTS | {"in": ["ticket_scans"]}
    assert faults(VISIT, ai=facts, texts=texts) == [("/ai", "not_computed")]


@pytest.mark.parametrize("name", ["ai", "ai_out", "ai_learned", "ai_sure"])
def test_AI1_each_word_is_told_beside_the_facts(name):
    texts = copy.deepcopy(document()["purposes"][OFFERS]["texts"])
    del texts["zh-hans"][name]
    assert faults(texts=texts) == [(f"/texts/zh-hans/{name}", "required")]


@pytest.mark.parametrize(("basis", "allowed"), [("consent", False), ("explicit_consent", True), ("contract", True)])
def test_G31_a_computer_decides_alone_on_price_and_service_only_on_an_allowed_ground(basis, allowed):
    changes = {"automated_decisions": True, "legal_basis": basis, "levels": None, "ai": FACTS | {"affects": ["price"]}}
    if allowed:
        assert parse(**changes)["automated_decisions"]
    else:
        assert faults(**changes) == [("/ai/affects", "ground")]


def test_G31_a_computer_that_decides_alone_says_so():
    changes = {"automated_decisions": True, "ai": FACTS | {"person_decides": "before"}}
    assert faults(**changes) == [("/ai/person_decides", "contradicts")]


def principles(**changes):
    file = document() | {"principles": copy.deepcopy(document()["principles"])}
    file["principles"] = file["principles"] | changes if changes else None
    return file


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("AI is good", "/principles/en"),
        ({"title": "AI"}, "/principles/en/statements"),
        ({"statements": ["We ask you."] * 2, "title": "AI"}, "/principles/en/statements"),
        ({"statements": [f"We ask you {n}." for n in range(8)], "title": "AI"}, "/principles/en/statements"),
        ({"statements": ["We ask you."], "title": ""}, "/principles/en/title"),
        ({"statements": ["We ask you."], "title": "AI", "by": "us"}, "/principles/en/by"),
        ({"statements": ["We ask you."], "title": "AI"}, "/principles"),  # one statement here, seven in Chinese
    ],
)
def test_principles_are_a_title_and_up_to_seven_statements_alike_in_every_language(words, fault):
    with pytest.raises(Invalid) as caught:
        catalogue.parse(principles(en=words))
    assert fault in [field.pointer for field in caught.value.fields]


@pytest.mark.parametrize("value", [[], "x", {}])
def test_principles_are_a_mapping_of_languages(value):
    with pytest.raises(Invalid):
        catalogue.parse(document() | {"principles": value})


def test_a_file_need_not_hold_principles():
    assert catalogue.parse(principles())["principles"] == []
