"""Files that are no files of rows: one clear sentence, an exit code, and nothing half-written."""

import json

import pytest

from consent.models import ImportRun, Subject
from tests.world import DEMO
from trustcenter.commands import sources

MAPPING = DEMO / "history.mapping.yaml"
HEAD = "namespace,id,purpose,act,collected_at"
GOOD = "customer,C-9,improve_visit,refuse,2026-03-14T09:12:00Z"


def refused(run, path, content, *more):
    """What is said of a file that cannot be taken in; rows before the fault are good ones."""
    path.write_bytes(content)
    code, out, err = run("import-consents", path, *more)
    assert code == 1
    assert out == ""
    assert not Subject.objects.exists()
    assert not ImportRun.objects.exists()
    return err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (f"{HEAD}\n{GOOD}\n".encode() + b"\xff\xfe\xff", "it is not text in utf-8"),
        (f"{HEAD}\n{GOOD}\n".encode() * 5000 + b"\xff\xfe\xff", "it is not text in utf-8"),
        (f"{HEAD}\n{GOOD}\ncustomer,C\0,improve_visit,refuse,".encode(), "line 3 holds a NUL"),
        (f"{HEAD}\n{GOOD}\n".encode() + b"x," * 5_000_000, "line 3 has more than 1,048,576 characters"),
        (f'{HEAD}\n{GOOD}\n"{"x" * 200_000}",,,,\n'.encode(), "it is not CSV: field larger than field limit"),
        (f'{HEAD}\n{GOOD}\n"never closed,,,,\n{GOOD}\n'.encode(), "it is not CSV: unexpected end of data"),
        (f"{HEAD}\n{GOOD}\n".replace(",", ";").encode(), "its columns seem to stand apart by ';'"),
        (f"{HEAD},act\n{GOOD},refuse\n".encode(), "The file has the column act twice."),
        (b"namespace,id,purpose,act,colour\n", "/colour: Not a column of ours"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(run, park, tmp_path, content, sentence):
    assert sentence in refused(run, tmp_path / "x.csv", content)


def test_a_mapping_wants_its_columns_once(run, park, tmp_path):
    more = ("--mapping", MAPPING)
    assert "The file has no column STATUS." in refused(run, tmp_path / "x.csv", b"Email Address,LIST\n", *more)
    twice = b"Email Address,LIST,STATUS,STATUS,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,LAST_CHANGED,LANGUAGE\n"
    assert "The file has 2 columns STATUS." in refused(run, tmp_path / "x.csv", twice, *more)


def test_a_refused_file_is_not_begun_for_a_file_that_cannot_be_read(run, park, tmp_path):
    kept = tmp_path / "refused.csv"
    kept.write_text("older")
    refused(run, tmp_path / "x.csv", f"{HEAD}\n\0".encode(), "--refused", kept)
    assert kept.read_text() == "older"


def test_binary_and_endless_ndjson_are_refused_whole(run, park, tmp_path):
    path = tmp_path / "x.ndjson"
    assert "line 1 holds a NUL" in refused(run, path, b"\0\1\2")
    assert "line 1 has more than" in refused(run, path, b"[" * 10_000_000)
    many = "\n".join(json.dumps({f"member {number}": 1}) for number in range(600))
    assert "more than 500 different members" in refused(run, path, many.encode(), "--mapping", MAPPING)


@pytest.mark.parametrize(
    ("written", "cells"),
    [
        ('{"id": 12345678901234567890123, "n": 1.10}', {"id": "12345678901234567890123", "n": "1.10"}),
        ('{"a": null, "b": true, "c": ["x", "y z"]}', {"a": "", "b": "true", "c": "x\ny z"}),
        ("[1]", None),
        ("rubbish", None),
        ('{"a": {"b": 1}}', None),
        ('{"a": [["b"]]}', None),
        ('{"a": NaN}', None),
        (r'{"a": "\u0000"}', None),
        (r'{"a": "\ud800"}', None),
        ("[" * 100_000, None),
    ],
)
def test_a_line_of_ndjson_is_read_to_the_letter_or_not_at_all(written, cells):
    assert sources.flat(written) == cells
