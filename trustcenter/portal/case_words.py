"""Our words for requests and concerns. It is also the template library `cases`: each public function is a filter."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consent.errors import Field
from consent.services.threads import Step

register = template.Library()

KINDS = {
    "copy": gettext_lazy("Get a copy of your data"),
    "correct": gettext_lazy("Correct your data"),
    "delete": gettext_lazy("Delete your data"),
    "limit": gettext_lazy("Limit the use of your data"),
    "object": gettext_lazy("Say no to a use"),
    "human_review": gettext_lazy("Ask a person to look again"),
}
ABOUT = {
    "copy": gettext_lazy("You get all we hold about you, to read and to use in other places."),
    "correct": gettext_lazy("You tell us what is wrong. We put it right."),
    "delete": gettext_lazy("We delete all that we do not have to keep, and tell you what we keep."),
    "limit": gettext_lazy("We keep your data, but nobody may use it. This starts at once."),
    "object": gettext_lazy("We stop a use that we chose for our own interest. This starts at once."),
    "human_review": gettext_lazy("A computer had a part in what we did. A person looks at it again."),
}
QUESTIONS = {
    "copy": gettext_lazy("What do you want a copy of?"),
    "correct": gettext_lazy("What is wrong, and how should it be?"),
    "delete": gettext_lazy("What should we delete?"),
    "limit": gettext_lazy("Why should nobody use your data?"),
    "object": gettext_lazy("What do you say no to?"),
    "human_review": gettext_lazy("What should a person look at again?"),
}
HINTS = {
    "copy": gettext_lazy("Leave this empty to get everything."),
    "correct": gettext_lazy("Leave out card numbers and passwords."),
    "delete": gettext_lazy("Leave this empty to delete everything that we do not have to keep."),
    "limit": gettext_lazy("You need not tell us why."),
    "object": gettext_lazy("You need not tell us why."),
    "human_review": gettext_lazy("Tell us what you think is wrong with it."),
}
SEND = {
    "copy": gettext_lazy("Ask for my copy"),
    "correct": gettext_lazy("Ask to correct my data"),
    "delete": gettext_lazy("Ask to delete my data"),
    "limit": gettext_lazy("Limit the use of my data"),
    "object": gettext_lazy("Say no"),
    "human_review": gettext_lazy("Ask a person to look"),
}
STATES = {
    "received": pgettext_lazy("state of a request", "Received"),
    "checking": pgettext_lazy("state of a request", "Waiting for you"),
    "working": pgettext_lazy("state of a request", "We work on it"),
    "done": pgettext_lazy("state of a request", "Done"),
    "refused": pgettext_lazy("state of a request", "Refused"),
    "withdrawn": pgettext_lazy("state of a request", "Taken back"),
    "open": pgettext_lazy("state of a concern", "Open"),
    "answered": pgettext_lazy("state of a concern", "Answered"),
    "closed": pgettext_lazy("state of a concern", "Closed"),
}
# How a state is marked: it is done, it waits, or it has ended.
MARKS = {"done": "on", "answered": "on", "refused": "off", "withdrawn": "off", "closed": "off"}
STEPS = {
    "opened": gettext_lazy("You sent it"),
    "added": gettext_lazy("You added something"),
    "asked": gettext_lazy("We asked you for something"),
    "started": gettext_lazy("We began to work on it"),
    "extended": gettext_lazy("We took more time"),
    "answered": gettext_lazy("We answered"),
    "refused": gettext_lazy("We refused it"),
    "withdrawn": gettext_lazy("You took it back"),
    "lifted": gettext_lazy("We ended the limit"),
    "raised": gettext_lazy("You wrote to us"),
    "closed": gettext_lazy("We closed it"),
}
GROUNDS = {
    "identity_unclear": gettext_lazy("We could not make sure that it is you."),
    "excessive": gettext_lazy("You asked for the same a short time ago."),
    "law_requires": gettext_lazy("A law says that we must keep it."),
    "legal_claims": gettext_lazy("We need it for a legal claim."),
    "rights_of_others": gettext_lazy("It would show data of other people."),
    "stronger_grounds": gettext_lazy("We have strong reasons to go on, and they weigh more here."),
    "nothing_held": gettext_lazy("We hold no such data about you."),
}
# What is wrong with what somebody typed, by the place and the code of the problem.
WRONG = {
    ("/words", "text"): gettext_lazy("Write less than 2,000 letters, and plain text only"),
    ("/contact", "text"): gettext_lazy("Write less than 200 letters, and plain text only"),
    ("/purpose", "unknown"): gettext_lazy("Choose one from the list"),
    ("/name", "required"): gettext_lazy("Choose if we may know who you are"),
    ("/reference", "required"): gettext_lazy("Write the number as we gave it to you"),
    ("/secret", "required"): gettext_lazy("Write the secret as we gave it to you"),
}
MISSING = {
    "correct": gettext_lazy("Write what is wrong, and how it should be"),
    "concern": gettext_lazy("Write what went wrong"),
    "add": gettext_lazy("Write what you want to add"),
}


def wrong(fields: tuple[Field, ...], form: str) -> dict[str, str]:
    """What is wrong, by the name of the field. form: `concern`, `add`, or a kind of request."""
    return {each.pointer.strip("/"): str(_wrong(each, form)) for each in fields}


def _wrong(field: Field, form: str) -> Any:
    if (field.pointer, field.code) == ("/words", "required"):
        return MISSING.get(form, MISSING["add"])
    return WRONG.get((field.pointer, field.code), _("Look at this again"))


@register.filter
def kind(code: str) -> str:
    """What a request asks for, as a verb."""
    return str(KINDS.get(code, code))


@register.filter
def question(code: str) -> str:
    return str(QUESTIONS.get(code, ""))


@register.filter
def hint(code: str) -> str:
    return str(HINTS.get(code, ""))


@register.filter
def send(code: str) -> str:
    """What the button that sends a request does."""
    return str(SEND.get(code, ""))


@register.filter
def case_state(code: str) -> str:
    """How a request or a concern stands, in a word or two."""
    return str(STATES.get(code, code))


@register.filter
def mark(code: str) -> str:
    """The class of a state's node."""
    return MARKS.get(code, "wait")


@register.filter
def case_step(step: Step) -> str:
    """One step in words; what staff wrote down for the customer is the customer's, too."""
    return str(STEPS.get(step.step, step.step))


@register.filter
def ground(code: str) -> str:
    """Why a request was refused."""
    return str(GROUNDS.get(code, ""))
