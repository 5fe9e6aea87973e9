"""The brand on the pages: its logo and its two colours, checked when the service starts and served under their digest.

Its name and contact are the controller's, in the catalogue. A colour that people cannot read (WCAG 2.2, 1.4.3) and a
logo that could do anything but be looked at are refused, never mended.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from consent.errors import NotFound
from trustcenter import logos
from trustcenter.logos import Logo

FOR_EVER = "public, max-age=31536000, immutable"
ENOUGH = 4.5
# What the accent is written on, or is written on it, in static/trustcenter.css; the wash is mixed from it and paper.
LIGHT = {"--paper": "#fafbf9", "--on-accent": "#ffffff"}
DARK = {"--paper": "#0e1311", "--sheet": "#141b18", "--on-accent": "#06231a", "--spine": "#12201b"}
WASH = 0.08
_Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """What the settings give. css, logo: None where nothing is set, or what is set is refused."""

    css: bytes | None
    logo: Logo | None
    problems: tuple[str, ...]

    @property
    def stylesheet(self) -> str:
        """The address of the stylesheet; "" without one."""
        return reverse("theme", args=[_digest(self.css)]) if self.css else ""

    @property
    def picture(self) -> str:
        """The address of the logo; "" without one."""
        return reverse("logo", args=[_digest(self.logo.content), self.logo.kind]) if self.logo else ""


def current() -> Theme:
    """The theme of the settings; a file is read once."""
    return _read(settings.BRAND_COLOUR, settings.BRAND_COLOUR_DARK, settings.BRAND_LOGO)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, #rrggbb, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(_parse(one)), _luminance(_parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def weakest(colour: str, grounds: dict[str, str]) -> tuple[float, str]:
    """The least contrast that a colour has with what it meets, and with which of it."""
    wash = _mix(_parse(grounds["--paper"]), _parse(colour), WASH)
    return min((contrast(colour, ground), name) for name, ground in {**grounds, "--wash": wash}.items())


def nearest(colour: str, grounds: dict[str, str]) -> str:
    """The colour that passes and changes this one the least on the way to black, or to white on dark."""
    end = (0, 0, 0) if grounds is LIGHT else (255, 255, 255)
    steps = (_mix(_parse(colour), end, step / 255) for step in range(256))
    return next(each for each in steps if weakest(each, grounds)[0] >= ENOUGH)


@register()
def check(**_: Any) -> list[Error]:
    """Django's own checks, and with them `doctor`."""
    return [Error(problem, id="trustcenter.E001") for problem in current().problems]


@require_safe
def stylesheet(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001  Django's signature
    """GET /theme.<digest>.css. Raises NotFound for any digest but that of the colours in force."""
    return _served(current().css, digest, "text/css; charset=utf-8")


@require_safe
def logo(request: HttpRequest, digest: str, kind: str) -> HttpResponse:  # noqa: ARG001
    """GET /logo.<digest>.<kind>. Raises NotFound for any but the logo in force."""
    found = current().logo
    return _served(found.content if found and found.kind == kind else None, digest, logos.TYPES.get(kind, ""))


def _served(content: bytes | None, digest: str, kind: str) -> HttpResponse:
    if content is None or digest != _digest(content):
        raise NotFound
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": FOR_EVER})


@cache
def _read(light: str, dark: str, file: str) -> Theme:
    problems = [*_faults(light, dark)]
    css = None if problems or not light else f":root{{--brand:{light};--brand-dark:{dark}}}\n".encode()
    picture, fault = logos.read(Path(file)) if file else (None, "")
    return Theme(css, picture, (*problems, *([f"BRAND_LOGO: {fault}"] if fault else [])))


def _faults(light: str, dark: str) -> Iterator[str]:
    chosen = (("BRAND_COLOUR", light, LIGHT), ("BRAND_COLOUR_DARK", dark, DARK))
    for name, colour, grounds in chosen:
        other = light or dark
        if colour and not re.fullmatch("#[0-9a-fA-F]{6}", colour):
            yield f"{name} is {colour!r}. Write a colour as # and six digits, such as #0b5a45."
        elif colour and (found := weakest(colour, grounds))[0] < ENOUGH:
            yield (
                f"{name} {colour} has a contrast of {found[0]:.2f} with {found[1]}; {ENOUGH} is needed to read it. "
                f"The nearest colour that has it is {nearest(colour, grounds)}."
            )
        elif not colour and re.fullmatch("#[0-9a-fA-F]{6}", other):
            fit = nearest(other, grounds)
            yield f"{name} is missing: both colours are set, or neither. {fit} would go with {other}."


def _parse(colour: str) -> _Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(one: _Colour, other: _Colour, share: float) -> str:
    """So much of the other in the one, as CSS mixes in sRGB."""
    parts = (round(here + (there - here) * share) for here, there in zip(one, other, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(colour: _Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
