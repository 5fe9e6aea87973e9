"""The main job in one run, with real parts: a history is imported, a customer turns a use off in the browser, the next
check is refused, the officer sees both, and the proof of the withdrawal verifies without us."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.serving import ROOT, command, own_database, serving, until
from tests.world import DEMO

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PASSWORD = "seven tall herons at dusk"
WHO = {"namespace": "email", "id": "amazur@moormail.example"}


@pytest.fixture
def database(db):
    with own_database() as more:
        yield more


def test_a_choice_is_recorded_enforced_logged_and_shown(tmp_path, database, open_page):
    key = prepare(tmp_path, database)
    with serving(tmp_path, **database) as tree:
        tree.post("/api/v1/subjects", {"identifiers": [WHO, {"namespace": "customer", "id": "C-1001"}]}, key)
        tree.post("/api/v1/consents", yes(), key)
        assert check(tree, key)["decision"] is True

        customer = turn_off(tree, key, open_page)
        assert check(tree, key)["context"]["reason"] == "consent_withdrawn"

        seen_by_the_officer(tree, open_page)
        files = carry_away(customer, tree, tmp_path)
    verifies_without_us(files, tmp_path, (tmp_path / "vkeys").read_text().split())


def prepare(folder: Path, database: dict[str, str]) -> str:
    """Tables, catalogue, the imported history, an officer; returns the API key of the mail engine."""
    command(folder, "migrate", **database)
    command(folder, "catalogue", "apply", str(DEMO / "kestrel-park.yaml"), **database)
    mapping = ("--mapping", str(DEMO / "history.mapping.yaml"))
    report = command(folder, "import-consents", str(DEMO / "history.csv"), *mapping, **database).stdout
    assert "50  refused" in report
    (folder / "password").write_text(PASSWORD)
    officer = ("rosa", "--name", "Rosa Lindqvist", "--password-file", str(folder / "password"))
    command(folder, "create-officer", *officer, **database)
    scopes = ("--scopes", "decide,consents:read,consents:write", "--json")
    return json.loads(command(folder, "create-key", "--recipient", "mail-engine", *scopes, **database).stdout)["key"]


def yes() -> dict:
    how = {"language": "en", "channel": "web", "method": "button"}
    return {"subject": WHO, "purpose": "personal_offers", "act": "give"} | how


def check(tree, key: str) -> dict:
    """Ask by the customer's number: it is the same customer."""
    status, answer = tree.post(
        "/access/v1/evaluation",
        {
            "subject": {"type": "system", "id": "mail-engine"},
            "action": {"name": "personal_offers"},
            "resource": {"type": "customer", "id": "C-1001", "properties": {"categories": ["contact.email"]}},
        },
        key,
    )
    assert status == 200
    return answer


def turn_off(tree, key: str, open_page):
    """One press, without JavaScript; returns the page, signed in."""
    _, link = tree.post("/api/v1/portal-links", {"subject": WHO}, key)
    page = open_page(base_url=tree.url, javascript=False)
    page.goto(link["url"].replace("http://127.0.0.1:8000", tree.url))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Turn off Send you offers that fit").click()
    expect(page.get_by_role("status").get_by_text("Saved")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    return page


def seen_by_the_officer(tree, open_page) -> None:
    page = open_page(base_url=tree.url, javascript=False)
    page.goto("/console/")
    page.get_by_label("Name").fill("rosa")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/console/customers")
    page.locator("[name=namespace]").fill("customer")
    page.locator("[name=value]").fill("C-1001")
    page.locator("[name=why]").select_option("customer_asked")
    page.locator("[name=note]").fill("They asked whether it worked.")
    page.locator("main form button").click()
    assert "Withdrawn" in page.get_by_role("row", name="Send you offers that fit").inner_text()
    expect(page.get_by_text("The customer turned this off.").first).to_be_visible()


def carry_away(page, tree, folder: Path) -> list[Path]:
    """The receipt and its proof, once the sealer has been; the customer sees the refusal and the officer's look."""
    page.goto("/log")
    expect(page.get_by_role("row", name="Refused").first).to_be_visible()
    expect(page.get_by_text("They asked whether it worked.")).to_be_visible()
    page.goto("/receipts")
    page.locator("main a[href*='/receipts/']").first.click()
    page.wait_for_url(lambda url: not url.endswith("/receipts"))
    files = [folder / "proof.json", folder / "receipt.jws"]
    for file in files:
        address = f"{page.url}/{file.name}"
        until(lambda address=address: page.context.request.get(address).status == 200)
        file.write_bytes(page.context.request.get(address).body())
    (folder / "vkeys").write_bytes(tree.get("/log/vkeys")[1])
    return files


def verifies_without_us(files: list[Path], folder: Path, vkeys: list[str]) -> None:
    """On a machine that has Python and one folder of ours, and nothing else."""
    shutil.copytree(ROOT / "audit" / "proof", folder / "elsewhere" / "proof")
    call = [
        sys.executable,
        "-I",
        "-c",
        "import sys; sys.path[:0] = ['.']; from proof.__main__ import main; sys.exit(main())",
    ]

    def verify(file: Path) -> subprocess.CompletedProcess[str]:
        arguments = [*call, str(file), *(part for vkey in vkeys for part in ("--vkey", vkey))]
        return subprocess.run(arguments, cwd=folder / "elsewhere", capture_output=True, text=True, check=False)

    for file in files:
        done = verify(file)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "consent.withdrawn" in done.stdout
        raw = file.read_bytes()
        (folder / "bent").write_bytes(raw[:900] + bytes([raw[900] ^ 1]) + raw[901:])
        assert verify(folder / "bent").returncode == 1
