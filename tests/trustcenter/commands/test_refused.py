"""The file of refused rows: kept as they stand, harmless in a spreadsheet, and taken in again once mended."""

import csv
import json
import stat

import pytest
import yaml

from consent.models import ConsentEvent
from consent.services import subjects
from consent.services.subjects import Handle
from tests import test_demo_files as demo
from tests.world import DEMO
from trustcenter.commands.refused import RefusedRows
from trustcenter.commands.sources import Source

HEAD = "namespace,id,purpose,act,collected_at,language\n"
FORMULA = '=HYPERLINK("http://x.example")'


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.csv"
    rows = [
        "customer,+447700900123,nothing,give,2026-03-14T09:12:00Z,en",
        "customer,'quoted,nothing,give,2026-03-14T09:12:00Z,en",
        '"customer","=HYPERLINK(""http://x.example"")",nothing,give,2026-03-14T09:12:00Z,en',
        "customer,C-7,personal_offers,give,2026-03-14T09:12:00Z,en",
        "customer,C-8,personal_offers",
    ]
    path.write_text(HEAD + "\n".join(rows))
    return path


def test_cells_that_are_formulas_are_guarded_and_come_back_as_they_were(run, park, own, tmp_path):
    kept = tmp_path / "refused.csv"
    _, out, _ = run("import-consents", own, "--refused", kept)
    assert "3 cells in it begin as a formula does" in out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with kept.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["LINE", "REASON", "WHY"]
    assert [row[0] for row in rows] == ["2", "3", "4", "6"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)

    kept.write_text(kept.read_text().replace(",nothing,", ",personal_offers,"))
    again = tmp_path / "again.csv"
    _, out, _ = run("import-consents", kept, "--refused", again)
    assert "3  imported" in out
    for value in ("+447700900123", "'quoted", FORMULA):
        assert subjects.find(Handle("customer", value)), value
    with again.open(newline="") as file:
        head, row = csv.reader(file)
    assert head.count("LINE") == 1
    assert row[3:] == ["customer", "C-8", "personal_offers"]


def test_refused_rows_of_ndjson_stay_ndjson(run, park, tmp_path):
    path, kept = tmp_path / "own.ndjson", tmp_path / "refused.ndjson"
    row = '{"namespace": "customer", "id": 10.50, "purpose": "nothing", "act": "refuse", '
    row += '"collected_at": "2026-03-14T09:12:00Z"}'
    path.write_text(f"{row}\nrubbish\n{{}}\n")
    run("import-consents", path, "--refused", kept)
    lines = kept.read_text().splitlines()
    assert [json.loads(line)["LINE"] for line in lines] == [1, 2, 3]
    assert json.loads(lines[1])["ROW"] == "rubbish"
    assert '"id": 10.50' in lines[0]
    kept.write_text(lines[0].replace('"nothing"', '"personal_offers"') + "\n")
    assert "1  imported" in run("import-consents", kept, "--refused", kept)[1]
    assert subjects.find(Handle("customer", "10.50"))
    assert kept.read_text() == ""


def test_ndjson_is_read_by_a_mapping_too(run, park, tmp_path):
    """The demo's file as objects: empty cells are left out, and the report is the same."""
    fits = [dict(zip(demo.HEAD, cells, strict=True)) for cells in demo.LINES if len(cells) == len(demo.HEAD)]
    path, table = tmp_path / "history.ndjson", tmp_path / "history.csv"
    path.write_text("\n".join(json.dumps({name: cell for name, cell in row.items() if cell}) for row in fits))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, demo.HEAD)
        writer.writeheader()
        writer.writerows(fits)
    mapping = ("--mapping", DEMO / "history.mapping.yaml", "--dry-run")
    objects, cells = (run("import-consents", file, *mapping)[1].splitlines()[:5] for file in (path, table))
    assert objects == cells
    code, out, _ = run("import-consents", path, *mapping[:2], "--refused", tmp_path / "refused.ndjson")
    assert (code, out.splitlines()[1].split()[0]) == (0, objects[1].split()[0])
    evidence = ConsentEvent.objects.order_by("id").first()
    assert evidence.imported


def test_refused_rows_keep_the_encoding_and_the_delimiter_of_the_file(run, park, tmp_path):
    document = demo.MAPPING | {"file": {"encoding": "utf-16", "delimiter": ";"}}
    mapping, path, kept = (tmp_path / name for name in ("m.yaml", "h.csv", "refused.csv"))
    mapping.write_text(yaml.safe_dump(document))
    rows = [";".join(demo.HEAD), ";".join(["mei@x.example", "梅", "", "?", "subscribed", *[""] * (len(demo.HEAD) - 5)])]
    path.write_text("\r\n".join(rows), encoding="utf-16")
    assert "1  refused" in run("import-consents", path, "--mapping", mapping, "--refused", kept)[1]
    assert "mei@x.example;梅" in kept.read_text(encoding="utf-16")
    kept.write_text(kept.read_text(encoding="utf-16").replace(";?;", ";Queue Alerts;"), encoding="utf-16")
    assert "A yes needs a sure date" in run("import-consents", kept, "--mapping", mapping)[1]


@pytest.mark.parametrize("torn", ["9", "41,no_d", '41,no_date,why,"customer\nC'])
def test_what_a_stopped_run_had_not_committed_is_taken_back(tmp_path, torn):
    source = Source(tmp_path / "own.csv")
    kept = tmp_path / "refused.csv"
    whole = "LINE,REASON,WHY,id\r\n7,no_date,why,C-1\r\n12,no_date,why,C-2\r\n"
    kept.write_text(whole + torn, newline="")
    rows = RefusedRows(kept, source, ["id"], 40)
    rows.close()
    assert rows.rows == 2
    assert kept.read_bytes().decode("utf-8-sig") == whole
