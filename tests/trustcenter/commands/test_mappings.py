"""The mappings that ship, each on a file as its tool writes it, about people who do not exist."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.models import ConsentEvent, ConsentState
from consent.services import subjects
from consent.services.subjects import Handle
from tests.world import NOW, ask, publish
from trustcenter import mappings

SAMPLES = Path(__file__).parent / "exports_of_tools"
LATER = NOW + timedelta(hours=1)  # than the command, which reads the clock
PURPOSE = "personal_offers:contact.email"


def taken(run, name):
    """Import the sample of a tool; what it said."""
    code, out, _ = run("import-consents", SAMPLES / f"{name}.csv", "--mapping", name, "--purpose", PURPOSE)
    assert code == 0
    return out


def said(address):
    """What one person said, in order of its date."""
    events = ConsentEvent.objects.filter(subject=subjects.find(Handle("email", address))).order_by("collected_at", "id")
    return [(event.act, event.collected_at) for event in events]


def test_every_mapping_that_ships_has_a_sample():
    assert [file.stem for file in sorted(SAMPLES.glob("*.csv"))] == mappings.names()


def test_in_a_mailchimp_audience_the_confirmed_opt_in_is_the_moment_of_the_yes(run, park):
    out = taken(run, "mailchimp-audience")
    assert "3  imported, as 5 acts" in out
    assert "1  A yes needs a sure date, and none can be read.\n                line 5" in out
    clicked = datetime(2024, 3, 15, 18, 40, 2, tzinfo=UTC)
    assert said("ines.orlova@moormail.example") == [("give", clicked), ("confirm", clicked)]
    clicked = datetime(2023, 11, 2, 7, tzinfo=UTC)
    assert said("tom.abara@seaview.example") == [("give", clicked), ("confirm", clicked)]
    assert said("yu.wen@harbour.example") == [("give", datetime(2025, 6, 1, 12, tzinfo=UTC))]


def test_who_confirmed_elsewhere_need_not_confirm_again_and_who_did_not_must(run, db):
    publish(now=NOW - timedelta(days=1), personal_offers={"double_opt_in": True})
    taken(run, "mailchimp-audience")
    for address, status in (("ines.orlova@moormail.example", "given"), ("yu.wen@harbour.example", "requested")):
        assert ConsentState.objects.get(subject=subjects.find(Handle("email", address))).status == status


def test_the_yes_is_to_the_named_data_and_no_more(run, park):
    taken(run, "mailchimp-audience")
    yu = Handle("email", "yu.wen@harbour.example")
    assert ask(yu, now=LATER, categories=("contact.email",)).decision.permitted
    assert ask(yu, now=LATER, categories=("contact.sms",)).decision.reason == "category_not_chosen"


def test_who_left_a_mailchimp_audience_is_out(run, park):
    assert "2  imported, as 3 acts" in taken(run, "mailchimp-unsubscribed")
    assert [act for act, _ in said("lena.fox@moormail.example")] == ["give", "withdraw"]
    assert said("omar.diaz@correo.example") == [("withdraw", datetime(2022, 1, 10, 8, tzinfo=UTC))]
    assert ask(Handle("email", "lena.fox@moormail.example"), now=LATER).decision.reason == "consent_withdrawn"


def test_klaviyo_profiles_are_read_by_their_consent(run, park):
    out = taken(run, "klaviyo-profiles")
    assert "2  imported, as 2 acts" in out
    assert "1  skipped" in out
    assert "1  refused" in out
    assert said("mara.quist@seaview.example") == [("give", datetime(2024, 9, 1, 8, 30, tzinfo=UTC))]
    assert said("kofi.lund@moormail.example") == [("withdraw", datetime(2025, 2, 2, 17, tzinfo=UTC))]


def test_help_lists_what_ships(run):
    out = run("import-consents", "--help")[1]
    assert all(name in out for name in mappings.names())


def test_an_open_purpose_must_be_named_and_only_an_open_one(run, park):
    file = SAMPLES / "klaviyo-profiles.csv"
    code, _, err = run("import-consents", file, "--mapping", "klaviyo-profiles")
    assert (code, "--purpose KEY" in err) == (1, True)
    assert run("import-consents", file, "--purpose", "personal_offers")[0] == 2


@pytest.mark.once
def test_a_path_wins_where_no_such_mapping_ships(tmp_path):
    assert mappings.file("klaviyo-profiles").is_file()
    assert mappings.file(str(tmp_path / "mine.yaml")) == tmp_path / "mine.yaml"
