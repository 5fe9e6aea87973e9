"""Where the outside test vectors are: in `shared/vectors` beside the checkout, or where TRUST_VECTORS says.

They belong to others and are read in place, never copied here.
"""

import os
from pathlib import Path

import pytest


def folder(name: str) -> Path | None:
    """Return the folder of one collection, None if this machine does not have it."""
    named = os.environ.get("TRUST_VECTORS")
    places = [Path(named)] if named else [up / "shared" / "vectors" for up in Path(__file__).resolve().parents]
    return next((place / name for place in places if (place / name).is_dir()), None)


def files(name: str, pattern: str) -> list:
    """Return the files of a collection as pytest parameters; one skipped parameter if there are none."""
    found = folder(name)
    if found is None:
        reason = f"the outside vectors {name} are not on this machine (shared/vectors or TRUST_VECTORS)"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(path, id=str(path.relative_to(found))) for path in sorted(found.glob(pattern))]
