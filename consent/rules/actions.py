"""Every kind of fact that stands in the log: dotted, past tense (docs/architecture.md lists them; a test compares)."""

ACTIONS = {
    "catalogue.controller": "A controller was added or changed.",
    "catalogue.recipient": "A recipient was added or changed.",
    "catalogue.category": "A data category was added or changed.",
    "catalogue.published": "A purpose version was published with its texts.",
    "catalogue.retired": "A purpose was taken out of use.",
    "subject.created": "A customer became known.",
    "subject.changed": "A customer's jurisdiction or majority date was set.",
    "identifier.added": "A further identifier was tied to a customer.",
    "consent.given": "A customer said yes to a purpose.",
    "consent.refused": "A customer said no when asked.",
    "consent.withdrawn": "A customer took a yes back.",
    "consent.objected": "A customer objected to a use that needs no yes.",
    "decision.made": "A system asked whether it may use a customer's data, and was answered.",
    "use.reported": "A system used a customer's data after deciding on its own copy.",
    "benefit.reported": "A system told what a customer got from a purpose.",
    "evidence.viewed": "A member of staff looked at a customer's record.",
    "evidence.exported": "Proof was carried away.",
    "key.created": "An API key was made.",
    "key.revoked": "An API key was ended.",
    "officer.created": "A member of staff may sign in to the console.",
    "portal.invited": "A link to the portal was made for a customer.",
    "portal.entered": "A customer opened the portal.",
    "import.finished": "A file of consents was imported.",
}
BY_ACT = {
    "give": "consent.given",
    "refuse": "consent.refused",
    "withdraw": "consent.withdrawn",
    "object": "consent.objected",
}
# What the customer sees under “Who used my data”.
USES = ("decision.made", "use.reported", "evidence.viewed")
