"""The catalogue: publish what a file says, and read what is in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from django.db import models, transaction
from django.db.models import Max

from audit import rows
from consent.errors import Field, Invalid, NotFound
from consent.models import Category, ConsentState, Controller, NoticeText, Purpose, PurposeVersion, Recipient
from consent.models.catalogue import VersionCategory, VersionRecipient
from consent.rules import ai, bases, decision, levels, text
from consent.rules import catalogue as rules
from consent.rules import material as differences
from consent.rules.decision import Terms
from consent.rules.plain import Finding
from consent.services import ledger, principles, references, revisions, wording
from consent.services.ledger import Actor, Fact


@dataclass(frozen=True)
class Step:
    """One thing that applying a file does: `kind` is controller, recipient, category, purpose, retire or principles.

    touches: how many customers have a yes that counts now. With `material` it is off until they choose again, else it
    carries over; unless the new version is not `asked`: then it rests on no yes.
    """

    kind: str
    key: str
    what: str
    number: int | None = None
    material: bool = False
    touches: int = 0
    asked: bool = True
    changes: list[differences.Change] = field(default_factory=list)


def diff(*, document: Any) -> list[Step]:
    """What applying a file would do; an empty list means the catalogue already says the same.

    Raises Invalid naming everything that is wrong in the file: what it names, words that would be published and are not
    plain (rules/plain), and a change called editorial that is none.
    """
    parsed = _parsed(document)
    steps = [
        Step(kind, row["key"], "change" if row["key"] in known else "add")
        for kind, model in _PLAIN.items()
        for known in [{each.key: each for each in model.objects.all()}]
        for row in parsed[_PLURAL[kind]]
        if not _same(known.get(row["key"]), row)
    ]
    published = {each.key: each for each in Purpose.objects.select_related("current__controller")}
    found = [_purpose_step(row, published.get(row["key"])) for row in parsed["purposes"]]
    steps += [step for step in found if step]
    said = [(row, principles.next_number(row["words"])) for row in parsed["principles"]]
    steps += [Step("principles", row["key"], "publish", number) for row, number in said if number]
    _refuse(parsed, [step for step in steps if step.kind in {"purpose", "principles"}], published)
    return steps


def lint(*, document: Any) -> list[Finding]:
    """What the plain-language rules say about every purpose of a file, errors first.

    That is more than `diff` refuses: words that are published already and stay as they are, are read again here.
    Raises Invalid when the file cannot be read, or names what the catalogue lacks.
    """
    return wording.findings(_parsed(document))


@transaction.atomic
def apply(*, document: Any, by: Actor, now: datetime) -> list[Step]:
    """Publish a file. Idempotent: a second apply changes nothing and returns no steps.

    An edit of a published version makes the next version. Raises Invalid; then nothing was changed.
    """
    parsed = rules.parse(document)
    steps = diff(document=document)
    remarks = wording.findings(parsed)
    for step in steps:
        row = next(each for each in parsed[_PLURAL.get(step.kind, "purposes")] if each["key"] == step.key)
        if step.kind in _PLAIN:
            _save(step.kind, row, by, now)
        elif step.kind == "retire":
            _retire(row["key"], by, now)
        elif step.kind == "principles":
            principles.publish(row["words"], number=step.number or 1, by=by, now=now)
        else:
            published = row["content"]["texts"]
            about = [each for each in remarks if each.purpose == step.key and each.language in published]
            _publish(row, step, about, by, now)
    _order(parsed["purposes"])
    return steps


def purposes() -> models.QuerySet[Purpose]:
    """Published purposes in catalogue order, with what is in force."""
    return Purpose.objects.filter(current__isnull=False).select_related("controller", "current")


def in_force(key: str) -> Purpose | None:
    """A published purpose with its current version, read anew each time; None when it was never published."""
    for row, current in rows.find(f"SELECT {{p}}, {{v}} {_IN_FORCE}", [key], p=Purpose, v=PurposeVersion):
        row.current = current
        return cast(Purpose, row)
    return None


def asked(key: str) -> tuple[Purpose | None, frozenset[str]]:
    """The same and, in the same journey, the keys of the recipients that are third parties at that moment."""
    query = f"SELECT {{p}}, {{v}}, (SELECT {rows.listed('r.key')} {_THIRD}) {_IN_FORCE}"
    for row, current, keys in rows.find(query, [*Recipient.OWN, key], p=Purpose, v=PurposeVersion):
        row.current = current
        return row, frozenset((keys or "").split())
    return None, frozenset()


def purpose(key: str) -> Purpose:
    """One published purpose; raises NotFound."""
    found = purposes().filter(key=key).first() if text.KEY.fullmatch(key) else None
    if found is None:
        raise NotFound("No such purpose was ever published.")
    return found


def version(key: str, number: int) -> PurposeVersion:
    """One published version; raises NotFound, also for a draft."""
    published = PurposeVersion.objects.filter(purpose__key=key, number=number, published_at__isnull=False)
    found = published.first() if text.KEY.fullmatch(key) else None
    if found is None:
        raise NotFound("No such version was published.")
    return found


def texts(of: PurposeVersion) -> dict[str, NoticeText]:
    """The approved words of a version, by language."""
    return {row.language: row for row in of.texts.filter(approved_at__isnull=False).order_by("language")}


def brand() -> Controller:
    """The first controller of the catalogue, whose name and address stand on every page; blank before there is one."""
    return Controller.objects.order_by("id").first() or Controller(name="TrustCenter")


def offered(of: PurposeVersion) -> levels.Scope:
    """The whole scope of a version that a yes can cover at once: its categories, and its recipients of our own.

    Third parties are chosen one by one, by name.
    """
    allowed, third = terms(of), third_parties()
    return allowed.categories, tuple(key for key in allowed.recipients if key not in third)


def presets(of: PurposeVersion) -> list[dict[str, Any]]:
    """The levels of sharing of a version, each in full, from nothing to all; none where no choice has a scope."""
    if of.legal_basis not in bases.ASKED:
        return []
    return levels.presets(of.details.get("levels", []), offered(of))


def recipient(key: str) -> Recipient:
    """One recipient; raises NotFound."""
    found = find_recipient(key)
    if found is None:
        raise NotFound("No such recipient is in the catalogue.")
    return found


def find_recipient(key: str) -> Recipient | None:
    """One recipient as it is now, or None."""
    return recipients_named([key]).get(key)


def recipients_named(keys: Sequence[str]) -> dict[str, Recipient]:
    """The recipients, of at least one key, as they are now, by key; who is not in the catalogue is left out."""
    among, values = rows.among(keys)
    found = rows.find("SELECT {r} FROM consent_recipient r WHERE r.key " + among, values, r=Recipient)  # noqa: S608
    return {row.key: row for (row,) in found}


def recipients() -> models.QuerySet[Recipient]:
    """Every recipient, by key."""
    return Recipient.objects.order_by("key")


def terms(of: PurposeVersion) -> Terms:
    """What a published version allows. It never changes, so it is kept in memory under its digest."""
    return terms_of(of.pk, of.digest)


@lru_cache(maxsize=1024)
def terms_of(pk: int, digest: str) -> Terms:  # noqa: ARG001  the digest keeps two databases apart
    """As `terms`, of a version by its number and its digest."""
    row = PurposeVersion.objects.get(pk=pk)
    categories = row.categories.order_by("versioncategory__position").values_list("key", flat=True)
    recipients = row.recipients.order_by("versionrecipient__position").values_list("key", flat=True)
    return make_terms(row, categories, recipients)


def notices(of: PurposeVersion) -> Mapping[str, NoticeText]:
    """The approved words of a published version, by language. They never change, so they are kept in memory too."""
    return _notices(of.pk, of.digest, of.published_at)


def third_parties() -> frozenset[str]:
    """The keys of the recipients that are third parties now."""
    found = rows.read(f"SELECT r.key {_THIRD}", Recipient.OWN)
    return frozenset(key for (key,) in found)


def make_terms(of: PurposeVersion, categories: Iterable[str], recipients: Iterable[str]) -> Terms:
    """What a version allows, as the decision reads it, from keys that were read already."""
    return Terms(
        number=of.number,
        legal_basis=of.legal_basis,
        categories=tuple(categories),
        recipients=tuple(recipients),
        sale_or_sharing=of.sale_or_sharing,
        min_age=of.min_age,
    )


def categories_named(keys: Iterable[str]) -> dict[str, Category]:
    """Category rows by key."""
    return {row.key: row for row in Category.objects.filter(key__in=list(keys))}


@lru_cache(maxsize=1024)
def _notices(pk: int, digest: str, published_at: datetime) -> dict[str, NoticeText]:  # noqa: ARG001  as for terms_of
    found = NoticeText.objects.filter(version_id=pk, approved_at__isnull=False).select_related("version")
    return {row.language: row for row in found}


_IN_FORCE = "FROM consent_purpose p JOIN consent_purposeversion v ON v.id = p.current_id WHERE p.key = %s"
_THIRD = f"FROM consent_recipient r WHERE r.kind NOT IN ({', '.join(['%s'] * len(Recipient.OWN))})"
_PLAIN: dict[str, Any] = {"controller": Controller, "recipient": Recipient, "category": Category}
_ROWS_OF_THEIR_OWN = ("controller", "categories", "recipients", "texts")
_PLURAL = {"controller": "controllers", "recipient": "recipients", "category": "categories", "principles": "principles"}


def _same(row: models.Model | None, wanted: Mapping[str, Any]) -> bool:
    return row is not None and all(getattr(row, name) == value for name, value in wanted.items())


def _parsed(document: Any) -> dict[str, list[dict[str, Any]]]:
    parsed = rules.parse(document)
    if problems := references.problems(parsed):
        raise Invalid(*problems)
    return parsed


def _refuse(parsed: Mapping[str, Any], steps: Iterable[Step], published: Mapping[str, Purpose]) -> None:
    """Raises Invalid for versions that may not be published as they are."""
    new = {step.key: step for step in steps if step.kind == "purpose"}
    in_force = {key: published[key].current if key in published else None for key in new}
    problems = [*wording.refused(parsed, {key: content(of) if of else None for key, of in in_force.items()})]
    if any(step.kind == "principles" for step in steps):
        problems += wording.refused_principles(parsed)
    for place, row in enumerate(parsed["purposes"]):
        material = [change.detail for change in new[row["key"]].changes if change.material] if row["key"] in new else []
        if material and row["material"] is False:
            detail = f"This is material: {'; '.join(material)}. Take `material: false` away: people are asked again."
            problems.append(Field(f"/purposes/{place}/material", "material", detail))
        # Only of what is about to be published: what was published before this was asked stays as it is.
        if row["key"] in new and ai.computed(row["content"]) and "ai" not in row["content"]["details"]:
            problems.append(Field(f"/purposes/{place}/ai", "required", ai.UNTOLD))
    if problems:
        raise Invalid(*problems)


def _purpose_step(row: dict[str, Any], known: Purpose | None) -> Step | None:
    in_force = known.current if known else None
    if row["retired"]:
        return Step("retire", row["key"], "take out of use") if known and in_force and not known.retired_at else None
    if known is None or in_force is None:
        return Step("purpose", row["key"], "publish", 1, material=True)
    if in_force.digest == rules.digest(row["content"]):
        return None
    found = differences.changes(content(in_force), row["content"], home=in_force.controller.jurisdiction)
    counts = ConsentState.objects.filter(purpose=known, status__in=decision.PERMITTING)
    return Step(
        "purpose",
        row["key"],
        "publish",
        in_force.number + 1,
        material=bool(row["material"]) or any(change.material for change in found),
        touches=counts.filter(version__number__gte=in_force.material_number).count(),
        asked=row["content"]["legal_basis"] in bases.ASKED,
        changes=found,
    )


def content(of: PurposeVersion) -> dict[str, Any]:
    """A version in the fixed form of rules/catalogue.py, from which its digest is taken."""
    allowed = terms(of)
    return {
        "controller": of.controller.key,
        "legal_basis": of.legal_basis,
        "dpv": of.dpv,
        "uses_ai": of.uses_ai,
        "automated_decisions": of.automated_decisions,
        "sale_or_sharing": of.sale_or_sharing,
        "categories": list(allowed.categories),
        "recipients": list(allowed.recipients),
        "retention": of.retention,
        "consent_lasts": of.consent_lasts,
        "min_age": of.min_age or 0,
        "details": of.details,
        "texts": {row.language: row.text for row in of.texts.all()},
    }


def _save(kind: str, row: dict[str, Any], by: Actor, now: datetime) -> None:
    saved, _ = _PLAIN[kind].objects.update_or_create(key=row["key"], defaults=row)
    revisions.keep(saved, now=now)
    ledger.record(Fact(f"catalogue.{kind}", object=row["key"]), by=by, now=now, payload={kind: row})


def _publish(row: dict[str, Any], step: Step, remarks: Iterable[Finding], by: Actor, now: datetime) -> PurposeVersion:
    controller = Controller.objects.get(key=row["content"]["controller"])
    last = Purpose.objects.aggregate(last=Max("position"))["last"] or 0
    found, _ = Purpose.objects.update_or_create(
        key=row["key"],
        defaults={"controller": controller, "group": row["group"]},
        create_defaults={"controller": controller, "group": row["group"], "position": last + 1},
    )
    new = _draft(found, controller, row["content"], step)
    for language, words in row["content"]["texts"].items():
        digest = rules.text_digest(found.key, new.number, language, words)
        NoticeText.objects.create(version=new, language=language, text=words, digest=digest, approved_at=now)
    # From here on the database refuses every change of the version, its parts and its texts.
    new.published_at = now
    new.save(update_fields=["published_at"])
    found.current = new
    found.save(update_fields=["current"])
    ledger.record(
        Fact(
            "catalogue.published",
            purpose=found.key,
            version=new.number,
            details={"digest": new.digest, "material": new.material, "touches": step.touches},
        ),
        by=by,
        now=now,
        payload={
            "content": row["content"],
            "changes": [change.detail for change in step.changes],
            "plain": [[each.rule, each.severity, each.language, each.field] for each in remarks],
        },
    )
    return new


def _draft(of: Purpose, controller: Controller, body: dict[str, Any], step: Step) -> PurposeVersion:
    number = step.number or 1
    plain = {name: value for name, value in body.items() if name not in _ROWS_OF_THEIR_OWN}
    new = PurposeVersion.objects.create(
        purpose=of,
        number=number,
        controller=controller,
        **plain | {"min_age": body["min_age"] or None},
        material=step.material,
        material_number=number if step.material or of.current is None else of.current.material_number,
        digest=rules.digest(body),
    )
    found = categories_named(body["categories"])
    VersionCategory.objects.bulk_create(
        VersionCategory(version=new, category=found[key], position=place)
        for place, key in enumerate(body["categories"])
    )
    named = {row.key: row for row in Recipient.objects.filter(key__in=body["recipients"])}
    VersionRecipient.objects.bulk_create(
        VersionRecipient(version=new, recipient=named[key], position=place)
        for place, key in enumerate(body["recipients"])
    )
    return new


def _retire(key: str, by: Actor, now: datetime) -> None:
    Purpose.objects.filter(key=key).update(retired_at=now)
    ledger.record(Fact("catalogue.retired", purpose=key), by=by, now=now)


def _order(rows: list[dict[str, Any]]) -> None:
    """The order of the file is the order on the customer's screen; it carries no fact of its own."""
    for place, row in enumerate(rows, 1):
        Purpose.objects.filter(key=row["key"]).exclude(position=place).update(position=place)
