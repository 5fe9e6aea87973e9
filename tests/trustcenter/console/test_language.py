"""The console speaks Chinese too, and no word was left behind."""

import re
from io import BytesIO

import pytest
from babel.messages import mofile, pofile
from django.conf import settings

from tests.tree import ROOT

CONSOLE = ROOT / "trustcenter" / "console"
PO = CONSOLE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
IN_TEMPLATES = re.compile(r"{% translate (?:\"(.*?)\"|'(.*?)')")
IN_CODE = re.compile(r"""\b(?:_|pgettext_lazy)\((?:"[^"]*", )?"([^"]*)"[,)]""")


def said() -> set[str]:
    pages = "".join(path.read_text("utf-8") for path in CONSOLE.rglob("*.html"))
    code = "".join(path.read_text("utf-8") for path in CONSOLE.glob("*.py"))
    return {"".join(found) for found in IN_TEMPLATES.findall(pages)} | set(IN_CODE.findall(code))


@pytest.mark.once
def test_every_word_is_translated() -> None:
    catalogue = pofile.read_po(BytesIO(PO.read_bytes()), locale="zh_Hans")
    known = {row.id if isinstance(row.id, str) else row.id[0]: row for row in catalogue if row.id}
    assert len(said()) > 100
    assert said() - set(known) == set()
    assert [row.id for row in known.values() if row.fuzzy or not all(row.string)] == []


@pytest.mark.once
def test_the_compiled_words_are_those_of_the_text_file() -> None:
    written = BytesIO()
    mofile.write_mo(written, pofile.read_po(BytesIO(PO.read_bytes()), locale="zh_Hans"))
    assert PO.with_suffix(".mo").read_bytes() == written.getvalue()


def test_an_officer_chooses_the_language(desk) -> None:
    answer = desk.post("/console/language", {"language": "zh-hans", "next": "/console/audit"})
    assert answer["Location"] == "/console/audit"
    assert desk.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
    shown = desk.get("/console/audit").content.decode()
    assert '<html lang="zh-Hans"' in shown
    assert "立即核验整份日志" in shown
