"""Members of a JSON document by type. Every error names the member, so that a reader can find it."""

from typing import Any

from . import encoding
from .errors import ProofError


def members(doc: dict[str, Any], where: str, needed: tuple[str, ...], allowed: tuple[str, ...] = ()) -> None:
    """Return if `doc` has all `needed` members, and none besides those and the `allowed`.

    Raises:
        ProofError: `bundle-missing` or `bundle-unknown`.
    """
    for name in needed:
        if name not in doc:
            raise ProofError("bundle-missing", f"`{name}` is missing in {where}.")
    for name in doc:
        if name not in needed and name not in allowed:
            raise ProofError("bundle-unknown", f"{ascii(name)[:80]} has no meaning in {where}.")


def an_object(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is an object."""
    if not isinstance(value, dict):
        raise _wrong(what, "an object")
    return value


def a_text(value: Any, what: str) -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        raise _wrong(what, "a string")
    return value


def text(doc: dict[str, Any], name: str) -> str:
    """Return the string member `name`."""
    return a_text(doc.get(name), name)


def raw_text(doc: dict[str, Any], name: str) -> bytes:
    """Return the UTF-8 bytes of the string member `name`."""
    return encoding.to_utf8(text(doc, name), f"`{name}`")


def number(doc: dict[str, Any], name: str) -> int:
    """Return the integer member `name`; true and false are not integers here, though Python thinks so."""
    value = doc.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "an integer")
    return value


def flag(doc: dict[str, Any], name: str) -> bool:
    """Return the boolean member `name`."""
    value = doc.get(name)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false")
    return value


def items(doc: dict[str, Any], name: str) -> list[Any]:
    """Return the list member `name`."""
    value = doc.get(name)
    if not isinstance(value, list):
        raise _wrong(name, "a list")
    return value


def _wrong(name: str, kind: str) -> ProofError:
    return ProofError("bundle-type", f"`{name}` is not {kind}.")
