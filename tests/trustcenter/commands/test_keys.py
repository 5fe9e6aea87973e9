"""create-key, list-keys, revoke-key."""

import json
from datetime import UTC, datetime, timedelta

from audit.models import Entry
from consent.models import ApiKey
from consent.services import keys


def recognised(key):
    return keys.recognise(key=key, address="127.0.0.1", now=datetime.now(UTC))


def test_a_key_is_printed_alone_and_works(run, park):
    code, out, err = run("create-key", "--recipient", "mail-engine", "--scopes", "decide,consents:read")
    assert code == 0
    assert recognised(out.strip()).scopes == ["consents:read", "decide"]
    assert "shown once" in err
    assert out.strip() not in err
    assert Entry.objects.filter(action="key.created", actor_type="operator").count() == 1


def test_the_json_form_is_the_contracts(run, park):
    code, out, err = run("create-key", "--recipient", "mail-engine", "--scopes", "decide", "--json")
    made = json.loads(out)
    assert (code, err) == (0, "")
    assert set(made) == {"key", "prefix", "recipient", "scopes"}
    assert (made["recipient"], made["scopes"]) == ("mail-engine", ["decide"])
    assert made["key"].startswith(f"tc_{made['prefix']}_")


def test_limits_are_kept(run, park):
    limits = ["--purposes", "personal_offers", "--namespaces", "email, customer", "--networks", "10.0.0.0/8"]
    code, *_ = run("create-key", "--recipient", "adpartner", "--scopes", "decide", "--expires", "P90D", *limits)
    row = ApiKey.objects.get()
    assert code == 0
    assert (row.purposes, row.namespaces, row.networks) == (["personal_offers"], ["customer", "email"], ["10.0.0.0/8"])
    assert timedelta(days=89) < row.expires_at - datetime.now(UTC) <= timedelta(days=90)


def test_a_refusal_says_why_and_leaves_nothing(run, park):
    for words, sentence in [
        (["mail-engine", "--scopes", "decid"], "/scopes: One or more of decide"),
        (["adpartner", "--scopes", "decide"], "A third party's key is limited"),
        (["nobody", "--scopes", "decide"], "No such recipient"),
    ]:
        code, out, err = run("create-key", "--recipient", *words)
        assert (code, out) == (1, "")
        assert sentence in err
    assert not ApiKey.objects.exists()


def test_a_wrong_duration_is_wrong_use(run, park):
    code, _, err = run("create-key", "--recipient", "mail-engine", "--scopes", "decide", "--expires", "soon")
    assert code == 2
    assert "P24M" in err


def test_a_revoked_key_is_listed_and_refused(run, park):
    key = run("create-key", "--recipient", "mail-engine", "--scopes", "decide")[1].strip()
    prefix = key.split("_")[1]
    assert "works" in run("list-keys")[1]
    assert recognised(key)
    code, out, _ = run("revoke-key", prefix)
    assert code == 0
    assert prefix in out
    assert not recognised(key)
    listed = run("list-keys")[1]
    assert "revoked" in listed
    assert key not in listed


def test_an_unknown_prefix_is_refused(run, park):
    code, _, err = run("revoke-key", "000000000000")
    assert code == 1
    assert "list-keys" in err
