"""What visitors send: a press of a button, how much they share, and what to show of the log."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.errors import Field, Invalid
from consent.rules.consent_requests import OUTCOMES
from consent.rules.text import KEY
from consent.services import amounts, switches
from consent.services.amounts import Wanted
from consent.services.consent_requests import Reply
from consent.services.log import Filter
from trustcenter.days import DayField

ACTS = (switches.ON, switches.OFF, switches.KEEP, switches.PAUSE)
# In place of a level: what was ticked, thing by thing.
OWN = "own"
WHO = [("", _("Anyone")), ("people", _("People only")), ("machines", _("Computers only"))]
ANSWERS = [("", _("All answers")), ("refused", _("Refused only"))]


class Code(forms.Form):
    """Six digits, however they are typed: with a gap, or full-width as a Chinese keyboard writes them."""

    code = forms.CharField(max_length=20)

    def read(self) -> str:
        """The digits; "" for what can be no code."""
        typed = unicodedata.normalize("NFKC", self.data.get("code", "")) if self.is_valid() else ""
        digits = re.sub(r"[\s-]", "", typed)
        return digits if re.fullmatch("[0-9]{6}", digits) else ""


class Press(forms.Form):
    """One button of one use. `notice`: the digest of the text on the page. `time`: how long a pause is."""

    act = forms.ChoiceField(choices=[(each, each) for each in (*ACTS, "undo")])
    notice = forms.RegexField("^[0-9a-f]{64}$", required=False)
    receipt = forms.UUIDField(required=False)
    time = forms.CharField(max_length=8, required=False)

    def read(self) -> dict[str, Any]:
        """What was pressed; raises Invalid for what no page of ours sends."""
        _check(self)
        if self.cleaned_data["act"] == "undo" and not self.cleaned_data["receipt"]:
            raise Invalid(Field("/receipt", "required", "Which act to undo."))
        if self.cleaned_data["act"] != "undo" and not self.cleaned_data["notice"]:
            raise Invalid(Field("/notice", "required", "The text on the page."))
        return self.cleaned_data


class Ticked(forms.MultipleChoiceField):
    """Keys of the catalogue that were ticked. Which of them the words name is for the service to say."""

    def valid_value(self, value: str) -> bool:
        return KEY.fullmatch(value) is not None


class AmountForm(forms.Form):
    """How much is shared of one use. `level`: one that the page offers, or OWN."""

    level = forms.CharField(max_length=16, required=False)
    lasts = forms.ChoiceField(choices=[(each, each) for each in ("", *amounts.LASTS, amounts.AS_NOW)], required=False)
    notice = forms.RegexField("^[0-9a-f]{64}$")
    kinds, who, third = Ticked(required=False), Ticked(required=False), Ticked(required=False)

    def read(self) -> Wanted | None:
        """What was chosen; None where no level was picked. Raises Invalid for what no page of ours sends."""
        _check(self)
        found = self.cleaned_data
        if found["level"] != OWN:
            return Wanted(found["level"], (), found["third"], found["lasts"]) if found["level"] else None
        return Wanted("", found["kinds"], [*found["who"], *found["third"]], found["lasts"])


class Answer(forms.Form):
    """One button of the page that asks. notice: the digest of the text on it; browser: of the code that was sent."""

    act = forms.ChoiceField(choices=[(act, act) for act in OUTCOMES])
    notice = forms.RegexField("^[0-9a-f]{64}$")
    browser = forms.CharField(max_length=64, required=False)

    def read(self, third: list[str]) -> Reply:
        """What was pressed, and ticked; raises Invalid for what no page of ours sends."""
        _check(self)
        said = self.cleaned_data
        return Reply(said["act"], said["notice"], third, said["browser"], Code(self.data).read())


class LogFilter(forms.Form):
    """The search form of “Who used my data”; everything in it is optional."""

    purpose = forms.CharField(max_length=64, required=False)
    who = forms.ChoiceField(choices=WHO, required=False)
    answer = forms.ChoiceField(choices=ANSWERS, required=False)
    since = DayField(input_formats=["%Y-%m-%d"], required=False)
    on = DayField(input_formats=["%Y-%m-%d"], required=False)
    before = forms.UUIDField(required=False)

    def chosen(self) -> Filter:
        """What was asked. What could not be read is passed over; the page says so beside the field."""
        self.is_valid()
        found = self.cleaned_data
        return Filter(
            purpose=found.get("purpose", ""),
            who=found.get("who", ""),
            refused=found.get("answer") == "refused",
            since=found.get("since"),
            on=found.get("on"),
        )


class Request(forms.Form):
    """What somebody types to ask for a right or to raise a concern. Only what no page of ours sends is passed over."""

    words = forms.CharField(required=False, strip=False)
    purpose = forms.CharField(max_length=64, required=False)
    entry = forms.UUIDField(required=False)
    name = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)
    contact = forms.CharField(required=False)

    def typed(self) -> dict[str, str]:
        """The fields as texts; line ends as the log keeps them (browsers send CR LF)."""
        self.is_valid()
        found = {name: str(self.cleaned_data.get(name) or "") for name in self.fields}
        return found | {"words": found["words"].replace("\r\n", "\n")}


def _check(form: forms.Form) -> None:
    if not form.is_valid():
        raise Invalid(*[Field(f"/{name}", "form", str(each[0])) for name, each in form.errors.items()])
