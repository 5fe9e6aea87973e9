"""Every public verb that writes leaves exactly one entry per fact. A verb that is missing from the table fails."""

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit import keys as keys_of_house
from audit.models import Entry, VerifierKey
from audit.services import mark
from consent.models import ConsentState
from consent.rules.choice import Choice
from consent.services import (
    amounts,
    audiences,
    batches,
    case_letters,
    catalogue,
    checks,
    concerns,
    consent_export,
    consent_requests,
    consents,
    entries,
    erasures,
    evidence,
    expiry,
    exports,
    feed,
    import_runs,
    keys,
    letters,
    links,
    mandates,
    officers,
    on_behalf,
    portal_links,
    pruning,
    rebuild,
    recovery,
    rights,
    rotation,
    scans,
    searches,
    sign_in_codes,
    signals,
    stop_links,
    subjects,
    suppressions,
    switches,
    uses,
    visits,
    whole_record,
)
from consent.services.checks import Question
from consent.services.concerns import Said
from consent.services.feed import Reader
from consent.services.links import Why
from consent.services.rights import Wanted as Right
from consent.services.searches import Wanted
from consent.services.subjects import Handle
from consent.services.uses import Benefit, Use
from tests.world import (
    ALICE,
    BOB,
    CAROL,
    CUSTOMER,
    MALLORY,
    NOW,
    OPERATOR,
    SYSTEM,
    cast,
    digest,
    document,
    publish,
    seal_all,
)

SERVICES = Path(__file__).parent.parent / "consent" / "services"
YEARS_LATER = NOW + timedelta(days=900)
FACTS = {"by": SYSTEM, "now": NOW}
NEW = Handle("customer", "C-2000")
MAIL = Handle("email", "alice@example.org")


def _two_uses():
    rows = [Use(ALICE, "personal_offers", ("contact.email",), NOW), Use(ALICE, "personal_offers", (), NOW)]
    uses.report(uses=rows, recipient="mail-engine", **FACTS)


def _benefit():
    row = Benefit(ALICE, "improve_visit", {"en": "Skipped a 40-minute queue"}, NOW)
    uses.report_benefits(benefits=[row], recipient="queue-planner", **FACTS)


def _code():
    subjects.register(identifiers=[ALICE, MAIL], **FACTS)
    browser, sent = sign_in_codes.ask(address=MAIL.id, network="", language="en", now=NOW), []
    sign_in_codes.deliver(send=lambda letter: sent.append(letter) or True, now=NOW)
    sign_in_codes.enter(browser=browser, code=sent[0].code, by=CUSTOMER, now=NOW)


def _stop(*purposes):
    made = stop_links.make(wanted={0: stop_links.Wanted(ALICE, purposes)}, now=NOW)[0]
    stop_links.stop(token=made.token, method=stop_links.ONE_CLICK, by=CUSTOMER, now=NOW)


def _question(act=""):
    wanted = consent_requests.Wanted(CAROL, "personal_offers")
    made = consent_requests.create(wanted=wanted, **FACTS)
    if act:
        reply = consent_requests.Reply(act, digest("personal_offers"))
        consent_requests.answer(token=made.token, reply=reply, chosen="en", network="", by=CUSTOMER, now=NOW)


def _mandate(kind="representative", subject=ALICE, by=BOB):
    wanted = mandates.Wanted(kind, subject, by, "A signed letter.")
    return mandates.grant(wanted=wanted, **FACTS).number


def _act():
    token = visits.start(subject=subjects.find(BOB), level=2, by=CUSTOMER, now=NOW).token
    visits.act_for(token=token, number=_mandate(), by=CUSTOMER, now=NOW)


def _link():
    return portal_links.create(subject=ALICE, **FACTS)


def _choose(who, act, purpose="personal_offers", **more):
    consents.record(subject=who, choice=Choice(purpose, act, "web", "button", language="en", **more), **FACTS)


def _pause_and_resume():
    _choose(ALICE, "pause", until=NOW + timedelta(days=9))
    _choose(ALICE, "resume")


def _copy():
    feed.snapshot(reader=Reader(catalogue.recipient("mail-engine")), **FACTS)


def _join():
    links.link(subject=BOB, other=ALICE, why=Why("One letter named both numbers."), **FACTS)


def _leave_alone(who):
    suppressions.suppress(subject=who, **FACTS)


def _erase():
    erasures.erase(subject=ALICE, why="withdrawn", **FACTS)


def _erase_again(who):
    pseudonym = subjects.find(who).pseudonym if who else "s_nobody"
    erasures.again(pseudonym=pseudonym, among=[pseudonym], **FACTS)


def _verify():
    for verified in (False, True):
        subjects.register(identifiers=[replace(NEW, verified=verified)], **FACTS)


def _back_by_their_own_yes():
    _leave_alone(ALICE)
    _choose(ALICE, "give")


def _all_off():
    return consents.withdraw_all(subject=subjects.find(ALICE), language="en", channel="portal", **FACTS)


def _two_at_once():
    items = [
        (ALICE, Choice(key, act, "web", "button"))
        for key, act in (("personal_offers", "withdraw"), ("plan_staff", "object"))
    ]
    batches.record_together(items=items, at="/consents", **FACTS)


def _export():
    seal_all()
    subject = subjects.find(ALICE)
    evidence.export(subject=subject, found=evidence.line(subject=subject), **FACTS)


def _turn_off():
    return switches.turn(
        subject=subjects.find(ALICE),
        purpose="personal_offers",
        act=switches.OFF,
        notice_digest=digest("personal_offers"),
        **FACTS,
    )


def _undo(recorded):
    after = FACTS | {"now": NOW + timedelta(seconds=1)}
    switches.undo(subject=subjects.find(ALICE), number=recorded.event.entry_id, **after)


def _undo_all():
    done = _all_off()
    after = FACTS | {"now": NOW + timedelta(seconds=1)}
    switches.undo_all(subject=subjects.find(ALICE), numbers=[each.event.entry_id for each in done], **after)


def _amount(level):
    wanted = {"wanted": amounts.Wanted(level, (), ()), "notice_digest": digest("personal_offers")}
    amounts.choose(subject=subjects.find(ALICE), purpose="personal_offers", **wanted, **FACTS)


def _letter():
    subjects.register(identifiers=[ALICE, MAIL], **FACTS)
    _turn_off()
    letters.deliver(send=lambda letter: True, now=NOW + letters.SETTLE)


def _case_letter():
    subjects.register(identifiers=[ALICE, MAIL], **FACTS)
    opened = rights.open(subject=ALICE, wanted=Right("copy", "phone"), checked=True, **FACTS)
    rights.answer(reference=opened.reference, words="Here it is.", **FACTS)
    case_letters.deliver(send=lambda letter: True, now=NOW)


_WANTED = {"wanted": Wanted("mail-engine"), **FACTS}


def _search_customers():
    found = searches.customers(purpose="personal_offers", namespace="customer", after=0, limit=9, **_WANTED)
    assert found.customers == (ALICE,)


def _scan():
    return scans.store(subject=ALICE, content=b"%PDF-1.7 signed", **FACTS)[0]


def _carry_scan_away():
    scans.export(subject=subjects.find(ALICE), number=_scan().entry_id, **FACTS)


def _signal(who=ALICE):
    signals.receive(subject=who, channel="web", **FACTS)


def _on_behalf(**more):
    said = {"yes": True, "channel": "phone", "language": "en", "reason": "They called.", "scan": None} | more
    on_behalf.record(subject=subjects.find(ALICE), purpose="improve_visit", **said, **FACTS)


def _check(*questions):
    checks.check(questions=[Question("mail-engine", *each) for each in questions], **FACTS)


def _list(*ids):
    wanted = audiences.Wanted("mail-engine", "personal_offers", "customer")
    audiences.check(wanted=wanted, blocks=[ids], asked=len(ids), tell=lambda block, judged: None, **FACTS)


def _confirm():
    publish(now=NOW, improve_visit={"double_opt_in": True})
    given = consents.record(subject=ALICE, choice=Choice("improve_visit", "give", "web", "button", "en"), **FACTS)
    consents.confirm(token=given.waiting.token, channel="email", method="link", **FACTS)


def _held():
    return ConsentState.objects.get(subject=subjects.find(ALICE), purpose__key="personal_offers")


def _remind():
    expiry.remind(state=_held(), days=30, now=_held().expires_at - timedelta(days=20))


def _mend(*, damaged=True):
    alice = subjects.find(ALICE)
    if damaged:
        ConsentState.objects.filter(subject=alice).update(status="refused")
        given = ConsentState.objects.get(subject=alice)
        others = {"purpose": catalogue.purpose("ride_photos"), "status": "given", "version": given.version}
        ConsentState.objects.create(subject=alice, event=given.event, since=NOW, **others)
    rebuild.mend(subject=alice, **FACTS)


def _begun():
    row, report = import_runs.begin(digest="ab" * 32, mapped=None, again=False, now=NOW)
    return {"row": row, "report": report}


def _lost_mark():
    seal_all()
    mark.file().unlink()
    recovery.accept_database(**FACTS)


def _prune():
    evidence.view(handle=ALICE, why="concern", note="K-311", **FACTS)
    seal_all()
    pruning.run(keep_days=50, by=OPERATOR, now=YEARS_LATER)
    seal_all(YEARS_LATER)
    assert pruning.finish() == 1, "what was seen is gone, and what is left says so"


def _disown():
    VerifierKey.objects.create(vkey="one that ended", purpose="receipt", created_at=NOW, until_size=9)
    rotation.disown(vkey="one that ended", since=NOW - timedelta(days=3650), **FACTS)


def _clock_back():
    seal_all(YEARS_LATER)
    recovery.accept_clock(**FACTS)


def _right(kind="copy", **more):
    wanted = Right(kind, "phone", words="Please.", **more)
    return {"reference": rights.open(subject=ALICE, wanted=wanted, checked=True, **FACTS).reference}


def _limited_and_done():
    found = _right("limit")
    rights.answer(**found, words="Nobody uses it.", **FACTS)
    return found


def _concern(who=ALICE):
    said = Said("They called me at night.", "phone")
    return {"reference": concerns.open(subject=who, said=said, **FACTS).concern.reference}


def _forget_concern():
    concerns.close(**_concern(None), **FACTS)
    concerns.forget(now=YEARS_LATER)


def _retire():
    rows = [row | {"retired": row["key"] == "ride_photos"} for row in document()["purposes"]]
    catalogue.apply(document=document() | {"purposes": rows}, **FACTS)


def _edit_recipient():
    rows = [row | {"name": f"{row['name']} 2"} if row["key"] == "mailbird" else row for row in document()["recipients"]]
    catalogue.apply(document=document() | {"recipients": rows}, **FACTS)


def _edit_principles():
    said = {"en": {"title": "How we use AI", "statements": ["We ask you first."]}}
    catalogue.apply(document=document() | {"principles": said}, **FACTS)


# verb → what is done, and the facts it must leave, in order
VERBS = {
    "subjects.register": [
        (lambda: subjects.register(identifiers=[NEW], **FACTS), ["subject.created"]),
        (lambda: subjects.register(identifiers=[ALICE], **FACTS), []),
        (lambda: subjects.register(identifiers=[ALICE, NEW], **FACTS), ["identifier.added"]),
        (_verify, ["subject.created", "identifier.verified"]),
        (lambda: subjects.register(identifiers=[ALICE], jurisdiction="GB", **FACTS), ["subject.changed"]),
    ],
    "consents.record": [
        (lambda: _choose(ALICE, "give"), ["consent.given"]),
        (lambda: _choose(ALICE, "withdraw"), ["consent.withdrawn"]),
        (lambda: _choose(ALICE, "object", "plan_staff"), ["consent.objected"]),
        (lambda: _choose(ALICE, "request"), ["consent.requested"]),
        (lambda: _choose(ALICE, "defer"), ["consent.deferred"]),
        (lambda: _choose(ALICE, "renew"), ["consent.renewed"]),
        (lambda: _choose(ALICE, "pause", until=NOW + timedelta(days=9)), ["consent.paused"]),
        (_pause_and_resume, ["consent.paused", "consent.resumed"]),
        (lambda: _choose(ALICE, "revoke", actor="staff"), ["consent.revoked"]),
        (lambda: _choose(ALICE, "invalidate", actor="system"), ["consent.invalidated"]),
        (
            _back_by_their_own_yes,
            [
                *("consent.withdrawn", "consent.objected", "subject.suppressed"),
                *("subject.unsuppressed", "consent.given"),
            ],
        ),
        (lambda: _choose(MALLORY, "refuse"), ["subject.created", "consent.refused"]),
    ],
    "consents.confirm": [(_confirm, ["catalogue.published", "consent.pending", "consent.confirmed"])],
    "consents.lapse": [(lambda: consents.lapse(state=_held(), now=YEARS_LATER), ["consent.expired"])],
    "expiry.remind": [(_remind, ["consent.expiring"])],
    "batches.record_together": [(_two_at_once, ["consent.withdrawn", "consent.objected"])],
    "consents.withdraw_all": [
        (_all_off, ["consent.withdrawn", "consent.objected"]),
    ],
    "switches.turn": [(_turn_off, ["consent.withdrawn"])],
    "switches.undo_all": [(_undo_all, ["consent.withdrawn", "consent.objected", "consent.given", "consent.given"])],
    "amounts.choose": [
        (lambda: _amount("little"), ["consent.given"]),
        (lambda: _amount("nothing"), ["consent.withdrawn"]),
    ],
    "switches.undo": [
        (lambda: _undo(_turn_off()), ["consent.withdrawn", "consent.given"]),
    ],
    "checks.check": [
        (lambda: _check(("personal_offers", ALICE)), ["decision.made"]),
        (lambda: _check(("personal_offers", ALICE), ("nothing", MALLORY)), ["decision.made", "decision.made"]),
    ],
    "audiences.record": [
        (lambda: _list(b"C-1001", b"C-9"), ["audience.filtered"]),
        (_list, ["audience.filtered"]),
    ],
    "links.link": [
        (_join, ["subject.linked", "consent.linked"]),
        (lambda: (_join(), _join()), ["subject.linked", "consent.linked"]),
    ],
    "links.unlink": [
        (
            lambda: (_join(), links.unlink(subject=BOB, why=Why("It was a mistake."), **FACTS)),
            [
                *("subject.linked", "consent.linked", "subject.unlinked", "subject.unlinked"),
                *("consent.unlinked", "consent.unlinked"),
            ],
        ),
    ],
    "suppressions.suppress": [
        (lambda: _leave_alone(ALICE), ["consent.withdrawn", "consent.objected", "subject.suppressed"]),
        (lambda: _leave_alone(MALLORY), ["subject.suppressed"]),
        (
            lambda: (_leave_alone(ALICE), _leave_alone(ALICE)),
            ["consent.withdrawn", "consent.objected", "subject.suppressed"],
        ),
    ],
    "erasures.erase": [
        (_erase, ["subject.erased"]),
        (lambda: (_mandate(subject=BOB, by=ALICE), _erase()), ["mandate.granted", "mandate.ended", "subject.erased"]),
        (lambda: (_join(), _erase()), ["subject.linked", "consent.linked", "subject.erased", "subject.erased"]),
    ],
    "erasures.again": [(lambda: _erase_again(ALICE), ["subject.erased"]), (lambda: _erase_again(None), [])],
    "feed.snapshot": [(_copy, ["copy.taken"])],
    "searches.customers": [(_search_customers, ["search.made"])],
    "searches.recipients": [
        (
            lambda: searches.recipients(customer=ALICE, purpose="personal_offers", kind="system", only=None, **_WANTED),
            ["search.made"],
        )
    ],
    "searches.purposes": [(lambda: searches.purposes(customer=ALICE, only=None, **_WANTED), ["search.made"])],
    "uses.report": [(_two_uses, ["use.reported", "use.reported"])],
    "uses.report_benefits": [(_benefit, ["benefit.reported"])],
    "rebuild.mend": [(_mend, ["state.rebuilt", "state.rebuilt"]), (lambda: _mend(damaged=False), [])],
    "recovery.accept_clock": [(_clock_back, ["log.clock_accepted"])],
    "recovery.accept_database": [(_lost_mark, ["log.mark_accepted"])],
    "pruning.declare": [(_prune, ["log.pruned"])],
    "rotation.begin": [
        (lambda: (keys_of_house.make_next("log"), rotation.begin(name="log", **FACTS)), ["log.key_rotated"])
    ],
    "rotation.disown": [(_disown, ["log.key_rotated"])],
    "keys.create": [(lambda: keys.create(recipient="mailbird", scopes=["decide"], **FACTS), ["key.created"])],
    "keys.revoke": [
        (lambda: keys.revoke(prefix=keys.listed()[0].prefix, **FACTS), ["key.revoked"]),
    ],
    "portal_links.create": [(_link, ["portal.invited"])],
    "portal_links.enter": [
        (lambda: portal_links.enter(token=_link().token, by=CUSTOMER, now=NOW), ["portal.invited", "portal.entered"]),
    ],
    "mandates.grant": [(_mandate, ["mandate.granted"])],
    "mandates.end": [(lambda: mandates.end(number=_mandate(), **FACTS), ["mandate.granted", "mandate.ended"])],
    "visits.act_for": [(_act, ["portal.entered", "mandate.granted", "mandate.used"])],
    "consent_requests.create": [(_question, ["consent.requested"])],
    # Not in one transaction: a code is tried before anything is written.
    "consent_requests.answer": [
        (lambda: _question("give"), ["consent.requested", "consent.given"]),
        (lambda: _question("defer"), ["consent.requested", "consent.deferred"]),
    ],
    # Not in one transaction: a mail server is slow, and a try is counted before it is looked at.
    "case_letters.deliver": [
        (_case_letter, ["identifier.added", "rights.opened", "rights.answered", "portal.case_told"])
    ],
    "letters.deliver": [(_letter, ["identifier.added", "consent.withdrawn", "portal.changes_told"])],
    "sign_in_codes.deliver": [(_code, ["identifier.added", "portal.code_sent", "portal.entered"])],
    "stop_links.stop": [
        (lambda: _stop("personal_offers"), ["consent.withdrawn"]),
        (lambda: _stop("personal_offers", "plan_staff"), ["consent.withdrawn", "consent.objected"]),
        (lambda: (_stop("personal_offers"), _stop("personal_offers")), ["consent.withdrawn"]),
    ],
    "evidence.view": [
        (lambda: evidence.view(handle=ALICE, why="concern", note="K-311", **FACTS), ["evidence.viewed"]),
    ],
    "scans.store": [(_scan, ["evidence.stored"]), (lambda: (_scan(), _scan()), ["evidence.stored"])],
    "scans.export": [(_carry_scan_away, ["evidence.stored", "evidence.exported"])],
    "signals.receive": [
        (_signal, ["signal.received"]),
        (lambda: (_signal(), _signal()), ["signal.received"]),
        (lambda: _signal(MALLORY), ["subject.created", "signal.received"]),
    ],
    "on_behalf.record": [
        (_on_behalf, ["consent.given"]),
        (lambda: _on_behalf(yes=False), ["consent.refused"]),
        (lambda: _on_behalf(channel="paper", scan=b"%PDF-1.7 signed"), ["evidence.stored", "consent.given"]),
    ],
    "evidence.export": [(_export, ["evidence.exported"])],
    "entries.search": [
        (lambda: entries.search(wanted=entries.Wanted(), limit=9, **FACTS), ["log.searched"]),
        (lambda: entries.search(wanted=entries.Wanted(customer=ALICE), limit=9, **FACTS), ["log.searched"]),
        (lambda: entries.search(wanted=entries.Wanted(customer=MALLORY), limit=9, **FACTS), ["log.searched"]),
    ],
    "exports.run": [(lambda: (seal_all(), exports.run(**FACTS)), ["evidence.exported"])],
    "whole_record.carry_away": [(lambda: whole_record.carry_away(customer=ALICE, **FACTS), ["evidence.exported"])],
    "consent_export.run": [(lambda: list(consent_export.run(**FACTS)), ["evidence.exported"])],
    "import_runs.finish": [(lambda: import_runs.finish(**_begun(), **FACTS), ["import.finished"])],
    "rights.open": [
        (_right, ["rights.opened"]),
        (lambda: _right("limit"), ["rights.opened", "subject.limited"]),
        (
            lambda: rights.open(
                subject=ALICE, wanted=Right("object", "phone", "", "plan_staff"), checked=True, **FACTS
            ),
            ["rights.opened", "consent.objected"],
        ),
    ],
    "rights.add": [
        (lambda: rights.add(**_right(), subject=None, words="More.", **FACTS), ["rights.opened", "rights.added"]),
    ],
    "rights.withdraw": [
        (lambda: rights.withdraw(**_right(), subject=None, **FACTS), ["rights.opened", "rights.withdrawn"]),
        (
            lambda: rights.withdraw(**_right("limit"), subject=None, **FACTS),
            ["rights.opened", "subject.limited", "rights.withdrawn", "subject.unlimited"],
        ),
    ],
    "rights.start": [(lambda: rights.start(**_right(), **FACTS), ["rights.opened", "rights.started"])],
    "rights.ask_for_more": [
        (lambda: rights.ask_for_more(**_right(), words="Who?", **FACTS), ["rights.opened", "rights.asked"]),
    ],
    "rights.extend": [
        (lambda: rights.extend(**_right(), words="Much.", **FACTS), ["rights.opened", "rights.extended"]),
    ],
    "rights.answer": [
        (lambda: rights.answer(**_right(), words="Done.", **FACTS), ["rights.opened", "rights.answered"]),
    ],
    "rights.refuse": [
        (
            lambda: rights.refuse(**_right("limit"), ground="excessive", words="Again.", **FACTS),
            ["rights.opened", "subject.limited", "rights.refused", "subject.unlimited"],
        ),
    ],
    "rights.lift": [
        (
            lambda: rights.lift(**_limited_and_done(), words="It is over.", **FACTS),
            [
                *("rights.opened", "subject.limited", "rights.answered"),
                *("rights.lifted", "subject.unlimited"),
            ],
        ),
    ],
    "concerns.open": [(_concern, ["concern.raised"]), (lambda: _concern(None), ["concern.raised"])],
    "concerns.add": [
        (lambda: concerns.add(**_concern(), who=None, words="More.", **FACTS), ["concern.raised", "concern.added"]),
    ],
    "concerns.answer": [
        (lambda: concerns.answer(**_concern(), words="Yes.", **FACTS), ["concern.raised", "concern.answered"]),
    ],
    "concerns.close": [(lambda: concerns.close(**_concern(), **FACTS), ["concern.raised", "concern.closed"])],
    "concerns.forget": [(_forget_concern, ["concern.raised", "concern.closed", "concern.forgotten"])],
    "officers.create": [
        (
            lambda: officers.create(username="rosa", password="seven tall herons", full_name="Rosa Lindqvist", **FACTS),
            ["officer.created"],
        ),
    ],
    "catalogue.apply": [
        (lambda: catalogue.apply(document=document(), **FACTS), []),
        (lambda: publish(now=NOW, improve_visit={"retention": "P2D"}), ["catalogue.published"]),
        (_retire, ["catalogue.retired"]),
        (_edit_recipient, ["catalogue.recipient"]),
        (_edit_principles, ["catalogue.principles"]),
    ],
}
# Verbs that write and state no fact, each with its reason.
NO_FACT = {
    "import_runs.begin": "machinery: a file's place; what is taken in are facts, and that it is done is one",
    "idempotency.forget": "machinery: kept answers repeat facts that stand in the log already",
    "pruning.take": "what goes was declared before, by log.pruned",
    "knocks.forget": "machinery: removes what counts visitors without a name, after an hour",
    "rights_drafts.keep": "typed and not sent: nothing was asked for yet, and what is asked for is a fact",
    "rights_drafts.forget": "machinery: removes what was never sent, after a day",
    "visits.leave": "the end of a visit changes nothing about the customer",
    "visits.stop_acting": "the end of acting changes nothing about either customer; that it began is a fact",
    "visits.forget": "machinery: removes visits that are over",
    "consent_requests.forget": "machinery: removes questions that are over; what was said stands",
    "portal_links.forget": "machinery: removes links that are over",
    "case_letters.note_late": "that a day is over is no fact of the log; that the customer was told of it is one",
    "case_letters.forget": "machinery: removes notes of letters that keep no further one back",
    "letters.forget": "machinery: removes notes of letters that keep no further one back",
    "sign_in_codes.forget": "machinery: removes requests that count towards no limit any more",
}
# Verbs of several transactions, each step of which is whole by itself.
IN_STEPS = {"sign_in_codes.deliver", "letters.deliver", "case_letters.deliver", "consent_requests.answer"}
ROWS = [(verb, place) for verb, rows in VERBS.items() for place in range(len(rows))]


@pytest.mark.parametrize(("verb", "place"), ROWS, ids=[f"{verb}-{place}" for verb, place in ROWS])
def test_F23_it_leaves_exactly_one_entry_per_fact(park, verb, place):
    cast()
    keys.create(recipient="mail-engine", scopes=["decide"], by=OPERATOR, now=NOW - timedelta(days=1))
    before = set(Entry.objects.values_list("id", flat=True))
    work, wanted = VERBS[verb][place]
    work()
    new = Entry.objects.exclude(id__in=before).order_by("pending__id")
    assert [entry.action for entry in new] == wanted


def test_every_verb_that_writes_is_in_the_table():
    found = {
        f"{file.stem}.{node.name}"
        for file in SERVICES.glob("*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if any("atomic" in ast.unparse(decorator) for decorator in node.decorator_list)
    }
    assert found == (VERBS.keys() - IN_STEPS) | NO_FACT.keys()


def test_F23_no_door_writes_past_the_services():
    """Doors have no way to a table: what they import is services only (import contracts), and nobody else records."""
    callers = {
        file.stem
        for file in SERVICES.glob("*.py")
        if "entries.append(" in file.read_text("utf-8") or "Entry.objects.create" in file.read_text("utf-8")
    }
    assert callers == {"ledger"}
