"""The log's verbs have commands, and are tried through them too."""

from tests.trustcenter.commands.conftest import run  # noqa: F401
