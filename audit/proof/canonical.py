"""Canonical bytes: RFC 8785 (JCS), restricted to the part in which nothing is left to argue about.

Objects with ASCII keys, NFC strings, integers within ±(2^53-1), booleans, lists. No floats and no null: both
are where JSON writers disagree. On this subset the standard library writes the bytes RFC 8785 asks for, five
times faster than a general writer; `_check` is what keeps us on the subset.
"""

import json
import unicodedata
from typing import Any, NoReturn

from . import encoding
from .errors import ProofError

LEAF_LIMIT = 65_535
"""Bytes in a leaf: entry bundles carry a 16-bit length (C2SP tlog-tiles, "Log entries")."""
INT_LIMIT = 2**53 - 1
"""The last integer every JSON reader keeps exactly (RFC 8785, section 3.2.2.3; RFC 7493, section 2.2)."""
DEPTH_LIMIT = 64
"""Nesting we follow. Far more than a leaf needs, far less than the interpreter's own stack."""
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dumps(value: Any) -> bytes:
    """Return the canonical bytes of `value` (RFC 8785, section 3.2).

    Raises:
        ProofError: `canonical-*` or `unicode-bad` if `value` holds anything outside the subset.
    """
    _check(value, 0)
    return _ENCODER.encode(value).encode("utf-8")


def leaf(value: dict[str, Any]) -> bytes:
    """Return the canonical bytes of one log entry.

    Raises:
        ProofError: `leaf-too-long` over LEAF_LIMIT, or as `dumps`.
    """
    raw = dumps(value)
    if len(raw) > LEAF_LIMIT:
        raise ProofError("leaf-too-long", f"A log entry of {len(raw)} bytes; {LEAF_LIMIT} fit. Shorten it.")
    return raw


def loads(raw: bytes, *, strict: bool = True) -> Any:
    """Return the value that `raw` holds.

    Args:
        raw: UTF-8 JSON text.
        strict: also demand that `raw` is spelled canonically, byte for byte.

    Raises:
        ProofError: `canonical-*` or `unicode-bad` if the text or its value is outside the subset.
    """
    if strict and (found := _as_written(raw)) is not None:
        return found
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=_no_float,
            parse_constant=_no_float,
            parse_int=_integer,
        )
    except ProofError:
        raise
    except (ValueError, RecursionError):
        raise ProofError("canonical-syntax", "This is not JSON text in UTF-8.") from None
    canonical = dumps(value)
    if strict and canonical != raw:
        raise ProofError("canonical-spelling", "This JSON is not in its canonical spelling (RFC 8785).")
    return value


def _as_written(raw: bytes) -> Any:
    """Return what `raw` holds if it is canonical, None if not: the slow reader then says why.

    Whatever the fast reader takes wrongly (a member that is there twice, a number in another spelling) is written
    back in other bytes, or is found by `_check`.
    """
    try:
        value = json.loads(raw.decode("utf-8"))
        return value if dumps(value) == raw else None
    except (ValueError, RecursionError):
        return None


def _check(value: Any, depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise ProofError("canonical-depth", f"Nested deeper than {DEPTH_LIMIT}. Make it flatter.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > INT_LIMIT:
            raise ProofError("canonical-integer", "An integer beyond ±(2^53-1). Write it as a string.")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        _check_object(value, depth)
    else:
        _refuse(value)


def _check_text(text: str) -> None:
    if text.isascii():
        return
    encoding.to_utf8(text, "A string")
    if not unicodedata.is_normalized("NFC", text):
        raise ProofError("canonical-nfc", "A string that is not in Unicode form NFC. Normalise it first.")


def _check_object(value: dict[Any, Any], depth: int) -> None:
    for key, item in value.items():
        # ASCII sorts alike by code point, by UTF-16 unit and by byte: no reader can sort it differently.
        if not isinstance(key, str) or not key.isascii():
            raise ProofError("canonical-key", f"Key {ascii(key)[:80]} is not ASCII text.")
        if type(item) is not str or not item.isascii():  # most members of a leaf are plain words
            _check(item, depth + 1)


def _refuse(value: Any) -> NoReturn:
    if value is None:
        raise ProofError("canonical-null", "null has no place here. Leave the member out.")
    if isinstance(value, float):
        _no_float(value)
    raise ProofError("canonical-type", f"A {type(value).__name__} has no canonical JSON form.")


def _no_float(value: object) -> NoReturn:
    raise ProofError("canonical-float", f"{str(value)[:40]} is not an integer. Write it as a string.")


def _integer(digits: str) -> int:
    # Before int(): thousands of digits would cost time, or raise something else.
    if len(digits) > len(str(-INT_LIMIT)):
        raise ProofError("canonical-integer", "An integer beyond ±(2^53-1). Write it as a string.")
    return int(digits)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object with these members (a hook for `json.loads`).

    Raises:
        ProofError: `canonical-duplicate` if it names one twice.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        # Readers keep the first or the last: one leaf would say two things.
        raise ProofError("canonical-duplicate", "An object names the same member twice.")
    return members
