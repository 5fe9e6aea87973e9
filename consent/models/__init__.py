"""Tables, constraints and filters; no verbs. Only services write here."""

from consent.models.asks import AskCount
from consent.models.audiences import Asked
from consent.models.catalogue import Category, Controller, NoticeText, Purpose, PurposeVersion, Recipient, Revision
from consent.models.concerns import Concern, ConcernStep, Knock
from consent.models.consent_requests import ConsentRequest
from consent.models.consents import Confirmation, ConsentEvent, ConsentState, Reminder
from consent.models.holders import Acknowledgement, Holder
from consent.models.idempotency import Answer
from consent.models.imports import ImportRun
from consent.models.keys import ApiKey
from consent.models.letters import CaseLetter, ChangeLetter
from consent.models.links import Link
from consent.models.mandates import Mandate
from consent.models.officers import SignInTry
from consent.models.portal_links import PortalLink, PortalSession
from consent.models.principles import Principles
from consent.models.receipts import Receipt, ReceiptsDone
from consent.models.rights import Limit, RightsDraft, RightsRequest, RightsStep
from consent.models.scans import Scan
from consent.models.sign_in_codes import SignInCode
from consent.models.signals import Signal
from consent.models.subjects import Identifier, Subject
from consent.models.suppressions import Suppression

__all__ = [
    "Acknowledgement",
    "Answer",
    "ApiKey",
    "AskCount",
    "Asked",
    "CaseLetter",
    "Category",
    "ChangeLetter",
    "Concern",
    "ConcernStep",
    "Confirmation",
    "ConsentEvent",
    "ConsentRequest",
    "ConsentState",
    "Controller",
    "Holder",
    "Identifier",
    "ImportRun",
    "Knock",
    "Limit",
    "Link",
    "Mandate",
    "NoticeText",
    "PortalLink",
    "PortalSession",
    "Principles",
    "Purpose",
    "PurposeVersion",
    "Receipt",
    "ReceiptsDone",
    "Recipient",
    "Reminder",
    "Revision",
    "RightsDraft",
    "RightsRequest",
    "RightsStep",
    "Scan",
    "SignInCode",
    "SignInTry",
    "Signal",
    "Subject",
    "Suppression",
]
