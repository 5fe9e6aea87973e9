"""What the demo prints: the ways in, and five lines to try that really work."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from trustcenter.commands import terminal

_ASK = (
    '{"subject":{"type":"system","id":"mail-engine"},"action":{"name":"personal_offers"},'
    '"resource":{"type":"customer","id":"CUSTOMER","properties":{"categories":["contact.email"]}}}'
)
_WITHDRAW = (
    '{"subject":{"namespace":"customer","id":"CUSTOMER"},"purpose":"personal_offers","act":"withdraw",'
    '"language":"en","channel":"store","method":"at the counter"}'
)
_RECEIPT = r"""sed 's/.*"receipt":{"id":"\([^"]*\)".*/\1/'"""


def show(
    url: str, known: Mapping[str, str], *, fresh: bool, link: str, question: str, customer: str, kept: Path
) -> None:
    """Print everything there is to try."""
    password = f"password {known['password']}" if fresh else f"password in {kept}"
    terminal.say(
        "",
        f"Kestrel Park starts at {url}. Give it a few seconds.",
        "",
        f"  As a customer    {link}",
        "                   (works once, for five minutes; a new start makes a new one)",
        f"  Asked once       {question}",
        "                   (as a brand asks for one consent at the moment it matters; for an hour)",
        f"  As an officer    {url}/console/  name officer, {password}",
        f"  As a system      {url}/api/docs/  key {known['key']}",
        "",
        "To try in another terminal: two lines to prepare, and five to walk through.",
        "",
        *lines(url, known["key"], customer),
        "",
        f"Ctrl-C ends it. The data stays for the next start; to forget it: {_command()} demo --reset",
        "",
    )


def lines(url: str, key: str, customer: str) -> list[str]:
    """Two lines to prepare, and the tour: allowed, taken back, refused, the proof of it, and that the proof holds."""
    ask, say = (words.replace("CUSTOMER", customer) for words in (_ASK, _WITHDRAW))
    return [
        f"""call() {{ curl -s -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' {url}"$@"; }}""",
        f"ask() {{ call /access/v1/evaluation -d '{ask}'; echo; }}",
        "",
        "ask                                                 # may the mail engine write? true",
        f"RECEIPT=$(call /api/v1/consents -d '{say}' | {_RECEIPT})",
        "ask                                                 # the customer said no at a counter: false, and why",
        "sleep 1; call /api/v1/receipts/$RECEIPT?format=proof > proof.json  # the proof of the no, sealed by now",
        f"{_python()} -m audit.proof proof.json  # it holds, without asking us",
    ]


def _python() -> str:
    """The interpreter that has the verifier."""
    return _named(sys.executable)


def _command() -> str:
    """`trustcenter` as it can be typed here: `make` puts it beside its interpreter, where no shell looks for it."""
    beside = Path(sys.executable).parent / "trustcenter"
    return "trustcenter" if shutil.which("trustcenter") or not beside.exists() else _named(str(beside))


def _named(path: str) -> str:
    """The shorter of a file's two names."""
    return min(os.path.relpath(path), path, key=len)
