"""What a caller may keep beside a choice: small, flat, and with one spelling."""

import json
from typing import Any

from audit.proof import canonical
from consent.rules import text

SIZE = 16_384
NAME_LENGTH = 64


def problem(evidence: Any) -> str:
    """What is wrong with evidence, in one sentence; "" when it may be kept."""
    if not isinstance(evidence, dict):
        return "An object of texts, whole numbers, true, false, and lists of these."
    for name, value in evidence.items():
        if not (isinstance(name, str) and name.isascii()) or text.problem(name, length=NAME_LENGTH):
            return f"Names in evidence are plain ASCII, at most {NAME_LENGTH} characters."
        for each in value if isinstance(value, list) else [value]:
            if wrong := _value_problem(each):
                return wrong
    return _size_problem(evidence)


def _value_problem(value: Any) -> str:
    if isinstance(value, str):
        return text.problem(value, length=SIZE, lines=True)
    if isinstance(value, int):  # also true and false
        return "" if abs(value) <= canonical.INT_LIMIT else "A number this large is written as a text."
    return "Evidence holds texts, whole numbers, true, false, and lists of these; nothing else."


def _size_problem(evidence: dict[str, Any]) -> str:
    size = len(json.dumps(evidence, ensure_ascii=False, separators=(",", ":")).encode())
    return f"Evidence has at most {SIZE} bytes of JSON, not {size}." if size > SIZE else ""
