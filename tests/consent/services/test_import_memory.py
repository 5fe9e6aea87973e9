"""However long a file is, an import needs the same memory. Nothing here measures time."""

import os
import subprocess
import sys

import pytest

from tests.serving import ROOT, environment, own_database, prepared

pytestmark = pytest.mark.django_db
GROWS_BY = 16_384  # KiB between row 5,000 and row 30,000; a list of what was refused alone would take three times that
SCRIPT = """
import os, resource, sys
import django; django.setup()
from consent.rules.own_words import NEEDED
from consent.services import imports
from consent.services.imports import Row
from consent.services.seen import Seen
from tests.world import NOW, OPERATOR

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def rows():
    for number in range(30_000):
        # A few are new, each with a customer; two in five are refused, with many reasons; the others repeat.
        who = "x" * (513 + number % 1000) if number % 5 < 2 else f"old-{number % 99}"
        who = f"new-{number}" if number % 300 == 299 else who
        cells = [("customer", who, "personal_offers", "give", "2026-03-14T09:12:00Z")[place] for place in range(5)]
        yield Row(number + 2, dict(zip(NEEDED, cells)) | {"language": "en"}, cells)

peaks = {}
def progress(done):
    if done in (5_000, 30_000):
        peaks[done] = peak()

dry = sys.argv[1] == "dry"
head = [*NEEDED, "language"]
how = {"mapped": None, "digest": "ab" * 32, "by": OPERATOR, "now": NOW, "dry_run": dry, "progress": progress}
report = imports.run(rows=rows(), head=head, **how)
assert (report.rows, report.refused, report.imported) == (30_000, 12_000, 199), report.imported
seen, before = Seen(), peak()
for number in range(200_000 if dry else 0):
    seen.add(f"place {number}")
    assert number % 1000 or f"place {number}" in seen
print(peaks[30_000] - peaks[5_000], peak() - before)
"""


@pytest.mark.parametrize("kind", ["dry", "real"])
def test_memory_does_not_grow_with_the_file(tmp_path, kind):
    with own_database() as more:
        prepared(tmp_path, **more)
        place = environment(tmp_path, **more) | {"DJANGO_SETTINGS_MODULE": "trustcenter.settings"}
        call = [sys.executable, "-c", SCRIPT, kind]
        done = subprocess.run(call, cwd=ROOT, env=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        grown = [int(each) for each in done.stdout.split()]
        assert all(each < GROWS_BY for each in grown), f"{grown} KiB; {os.cpu_count()} cores"
