"""catalogue check, diff, apply."""

import pytest
import yaml

from consent.models import Purpose
from tests.world import ALICE, DEMO, document, say

FILE = DEMO / "kestrel-park.yaml"


@pytest.fixture
def edited(tmp_path):
    """The park's file with `personal_offers` edited."""

    def edited(**changed):
        rows = [row | (changed if row["key"] == "personal_offers" else {}) for row in document()["purposes"]]
        path = tmp_path / "edited.yaml"
        path.write_text(yaml.safe_dump(document() | {"purposes": rows}, allow_unicode=True), "utf-8")
        return path

    return edited


@pytest.fixture
def words():
    """The words of `personal_offers` with the English ones edited."""

    def words(**changed):
        texts = next(row["texts"] for row in document()["purposes"] if row["key"] == "personal_offers")
        return texts | {"en": texts["en"] | changed}

    return words


def test_apply_publishes_once(run, db):
    assert "24 steps" in run("catalogue", "check", FILE)[1]
    code, out, _ = run("catalogue", "apply", FILE)
    assert code == 0
    assert "publish purpose personal_offers version 1\n" in out
    assert "Done: 24 steps." in out
    assert run("catalogue", "apply", FILE)[:2] == (0, "Nothing to do: the catalogue already says the same.\n")


def test_check_and_diff_change_nothing(run, db):
    run("catalogue", "check", FILE)
    run("catalogue", "diff", FILE)
    assert not Purpose.objects.exists()


def test_diff_says_what_is_material_and_whom_it_touches(run, park, edited):
    say(ALICE, "give")
    code, out, _ = run("catalogue", "diff", edited(retention="P24M"))
    assert code == 0
    assert "version 2 (MATERIAL; switched off for 1 customer until they choose again)" in out
    assert "    material: Kept P24M instead of P12M" in out
    code, out, _ = run("catalogue", "diff", edited(retention="P6M"))
    assert "version 2 (editorial; the yes of 1 customer carries over)" in out
    code, out, _ = run("catalogue", "diff", edited(legal_basis="legitimate_interest", levels=None))
    assert "version 2 (MATERIAL; it rests on no yes, so nobody is switched off)" in out


def test_G18_check_prints_errors_first_with_how_to_mend_each_and_exits_with_1(run, db, edited, words):
    code, out, err = run("catalogue", "check", edited(texts=words(title="Offers we may send", why="Prior to that.")))
    first, *rest = out.splitlines()
    assert code == 1
    assert first == (
        "L6 error: personal_offers, en why: “Prior to” is jargon. Write it in everyday words. Instead: “before”."
    )
    assert [line.split()[1] for line in rest] == ["warning:"]
    assert "The words have 1 error. Mend them, then publish." in err


def test_G18_words_that_are_not_plain_are_not_published(run, db, edited, words):
    for verb in ("diff", "apply"):
        code, out, err = run("catalogue", verb, edited(texts=words(why="We share it with partners.")))
        assert (code, out) == (1, "")
        assert "/purposes/1/texts/en/why" in err or "“partners” names nobody." in err
    assert not Purpose.objects.exists()


def test_advice_blocks_nothing(run, db, edited, words):
    file = edited(texts=words(title="Offers we may send"))
    code, out, _ = run("catalogue", "check", file)
    assert code == 0
    assert "L7 warning: personal_offers, en title: “may”" in out
    assert run("catalogue", "apply", file)[0] == 0


def test_every_problem_is_named_by_its_place(run, db, edited):
    code, out, err = run("catalogue", "check", edited(retention="a year", recipients=["nobody"], legal_basis="luck"))
    assert (code, out) == (1, "")
    assert "/purposes/1/retention:" in err
    assert "/purposes/1/legal_basis:" in err


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"just words", b"- 1\n"])
def test_a_file_that_is_no_catalogue_is_refused(run, db, tmp_path, content):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    code, _, err = run("catalogue", "apply", path)
    assert code == 1
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_refused(run, db, tmp_path):
    code, _, err = run("catalogue", "apply", tmp_path / "none.yaml")
    assert code == 1
    assert "Cannot read" in err


def test_a_draft_is_named_by_each_verb_with_what_is_read_instead(run, db, edited, words):
    texts = words()
    file = edited(texts=texts | {"ar": texts["ar"] | {"approved": False}})
    waits = "personal_offers, ar: not approved yet; customers read en"
    assert run("catalogue", "check", file)[1].splitlines()[0] == waits
    assert waits in run("catalogue", "diff", file)[1]
    assert run("catalogue", "apply", file)[1].splitlines()[0] == waits
    nothing = "Nothing to do: the catalogue already says the same."
    assert run("catalogue", "apply", file)[:2] == (0, f"{waits}\n{nothing}\n")
    out = run("catalogue", "diff", FILE)[1]
    assert waits not in out
    assert out.splitlines() == [
        "publish purpose personal_offers version 2 (editorial; the yes of 0 customers carries over)",
        "    New in ar",
    ]
