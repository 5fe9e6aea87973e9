"""Structured logs without personal data: one JSON object a line, or text for a person.

Our own lines (structlog), Django's, the web server's and the worker's all end in one formatter, and nothing passes it
without being looked through: what has the form of an e-mail address, an API key or another secret becomes a word.
Paths are never logged, since a path may hold an identifier: Django's lines about requests are cut before them.
"""

import logging.config
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRETS = (
    (re.compile(r"[^\s@<>\"'(),;:=\\/]+@[^\s@<>\"'(),;:=\\/]+"), "[e-mail]"),
    (re.compile(r"tc_[0-9a-z]{4,}_[A-Za-z0-9_-]{8,}"), "[key]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 [key]"),
    (re.compile(r"(?<!\w)[A-Za-z0-9+/]{43}="), "[key]"),  # 32 bytes in base64
    # 32 bytes in base64url: cookies and links. A digest has no capitals, a name has no such length.
    (re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{40,}"), "[token]"),
)
# What these write before the first colon is safe; what follows may be a path, a host or a header of the caller.
_WITH_PATHS = ("django.request", "django.security", "django.server")


def redacted(text: str) -> str:
    """A text without e-mail addresses, keys and tokens."""
    for form, word in _SECRETS:
        text = form.sub(word, text)
    return text


def configuration(*, text: bool, level: str) -> dict[str, Any]:
    """The whole of Python's logging, as dictConfig takes it. text: for a person, otherwise JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "text": text}},
        "handlers": {"log": {"class": "trustcenter.logs.StandardError", "formatter": "line"}},
        "root": {"handlers": ["log"], "level": level},
        "loggers": {
            name: {"handlers": [], "propagate": True}
            for name in ("django", "django.server", "_granian", "granian.access", "celery")
        }
        # Refusals are counted by /metrics and told to the caller; a line for each would only repeat the path.
        | {"django.request": {"level": "ERROR", "propagate": True}},
    }


def configure(options: Mapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `options` is what settings.LOGGING says."""
    logging.config.dictConfig(configuration(text=options["text"], level=options["level"]))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is now, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def formatter(*, text: bool) -> logging.Formatter:
    """The one formatter everything passes through."""
    shown: list[Processor] = (
        [_redact, structlog.dev.ConsoleRenderer(colors=False)]
        if text
        else [_redact, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_cut_paths, *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *shown,
        ],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _cut_paths(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None and record.name.startswith(_WITH_PATHS):
        event["event"] = str(event["event"]).partition(":")[0]
    return event


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: _looked_through(value) for name, value in event.items()}


def _looked_through(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {redacted(str(name)): _looked_through(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_looked_through(each) for each in value]
    return redacted(str(value))
