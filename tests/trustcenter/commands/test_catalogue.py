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


def test_apply_publishes_once(run, db):
    assert "23 steps" in run("catalogue", "check", FILE)[1]
    code, out, _ = run("catalogue", "apply", FILE)
    assert code == 0
    assert "publish purpose personal_offers version 1\n" in out
    assert "Done: 23 steps." in out
    assert run("catalogue", "apply", FILE)[:2] == (0, "Nothing to do: the catalogue already says the same.\n")


def test_check_and_diff_change_nothing(run, db):
    run("catalogue", "check", FILE)
    run("catalogue", "diff", FILE)
    assert not Purpose.objects.exists()


def test_diff_says_what_is_material_and_whom_it_touches(run, park, edited):
    say(ALICE, "give")
    code, out, _ = run("catalogue", "diff", edited(retention="P24M"))
    assert code == 0
    assert "version 2 (MATERIAL; off for 1 customer until they choose again)" in out
    assert "    material: Kept P24M instead of P12M" in out
    code, out, _ = run("catalogue", "diff", edited(dpv="dpv:Advertising"))
    assert "version 2 (editorial; 1 customer said yes, and nothing changes for them)" in out


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
