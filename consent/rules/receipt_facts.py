"""What a receipt is made from: plain values, read by the service, and nothing to ask a database for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Party:
    """A controller or recipient. kind: as in the catalogue; `controller` for the controller itself."""

    key: str
    kind: str
    name: str
    address: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    country: str = ""


@dataclass(frozen=True)
class Data:
    """One category of data, with its label in the language of the notice."""

    key: str
    label: str
    term: str = ""
    sensitive: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything a receipt says about one event.

    number: of the log entry, and so of record and receipt. action: the log's word for the act; status: what the act
    leads to. base: the address of this service. categories, recipients: those chosen; for a no, those it was about.
    words, notice, language: empty where no text was shown. actor: who acted; recorder: who told us (`system:shop`).
    expires_at: None for until withdrawn. offices: name and address of the regulator and of the privacy officer.
    """

    number: str
    pseudonym: str
    action: str
    status: str
    purpose: str
    version: int
    legal_basis: str
    base: str
    controller: Party
    categories: tuple[Data, ...]
    recipients: tuple[Party, ...]
    jurisdictions: tuple[str, ...]
    storage_locations: tuple[str, ...]
    retention: str
    collected_at: datetime
    recorded_at: datetime
    channel: str
    actor: str
    recorder: str
    purpose_term: str = ""
    method: str = ""
    notice: str = ""
    assumed: bool = False
    imported: bool = False
    language: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    published_at: datetime | None = None
    expires_at: datetime | None = None
    withdrawal: str = ""
    automated_decisions: bool = False
    regulator: str = ""
    regulator_url: str = ""
    privacy_officer: str = ""
