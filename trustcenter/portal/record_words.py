"""Our words for what stands in a customer's whole record. It is also the template library `records`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.translation import gettext_lazy

from consent.rules import moments
from consent.rules.actions import ACT_OF
from consent.rules.receipt_facts import Facts
from consent.rules.whole_record import Happened, Stands, Whole
from consent.services.versions import DEFAULT, Text, label
from trustcenter.portal.case_words import GROUNDS, STEPS
from trustcenter.portal.quoted import data, said
from trustcenter.portal.words import ACTS, LOOKS, MANDATES, REASONS
from trustcenter.templatetags.pages import second, told

register = template.Library()

# By the action of the log; choices, and the steps of requests and concerns, have their words elsewhere.
HAPPENED = {
    "subject.created": gettext_lazy("We came to know you"),
    "subject.changed": gettext_lazy("We noted where you live, or when you come of age"),
    "subject.linked": ACTS["link"],
    "subject.unlinked": ACTS["unlink"],
    "subject.suppressed": gettext_lazy("You asked to be left alone"),
    "subject.unsuppressed": gettext_lazy("You ended your wish to be left alone"),
    "subject.limited": gettext_lazy("You limited the use of your data"),
    "subject.unlimited": gettext_lazy("The limit ended"),
    "mandate.granted": gettext_lazy("Someone may act for you"),
    "mandate.ended": gettext_lazy("Someone may no longer act for you"),
    "mandate.used": gettext_lazy("Someone opened your pages to act for you"),
    "identifier.added": gettext_lazy("We learned an address or a number of yours"),
    "identifier.verified": gettext_lazy("We made sure that an address or a number is yours"),
    "consent.expiring": gettext_lazy("Your yes will run out soon"),
    "state.rebuilt": gettext_lazy("We put a wrong answer right"),
    "signal.received": REASONS["gpc_opt_out"],
    "decision.made": gettext_lazy("Someone asked to use your data"),
    "audience.filtered": gettext_lazy("They checked a list of people, and you were in it."),
    "search.made": gettext_lazy("Someone searched for whose data may be used"),
    "use.reported": gettext_lazy("Your data was used"),
    "benefit.reported": gettext_lazy("You got something for it"),
    "evidence.stored": gettext_lazy("We stored a paper that you signed"),
    "evidence.viewed": gettext_lazy("Our staff looked at your record"),
    "evidence.exported": gettext_lazy("They made a file with proof about you."),
    "log.searched": gettext_lazy("They searched our log for you."),
    "portal.invited": gettext_lazy("We made a link for you to your privacy page"),
    "portal.code_sent": gettext_lazy("We sent you a code to sign in"),
    "portal.changes_told": gettext_lazy("We wrote to you that choices changed"),
    "portal.case_told": gettext_lazy("We wrote to you that there is news"),
    "portal.entered": gettext_lazy("You opened your privacy page"),
}

_MOMENTS = ("used_at", "got_at", "expires_at", "until")
# Why it was so, by the code of the entry.
BECAUSE: dict[str, Any] = REASONS | LOOKS | MANDATES | GROUNDS


@register.filter
def happened(action: str) -> str:
    """What an entry of the log says was done."""
    if action in ACT_OF:
        return str(ACTS[ACT_OF[action]])
    noun, _, step = action.partition(".")
    known = STEPS if noun in ("rights", "concern") else {}
    return str(HAPPENED.get(action) or known.get(step) or action)


@register.filter
def data_of(facts: Facts) -> str:
    """What data a choice was about, in the language of its words."""
    return data(Text(each.label, facts.language or DEFAULT) for each in facts.categories)


@register.filter
def because(code: str) -> str:
    return str(BECAUSE.get(code, code))


@register.filter
def party(key: str, whole: Whole) -> str:
    """Who it was: a company or system by its name; whoever has none in the catalogue as the log has them."""
    return whole.parties.get(key, key)


@register.filter
def kept(each: Happened, whole: Whole) -> list[tuple[str, object]]:
    """What the log keeps besides: by its names there, with values that a person can read."""
    return [(name, _readable(name, value, whole)) for name, value in each.told.items()]


def _readable(name: str, value: Any, whole: Whole) -> object:
    if name == "categories":
        return data(whole.data.get(key, key) for key in value)
    if name == "words" and isinstance(value, dict):  # of a benefit, in each language that the brand has words for
        return said(label(value, whole.language))
    if name in _MOMENTS:
        return second(moments.moment(value))
    return told(value)


@register.filter
def title_among(key: str, standing: Iterable[Stands]) -> str:
    """The title of a purpose; its key where it was never published."""
    return next((each.title for each in standing if each.purpose == key), key)
