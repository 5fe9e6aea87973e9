"""What an officer can send. Forms read; the verbs decide."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.errors import Invalid, TrustError
from consent.rules import entries as rules
from consent.rules import moments, scans, text
from consent.rules.reasons import CODES, sentence
from consent.services import catalogue, officers
from consent.services.entries import Wanted
from consent.services.on_behalf import Offer
from consent.services.subjects import Handle
from trustcenter.console import words
from trustcenter.days import DayField


class SignIn(forms.Form):
    username = forms.CharField(
        label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class Find(forms.Form):
    """Whose record to open, and why."""

    namespace = forms.CharField(
        label=_("Kind of identifier"), max_length=64, widget=forms.TextInput({"list": "kinds", "autocomplete": "off"})
    )
    value = forms.CharField(
        label=_("Identifier"),
        max_length=text.IDENTIFIER_LENGTH,
        strip=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    why = forms.ChoiceField(label=_("Why you look"), choices=[("", _("Choose a reason")), *words.WHY.items()])
    note = forms.CharField(
        label=_("In your own words"), max_length=text.FREE_TEXT_LENGTH, widget=forms.Textarea({"rows": 3})
    )

    def take(self, wrong: Invalid) -> None:
        """Show what the verb found wrong beside the field it concerns."""
        for each in wrong.fields:
            name = each.pointer.strip("/")
            self.add_error(name if name in self.fields else None, each.detail)


class Look(forms.Form):
    """Which part of an open record to show: at which moment, from which entry on, and which choice in full."""

    on = forms.DateTimeField(required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"))
    before = forms.UUIDField(required=False)
    entry = forms.UUIDField(required=False)

    def clean_on(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["on"]
        if moment and not datetime(1970, 1, 2, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC):
            raise forms.ValidationError(_("Choose a date that can have been."))
        return moment


class OnBehalf(forms.Form):
    """A choice that staff write down for a customer."""

    purpose = forms.ChoiceField(label=_("Purpose"))
    answer = forms.ChoiceField(
        label=_("What they said"), choices=[("", _("Choose an answer")), ("yes", _("Yes")), ("no", _("No"))]
    )
    channel = forms.ChoiceField(label=_("How they told us"), choices=[("", _("Choose a way")), *words.MET.items()])
    language = forms.ChoiceField(label=_("Language of the text"), choices=settings.LANGUAGES)
    reason = forms.CharField(
        label=_("Why you record it for them"),
        max_length=text.FREE_TEXT_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )
    scan = forms.FileField(
        label=_("Scan of the paper"), required=False, widget=forms.FileInput({"accept": ", ".join(scans.TYPES)})
    )

    def __init__(self, *args: Any, offered: Sequence[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["purpose"]
        field.choices = [("", _("Choose a purpose")), *((row.key, row.title) for row in offered)]

    def take(self, wrong: TrustError) -> None:
        """Show what the verb found wrong beside the field it concerns."""
        if not wrong.fields:
            self.add_error(None, wrong.detail)
        for each in wrong.fields:
            name = _MEMBERS.get(each.pointer, each.pointer.strip("/"))
            self.add_error(name if name in self.fields else None, each.detail)


_MEMBERS = {"/evidence/reason": "reason", "/evidence/scan_sha256": "scan", "": "scan"}


class Search(forms.Form):
    """Which entries of the log to list. A customer is named by an identifier, which is sent and never in an address."""

    value = forms.CharField(
        label=_("Identifier"),
        required=False,
        max_length=text.IDENTIFIER_LENGTH,
        strip=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    namespace = forms.CharField(
        label=_("Kind of identifier"),
        required=False,
        max_length=64,
        widget=forms.TextInput({"list": "kinds", "autocomplete": "off", "placeholder": "customer"}),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), required=False)
    actor = forms.ChoiceField(label=_("Who"), required=False)
    recipient = forms.ChoiceField(label=_("Recipient"), required=False)
    action = forms.ChoiceField(label=_("Act"), required=False)
    outcome = forms.ChoiceField(
        label=_("Answer"),
        required=False,
        choices=[
            ("", _("Any")),
            ("allowed", _("Allowed")),
            ("refused", _("Refused")),
            ("observed", _("Would have been refused")),
            ("breach", _("Used without permission")),
            ("finding", _("Finding")),
        ],
    )
    reason = forms.ChoiceField(label=_("Why"), required=False)
    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = DayField(
        label=pgettext_lazy("the last day", "To"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    subject = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [(row.key, row.key) for row in catalogue.recipients()]
        staff = [(f"staff:staff-{row.pk}", row.get_full_name() or row.get_username()) for row in officers.listed()]
        systems = [(f"system:{key}", key) for key, _name in keys]
        kinds = [(kind, words.ACTORS[kind]) for kind in rules.ACTORS]
        self._offer("purpose", [(row.key, row.key) for row in catalogue.purposes()])
        self._offer("recipient", keys)
        self._offer("actor", [*kinds, (_("Staff"), staff), (_("System"), systems)])
        acts = [(action, act.name) for action, act in words.ACTS.items()]
        self._offer("action", [(_("Groups"), [*words.GROUPS.items()]), (_("Acts"), acts)])
        codes = [(code, sentence(code, get_language() or "en")) for code in CODES if code != "permitted"]
        self._offer("reason", [(_("Refused"), codes), (_("Why staff looked"), [*words.WHY.items()])])

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        first, last = sent.get("since"), sent.get("until")
        if first and last and last < first:
            self.add_error("until", _("The last day is before the first."))
        if problem := text.problem(sent.get("value", ""), length=text.IDENTIFIER_LENGTH):
            self.add_error("value", problem)
        return sent

    def wanted(self) -> Wanted:
        """What is looked for, of a form that is valid."""
        sent = self.cleaned_data
        since, until = sent["since"], sent["until"]
        chosen = rules.chosen(
            {name: [sent[name]] for name in rules.PARTS},
            since=moments.midnight(since) if since else None,
            before=moments.midnight(until + timedelta(days=1)) if until else None,
        )
        customer = Handle(sent["namespace"] or "customer", sent["value"]) if sent["value"] else None
        return Wanted(chosen, customer, "" if customer else sent["subject"])

    def kept(self, subject: str) -> dict[str, str]:
        """The search as it may stand in an address. subject: the pseudonym of the customer who was named."""
        given = {name: str(self.cleaned_data[name] or "") for name in (*rules.PARTS, "since", "until")}
        return {name: value for name, value in (given | {"subject": subject}).items() if value}

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", _("Any")), *choices]
