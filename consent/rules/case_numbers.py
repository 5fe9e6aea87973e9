"""Numbers of requests and concerns that people read to each other: `R-7K3F-92QX`.

Crockford's Base32 without its hyphen rules: no I, L, O or U, so that nothing is taken for something else, and a check
sign at the end (the value modulo 37, a prime), which finds every wrong sign and every two that changed places.
Source: D. Crockford, Base 32 (crockford.com/base32.html).
"""

import re

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 7  # before the check sign: 35 bits
_BASE = 37
_FORM = re.compile(f"([A-Z])-?([{SIGNS}]{{4}})-?([{SIGNS}]{{4}})")
_MEANT = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "\t": None, "–": "-", "—": "-"})


SECRET = 16  # signs of a secret that somebody writes down: 80 bits


def secret(value: int) -> str:
    """A secret of a value below 2**80, for somebody to write down: `7K3F-92QX-…`."""
    signs = "".join(SIGNS[value >> 5 * place & 31] for place in range(SECRET))
    return "-".join(signs[at : at + 4] for at in range(0, SECRET, 4))


def read_secret(typed: str) -> str:
    """A secret as it was typed, in its one form."""
    signs = typed.upper().translate(_MEANT).replace("-", "")
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def write(letter: str, value: int) -> str | None:
    """The number of a value below 2**35; None for one whose check sign would be none of the 32 (5 in 37 are)."""
    check = value % _BASE
    if check >= len(SIGNS):
        return None
    signs = "".join(SIGNS[value >> 5 * place & 31] for place in reversed(range(LENGTH))) + SIGNS[check]
    return f"{letter}-{signs[:4]}-{signs[4:]}"


def read(letter: str, typed: str) -> str:
    """A number as it was typed or heard, in its one form; "" for what is none."""
    head, rest = typed.strip().upper()[:1], typed.strip().upper()[1:].translate(_MEANT)
    found = _FORM.fullmatch(head + rest)
    if not found or found[1] != letter:
        return ""
    signs = found[2] + found[3]
    value = 0
    for sign in signs[:LENGTH]:
        value = value << 5 | SIGNS.index(sign)
    return f"{letter}-{found[2]}-{found[3]}" if value % _BASE == SIGNS.index(signs[LENGTH]) else ""
