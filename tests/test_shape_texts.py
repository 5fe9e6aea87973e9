"""What no file may say: paths of one machine, addresses in lock files, styles and scripts inside pages."""

import re
from html.parser import HTMLParser

import pytest

from tests.test_shape import complain
from tests.tree import ROOT, files, named, short, text

pytestmark = pytest.mark.once

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root)/")
LOCKS = re.compile(r"(^|/)([^/]*\.lock|requirements[^/]*\.txt|constraints[^/]*\.txt)$")
SIDES = r"(?:(?:margin|padding|border|scroll-margin|scroll-padding)-)?(?:left|right)(?:-(?:width|style|color))?"
PHYSICAL = re.compile(
    rf"(?<![\w-])(?:{SIDES}|border-(?:top|bottom)-(?:left|right)-radius)\s*:"
    r"|(?<![\w-])(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
)


def test_no_file_carries_a_path_of_one_machine() -> None:
    found = []
    for path in files():
        for number, line in enumerate((text(path) or "").splitlines(), start=1):
            if MACHINE_PATH.search(line):
                found.append(f"{short(path)}:{number}: {line.strip()[:100]}")
    complain(found)


def test_machine_paths_are_noticed() -> None:
    planted = "/".join(("", "work", "main"))
    assert MACHINE_PATH.search(f"see {planted}")
    assert MACHINE_PATH.search(f'"{planted}"')
    assert not MACHINE_PATH.search(f"docs{planted}")


def test_lock_files_carry_no_addresses() -> None:
    locks = [path for path in files() if LOCKS.search(short(path))]
    complain([short(path) for path in locks if re.search(r"https?://", text(path) or "")])


class Page(HTMLParser):
    """Collects what a Content-Security-Policy without `unsafe-inline` would block."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False
        tags = re.sub(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}|\{%.*?%\}", " ", template, flags=re.DOTALL)
        self.feed(re.sub(r"\{\{.*?\}\}", "x", tags, flags=re.DOTALL))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.found += [f"<{tag} {name}=…>" for name in names if name == "style" or re.fullmatch(r"on[a-z]+", name)]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}> in the page")
        self.in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.found.append("<script> with a body")


def test_A18_templates_hold_no_style_and_no_script() -> None:
    pages = [path for path in named(".html", ".svg") if "templates" in path.parts]
    complain([f"{short(path)}: {line}" for path in pages for line in Page(text(path) or "").found])


@pytest.mark.parametrize(
    "fault",
    [
        '<p style="color: red">',
        '<p {% if a > b %}class="x"{% endif %} onclick="go()">',
        "<style>p { }</style>",
        "<script>go()</script>",
        "<script>{{ body }}</script>",
        '<script src="a.js">go()</script>',
    ],
)
def test_page_faults_are_noticed(fault: str) -> None:
    assert Page(fault).found


def test_a_clean_page_passes() -> None:
    page = '{# onclick="x" #}<p class="{{ style }}" data-on="1">style= onclick=</p>'
    page += '<script src="{% static "a.js" %}" defer></script>'
    assert Page(page).found == []


def sheet_faults(sheet: str) -> list[str]:
    """Declarations that cannot be overruled, or that do not mirror for languages written from the right."""
    rules = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return [match[0] for match in PHYSICAL.finditer(rules)] + re.findall(r"!\s*important", rules)


def test_A18_sheets_mirror_and_yield() -> None:
    complain([f"{short(path)}: {fault}" for path in named(".css") for fault in sheet_faults(text(path) or "")])


def test_sheet_faults_are_noticed() -> None:
    faults = "a{left:0} a{margin-left : 1px;border-right-color:red} a{text-align: right;color:red !important}"
    assert len(sheet_faults(f"{faults} a{{border-top-left-radius:2px}}")) == 6
    clean = "/* left: 0 */ a{margin-inline-start:0;text-align:start;inset-inline-end:0;grid-area:left;--left:1}"
    assert sheet_faults(clean) == []


def bare_dependencies(project: str) -> list[str]:
    """Lines with a dependency and no comment above that says what it is for."""
    found, table, array, before = [], "", "", ""
    for line in project.splitlines():
        table = line if line.startswith("[") else table
        optional = table == "[project.optional-dependencies]"
        opened = re.match(r"([\w-]+)\s*=\s*\[", line)
        array = opened[1] if opened else array
        said = before.strip().startswith("#") or (optional and before.endswith("= ["))
        ours = optional or (table == "[project]" and array == "dependencies")
        if ours and not said and (re.match(r'\s+"', line) or (optional and opened)):
            found.append(line.strip())
        before = line
    return found


def test_every_dependency_says_why() -> None:
    complain(bare_dependencies((ROOT / "pyproject.toml").read_text(encoding="utf-8")))


def test_bare_dependencies_are_noticed() -> None:
    assert bare_dependencies('[project]\ndependencies = [\n  # a\n  "a",\n  "b",\n]\n') == ['"b",']
    assert bare_dependencies('[project.optional-dependencies]\nx = ["b"]\n') == ['x = ["b"]']
