"""The folder that a restored database does not take back with it (settings.OUTSIDE_DIR)."""

import os
from pathlib import Path

from django.conf import settings


def place(name: str) -> Path:
    """Where a file of it stands."""
    return Path(settings.OUTSIDE_DIR) / name


def make() -> None:
    """Make the folder, for its owner only, where it is not there yet."""
    Path(settings.OUTSIDE_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)


def keep_names() -> None:
    """A new or renamed file has its name for good once its folder is on the disk."""
    number = os.open(settings.OUTSIDE_DIR, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
