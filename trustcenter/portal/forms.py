"""What visitors send: a press of a button, and what to show of the log."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.errors import Field, Invalid
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
