"""What must be true of a database after `tests.hammer`, whatever was killed when."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django


def main() -> None:
    """Read what clients were told, and hold the database against it; raises AssertionError."""
    django.setup()
    told = json.loads(Path(sys.argv[1]).read_text())
    _send_the_rest(told)
    _nothing_lost_or_doubled(told)
    _the_log_holds(told)


def _send_the_rest(told: dict[str, Any]) -> None:
    """What was never answered is sent a last time, when the leases of the killed have run out: it counts once."""
    import time_machine
    from django.test import Client
    from django.utils import timezone

    with time_machine.travel(timezone.now() + timedelta(seconds=90)):
        for wanted in told["waiting"]:
            headers = {"Authorization": f"Bearer {told['secret']}", "Idempotency-Key": wanted["name"]}
            answer = Client(HTTP_HOST="127.0.0.1").post(
                wanted["path"], wanted["body"], content_type="application/json", headers=headers
            )
            assert answer.status_code == 201, (wanted, answer.content)
            told["answered"].append((wanted, answer.json()))


def _nothing_lost_or_doubled(told: dict[str, Any]) -> None:
    from audit.models import Entry
    from consent.models import ConsentEvent

    names = [wanted["name"] for wanted, _ in told["answered"]]
    assert len(names) == len(set(names))
    uses = [answer["ids"][0] for wanted, answer in told["answered"] if wanted["path"].endswith("uses")]
    choices = [answer["event"]["id"] for wanted, answer in told["answered"] if wanted["path"].endswith("consents")]
    assert len(set(uses)) == len(uses), "two requests got one answer"
    assert len(set(choices)) == len(choices)
    entered = {str(number) for number in Entry.objects.filter(action="use.reported").values_list("id", flat=True)}
    assert entered == set(uses), (len(entered), len(uses))
    said = {str(number) for number in ConsentEvent.objects.values_list("entry_id", flat=True)}
    assert said == set(choices), (len(said), len(choices))
    of_choices = Entry.objects.filter(action__in=["consent.given", "consent.withdrawn", "consent.renewed"])
    assert {str(number) for number in of_choices.values_list("id", flat=True)} == said


def _the_log_holds(told: dict[str, Any]) -> None:
    from django.utils import timezone

    from audit.models import Checkpoint as Signed
    from tests.audit.services.test_crashes import everything_holds
    from tests.world import seal_all

    seal_all(timezone.now() + timedelta(seconds=100))
    everything_holds({*told["heads"], *Signed.objects.values_list("note", flat=True)})
