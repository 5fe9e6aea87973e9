"""Mappings for the exports of well-known marketing tools: `import-consents --mapping NAME`."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """What ships, in order."""
    return sorted(file.stem for file in _FOLDER.glob("*.yaml"))


def file(name: str) -> Path:
    """The file of a mapping that ships, else the one of that path."""
    return _FOLDER / f"{name}.yaml" if name in names() else Path(name)
