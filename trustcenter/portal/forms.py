"""What visitors send: a press of a button, and what to show of the log."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.errors import Field, Invalid
from consent.rules.consent_requests import OUTCOMES
from consent.services.consent_requests import Reply
from consent.services.log import Filter

WHO = [("", _("Anyone")), ("people", _("People only")), ("machines", _("Computers only"))]
ANSWERS = [("", _("Allowed and refused")), ("refused", _("Refused only"))]


class Code(forms.Form):
    """Six digits, however they are typed: with a gap, or full-width as a Chinese keyboard writes them."""

    code = forms.CharField(max_length=20)

    def read(self) -> str:
        """The digits; "" for what can be no code."""
        typed = unicodedata.normalize("NFKC", self.data.get("code", "")) if self.is_valid() else ""
        digits = re.sub(r"[\s-]", "", typed)
        return digits if re.fullmatch("[0-9]{6}", digits) else ""


class Press(forms.Form):
    """One button of one use. `notice`: the digest of the text on the page. `by_name`: the form had names to tick."""

    act = forms.ChoiceField(choices=[("on", "on"), ("off", "off"), ("undo", "undo")])
    notice = forms.RegexField("^[0-9a-f]{64}$", required=False)
    receipt = forms.UUIDField(required=False)
    by_name = forms.BooleanField(required=False)

    def read(self) -> dict[str, Any]:
        """What was pressed; raises Invalid for what no page of ours sends."""
        if not self.is_valid():
            raise Invalid(*[Field(f"/{name}", "form", str(each[0])) for name, each in self.errors.items()])
        if self.cleaned_data["act"] == "undo" and not self.cleaned_data["receipt"]:
            raise Invalid(Field("/receipt", "required", "Which act to undo."))
        if self.cleaned_data["act"] != "undo" and not self.cleaned_data["notice"]:
            raise Invalid(Field("/notice", "required", "The text on the page."))
        return self.cleaned_data


class Answer(forms.Form):
    """One button of the page that asks. notice: the digest of the text on it; browser: of the code that was sent."""

    act = forms.ChoiceField(choices=[(act, act) for act in OUTCOMES])
    notice = forms.RegexField("^[0-9a-f]{64}$")
    browser = forms.CharField(max_length=64, required=False)

    def read(self, third: list[str]) -> Reply:
        """What was pressed, and ticked; raises Invalid for what no page of ours sends."""
        if not self.is_valid():
            raise Invalid(*[Field(f"/{name}", "form", str(each[0])) for name, each in self.errors.items()])
        said = self.cleaned_data
        return Reply(said["act"], said["notice"], third, said["browser"], Code(self.data).read())


class LogFilter(forms.Form):
    """The search form of “Who used my data”; everything in it is optional."""

    purpose = forms.CharField(max_length=64, required=False)
    who = forms.ChoiceField(choices=WHO, required=False)
    answer = forms.ChoiceField(choices=ANSWERS, required=False)
    since = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
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
        )
