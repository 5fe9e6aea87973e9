"""Our words for a customer: a state is a word, a control is a verb, a reason is one plain sentence.

It is also the template library `portal`: each public function is a filter.
"""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from consent.rules.catalogue import paragraphs
from consent.services import versions
from consent.services.ai import Computed
from consent.services.confirmations import Told
from consent.services.consent_requests import Question
from consent.services.log import Line, Month
from consent.services.overview import Overview, Saved, Use
from consent.services.receipts import Receipt
from trustcenter.portal.drawing import rosette
from trustcenter.portal.quoted import bdi, data, listed, names, plain, said, within
from trustcenter.templatetags.pages import country, day

register = template.Library()
register.filter("rosette", rosette)
register.filter("paragraphs", paragraphs)
for quote in (said, bdi, names, listed, within, data):
    register.filter(quote.__name__, quote)

CHANNELS = {
    "web": gettext_lazy("on our website"),
    "app": gettext_lazy("in the app"),
    "portal": gettext_lazy("on our privacy page"),
    "store": gettext_lazy("in a shop"),
    "shop": gettext_lazy("in the online shop"),
    "kiosk": gettext_lazy("at a kiosk"),
    "phone": gettext_lazy("on the phone"),
    "post": gettext_lazy("by letter"),
    "mail": gettext_lazy("by letter"),
    "email": gettext_lazy("by e-mail"),
    "email_link": gettext_lazy("by a link in an e-mail"),
    "sms": gettext_lazy("by text message"),
    "paper": gettext_lazy("on paper"),
    "console": gettext_lazy("through our staff"),
    "api": gettext_lazy("through another system"),
    "import": gettext_lazy("in an earlier system"),
    "link": gettext_lazy("when we joined two records about you"),
    "unlink": gettext_lazy("when we parted two records"),
}
ACTORS = {
    "self": gettext_lazy("by you"),
    "staff": gettext_lazy("by our staff"),
    "guardian": gettext_lazy("by your parent or guardian"),
    "representative": gettext_lazy("by someone you chose to act for you"),
    "system": gettext_lazy("by a computer"),
    "browser": gettext_lazy("by your browser's signal"),
}
# Why something was refused, or is off, said to the customer; the codes are those of the decision.
REASONS = {
    "not_permitted": gettext_lazy("This use is not allowed."),
    "unknown_purpose": gettext_lazy("We know no such use."),
    "purpose_retired": gettext_lazy("We no longer do this."),
    "unknown_customer": gettext_lazy("We did not know you yet."),
    "processing_limited": gettext_lazy("You asked us to limit the use of your data."),
    "recipient_not_named": gettext_lazy("The text you read does not name them."),
    "category_not_named": gettext_lazy("They asked for data that the text you read does not name."),
    "no_consent": gettext_lazy("You never said yes to this."),
    "consent_requested": gettext_lazy("We asked you, and you have not answered."),
    "consent_refused": gettext_lazy("You said no to this."),
    "consent_withdrawn": gettext_lazy("You turned this off."),
    "consent_revoked": gettext_lazy("We ended your yes."),
    "consent_invalidated": gettext_lazy("Your yes was found not valid."),
    "consent_expired": gettext_lazy("Your yes has run out."),
    "consent_paused": gettext_lazy("You paused this."),
    "notice_changed": gettext_lazy("We changed this use after your yes. It is off until you choose."),
    "guardian_needed": gettext_lazy("A parent or guardian must say yes first."),
    "gpc_opt_out": gettext_lazy("Your browser asks us not to sell or share your data."),
    "recipient_not_chosen": gettext_lazy("You did not choose them."),
    "category_not_chosen": gettext_lazy("They asked for data that you did not choose."),
    "objected": gettext_lazy("You said no to this."),
}
# Why a member of staff opened the record (consent.services.evidence.WHY).
LOOKS = {
    "customer_asked": gettext_lazy("You asked us."),
    "concern": gettext_lazy("You raised a concern."),
    "rights_request": gettext_lazy("You asked for your rights."),
    "complaint_to_regulator": gettext_lazy("The regulator asked us."),
    "audit": gettext_lazy("We checked our own work."),
    "error_search": gettext_lazy("We searched for an error."),
}
MANDATES = {
    "guardian": gettext_lazy("Your parent or guardian"),
    "representative": gettext_lazy("Someone you chose to act for you"),
}
BASES = {
    "consent": gettext_lazy("Your consent (GDPR, article 6(1)(a))"),
    "explicit_consent": gettext_lazy("Your explicit consent (GDPR, article 9(2)(a))"),
    "contract": gettext_lazy("Our contract with you (GDPR, article 6(1)(b))"),
    "legal_obligation": gettext_lazy("A law that we must follow (GDPR, article 6(1)(c))"),
    "vital_interest": gettext_lazy("To protect someone's life (GDPR, article 6(1)(d))"),
    "public_interest": gettext_lazy("A task in the public interest (GDPR, article 6(1)(e))"),
    "legitimate_interest": gettext_lazy("Our own interest, unless you say no (GDPR, article 6(1)(f))"),
}
ACTS = {
    "request": gettext_lazy("We asked you"),
    "give": gettext_lazy("You turned it on"),
    "pending": gettext_lazy("You said yes, and have yet to confirm it"),
    "refuse": gettext_lazy("You said no when asked"),
    "defer": gettext_lazy("You said: not now"),
    "confirm": gettext_lazy("You confirmed your yes"),
    "pause": gettext_lazy("You paused it"),
    "resume": gettext_lazy("You ended the pause"),
    "withdraw": gettext_lazy("You turned it off"),
    "revoke": gettext_lazy("We ended it"),
    "object": gettext_lazy("You said no"),
    "renew": gettext_lazy("You said yes again"),
    "invalidate": gettext_lazy("Your yes was found not valid"),
    "expire": gettext_lazy("Your yes ran out"),
    "link": gettext_lazy("We joined two records about you"),
    "unlink": gettext_lazy("We parted two records"),
}
# The same of someone whom we do not know: the page on which anyone checks a receipt.
ACTS_OF_SOMEONE = {
    "request": gettext_lazy("Asked"),
    "give": gettext_lazy("Turned on"),
    "pending": gettext_lazy("Said yes, and had yet to confirm it"),
    "refuse": gettext_lazy("Said no when asked"),
    "defer": gettext_lazy("Said: not now"),
    "confirm": gettext_lazy("Confirmed"),
    "pause": gettext_lazy("Paused"),
    "resume": gettext_lazy("Ended a pause"),
    "withdraw": gettext_lazy("Turned off"),
    "revoke": gettext_lazy("Ended by the company"),
    "object": gettext_lazy("Said no"),
    "renew": gettext_lazy("Said yes again"),
    "invalidate": gettext_lazy("Found not valid"),
    "expire": gettext_lazy("Ran out"),
    "link": gettext_lazy("Two records were joined"),
    "unlink": gettext_lazy("Two records were parted"),
}
DONE = {
    "request": gettext_lazy("We asked you about “{title}”"),
    "give": gettext_lazy("You turned on “{title}”"),
    "refuse": gettext_lazy("You said no to “{title}”"),
    "defer": gettext_lazy("You put off “{title}”"),
    "confirm": gettext_lazy("You turned on “{title}”"),
    "pause": gettext_lazy("You paused “{title}”"),
    "resume": gettext_lazy("You ended the pause of “{title}”"),
    "withdraw": gettext_lazy("You turned off “{title}”"),
    "revoke": gettext_lazy("We ended “{title}”"),
    "object": gettext_lazy("You said no to “{title}”"),
    "renew": gettext_lazy("You said yes again to “{title}”"),
    "invalidate": gettext_lazy("Your yes to “{title}” was found not valid"),
    "expire": gettext_lazy("Your yes to “{title}” ran out"),
    "link": gettext_lazy("We joined two records: “{title}”"),
    "unlink": gettext_lazy("We parted two records: “{title}”"),
}

# When a person decides (consent/rules/ai.py), and what AI can change.
PERSON = {
    "before": gettext_lazy("Yes. A person decides each time, before it counts."),
    "after": gettext_lazy("Afterwards. The computer goes first, and a person checks what it did."),
    "asked": gettext_lazy("Only when you ask. Until then the computer does it alone."),
}
AFFECTS = {
    (): gettext_lazy("It changes neither your price nor your service."),
    ("price",): gettext_lazy("It can change your price. It does not change your service."),
    ("service",): gettext_lazy("It can change your service. It does not change your price."),
    ("price", "service"): gettext_lazy("It can change your price and your service."),
}


@register.filter
def person(each: Computed) -> str:
    """Whether a person decides."""
    return str(PERSON[each.person])


@register.filter
def affects(each: Computed) -> str:
    """Whether AI can change price or service."""
    return str(AFFECTS[tuple(sorted(each.affects))])


@register.filter
def learns(each: Computed) -> str:
    """Whether AI learns from this customer's data."""
    return _("It learns from your data too.") if each.learns else _("It does not learn from your data.")


@register.filter
def state(use: Use) -> str:
    """On, off or paused, as one word."""
    if use.paused_until:
        return pgettext("state of a use", "Paused")
    return pgettext("state of a use", "On") if use.permitted else pgettext("state of a use", "Off")


@register.filter
def verb(use: Use) -> str:
    """What the button of a use does."""
    if use.paused_until:
        return _("End the pause")
    if use.objectable:
        return _("Say no") if use.permitted else _("Allow again")
    return _("Turn off") if use.permitted else _("Turn on")


@register.filter
def since(use: Use) -> SafeString | str:
    """Since when it is as it is, by whom and where; or why it is off."""
    if use.state == "changed" or use.reason in {
        *("consent_expired", "guardian_needed", "gpc_opt_out", "processing_limited"),
    }:
        return str(REASONS[use.reason])
    if use.since is None:
        return _("We do this unless you say no") if use.permitted else _("Never turned on")
    if use.reason == "consent_paused" and use.since.paused_until:
        return format_html(_("Paused until {date}"), date=day(use.since.paused_until))
    if use.reason == "consent_requested":
        return str(ACTS["pending"] + "." if use.since.event.pending else REASONS[use.reason])
    if use.permitted:
        sentence = _("On since {date}, {who}, {where}")
    elif use.objectable or use.since.status == "refused":
        sentence = _("You said no on {date}, {where}")
    else:
        sentence = _("Off since {date}, {who}, {where}")
    event = use.since.event
    return format_html(sentence, date=day(use.since.since), who=actor(event.actor), where=channel(event.channel))


@register.filter
def times(use: Use) -> str:
    """How often it was used and refused in 30 days."""
    if not use.used and not use.refused:
        return _("not used in 30 days")
    used = ngettext("used %(count)s time", "used %(count)s times", use.used) % {"count": use.used}
    refused = ngettext("refused %(count)s time", "refused %(count)s times", use.refused) % {"count": use.refused}
    counted = [text for text, count in ((used, use.used), (refused, use.refused)) if count]
    return format_html(_("{counts} in 30 days"), counts=listed(counted))


@register.filter
def count_on(overview: Overview) -> SafeString:
    """4 of 6 uses are on"""
    return format_html(_("<strong>{on} of {all}</strong> uses are on"), on=overview.on, all=len(overview.choices))


@register.filter
def named(covered: Use | Receipt | Question | Told) -> str:
    """The controller for all its own systems; processors and third parties by name and country."""
    outside = [row for row in covered.recipients if row.kind != "system"]
    if not outside:
        return format_html(_("{name} only"), name=bdi(covered.controller.name))
    others = [format_html(_("{name} ({country})"), name=bdi(row.name), country=country(row.country)) for row in outside]
    own = [bdi(covered.controller.name)] if len(others) < len(covered.recipients) else []
    return listed([*own, *others])


@register.filter
def done(saved: Saved) -> SafeString:
    """What was just saved."""
    title = said(versions.title(saved.use.notice))
    if saved.again:
        return format_html(_("You changed how much you share for “{title}”"), title=title)
    return format_html(str(DONE[saved.event.act]), title=title)


@register.filter
def answered(question: Question) -> SafeString:
    """What was answered to a question."""
    return format_html(str(DONE[question.act]), title=said(versions.title(question.notice)))


@register.filter
def reason(code: str) -> str:
    """Why something is off or was refused."""
    return str(REASONS.get(code, ""))


@register.filter
def act(code: str) -> str:
    """What the customer did."""
    return str(ACTS.get(code, code))


@register.filter
def act_of_someone(code: str) -> str:
    """What a customer did, to whoever holds the receipt."""
    return str(ACTS_OF_SOMEONE.get(code, code))


@register.filter
def channel(code: str) -> str:
    return str(CHANNELS.get(code, code))


@register.filter
def actor(code: str) -> str:
    return str(ACTORS.get(code, code))


@register.filter
def mandate(code: str) -> str:
    """Who acts for a customer, as they are told."""
    return str(MANDATES.get(code, code))


@register.filter
def basis(code: str) -> str:
    return str(BASES.get(code, code))


@register.filter
def answer(line: Line) -> str:
    if line.breach:
        return _("Used without permission")
    if line.observed:
        return _("Would have been refused: this is still being tried out")
    return _("Allowed") if line.allowed else _("Refused")


@register.filter
def name(line: Line) -> str:
    """Who it was: a company or system by its name, staff as staff, a guardian as such."""
    if line.person:
        return str(MANDATES.get(line.reason, _("Our staff")))
    return bdi(line.name) or _("A system we do not know")


@register.filter
def kind(line: Line) -> str:
    """A person, a company or a computer, and how often."""
    if line.person:
        return _("a person")
    times = ngettext("%(count)s time", "%(count)s times", line.times) % {"count": line.times}
    own = line.recipient is not None and line.recipient.kind == "system"
    what = _("a computer") if own or line.recipient is None else _("a company")
    return listed([what, times]) if line.times > 1 else what


@register.filter
def saw(line: Line) -> str:
    """What they got to see."""
    if line.person or line.searched:
        return _("Your choices, and this list")
    if line.observed:
        return _("Perhaps what they asked for")
    if line.listed and line.allowed and not line.categories:
        return _("The data you chose for this")
    return data(line.categories) if line.allowed and line.categories else _("Nothing")


@register.filter
def why(line: Line) -> str:
    """What for; of a refusal, why it was one. Then the occasion, in the words of whoever asked."""
    looks = LOOKS.get(line.reason, "") if line.reason not in MANDATES else _("They act for you.")
    reason = looks if line.person else REASONS.get(line.reason, "")
    listed = _("They checked a list of people, and you were in it.") if line.listed else ""
    listed = _("They searched our log for you.") if line.searched else listed
    listed = _("They made a file with proof about you.") if line.exported else listed
    parts = [str(part) for part in (said(line.title), reason, listed, bdi(line.reference)) if part]
    # What ends as a sentence needs no dot before the next.
    gaps = ["", *(" " if plain(part).endswith((".", "。")) else " · " for part in parts)]
    return format_html_join("", "{}{}", zip(gaps, parts, strict=False))


@register.filter
def month(value: Month) -> str:
    """Mar 2026"""
    return date_format(date(value.year, value.month, 1), pgettext("date format, a month", "M Y"))


@register.filter
def month_only(value: Month) -> str:
    """Mar"""
    return date_format(date(value.year, value.month, 1), "M")
