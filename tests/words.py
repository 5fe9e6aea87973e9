"""`python -m tests.words`: collect what must be translated, keep the .po files in step, and compile them.

Django's own makemessages needs GNU gettext on the machine; this needs Babel alone. The console keeps a catalogue of its
own (trustcenter/console/locale); everything else of the doors stands in trustcenter/locale. Country names come
from CLDR, as Babel brings it, into trustcenter/locale/countries.json: a page needs no Babel to write them.
"""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import to_locale

from tests.tree import ROOT

# Besides English, in which the texts are written: what customers read, and what staff do.
LANGUAGES = ("zh-hans", "es", "fr", "de", "ar")
OF_STAFF = ("zh-hans",)
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


@dataclass(frozen=True)
class Place:
    """A catalogue: the sources it speaks for, and where it stands."""

    sources: Path
    without: Path | None
    languages: tuple[str, ...]

    def file(self, language: str, ending: str) -> Path:
        return self.sources / "locale" / to_locale(language) / "LC_MESSAGES" / f"django.{ending}"


CONSOLE = Place(ROOT / "trustcenter" / "console", None, OF_STAFF)
SHARED = Place(ROOT / "trustcenter", CONSOLE.sources, LANGUAGES)


def places() -> list[Place]:
    """The catalogues there are."""
    return [SHARED, *([CONSOLE] if (CONSOLE.sources / "locale").is_dir() else [])]


def collect(place: Place) -> Catalog:
    """Every text of a place, without translations."""
    found = Catalog(charset="utf-8")
    for path in sorted(place.sources.rglob("*")):
        if place.without in path.parents or path.suffix not in {".py", ".html", ".txt"}:
            continue
        source = path.read_text(encoding="utf-8")
        plain = source if path.suffix == ".py" else templatize(source, origin=str(path))
        for _, text, comments, context in extract("python", io.BytesIO(plain.encode()), KEYWORDS):
            found.add(text, locations=[(str(path.relative_to(ROOT)), 0)], auto_comments=comments, context=context)
    return found


def read(place: Place, language: str) -> Catalog:
    """The translations there are."""
    path = place.file(language, "po")
    if not path.exists():
        head = "# TrustCenter in other languages: `python -m tests.words` keeps this file in step."
        catalogue = Catalog(to_locale(language), project="TrustCenter", charset="utf-8", header_comment=head)
        catalogue.fuzzy = False
        return catalogue
    with path.open("rb") as file:
        return read_po(file, locale=to_locale(language))


def compiled(catalogue: Catalog) -> bytes:
    """The bytes of the .mo file."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def countries() -> dict[str, dict[str, str]]:
    """Country names by language and ISO 3166 code."""
    named = {code: Locale.parse(to_locale(code)).territories for code in ("en", *LANGUAGES)}
    known = [key for key in sorted(named["en"]) if key.isalpha() and all(key in names for names in named.values())]
    return {code: {key: names[key] for key in known} for code, names in named.items()}


def main() -> int:
    """Write everything; say how much is left to translate."""
    left = 0
    for place in places():
        for language in place.languages:
            catalogue = read(place, language)
            template = collect(place)
            template.creation_date = catalogue.creation_date  # no date: the file changes when its texts do
            catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
            catalogue.obsolete.clear()
            path = place.file(language, "po")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=120, sort_output=True, include_lineno=False)
            place.file(language, "mo").write_bytes(compiled(catalogue))
            left += sum(not all(_parts(message.string)) for message in catalogue if message.id)
    path = SHARED.sources / "locale" / "countries.json"
    path.write_text(json.dumps(countries(), ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{left} left to translate\n")
    return 1 if left else 0


def _parts(text: str | tuple[str, ...] | list[str] | None) -> list[str | None]:
    return list(text) if isinstance(text, tuple | list) else [text]


if __name__ == "__main__":
    sys.exit(main())
