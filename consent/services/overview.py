"""Everything one customer sees of their choices, in one reading: a fixed number of queries for any number of purposes.

Whether a purpose is on is never worked out here: it is what `decide()` answers for its recipients at this moment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from audit.services import tally
from consent.errors import NotFound
from consent.models import (
    ConsentEvent,
    ConsentState,
    Controller,
    NoticeText,
    Purpose,
    PurposeVersion,
    Recipient,
    Subject,
)
from consent.rules import bases, decision, lifecycle, signals
from consent.rules.actions import USES
from consent.rules.decision import Decision
from consent.services import asked, carried, catalogue, decisions, families, holders, links, states, versions
from consent.services.carried import Carried
from consent.services.checks import OBSERVED
from consent.services.holders import Heard, Receiver
from consent.services.links import Told
from consent.services.uses import BREACH
from consent.services.versions import Published

WINDOW = timedelta(days=30)
# What a use brought the customer is told for this long.
YEAR = timedelta(days=365)
# So many choices are one list; more are parted into the groups of the catalogue (EDPB 03/2022: too many options).
ONE_LIST = 7


@dataclass(frozen=True)
class Use:
    """One purpose as one customer sees it.

    state: `on`, `off`, `changed` (off until they choose), `objected` or `must` (cannot be turned off).
    carried: on the page of one use, the later versions that a yes was carried over to without asking; heard: there,
    which recipients have heard of the last choice.
    reason: why it is off, by the code of the decision. recipients: those the present or the offered choice covers;
    third: every third party the words name, which are chosen one by one.
    benefit: what it brought them last, when, and how often in 12 months; else what the words promise.
    """

    key: str
    state: str
    reason: str
    basis: str
    version: PurposeVersion
    controller: Controller
    notice: NoticeText
    asked_for: bool
    categories: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    third: tuple[Recipient, ...]
    benefit: str
    benefit_at: datetime | None
    benefits: int
    used: int
    refused: int
    since: ConsentState | None
    group: str = ""
    carried: tuple[Carried, ...] = ()
    heard: tuple[Receiver, ...] = ()

    @property
    def permitted(self) -> bool:
        return self.state in {"on", "must"}

    @property
    def switchable(self) -> bool:
        return self.state != "must"

    @property
    def shares(self) -> bool:
        return self.version.sale_or_sharing

    @property
    def objectable(self) -> bool:
        return self.basis in bases.OBJECTABLE

    @property
    def asked(self) -> bool:
        """Whether it rests on a yes, which has a scope and can be paused."""
        return self.basis in bases.ASKED

    @property
    def paused_until(self) -> datetime | None:
        return self.since.paused_until if self.since and self.reason == "consent_paused" else None

    @property
    def by_name_only(self) -> bool:
        """Nobody but third parties uses it, so turning it on means choosing one by name."""
        return not self.permitted and bool(self.third) and all(row.third_party for row in self.recipients)


@dataclass(frozen=True)
class Saved:
    """One act that was just recorded, and the purpose as it stands now; `last` while nothing was said since.

    heard: how far those are who decide on a copy of ours; nobody else needs to hear, since they ask each time.
    again: it is a yes that took the place of another.
    """

    event: ConsentEvent
    use: Use
    last: bool
    heard: tuple[Receiver, ...] = ()
    again: bool = False

    @property
    def undoable(self) -> bool:
        """Whether one press brings back what was: a no to a question kept off what was off."""
        return self.last and self.event.act != lifecycle.REFUSE

    @property
    def ended(self) -> bool:
        """Whether it ended a use, so that what was collected for it may have to go (GDPR Art. 17(1)(b), (c))."""
        return self.event.act in {lifecycle.WITHDRAW, lifecycle.OBJECT}


@dataclass(frozen=True)
class Group:
    """Uses under one heading of the catalogue; "" for those without one."""

    title: str
    uses: tuple[Use, ...]

    @property
    def on(self) -> bool:
        return any(use.permitted for use in self.uses)


@dataclass(frozen=True)
class Overview:
    """The home page of one customer.

    signalled: their browser asked us not to sell or share, and we honour that. joined: two records about them were
    joined a short time ago. limited: a limitation stands, and so nothing is permitted.
    """

    uses: tuple[Use, ...]
    saved: tuple[Saved, ...] = ()
    signalled: bool = False
    joined: Told | None = None
    limited: bool = False

    @property
    def choices(self) -> tuple[Use, ...]:
        return tuple(use for use in self.uses if use.switchable)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The choices in one list; more than 7 in the groups of the catalogue, in its order."""
        if len(self.choices) <= ONE_LIST:
            return (Group("", self.choices),) if self.choices else ()
        titles = dict.fromkeys(use.group for use in self.choices)
        ordered = sorted(titles, key=lambda title: not title)
        return tuple(Group(each, tuple(use for use in self.choices if use.group == each)) for each in ordered)

    @property
    def undoable(self) -> tuple[Saved, ...]:
        return tuple(each for each in self.saved if each.undoable)

    @property
    def heard(self) -> tuple[Receiver, ...]:
        """How far each receiver is with all that was just done: as far as with the last of it."""
        return tuple({each.recipient.key: each for saved in self.saved for each in saved.heard}.values())

    @property
    def all_off(self) -> bool:
        """Whether several uses were just turned off, and nothing is on."""
        return len(self.saved) > 1 and not self.on

    @property
    def foreign(self) -> bool:
        """Whether some words are not in the language that was asked for."""
        return not all(use.asked_for for use in self.uses)

    @property
    def fixed(self) -> tuple[Use, ...]:
        return tuple(use for use in self.uses if not use.switchable)

    @property
    def kept_off(self) -> tuple[Use, ...]:
        """What the signal keeps off."""
        return tuple(use for use in self.uses if self.signalled and use.shares and not use.permitted)

    @property
    def kept_on(self) -> tuple[Use, ...]:
        """What the customer turned on after the signal."""
        return tuple(use for use in self.choices if self.signalled and use.shares and use.permitted)

    @property
    def on(self) -> int:
        return sum(use.permitted for use in self.choices)


def of(*, subject: Subject, language: str, now: datetime, saved: Sequence[UUID] = ()) -> Overview:
    """Every purpose in use, in catalogue order. saved: receipts to show as just done; others' are passed over."""
    held = states.current(subject=subject)
    rows = [row for row in catalogue.purposes() if row.retired_at is None or row.retired_at > now]
    family = families.of(subject)
    uses = _uses(family, rows, held, language, now)
    signalled = subject.gpc_at is not None and any(signals.binds(each.jurisdiction) for each in family)
    joined = links.recent(family=family, language=language, now=now)
    done = _saved(subject, saved, uses, now) if saved else ()
    return Overview(uses, done, signalled, joined, subject.limited_at is not None)


def one(*, subject: Subject, key: str, language: str, now: datetime) -> tuple[Use, list[ConsentEvent]]:
    """One purpose, and what the customer said about it, newest first. Raises NotFound."""
    row = catalogue.purpose(key)
    if row.retired_at is not None and row.retired_at <= now:
        raise NotFound
    (use,) = _uses(families.of(subject), [row], states.current(subject=subject), language, now)
    over = carried.over(state=states.as_rule(use.since), current=use.version)
    heard = holders.receivers(of=use.version, choice=use.since.event.entry_id, now=now) if use.since else ()
    said = states.history(subject=subject).filter(purpose=row)[:50]
    return replace(use, carried=tuple(over), heard=heard), list(said)


def _uses(
    family: Sequence[Subject], rows: Sequence[Purpose], held: Mapping[int, ConsentState], language: str, now: datetime
) -> tuple[Use, ...]:
    agreed = [state.version for state in held.values() if state.version]
    read = versions.read([*(row.current for row in rows if row.current), *agreed])
    ours = [each.pseudonym for each in family]
    counts = Counter(tally.by_purpose(subjects=ours, actions=USES, since=now - WINDOW))
    lists = asked.about(subject=family[0], since=now - WINDOW, family=family)
    counts += Counter((entry.purpose, entry.outcome) for entry in lists)
    benefits = tally.latest(subjects=ours, action="benefit.reported", since=now - YEAR)
    return tuple(
        _use(
            row,
            read[row.current_id],
            _answers(family[0], row, held.get(row.pk), read, now),
            held.get(row.pk),
            counts,
            benefits.get(row.key),
            language,
        )
        for row in rows
        if row.current_id
    )


def _answers(
    subject: Subject, row: Purpose, held: ConsentState | None, read: Mapping[int, Published], now: datetime
) -> dict[str, Decision]:
    """What each named recipient would be answered now, by its key."""
    current = read[row.current_id or 0]
    agreed = read[held.version_id].terms if held and held.version_id else None
    purpose = decisions.purpose_facts(row, current.version, current.terms, agreed, now)
    cause = held.event if held else None
    customer = decisions.customer_facts(subject, states.as_rule(held), cause, current.terms, now)
    return {
        key: decision.decide(purpose=purpose, customer=customer, recipient=key, categories=None, now=now)
        for key in current.terms.recipients
    }


def _use(
    row: Purpose,
    current: Published,
    answers: Mapping[str, Decision],
    held: ConsentState | None,
    counts: Mapping[tuple[str, str], int],
    benefit: tally.Latest | None,
    language: str,
) -> Use:
    notice = current.notice(language)
    state, reason = _state(current.terms.legal_basis, answers.values())
    words = benefit.payload.get("words", {}) if benefit else {}
    third = tuple(each for each in current.recipients if each.third_party)
    return Use(
        key=row.key,
        state=state,
        reason=reason,
        basis=current.terms.legal_basis,
        version=current.version,
        controller=row.controller,
        notice=notice,
        asked_for=notice.language == language,
        categories=_labels(current, answers.values(), state, language),
        recipients=_recipients(current, answers, state),
        third=third if current.terms.legal_basis in bases.ASKED else (),
        benefit=versions.label(words, language) or versions.Text(notice.text["benefit"], notice.language),
        benefit_at=benefit.entry.recorded_at if benefit and words else None,
        benefits=benefit.times if benefit and words else 0,
        used=sum(counts.get((row.key, outcome), 0) for outcome in ("allowed", BREACH, OBSERVED)),
        refused=counts.get((row.key, "refused"), 0),
        since=held,
        group=row.group,
    )


def _state(basis: str, answers: Iterable[Decision]) -> tuple[str, str]:
    """The word for what the decisions say together, and the reason that explains a no best."""
    reasons = {answer.reason for answer in answers}
    if basis in bases.FIXED:
        return "must", ""
    if "permitted" in reasons:
        return "on", ""
    for reason, state in (("notice_changed", "changed"), ("objected", "objected")):
        if reason in reasons:
            return state, reason
    # A recipient that is not named says less about the customer's choice than any other reason.
    telling = sorted(reasons - {"recipient_not_named", "recipient_not_chosen"}) or sorted(reasons)
    return "off", telling[0] if telling else ""


def _labels(current: Published, answers: Iterable[Decision], state: str, language: str) -> tuple[str, ...]:
    """What data: that which flows while it is on, that which is asked for while it is off, or which a limit holds."""
    flows = {key for answer in answers if answer.permitted for key in answer.allowed}
    rows = [row for row in current.categories if state not in {"on", "must"} or not flows or row.key in flows]
    return tuple(versions.label(row.name, language) for row in rows)


def _recipients(current: Published, answers: Mapping[str, Decision], state: str) -> tuple[Recipient, ...]:
    if state in {"on", "must"}:
        return tuple(row for row in current.recipients if answers[row.key].permitted) or current.recipients
    if current.terms.legal_basis not in bases.ASKED:
        return current.recipients
    return tuple(row for row in current.recipients if not row.third_party) or current.recipients


def _saved(subject: Subject, numbers: Sequence[UUID], uses: Sequence[Use], now: datetime) -> tuple[Saved, ...]:
    by_purpose = {use.version.purpose_id: use for use in uses}
    found = ConsentEvent.objects.filter(subject=subject, entry_id__in=list(numbers), purpose__in=by_purpose)
    rows = [(row, by_purpose[row.purpose_id]) for row in found.select_related("purpose").order_by("id")]

    def of(row: ConsentEvent, use: Use) -> Saved:
        heard = holders.receivers(of=use.version, choice=row.entry_id, now=now)
        last = use.since is not None and use.since.event_id == row.pk
        return Saved(row, use, last, tuple(each for each in heard if each.heard != Heard.ASKS), _again(row))

    return tuple(of(row, use) for row, use in rows)


def _again(row: ConsentEvent) -> bool:
    earlier = ConsentEvent.objects.filter(subject=row.subject_id, purpose=row.purpose_id, pk__lt=row.pk)
    last = earlier.order_by("-id").values_list("act", flat=True).first()
    return row.act == lifecycle.GIVE and last in lifecycle.WIDENING
