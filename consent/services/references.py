"""What a catalogue file names, held against what the catalogue knows already: a file need not restate it."""

from collections.abc import Iterator, Mapping
from typing import Any

from consent.errors import Field
from consent.models import Category, Controller, Purpose, Recipient
from consent.models.catalogue import VersionCategory, VersionRecipient
from consent.rules import bases, levels

_Row = Mapping[str, Any]
_Parsed = Mapping[str, list[dict[str, Any]]]


def problems(parsed: _Parsed) -> list[Field]:
    """Everything that a parsed file may not say beside the catalogue as it stands."""
    controllers = {row["key"] for row in parsed["controllers"]} | set(Controller.objects.values_list("key", flat=True))
    sensitive = dict(Category.objects.values_list("key", "sensitive"))
    sensitive |= {row["key"]: row["sensitive"] for row in parsed["categories"]}
    third = {row.key: row.third_party for row in Recipient.objects.all()}
    third |= {row["key"]: row["kind"] not in Recipient.OWN for row in parsed["recipients"]}
    found = [
        *_turned_sensitive(parsed),
        *_turned_third_party(parsed),
        *_unreachable(parsed),
        *_watching_strangers(parsed),
    ]
    for place, row in enumerate(parsed["purposes"]):
        if not row["retired"]:
            found += _purpose(f"/purposes/{place}", row["content"], controllers, sensitive, third)
    return found


def _purpose(
    at: str, content: _Row, controllers: set[str], sensitive: Mapping[str, bool], third: Mapping[str, bool]
) -> Iterator[Field]:
    for kind, member, known in (("category", "categories", sensitive), ("recipient", "recipients", third)):
        missing = [key for key in content[member] if key not in known]
        yield from (Field(f"{at}/{member}", "unknown", f"No {kind} {key} in the catalogue.") for key in missing)
    if content["controller"] not in controllers:
        yield Field(f"{at}/controller", "unknown", "Name the controller that answers for this purpose.")
    if content["legal_basis"] in bases.PLAIN:
        for key in content["categories"]:
            if sensitive.get(key):
                yield Field(f"{at}/legal_basis", "sensitive", _EXPLICIT.format(key, content["legal_basis"]))
    yield from _levels(at, content, third)
    yield from _computed(at, content, sensitive)


# GDPR Art. 9(2)(a); PIPL Art. 29 asks for separate consent likewise.
_EXPLICIT = "{} is sensitive data: it needs explicit_consent, not {}. Change the basis, or leave the category out."


def _computed(at: str, content: _Row, sensitive: Mapping[str, bool]) -> Iterator[Field]:
    """A computer alone decides on sensitive data only with an explicit yes, or where a law says so (GDPR 22(4))."""
    told = content["details"].get("ai")
    if not (told and content["automated_decisions"]) or content["legal_basis"] in _DECIDING:
        return
    for key in told["in"]:
        if sensitive.get(key):
            yield Field(f"{at}/ai/in", "sensitive", f"{key} is sensitive data. {_ALONE}")


_DECIDING = (bases.EXPLICIT_CONSENT, bases.LEGAL_OBLIGATION)
_ALONE = "A computer alone may decide on it only with explicit_consent or legal_obligation."


def _levels(at: str, content: _Row, third: Mapping[str, bool]) -> Iterator[Field]:
    """No level holds a third party (PIPL Art. 23), and none between nothing and all is all."""
    own = {key for key in content["recipients"] if not third.get(key)}
    for place, level in enumerate(content["details"].get("levels", [])):
        here = f"{at}/levels/{place}"
        for key in level["recipients"]:
            if third.get(key):
                detail = f"{key} is a third party. People choose it by name, so no level holds it: leave it out."
                yield Field(f"{here}/recipients", "third_party", detail)
        whole = set(level["categories"]) == set(content["categories"]) and set(level["recipients"]) >= own
        if whole and level["key"] not in levels.IMPLIED:
            yield Field(here, "same", "This level holds all that is offered, as the level all does. Make it smaller.")


def _turned_sensitive(parsed: _Parsed) -> Iterator[Field]:
    """A category does not become sensitive under a basis that is in force, does not allow it, and is left as it is."""
    turned = {row["key"]: place for place, row in enumerate(parsed["categories"]) if row["sensitive"]}
    restated = [row["key"] for row in parsed["purposes"]]
    used = VersionCategory.objects.filter(
        category__key__in=turned,
        version__in=Purpose.objects.filter(retired_at=None).exclude(key__in=restated).values("current"),
        version__legal_basis__in=bases.PLAIN,
    )
    for key, purpose, basis in used.values_list("category__key", "version__purpose__key", "version__legal_basis"):
        detail = f"{purpose} uses this on plain {basis}. Publish it with explicit_consent in the same file."
        yield Field(f"/categories/{turned[key]}/sensitive", "sensitive", detail)


def _turned_third_party(parsed: _Parsed) -> Iterator[Field]:
    """Whoever said yes to one of ours did not choose a third party by name (PIPL Art. 23), so none becomes one."""
    in_force = Purpose.objects.filter(retired_at=None).values("current")
    own = VersionRecipient.objects.filter(version__in=in_force, recipient__kind__in=Recipient.OWN)
    named = set(own.values_list("recipient__key", flat=True))
    for place, row in enumerate(parsed["recipients"]):
        if row["key"] in named and row["kind"] not in Recipient.OWN:
            detail = "Purposes name this as one of your own. Add the third party under a key of its own."
            yield Field(f"/recipients/{place}/kind", "third_party", detail)


def _unreachable(parsed: _Parsed) -> Iterator[Field]:
    """A third party is told of with a way to reach it (PIPL Art. 23: name and contact)."""
    for place, row in enumerate(parsed["recipients"]):
        if row["kind"] not in Recipient.OWN and not (row["contact"] or row["address"]):
            detail = "Say how people reach this third party: its contact, or its address."
            yield Field(f"/recipients/{place}/contact", "required", detail)


def _watching_strangers(parsed: _Parsed) -> Iterator[Field]:
    """Only in the company's own house may a use go on that would have been refused, while the company tries it out."""
    for place, row in enumerate(parsed["recipients"]):
        if row["observe"] and row["kind"] not in Recipient.OWN:
            detail = "A third party is always held to the answer: take `observe` away."
            yield Field(f"/recipients/{place}/observe", "third_party", detail)
