"""ask-witnesses; and the same beside the sealer, in its own thread: a witness that is away keeps nobody waiting."""

import argparse
import threading
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from audit.proof.doors import place
from audit.proof.errors import ProofError
from audit.services import witnesses
from audit.services.witnesses import Asked
from trustcenter import access
from trustcenter.commands import terminal

_EXAMPLES = """\
  WITNESS_POLICY=policy.txt trustcenter ask-witnesses
      witness regulator audit.example+1f2e3d4c+BAbC… https://audit.example/witness
      quorum regulator
Exit codes: 0 each has cosigned it, 1 one of them did not.
"""


def add(commands: Any) -> None:
    terminal.command(
        commands,
        "ask-witnesses",
        _ask,
        short="have the witnesses of WITNESS_POLICY cosign the newest head",
        about="Have the witnesses of WITNESS_POLICY cosign the newest head. The sealer does this by itself, every\n"
        "WITNESS_EVERY seconds. A witness runs `python3 verify.py witness serve`; verify.py is in every export.",
        examples=_EXAMPLES,
    )


def until(stop: threading.Event) -> None:
    """Ask all of them, again and again, until told to stop."""
    log = structlog.get_logger("witnesses")
    try:
        while not stop.is_set():
            _pass(log)
            stop.wait(settings.WITNESS_EVERY)
    finally:
        connection.close()


def _ask(options: argparse.Namespace) -> int:  # noqa: ARG001  argparse's signature
    try:
        answers = _all()
    except (ProofError, OSError) as problem:
        return terminal.complain(f"WITNESS_POLICY: {problem}")
    for each in answers:
        terminal.say(f"{each.name}: {each.finding or f'has cosigned the head of {each.size:,} entries'}")
    if not answers:
        return terminal.complain("No witness with an address stands in WITNESS_POLICY.")
    return int(any(each.finding for each in answers))


def _all() -> list[Asked]:
    policy = witnesses.configured()
    asked = [each for each in policy.witnesses.values() if each.url] if policy else []
    return [witnesses.ask(asked=each, post=place.post, now=access.clock()) for each in asked]


def _pass(log: structlog.stdlib.BoundLogger) -> None:
    try:
        for each in _all():
            if each.alarm:
                log.critical("a witness refuses this log", witness=each.name, finding=each.finding)
            elif each.finding:
                log.warning("a witness did not answer", witness=each.name, finding=each.finding)
    except (ProofError, OSError) as problem:
        log.error("WITNESS_POLICY cannot be used", problem=str(problem))
    except DatabaseError as problem:
        log.warning("database away", problem=str(problem))
        close_old_connections()
    except Exception:
        # Whatever it is, it must not end the sealer, and a person must read of it.
        log.exception("witnesses cannot be asked")
