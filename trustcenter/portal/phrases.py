"""Our phrases for a customer about one use: how much, what changed, who heard of it, what must be, what it brought.

It is also the template library `phrases`: each public function is a filter.
"""

from collections.abc import Sequence
from uuid import UUID

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from consent.rules.differences import Part
from consent.rules.material import Change
from consent.services.amounts import AS_NOW, Amount, Level, Time
from consent.services.changed import Words
from consent.services.holders import Heard, Receiver
from consent.services.letters import Told
from consent.services.log import Line
from consent.services.overview import Use
from trustcenter.portal.quoted import listed, said, within
from trustcenter.portal.words import ACTORS, ACTS_OF_SOMEONE, CHANNELS
from trustcenter.templatetags.pages import change, clock, day, duration, minute

register = template.Library()

LEVELS = {
    "nothing": pgettext_lazy("level of sharing", "Nothing"),
    "little": pgettext_lazy("level of sharing", "A little"),
    "some": pgettext_lazy("level of sharing", "Some"),
    "all": pgettext_lazy("level of sharing", "All"),
}
PAUSES = {"P1W": gettext_lazy("1 week"), "P1M": gettext_lazy("1 month"), "P3M": gettext_lazy("3 months")}
# Why a use cannot be turned off, on its card.
MUST = {
    "contract": gettext_lazy("Because of our contract with you"),
    "legal_obligation": gettext_lazy("Because the law says so"),
    "vital_interest": gettext_lazy("Because a life may depend on it"),
}
# What a material version brings, by the code of the change; the others are those of an editorial one.
NEWS = {
    "categories_added": gettext_lazy("more of your data"),
    "recipients_added": gettext_lazy("someone new sees it"),
    "retention": gettext_lazy("we keep it longer"),
    "uses_ai": gettext_lazy("a computer works with it (AI)"),
    "automated_decisions": gettext_lazy("a computer decides by itself"),
    "ai_in_added": gettext_lazy("the computer looks at more of your data"),
    "ai_affects_added": gettext_lazy("the computer affects more"),
    "ai_person": gettext_lazy("a person decides less"),
    "ai_trains": gettext_lazy("the computer learns from your data"),
    "sale_or_sharing": gettext_lazy("it is sold or shared"),
    "controller": gettext_lazy("another company answers for it"),
    "legal_basis": gettext_lazy("it rests on another legal basis"),
    "dpv": gettext_lazy("it is for something else"),
    "min_age": gettext_lazy("younger people are asked too"),
    "storage_added": gettext_lazy("it is stored in one more country"),
    "benefit_removed": gettext_lazy("you get less for it"),
}
MARKS = {"new": "<ins>{}</ins>", "gone": "<del>{}</del>"}
MEMBERS = {
    "what": gettext_lazy("What we do"),
    "why": gettext_lazy("What for"),
    "benefit": gettext_lazy("What you get"),
    "if_no": gettext_lazy("If you say no"),
    "ai": gettext_lazy("What the computer does"),
    "ai_out": gettext_lazy("What comes out"),
    "ai_learned": gettext_lazy("What it learned from"),
    "ai_sure": gettext_lazy("How sure it is"),
}
# How far a receiver is: the class of its node, the sentence after a no, and the one after a yes.
HEARD = {
    Heard.ASKS: ("on", gettext_lazy("Asks us each time."), gettext_lazy("Asks us each time.")),
    Heard.WAITING: ("wait", gettext_lazy("Is being told. It must stop by {time}."), gettext_lazy("Is being told now.")),
    Heard.TOLD: (
        "wait",
        gettext_lazy("Was told. It must stop by {time}."),
        gettext_lazy("Was told. Its answer is on the way."),
    ),
    Heard.CONFIRMED: (
        "on",
        gettext_lazy("Was told, and has stopped."),
        gettext_lazy("Was told, and acts on it."),
    ),
    Heard.LATE: (
        "late",
        gettext_lazy("Late since {time}. It may use nothing until it answers."),
        gettext_lazy("Late since {time}. It may use nothing until it answers."),
    ),
}
# What only a letter tells.
ELSEWHERE = {**CHANNELS, "timetable": gettext_lazy("when its time was over")}


@register.filter
def level(value: Level) -> str:
    """The name of a level: the catalogue's, or else ours."""
    return said(value.name) or str(LEVELS[value.key])


@register.filter
def lasts(value: Time, amount: Amount) -> SafeString | str:
    """How long a yes lasts: 3 months, until I turn it off, as now."""
    if value.lasts == AS_NOW:
        until = format_html(_("As now: until {date}"), date=day(value.until)) if value.until else ""
        return until or _("As now: until I turn it off")
    longest = value.lasts or amount.use.version.consent_lasts
    return duration(longest) if longest else _("Until I turn it off")


@register.filter
def pause(code: str) -> str:
    return str(PAUSES[code])


@register.filter
def must(use: Use) -> str:
    """Why we do it without being asked."""
    return str(MUST.get(use.basis, ""))


@register.filter
def got(use: Use) -> SafeString | str:
    """What a use brought this customer in 12 months; else what the words promise."""
    if not use.benefit_at:
        return said(use.benefit)
    newest = format_html(_("{what} ({date})"), what=said(use.benefit), date=day(use.benefit_at))
    more = use.benefits - 1
    if not more:
        return newest
    count = ngettext("and %(count)s more in 12 months", "and %(count)s more in 12 months", more) % {"count": more}
    return format_html("{} {}", newest, count)


@register.filter
def got_in_full(use: Use) -> SafeString | str:
    """The same as sentences, on the page of the use."""
    if not use.benefit_at:
        return ""
    times = ngettext("%(count)s time", "%(count)s times", use.benefits) % {"count": use.benefits}
    return format_html(
        _("In the last 12 months: {times}. The last one: {what} ({date})."),
        times=times,
        what=said(use.benefit),
        date=day(use.benefit_at),
    )


@register.filter
def news(found: Sequence[Change]) -> str:
    """What a version brought that a yes was not given for, in a row."""
    return listed(str(NEWS[each.code]) if each.material and each.code in NEWS else change(each) for each in found)


@register.filter
def marked(parts: Sequence[Part]) -> SafeString:
    """A text with what is new and what is gone in it marked as such."""
    return format_html_join("", "{}{}", ((_mark(part.text.rstrip(), part.kind), _gap(part)) for part in parts))


@register.filter
def marked_list(parts: Sequence[Part]) -> SafeString:
    """The same of labels of data in a row, each marked as a whole."""
    between = pgettext("between kinds of data", "; ")
    named = [within(part.text) if place else part.text for place, part in enumerate(parts)]
    marked = (_mark(said(text), part.kind) for text, part in zip(named, parts, strict=True))
    return format_html_join(between, "{}", ((each,) for each in marked))


def _gap(part: Part) -> str:
    """What parts words stands outside the mark; what is gone is parted from what follows."""
    return " " if part.text != part.text.rstrip() or part.kind == "gone" else ""


def _mark(text: str, kind: str) -> SafeString | str:
    return format_html(MARKS[kind], text) if kind else text


@register.filter
def member(value: Words) -> str:
    return str(MEMBERS[value.name])


@register.filter
def node(receiver: Receiver, yes: bool) -> str:
    """The class of a receiver's node: full where data flows. yes: whether the last choice lets it."""
    mark = HEARD[receiver.heard][0]
    return "off" if mark == "on" and not yes else mark


@register.filter
def heard(receiver: Receiver, yes: bool) -> SafeString:
    """How far a receiver is with the last choice. yes: whether that was one."""
    sentence = HEARD[receiver.heard][2 if yes else 1]
    told = format_html(str(sentence), time=clock(receiver.until) if receiver.until else "")
    if receiver.confirmed_at:
        return format_html(
            "{} {}", told, format_html(_("It said so on {time} UTC."), time=minute(receiver.confirmed_at))
        )
    return told


@register.filter
def change_told(value: Told) -> str:
    """One change as a letter tells it, in plain text."""
    where = ELSEWHERE.get(value.channel, value.channel)
    when = date_format(localtime(value.at), pgettext("date format", "j F Y"))
    parts = {"act": ACTS_OF_SOMEONE[value.act], "title": value.title, "who": ACTORS.get(value.actor, value.actor)}
    return _("{act}: “{title}”, {who}, {where}, {when}").format(**parts, where=where, when=when)


@register.filter
def each(line: Line) -> str:
    """The query that shows each use that a line stands for; reports of that day may have come in later."""
    query = {"on": line.at.date().isoformat(), "who": "machines", "before": str(UUID(int=line.number.int + 1))}
    narrow = {"purpose": line.purpose, "answer": "" if line.allowed or line.observed else "refused"}
    return urlencode(query | {name: value for name, value in narrow.items() if value})
