"""Every kind of fact that stands in the log: dotted, past tense (docs/architecture.md lists them; a test compares)."""

ACTIONS = {
    "catalogue.controller": "A controller was added or changed.",
    "catalogue.recipient": "A recipient was added or changed.",
    "catalogue.category": "A data category was added or changed.",
    "catalogue.published": "A purpose version was published with its texts.",
    "catalogue.principles": "The principles for AI were published in a new version.",
    "catalogue.retired": "A purpose was taken out of use.",
    "subject.created": "A customer became known.",
    "subject.changed": "A customer's jurisdiction or majority date was set.",
    "subject.linked": "Two records turned out to be one customer's, and were joined.",
    "subject.unlinked": "Two records that were joined were parted again.",
    "subject.suppressed": "A customer asked to be left alone.",
    "subject.unsuppressed": "A customer's own yes ended their wish to be left alone.",
    "subject.erased": "A customer's personal data was destroyed.",
    "mandate.granted": "A guardian or a representative may act for a customer.",
    "mandate.ended": "A guardian or a representative may act for a customer no more.",
    "mandate.used": "A guardian or a representative opened the portal in a customer's place.",
    "identifier.added": "A further identifier was tied to a customer.",
    "identifier.verified": "An identifier that nobody had vouched for was verified.",
    "consent.requested": "A customer was asked about a purpose.",
    "consent.deferred": "A customer put the question off.",
    "consent.pending": "A customer said yes, and has yet to confirm it.",
    "consent.given": "A customer said yes to a purpose.",
    "consent.confirmed": "A customer confirmed a yes by the token that was sent to them.",
    "consent.renewed": "A customer said yes again, so that it goes on.",
    "consent.paused": "A customer stopped a use for a time.",
    "consent.resumed": "A customer ended a pause.",
    "consent.refused": "A customer said no when asked.",
    "consent.withdrawn": "A customer took a yes back.",
    "consent.objected": "A customer objected to a use that needs no yes.",
    "consent.revoked": "A consent was ended by somebody other than the customer.",
    "consent.invalidated": "A consent was found not to be valid.",
    "consent.linked": "Two records were joined, and the stricter of their two answers stands.",
    "consent.unlinked": "Two records were parted, and each keeps what was said no to.",
    "consent.expiring": "A customer's yes will run out soon.",
    "consent.expired": "A customer's yes ran out.",
    "state.rebuilt": "An answer that was not what the customer said was made so again.",
    "signal.received": "A customer's browser asked us not to sell or share their data.",
    "decision.made": "A system asked whether it may use a customer's data, and was answered.",
    "copy.taken": "A recipient took a copy of what it may use, to decide in its own house.",
    "audience.filtered": "A system asked which of a list of people it may use the data of, and was answered.",
    "search.made": "A system searched whose data it may use, or what a customer's may be used for.",
    "use.reported": "A system used a customer's data after deciding on its own copy.",
    "probing.suspected": "A third party asked about so many people it may not use the data of that it may be guessing.",
    "benefit.reported": "A system told what a customer got from a purpose.",
    "evidence.stored": "The scan of a paper that a customer signed was stored.",
    "evidence.viewed": "A member of staff looked at a customer's record.",
    "evidence.exported": "Proof was carried away.",
    "key.created": "An API key was made.",
    "key.revoked": "An API key was ended.",
    "officer.created": "A member of staff may sign in to the console.",
    "portal.invited": "A link to the portal was made for a customer.",
    "portal.code_sent": "A code to come in was sent to a customer's e-mail address.",
    "portal.entered": "A customer opened the portal.",
    "log.searched": "Somebody searched the log.",
    "log.clock_accepted": "The log is signed on, though the clock went back.",
    "log.mark_accepted": "The note of how far the log was published was lost, and made anew.",
    "log.key_rotated": "A key of the log begins, or ends, to sign.",
    "log.pruned": "Entries that were older than our policy keeps them were taken out of the log.",
    "log.genesis": "A new log begins under a new name; this says how the old one ended.",
    "import.finished": "A file of consents was imported.",
}
BY_ACT = {
    "request": "consent.requested",
    "give": "consent.given",
    "refuse": "consent.refused",
    "defer": "consent.deferred",
    "confirm": "consent.confirmed",
    "pause": "consent.paused",
    "resume": "consent.resumed",
    "withdraw": "consent.withdrawn",
    "revoke": "consent.revoked",
    "object": "consent.objected",
    "renew": "consent.renewed",
    "invalidate": "consent.invalidated",
    "expire": "consent.expired",
    "link": "consent.linked",
    "unlink": "consent.unlinked",
}
# The act that each fact of a choice tells of; a yes that waits to be confirmed is not told as a yes.
ACT_OF = {action: act for act, action in BY_ACT.items()} | {"consent.pending": "pending"}
# What the customer sees under “Who used my data”.
USES = (
    "decision.made",
    "audience.filtered",
    "search.made",
    "use.reported",
    "evidence.viewed",
    "log.searched",
    "mandate.used",
)
# What the policy of retention takes out of the log once it is old: who used what, who came in. What was said, what was
# promised, who was erased, and what the log says of itself, stays for good (docs/adr/0013).
_VISITS = ("copy.taken", "benefit.reported", "portal.invited", "portal.code_sent", "portal.entered")
AGEING = (*(action for action in USES if not action.startswith("log.")), *_VISITS)
# After these, what a copy holds of a customer may no longer be so (rules/grants.py).
_OF_CUSTOMERS = ("subject.", "identifier.", "consent.", "signal.", "state.")
TOLD = tuple(action for action in ACTIONS if action.startswith(_OF_CUSTOMERS))
# After these, nothing that a copy holds for the purpose is so.
REPUBLISHED = ("catalogue.published", "catalogue.retired")
