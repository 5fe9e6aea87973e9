"""Which language a page speaks: what was chosen, or else what the browser asks for, as far as that door speaks it."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

CONSOLE = "/console/"


class SpeakingMiddleware(LocaleMiddleware):
    """Django's own choice; staff's pages speak fewer languages than customers', and English where they lack one."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of this request."""
        super().process_request(request)
        if translation.get_language() not in dict(offered(request)):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE


def known(language: str) -> str:
    """A language that customers' pages speak, as it was named; "" for any other."""
    return language if language in dict(settings.LANGUAGES) else ""


def chosen(request: HttpRequest) -> str:
    """The language that a visitor picked from the menu, which wins over a link's; "" for none."""
    return known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def offered(request: HttpRequest) -> list[tuple[str, str]]:
    """The languages of the door that a request is at: code and name, in the order in which they are offered."""
    if not request.path.startswith(CONSOLE):
        return [(code, str(name)) for code, name in settings.LANGUAGES]
    return [(code, str(name)) for code, name in settings.LANGUAGES if code in settings.CONSOLE_LANGUAGES]
