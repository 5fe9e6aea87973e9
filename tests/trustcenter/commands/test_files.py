"""import-consents."""

import csv
import json
import stat

from consent.models import ConsentEvent, Subject
from consent.services import subjects, suppressions
from consent.services.subjects import Handle
from tests.world import DEMO, NOW, OPERATOR, ask

HISTORY = DEMO / "history.csv"
MAPPING = DEMO / "history.mapping.yaml"


def test_the_report_says_what_was_taken_and_what_refused_and_why(run, park, tmp_path):
    refused = tmp_path / "refused.csv"
    code, out, _ = run("import-consents", HISTORY, "--mapping", MAPPING, "--refused", refused)
    assert code == 0
    assert out.startswith("320 rows:\n")
    assert "50  refused" in out
    assert "9  The mapping does not say which purpose this is.\n                line 24, 29, " in out
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    with refused.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 50
    assert (rows[0]["LINE"], rows[0]["REASON"]) == ("14", "no_date")
    assert rows[0]["Email Address"] == "thandi.nkosi@correo.example"


def test_a_dry_run_keeps_nothing(run, park):
    code, out, _ = run("import-consents", HISTORY, "--mapping", MAPPING, "--dry-run")
    assert code == 0
    assert "would be imported" in out
    assert not Subject.objects.exists()


ROWS = [
    {"namespace": "customer", "id": "C-7", "purpose": "personal_offers", "act": "give", "language": "en"},
    {"namespace": "customer", "id": "C-8", "purpose": "personal_offers", "act": "refuse", "language": "en"},
]


def test_ndjson_in_our_own_words(run, park, tmp_path):
    path = tmp_path / "own.ndjson"
    dated = [row | {"collected_at": "2026-03-14T09:12:00Z"} for row in ROWS]
    dated[0]["categories"] = ["contact.email", "contact.sms"]
    path.write_text("\n".join(map(json.dumps, dated)) + "\nrubbish\n[1]\n")
    code, out, _ = run("import-consents", path)
    assert code == 0
    assert "2  imported" in out
    assert "2  The line is no JSON object" in out
    assert ConsentEvent.objects.get(act="give").categories == ["contact.email", "contact.sms"]


def test_csv_in_our_own_words(run, park, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("namespace,id,purpose,act,collected_at\ncustomer,C-9,improve_visit,refuse,2026-03-14T09:12:00Z\n\n")
    assert "1  imported" in run("import-consents", path)[1]
    assert subjects.find(Handle("customer", "C-9"))


def test_files_that_are_not_there_are_refused(run, park, tmp_path):
    assert "Cannot read" in run("import-consents", tmp_path / "none.csv")[2]
    assert "Cannot read" in run("import-consents", HISTORY, "--mapping", tmp_path / "none.yaml")[2]


def test_who_asked_to_be_left_alone_is_not_brought_back_by_a_file(run, park, tmp_path):
    path, refused = tmp_path / "own.csv", tmp_path / "refused.csv"
    path.write_text(
        "namespace,id,purpose,act,collected_at,language\n"
        "customer,C-7,improve_visit,give,2026-03-14T09:12:00Z,en\n"
        "customer,C-8,improve_visit,give,2026-03-14T09:12:00Z,en\n"
    )
    assert run("import-consents", path)[0] == 0
    for who in ("C-7", "C-9"):
        suppressions.suppress(subject=Handle("customer", who), by=OPERATOR, now=NOW)
    path.write_text(path.read_text() + "customer,C-9,improve_visit,give,2026-03-14T09:12:00Z,en\n")
    events, subjects_known = ConsentEvent.objects.count(), Subject.objects.count()
    code, out, _ = run("import-consents", path, "--refused", refused)
    assert code == 0
    assert "2  They asked to be left alone" in out
    with refused.open(newline="") as file:
        assert [(row["LINE"], row["REASON"]) for row in csv.DictReader(file)] == [
            ("2", "suppressed"),
            ("4", "suppressed"),
        ]
    assert (ConsentEvent.objects.count(), Subject.objects.count()) == (events, subjects_known)
    assert (
        ask(Handle("customer", "C-7"), "improve_visit", recipient="queue-planner").decision.reason == "unknown_customer"
    )
