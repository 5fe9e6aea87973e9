"""What the console calls things, each with its node: full where data flows, half where something waits, else empty."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.services.holders import Heard


class Act(NamedTuple):
    """One kind of fact in a word or two, and the class of its node."""

    name: Any
    node: str


HEARD = {
    Heard.ASKS: _("asks each time"),
    Heard.WAITING: _("being told"),
    Heard.TOLD: _("told"),
    Heard.CONFIRMED: _("confirmed"),
    Heard.LATE: _("late: refuses by itself"),
}
ACTS = {
    "decision.made": Act(_("Asked"), "no"),
    "copy.taken": Act(_("Copy taken"), "yes"),
    "audience.filtered": Act(_("List checked"), "yes"),
    "search.made": Act(_("Searched"), "yes"),
    "use.reported": Act(_("Used"), "yes"),
    "probing.suspected": Act(_("May be guessing"), "late"),
    "benefit.reported": Act(_("Benefit"), "on"),
    "consent.requested": Act(_("Asked for consent"), "wait"),
    "consent.deferred": Act(_("Put off"), "wait"),
    "consent.pending": Act(_("Given, to be confirmed"), "wait"),
    "consent.given": Act(_("Given"), "on"),
    "consent.confirmed": Act(_("Confirmed"), "on"),
    "consent.renewed": Act(_("Renewed"), "on"),
    "consent.paused": Act(_("Paused"), "off"),
    "consent.resumed": Act(_("Resumed"), "on"),
    "consent.refused": Act(_("Said no"), "off"),
    "consent.withdrawn": Act(_("Withdrawn"), "off"),
    "consent.objected": Act(_("Objected"), "off"),
    "consent.revoked": Act(_("Revoked"), "off"),
    "consent.invalidated": Act(_("Not valid"), "off"),
    "consent.linked": Act(_("Joined: the stricter stands"), "wait"),
    "consent.unlinked": Act(_("Parted: each no stays"), "wait"),
    "consent.expiring": Act(_("Reminded: ends soon"), "wait"),
    "consent.expired": Act(_("Run out"), "off"),
    "state.rebuilt": Act(_("Answer put right"), "wait"),
    "signal.received": Act(_("Browser signal"), "off"),
    "evidence.stored": Act(_("Scan stored"), "on"),
    "evidence.viewed": Act(_("Viewed by staff"), "yes"),
    "evidence.exported": Act(_("Proof carried away"), "yes"),
    "subject.created": Act(_("Became known"), "on"),
    "subject.changed": Act(_("Changed"), "on"),
    "subject.linked": Act(_("Records joined"), "wait"),
    "subject.unlinked": Act(_("Records parted"), "wait"),
    "subject.suppressed": Act(_("Asked to be left alone"), "off"),
    "subject.unsuppressed": Act(_("Speaks to us again"), "on"),
    "subject.erased": Act(_("Erased"), "off"),
    "subject.limited": Act(_("Limited: nobody may use it"), "off"),
    "subject.unlimited": Act(_("Limit ended"), "on"),
    "rights.opened": Act(_("Request opened"), "wait"),
    "rights.added": Act(_("Request: customer added"), "wait"),
    "rights.asked": Act(_("Request: customer asked"), "wait"),
    "rights.started": Act(_("Request: work began"), "wait"),
    "rights.extended": Act(_("Request: more time"), "wait"),
    "rights.answered": Act(_("Request answered"), "on"),
    "rights.refused": Act(_("Request refused"), "off"),
    "rights.withdrawn": Act(_("Request taken back"), "off"),
    "rights.lifted": Act(_("Limitation lifted"), "on"),
    "concern.raised": Act(_("Concern raised"), "wait"),
    "concern.added": Act(_("Concern: wrote again"), "wait"),
    "concern.answered": Act(_("Concern answered"), "on"),
    "concern.closed": Act(_("Concern closed"), "off"),
    "concern.forgotten": Act(_("Concern destroyed"), "off"),
    "mandate.granted": Act(_("Mandate given"), "on"),
    "mandate.ended": Act(_("Mandate ended"), "off"),
    "mandate.used": Act(_("Opened by who acts for them"), "yes"),
    "identifier.added": Act(_("Identifier added"), "on"),
    "identifier.verified": Act(_("Identifier verified"), "on"),
    "portal.invited": Act(_("Invited to the portal"), "wait"),
    "portal.code_sent": Act(_("Code sent"), "wait"),
    "portal.entered": Act(_("Opened the portal"), "on"),
    "catalogue.published": Act(_("Purpose published"), "on"),
    "catalogue.retired": Act(_("Purpose retired"), "off"),
    "catalogue.controller": Act(_("Controller changed"), "on"),
    "catalogue.recipient": Act(_("Recipient changed"), "on"),
    "catalogue.category": Act(_("Category changed"), "on"),
    "catalogue.principles": Act(_("AI principles published"), "on"),
    "key.created": Act(_("Key made"), "on"),
    "key.revoked": Act(_("Key ended"), "off"),
    "officer.created": Act(_("Officer added"), "on"),
    "import.finished": Act(_("Import finished"), "on"),
    "log.searched": Act(_("Log searched"), "yes"),
    "log.clock_accepted": Act(_("Clock accepted"), "wait"),
    "log.mark_accepted": Act(_("Mark made anew"), "wait"),
    "log.key_rotated": Act(_("Key of the log changed"), "wait"),
    "log.genesis": Act(_("New log begun"), "wait"),
}
# Acts that are searched for together, by what they begin with.
GROUPS = {
    "consent.": _("Every choice"),
    "subject.": _("Every change of a record"),
    "evidence.": _("What staff looked at or carried away"),
    "portal.": _("Every way into the portal"),
    "catalogue.": _("Every change of the catalogue"),
    "key.": _("Every change of keys"),
    "log.": _("Everything about the log itself"),
}
OUTCOMES = {
    "allowed": Act(_("Allowed"), "yes"),
    "refused": Act(_("Refused"), "no"),
    "breach": Act(_("Used without permission"), "late"),
    "observed": Act(_("Would have been refused"), "wait"),
}
WHY = {
    "customer_asked": _("The customer asked"),
    "concern": _("A customer's concern"),
    "rights_request": _("A rights request"),
    "complaint_to_regulator": _("A complaint to the regulator"),
    "audit": _("An audit"),
    "error_search": _("Looking for an error"),
}
# How a purpose stands, by the reason code of the decision; what is not here is told by the sentence of the code.
STANDINGS = {
    "no_consent": Act(_("Not asked"), "off"),
    "consent_requested": Act(_("Asked"), "wait"),
    "consent_refused": Act(pgettext_lazy("consent", "Refused"), "off"),
    "consent_withdrawn": Act(_("Withdrawn"), "off"),
    "consent_revoked": Act(_("Revoked"), "off"),
    "consent_invalidated": Act(_("Not valid"), "off"),
    "consent_expired": Act(_("Run out"), "off"),
    "consent_paused": Act(_("Paused"), "off"),
    "notice_changed": Act(_("Text changed"), "wait"),
    "guardian_needed": Act(_("Guardian needed"), "wait"),
    "gpc_opt_out": Act(_("Browser signal"), "off"),
    "objected": Act(_("Objected"), "off"),
    "purpose_retired": Act(_("Out of use"), "off"),
    "processing_limited": Act(_("Limited"), "off"),
}
ACTORS = {
    "customer": _("Customer"),
    "self": _("Customer"),
    "staff": _("Staff"),
    "guardian": _("Guardian"),
    "representative": _("Representative"),
    "system": _("System"),
    "browser": _("Browser"),
    "operator": _("Operator"),
}
# What is kept as the proof of a choice; what other names a caller gave stands as they gave it.
PROOFS = {
    "reason": _("Why staff recorded it"),
    "scan_sha256": _("SHA-256 of the scan"),
    "guardian_verification": _("How the guardian was checked"),
    "mandate": _("The mandate"),
    "file": _("File"),
    "line": _("Line"),
    "cells": _("Cells"),
}
# How staff met the customer for whom they write a choice down.
MET = {"phone": _("On the phone"), "store": _("In a shop"), "paper": _("On paper")}
# The parts of a notice text, in the order in which they are shown.
PARTS = ("what", "why", "benefit", "if_no", "ai", "ai_out", "ai_learned", "ai_sure")


def standing(reason: str, *, asked: bool, objectable: bool) -> Act:
    """How a purpose stands, in a word with its node."""
    if reason == "permitted":
        return Act(_("Given") if asked else _("Not objected") if objectable else _("No choice"), "on")
    return STANDINGS.get(reason, Act(_("Off"), "off"))
