"""Whoever breaks into a web process finds no key there that signs: not in its environment, and not in its memory."""

import base64
import contextlib
import secrets
from pathlib import Path

import pytest

from tests.serving import prepared, running, serving

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
SIGNING = {"log", "receipt", "log-next", "receipt-next"}
NAMES = (*sorted(SIGNING), "data", "lookup", "suppression")


def test_only_the_sealer_holds_the_keys_that_sign(tmp_path):
    held = {name: secrets.token_bytes(32) for name in NAMES}
    given = " ".join(f"{name}:{base64.b64encode(value).decode()}" for name, value in held.items())
    folder = prepared(tmp_path / "data", TRUST_KEYS=given)
    with serving(folder, TRUST_KEYS=given) as tree:
        assert tree.get("/log/checkpoint")[0] == 200
        (web,), (sealer,) = tree.started("web"), tree.started("sealer")
        of_web = [pid for pid in running(folder) if pid == web or _parent(pid) == web]
        assert len(of_web) >= 2
        for pid in of_web:
            assert _found(pid, held) & SIGNING == set(), pid
        assert {"data"} <= set().union(*(_found(pid, held) for pid in of_web)), "it can be found where it is"
        assert {"log", "receipt"} <= _found(sealer, held)


def _parent(pid):
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def _found(pid, held):
    """Which keys stand, as bytes or as base64, in the environment or the memory of a process."""
    wanted = {name: (value, base64.b64encode(value)) for name, value in held.items()}
    found = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end = (int(each, 16) for each in line.split()[0].split("-"))
            if not line.split()[1].startswith("rw"):
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                content = memory.read(end - start)
                found |= {name for name, looks in wanted.items() if any(each in content for each in looks)}
    return found
