"""The Flesch-Kincaid grade, against words, sentences and syllables counted by hand."""

import pytest
import yaml

from consent.rules.plain import grade, syllables
from consent.rules.plain.packs import PACKS
from tests.consent.rules.plain.notices import BAD, CORPUS, GOOD

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "words", "sentences", "spoken"),
    [
        ("You can say no.", 4, 1, 4),
        ("We delete your data within thirty days.", 7, 1, 11),
        ("We look at what you buy. We send you offers.", 10, 2, 11),
        ("A computer turns your face into numbers.", 7, 1, 11),
        ("Your ticket and its price stay the same.", 8, 1, 9),
        ("So that you wait less, and no ride stands empty while another is full.", 14, 1, 17),
        ("Customer service opened your order history on 3 March. They saw three orders.", 13, 2, 21),
        ("Information about your behaviour is collected automatically.", 7, 1, 20),
        ("We do not sell it. We never will! Do you agree?", 11, 3, 13),
        ("Pursuant to applicable legislation, the organisation retains identifiable records.", 9, 1, 28),
        ("The bill is 2.50 pounds, and we send it by e-mail.", 11, 1, 12),
    ],
)
def test_it_equals_the_formula_on_counts_made_by_hand(text, words, sentences, spoken):
    assert grade(text) == pytest.approx(0.39 * words / sentences + 11.8 * spoken / words - 15.59, abs=0.005)


def test_A24_it_agrees_with_another_program():
    """textstat 0.7.8, run on the English notices of the corpus; what it answered stands in corpus/grades.yaml."""
    others = yaml.safe_load((CORPUS / "grades.yaml").read_text("utf-8"))
    ours = {
        each["notice"]: grade(" ".join(each["texts"]["en"].values())) for each in GOOD + BAD if "en" in each["texts"]
    }
    assert ours.keys() == others.keys()
    assert sum(abs(ours[notice] - others[notice]) for notice in ours) / len(ours) <= 0.75


def test_an_empty_text_has_grade_0():
    assert grade("") == grade(" … ") == 0


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "we our the price used called stopped queues hours eyes rules don't you're phone health choose"),
        (2, "table people ticket offers useful closely sometimes needed going being client didn't create buying actor"),
        (3, "idea period actual video several September December serious behaviour customer animals holiday museum"),
        (4, "information immediate experience January advertising identity material"),
        (5, "organisation communication electricity"),
    ],
)
def test_everyday_words_have_the_syllables_people_say(count, words):
    assert {word: syllables.english(word) for word in words.split()} == dict.fromkeys(words.split(), count)


@pytest.mark.parametrize(
    ("language", "easy", "hard"),
    [
        (
            "de",
            "Wir sehen was Sie kaufen",
            "Datenschutzrechtliche Bestimmungen regeln Verarbeitungstätigkeiten verantwortlicher Organisationen",
        ),
        ("fr", "Nous voyons ce que vous lisez", "Réglementation applicable relative aux communications électroniques"),
        ("es", "Vemos lo que usted lee", "Comunicaciones electrónicas relativas al consentimiento administrativo"),
    ],
)
def test_the_other_formulas_tell_easy_from_hard(language, easy, hard):
    score = PACKS[language].score
    assert not score.worse_than(score.of(easy.split(), 1), score.wanted)
    assert score.worse_than(score.of(hard.split(), 1), score.refused)
