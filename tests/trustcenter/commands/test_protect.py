"""protect: the five verbs as a terminal calls them, and the follower as a process that is killed, cut off, stopped."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest
import yaml

from tests import postgres
from tests.serving import PATIENCE, ROOT, environment, until
from tests.shop import MAPPING, SHOP, Shop

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
BOTH = ["contact.email", "purchase_history"]


@pytest.fixture
def mapping_file(tmp_path):
    path = tmp_path / "crm.yaml"
    path.write_text(yaml.safe_dump(MAPPING))
    return path


@contextmanager
def following(url, feed, folder, mapping_file):
    """A follower in a process of its own; what it said is in `said`."""
    words = ["protect", "follow", str(mapping_file), "--database", url]
    told = environment(folder, TRUST_URL=feed.url, TRUST_KEY="tc_x_y")
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen([sys.executable, "manage.py", *words], cwd=ROOT, env=told, stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def test_plan_apply_verify_remove(run, shop, mapping_file):
    words = [mapping_file, "--database", shop.url]
    code, out, err = run("protect", "verify", *words)
    assert (code, out) == (1, "")
    assert "refused: nothing is in force here. Run `trustcenter protect apply`." in err
    code, out, _ = run("protect", "plan", *words)
    assert code == 0
    assert 'CREATE POLICY "trust_personal_offers" ON "crm"."customers" FOR SELECT' in out
    assert run("protect", "apply", *words)[:2] == (
        0,
        "In force: crm.customers. Rows show as `trustcenter protect follow` sees them.\n",
    )
    nothing = (0, "Nothing to do: it stands as the mapping says.\n", "")
    assert run("protect", "apply", *words) == nothing
    assert run("protect", "plan", *words) == nothing
    code, out, _ = run("protect", "verify", *words)
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {"good", "note"}
    shop.admin.execute("ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY")
    code, out, _ = run("protect", "verify", *words)
    assert code == 1
    assert "wrong  crm_owner sees rows of crm.customers by itself." in out
    assert run("protect", "remove", *words)[0] == 0
    assert run("protect", "remove", *words)[1] == "There was nothing of ours.\n"


def test_what_is_used_wrongly_says_so(run, shop, mapping_file, tmp_path):
    assert run("protect", "plan", mapping_file)[0] == 2
    assert run("protect", "guess", mapping_file)[0] == 2
    words = ["--database", shop.url]
    assert "Cannot read" in run("protect", "plan", tmp_path / "none.yaml", *words)[2]
    mapping_file.write_text("tables: [")
    assert "is not YAML" in run("protect", "plan", mapping_file, *words)[2]
    mapping_file.write_text("tables: []")
    assert "refused: " in run("protect", "plan", mapping_file, *words)[2]
    mapping_file.write_text(yaml.safe_dump(MAPPING))
    code, _, err = run("protect", "apply", mapping_file, "--database", "postgresql://nobody@127.0.0.1:1/x")
    assert code == 1
    assert err.startswith("The database: ")
    code, _, err = run("protect", "follow", mapping_file, *words)
    assert code == 1
    assert "$TRUST_URL" in err


def test_a_follower_that_is_killed_leaves_a_lease_and_nothing_else(run, shop, feed, tmp_path, mapping_file):
    feed.lease = 2.0
    feed.grant("C-1", BOTH)
    feed.grant("C-2", BOTH)
    run("protect", "apply", mapping_file, "--database", shop.url)
    url = shop.as_("crm_follower")
    with following(url, feed, tmp_path, mapping_file) as first:
        until(lambda: len(shop.offers()) == 2)
        feed.withdraw("C-1")
        until(lambda: len(shop.offers()) == 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
    feed.withdraw("C-2")
    feed.grant("C-3", BOTH)
    time.sleep(feed.lease)
    assert shop.offers() == []
    with following(url, feed, tmp_path, mapping_file):
        until(lambda: [each[0] for each in shop.offers()] == ["C-3"])


def test_a_stopped_process_and_a_paused_one_hide_everything(run, shop, feed, tmp_path, mapping_file):
    feed.lease = 2.0
    feed.grant("C-1", BOTH)
    run("protect", "apply", mapping_file, "--database", shop.url)
    with following(shop.as_("crm_follower"), feed, tmp_path, mapping_file) as process:
        until(shop.offers)
        process.send_signal(signal.SIGSTOP)  # a machine that sleeps
        feed.withdraw("C-1")
        feed.grant("C-2", BOTH)
        time.sleep(feed.lease)
        assert shop.offers() == []
        process.send_signal(signal.SIGCONT)
        until(lambda: [each[0] for each in shop.offers()] == ["C-2"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        time.sleep(feed.lease)
        assert shop.offers() == []


def test_a_database_that_crashes_is_followed_again(run, feed, tmp_path, mapping_file):
    feed.lease = 2.0
    feed.grant("C-1", BOTH)
    feed.grant("C-2", BOTH)
    with postgres.running() as address:
        url = address.replace("//trustcenter:", "//postgres:")
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(SHOP)
            run("protect", "apply", mapping_file, "--database", url)
            with following(Shop(url, admin).as_("crm_follower"), feed, tmp_path, mapping_file):
                until(lambda: len(Shop(url, admin).offers()) == 2)
                own = "SELECT pid FROM pg_stat_activity WHERE application_name = 'trustcenter protect follow'"

                def killed():
                    found = admin.execute(own).fetchone()  # it may be between two connections
                    return found and not os.kill(found[0], signal.SIGKILL)

                until(killed)  # the server ends everybody, and recovers from its log
                feed.withdraw("C-1")

                def offers():
                    try:
                        with psycopg.connect(url, autocommit=True) as again:
                            return [each[0] for each in Shop(url, again).offers()]
                    except psycopg.Error:
                        return None

                until(lambda: offers() == ["C-2"])
