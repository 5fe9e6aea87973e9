"""A signed receipt as a person reads it: the plain facts of its document, for a page that is shown or printed.

Nothing is looked up: the sheet says what was signed, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.rules import lifecycle, moments, profiles
from consent.rules.actions import ACT_OF
from consent.rules.catalogue import paragraphs
from consent.rules.receipt_facts import Party

# Acts after which nobody may use the data.
ENDS = frozenset(act for act, move in lifecycle.TABLE.items() if move.kind in {"ends", "lapses"})


@dataclass(frozen=True)
class Sheet:
    """What stands on the page. language: of the notice, "" where no text was shown; then words are empty too.

    act: `give`, `withdraw` …, or `pending` for a yes that waits to be confirmed. place: of the entry in the log.
    change: where the choice is changed.
    meets: the profiles of ISO/IEC TS 27560 that the record meets (consent/rules/profiles.py).
    """

    number: str
    act: str
    purpose: str
    version: int
    title: str
    language: str
    words: Mapping[str, str]
    digest: str
    assumed: bool
    imported: bool
    collected_at: datetime
    recorded_at: datetime
    channel: str
    actor: str
    controller: Party
    data: tuple[str, ...]
    recipients: tuple[Party, ...]
    retention: str
    expires_at: datetime | None
    change: str
    regulator: str
    meets: tuple[str, ...]
    issuer: str
    origin: str
    place: int

    @property
    def yes(self) -> bool:
        """Whether it is a yes, with a scope and an end."""
        return self.act in lifecycle.YES

    @property
    def ends(self) -> bool:
        """Whether nobody may use the data from then on."""
        return self.act in ENDS

    @property
    def sentences(self) -> list[str]:
        """The words below the title, in the order in which they are shown."""
        return paragraphs(self.words)


def read(document: Mapping[str, Any]) -> Sheet:
    """The sheet of a signed receipt, as services/signed_receipts.py gives its document."""
    record = _first(document, "dpv:hasRecordOfActivity")
    process, event = _first(record, "dpv:hasProcess"), _first(record, "dpv:hasConsentStatus")
    purpose, notice = _first(process, "dpv:hasPurpose"), _first(record, "dpv:hasNotice")
    valid = _text(event, "dct:valid")
    return Sheet(
        number=_text(document, "dct:identifier"),
        act=ACT_OF[event["tc:action"]],
        purpose=_text(purpose, "dct:identifier"),
        version=purpose["tc:version"],
        title=_text(purpose, "dct:title"),
        language=_text(record, "dct:language"),
        words=notice.get("tc:words", {}),
        digest=_text(notice, "dct:identifier"),
        assumed=notice.get("tc:assumed", False),
        imported=event["tc:imported"],
        collected_at=moments.moment(_text(event, "dct:date")),
        recorded_at=moments.moment(event["tc:recorded"]),
        channel=event["tc:channel"],
        actor=event["tc:actor"],
        controller=_party(_first(record, "dpv:hasDataController")),
        data=tuple(_text(each, "dct:title") for each in process.get("dpv:hasPersonalData", [])),
        recipients=tuple(map(_party, process.get("dpv:hasRecipient", []))),
        retention=_retention(process),
        expires_at=moments.moment(valid) if valid else None,
        change=_text(_first(record, "dpv:hasConsentControl"), "dpv:isExercisedAt"),
        regulator=_text(_first(record, "dpv:hasAuthority"), "dpv:hasName"),
        meets=profiles.met(record),
        issuer=document["iss"],
        origin=document["tc:log"]["origin"],
        place=document["tc:log"]["entries"][0]["index"],
    )


def _party(node: Mapping[str, Any]) -> Party:
    return Party(
        _text(node, "dct:identifier"),
        "",
        _text(node, "dpv:hasName"),
        address=_text(node, "dpv:hasAddress"),
        contact=_text(node, "dpv:hasContact"),
        email=_text(node, "schema:email"),
        phone=_text(node, "schema:telephone"),
        country=_text(node, "dpv:hasLocation").removeprefix("loc:"),
    )


def _retention(process: Mapping[str, Any]) -> str:
    conditions = process.get("dpv:hasStorageCondition", [])
    spans = [span for each in conditions for span in each.get("dpv:hasDuration", [])]
    return _text(spans[0], "rdf:value") if spans else ""


def _first(node: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The first thing under a name; an empty one where there is none."""
    found: list[dict[str, Any]] = node.get(name, [])
    return found[0] if found else {}


def _text(node: Mapping[str, Any], name: str) -> str:
    return str(next(iter(node.get(name, [])), ""))
