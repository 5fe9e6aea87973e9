"""Global Privacy Control: what a browser's `Sec-GPC: 1` means, and where the law makes it bind.

The signal says: do not sell or share what you know of me. It deletes nothing, and does not touch what is done in the
house. Its absence says nothing; above all it is no yes (W3C, Global Privacy Control).
"""

import re
from datetime import datetime

GPC = "gpc"
# ISO 3166-1 and -2, e.g. GB and US-CA.
_CODE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
KINDS = (GPC,)

# Where the signal binds, and whether a yes that the customer gives later, to this company and this use, goes before it.
# Each state's law lets them say that yes, and none lets an older yes or setting stand against the signal.
BINDS = {
    "US-CA": True,  # CCPA § 1798.135(b), (e); 11 CCR 7025(c)
    "US-CO": True,  # Colorado Privacy Act, C.R.S. 6-1-1306(1)(a)(IV)
    "US-CT": True,  # Connecticut Data Privacy Act, Conn. Gen. Stat. 42-520(e)
    "US-DE": True,  # Delaware Personal Data Privacy Act
    "US-MD": True,  # Maryland Online Data Privacy Act
    "US-MT": True,  # Montana Consumer Data Privacy Act
    "US-NE": True,  # Nebraska Data Privacy Act
    "US-NH": True,  # New Hampshire, RSA 507-H
    "US-NJ": True,  # New Jersey Data Privacy Act
    "US-OR": True,  # Oregon Consumer Privacy Act
    "US-TX": True,  # Tex. Bus. & Com. Code 541.055(e)
    # The state, or the country, is not known: the strict reading. It binds, and no law that we know lets a yes win.
    "US": False,
    "": False,
}


def heard(header: str | None) -> bool:
    """Whether a request carries the signal: any of its Sec-GPC headers is exactly `1`; whatever else is no signal.

    header: the value; several headers reach us joined by commas.
    """
    return any(part.strip(" \t") == "1" for part in (header or "").split(","))


def binds(jurisdiction: str) -> bool:
    """Whether the signal of a customer there has to be honoured."""
    return _place(jurisdiction) in BINDS


def switches_off(*, jurisdiction: str, shares: bool, received_at: datetime | None, yes_at: datetime | None) -> bool:
    """Whether the signal stops a purpose.

    shares: the purpose is marked as selling or sharing. yes_at: when the customer themself said the yes that stands
    for this purpose; None when nobody did, or somebody did for them.
    """
    if not shares or received_at is None or not binds(jurisdiction):
        return False
    return not (BINDS[_place(jurisdiction)] and yes_at is not None and yes_at > received_at)


def _place(jurisdiction: str) -> str:
    """A place as the table names it. What is no code of a country, with or without its state, is not known to us."""
    place = jurisdiction.upper()
    return place if _CODE.fullmatch(place) else ""
