"""A brand's logo: a PNG, or an SVG that can do nothing but be looked at. What could do more is refused, not cleaned."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

LARGEST = 32 * 1024
HEIGHT, WIDEST = 28, 5  # pixels in the head of each page; how many times as wide as high it may be
TYPES = {"svg": "image/svg+xml", "png": "image/png"}
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
# Shapes, and what they are painted with. No script, no foreignObject, no image, no animation, no link, no font; and no
# `use`: a few lines of it can ask a browser to draw a thousand million shapes.
_SHAPES = {
    *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs", "title"),
    *("desc", "style", "linearGradient", "radialGradient", "stop", "clipPath", "mask"),
}
_NAMESPACE = re.compile(r"\{([^}]*)\}(.*)", re.DOTALL)
_KNOWN = ("http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace")
# A reference that leads out of the file, and what could hide one: an escape or a comment inside of CSS.
_OUTSIDE = re.compile(
    r"url\s*\((?!\s*['\"]?#)|@import|image-set|src\s*\(|\\|/\*|[a-z]+script\s*:|data\s*:", re.IGNORECASE
)


@dataclass(frozen=True)
class Logo:
    """kind: svg or png. width: in pixels, beside `HEIGHT`, so that no page moves when it comes in."""

    content: bytes
    kind: str
    width: int


def read(file: Path) -> tuple[Logo | None, str]:
    """The logo in a file, or None with what is wrong with it in one sentence."""
    try:
        content = file.read_bytes() if file.stat().st_size <= LARGEST else None
    except OSError as problem:
        return None, f"Cannot read {file}: {problem.strerror}."
    if content is None:
        return None, f"{file} is larger than {LARGEST:,} bytes. Make it smaller."
    return judge(content)


def judge(content: bytes) -> tuple[Logo | None, str]:
    """As `read`, of the bytes."""
    if content.startswith(_PNG):
        if len(content) < 24 or content[12:16] != b"IHDR":
            return None, "This PNG is broken."
        return _sized(content, "png", *struct.unpack(">II", content[16:24]))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, "Neither a PNG nor an SVG in UTF-8."
    if re.search(r"<!(?!--)|<\?(?!xml\s)|encoding\s*=\s*['\"](?!utf-8)", text, re.IGNORECASE):
        return None, "An SVG in UTF-8 without DOCTYPE, CDATA and processing instructions. Save it as a plain SVG."
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  the operator's own file, small, and without any entity
    except (ElementTree.ParseError, ValueError) as problem:
        return None, f"Neither a PNG nor an SVG: {problem}."
    if root.tag != f"{_SVG}svg":
        return None, "The outermost element is no svg of http://www.w3.org/2000/svg."
    if fault := next(_faults(root), ""):
        return None, f"{fault} A logo is looked at and does nothing else: save it as a plain SVG of shapes."
    return _sized(content, "svg", *_box(root))


def _faults(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        tag = str(element.tag)
        if not tag.startswith(_SVG) or tag.removeprefix(_SVG) not in _SHAPES:
            yield f"It holds <{tag.rpartition('}')[2]}>."
        if element.tag == f"{_SVG}style" and _OUTSIDE.search("".join(element.itertext())):
            yield "Its style leads out of the file."
        for name, value in element.attrib.items():
            match = _NAMESPACE.fullmatch(name)
            space, short = match.groups() if match else ("", name)
            if space and space not in _KNOWN:
                yield f"It holds the attribute {short} of {space}."
            if short.lower().startswith("on"):
                yield f"It holds the attribute {short}, which runs a script."
            if short.lower() in {"href", "src", "base"} and not value.startswith("#"):
                yield f"Its {short} leads out of the file."
            if _OUTSIDE.search(value):
                yield f"Its {short} leads out of the file."


def _box(root: ElementTree.Element) -> tuple[float, float]:
    """Width and height by the viewBox; 0, 0 without one."""
    parts = re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", root.get("viewBox", ""))
    return (float(parts[2]), float(parts[3])) if len(parts) == 4 else (0.0, 0.0)


def _sized(content: bytes, kind: str, width: float, height: float) -> tuple[Logo | None, str]:
    if width <= 0 or height <= 0:
        return None, "It does not say how large it is. An SVG does so by its viewBox."
    if width > WIDEST * height:
        return None, f"It is more than {WIDEST} times as wide as it is high, too wide for a phone."
    return Logo(content, kind, max(1, round(HEIGHT * width / height))), ""
