"""Scans of paper: which files may come in. They are told by their first bytes, never by what a sender says they are."""

LARGEST = 5 * 1024 * 1024
TOO_LARGE = "A scan has at most 5 MiB."
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
TYPES = tuple(dict.fromkeys(kind for _, kind in _BEGINNINGS))
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/tiff": "tiff"}


def kind(content: bytes) -> str:
    """The media type of a file; "" for one that is none of TYPES."""
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), "")
