"""The verifier as one file, made from the very modules the server imports, word for word."""

from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_HEAD = '''\
#!/usr/bin/env python3
"""The TrustCenter verifier in one file: Python 3.11 or later, and nothing else.

    python3 verify.py export.zip --vkey log.example+0b9ef1d2+AWJ...
    python3 verify.py --help

Below stand the modules of `audit/proof`, word for word, as the service itself runs them; at the end, what starts them.
"""

SOURCES = {}
'''
_TAIL = '''

import importlib.abc
import importlib.util
import sys


class _Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds our modules here, before any file of the same name elsewhere."""

    def find_spec(self, name, path=None, target=None):
        if name not in SOURCES:
            return None
        package = any(each.startswith(name + ".") for each in SOURCES)
        return importlib.util.spec_from_loader(name, self, origin="verify.py", is_package=package)

    def exec_module(self, module):
        exec(compile(SOURCES[module.__name__], f"verify.py, {module.__name__}", "exec"), module.__dict__)


sys.meta_path.insert(0, _Modules())

import proof.doors

proof.doors.PROGRAM = "python3 verify.py"

from proof.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
'''


@cache
def source() -> bytes:
    """Return the file."""
    parts = [_HEAD]
    for path in sorted(_ROOT.rglob("*.py")):
        if path != Path(__file__):
            names = ("proof", *path.relative_to(_ROOT).with_suffix("").parts)
            name = ".".join(names).removesuffix(".__init__")
            parts.append(f"\nSOURCES[{name!r}] = r{_QUOTES}{path.read_text('utf-8')}{_QUOTES}\n")
    return "".join([*parts, _TAIL]).encode("utf-8")


_QUOTES = "'" * 3
