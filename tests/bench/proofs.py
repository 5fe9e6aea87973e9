"""What a stranger needs to check us: time, memory and bytes. Without a database, on one core.

python -m tests.bench.proofs                      a log of 1,000,000 entries
python -m tests.bench.proofs --entries 100000     a smaller one
"""

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from audit.proof import archive, canonical, export, lines, merkle, multiproof, note, paths, tiles
from audit.proof.checkpoint import Checkpoint
from audit.proof.doors import single
from tests.audit.proof.small_log import Key

KEY = Key(1)
BATCH = 4096
SAMPLE = 2000
CHILD = """
import resource, runpy, sys, time
sys.argv = ["verify.py", *sys.argv[1:]]
try:
    runpy.run_path("verify.py", run_name="__main__")
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss: that begins with the size of the process we were started from.
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(f"{used.ru_utime + used.ru_stime:.1f} s CPU, {peak / 1024:.0f} MB", file=sys.stderr)
"""


def leaf(number: int) -> bytes:
    """An entry as the service writes it for one check, in about as many bytes."""
    return canonical.leaf(
        {
            "v": 1,
            "id": f"019abc00-0000-7000-8000-{number:012x}",
            "at": "2026-11-22T09:00:00.000000Z",
            "action": "check.answered",
            "actor": {"type": "system", "ref": "mail-engine"},
            "commitment": hashlib.sha256(b"%d" % number).hexdigest(),
            "subject": hashlib.md5(b"%d" % (number % 5000)).hexdigest(),
            "purpose": "personal_offers",
            "version": 3,
            "recipient": "mail-engine",
            "outcome": "allowed",
            "reason": "permitted",
            "request": hashlib.md5(b"request %d" % number).hexdigest(),
        }
    )


class Log:
    """A log of so many entries: tiles and head; the entries are made again when they are needed."""

    def __init__(self, size: int) -> None:
        self.size, self.tiles, self.root = size, {}, merkle.EMPTY_ROOT
        for start in range(0, size, BATCH):
            hashes = [merkle.leaf_hash(leaf(place)) for place in range(start, min(start + BATCH, size))]
            grown, self.root = tiles.grow(self.read, start, hashes)
            self.tiles |= grown
        self.signed = note.sign(Checkpoint(KEY.name, size, self.root).body(), KEY.name, KEY.public, KEY.sign)

    def read(self, level: int, index: int) -> bytes:
        return self.tiles.get((level, index), b"")

    def export(self, file: Path, chosen: range | list[int]) -> int:
        """Write an export; returns how long its proof is."""
        proof = list(multiproof.prove(tiles.read_node(self.read), chosen, self.size))
        ends = {"first": chosen[0], "last": chosen[-1]}
        said = {"kind": export.KIND, "origin": KEY.name, "size": self.size, "disclosed": 0, "entries": len(chosen)}
        some = {"proves": export.IN, "filter": {"action": ["check.answered"]}}
        with file.open("w+b") as raw:
            writer = archive.Writer(raw)
            writer.add("README.txt", [b"A measurement.\n"])
            writer.add("verify.py", [single.source()])
            writer.add("entries.jsonl", (lines.write(place, leaf(place), None) for place in chosen))
            writer.add("proof", export.hash_lines(proof))
            writer.add("checkpoint", [self.signed.encode()])
            writer.add("vkeys", [f"{KEY.vkey}\n".encode()])
            extent = {"proves": export.ALL, **ends} if isinstance(chosen, range) else some
            writer.add("manifest.json", [canonical.dumps(said | extent | {"files": dict(writer.hashes)})])
            writer.add("SHA256SUMS", [export.sums(writer.hashes)])
            writer.close()
        return len(proof)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.proofs", description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000, help="length of the log (default 1,000,000)")
    size = parser.parse_args().entries
    begun = time.process_time()
    log = Log(size)
    print(f"{size:,} entries of {len(leaf(1))} bytes, grown in {time.process_time() - begun:.1f} s CPU.")
    stored = sum(len(tile) for tile in log.tiles.values())
    print(f"Stored: {stored / size:.2f} bytes of tiles an entry.")
    _inclusion(log)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "verify.py").write_bytes(single.source())
        _whole(log, Path(name))
        _chosen(log, Path(name))
        _tiles(log, Path(name))


def _inclusion(log: Log) -> None:
    chance = random.Random(1)
    places = [chance.randrange(log.size) for _ in range(SAMPLE)]
    proofs = [tiles.inclusion_proof(log.read, place, log.size) for place in places]
    made = _each(lambda place: tiles.inclusion_proof(log.read, place, log.size), places)
    hashes = [merkle.leaf_hash(leaf(place)) for place in places]
    cases = list(zip(places, hashes, proofs, strict=True))
    checked = _each(lambda case: merkle.verify_inclusion(case[0], log.size, case[1], case[2], log.root), cases)
    length = max(map(len, proofs))
    print(f"Inclusion proof: {length} hashes, {32 * length} bytes; made {made:.0f} µs, verified {checked:.0f} µs.")
    old = log.size // 2 + 1
    grown = tiles.consistency_proof(log.read, old, log.size)
    print(f"Consistency proof from {old:,}: {len(grown)} hashes, {32 * len(grown)} bytes.")


def _each(work: Callable, cases: list) -> float:
    """Microseconds for one, in the middle of many."""
    taken = []
    for case in cases:
        begun = time.perf_counter()
        work(case)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[len(taken) // 2] * 1e6


def _whole(log: Log, folder: Path) -> None:
    begun = time.process_time()
    hashes = log.export(folder / "whole.zip", range(log.size))
    megabytes = (folder / "whole.zip").stat().st_size / 1e6
    print(f"Export of all: {megabytes:,.0f} MB, {hashes} hashes, written in {time.process_time() - begun:.0f} s CPU.")
    print(f"  verified by verify.py alone: {_verified(folder, 'whole.zip')}")
    middle = range(log.size // 3, log.size // 3 + log.size // 10)
    print(f"Export of a tenth from the middle: {log.export(folder / 'part.zip', middle)} hashes for {len(middle):,}.")


def _chosen(log: Log, folder: Path) -> None:
    chance = random.Random(2)
    for share in (10, 1000):
        chosen = sorted(chance.sample(range(log.size), log.size // share))
        together = log.export(folder / "some.zip", chosen)
        some = chosen[:: len(chosen) // 200 or 1]
        alone = sum(len(tiles.inclusion_proof(log.read, place, log.size)) for place in some) / len(some)
        print(
            f"1 of {share:,} entries, {len(chosen):,} at random: {32 * together / len(chosen):.0f} bytes an entry "
            f"in one proof, {32 * alone:.0f} in proofs of their own; verified: {_verified(folder, 'some.zip')}"
        )


def _tiles(log: Log, folder: Path) -> None:
    (folder / "log").mkdir()
    (folder / "log" / "checkpoint").write_text(log.signed)
    (folder / "log" / "vkeys").write_text(f"{KEY.vkey}\n")
    for level, index, width in tiles.tiles_of(log.size):
        file = folder / "log" / "tile" / paths.tile_path(level, index, width)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(log.tiles[level, index])
    print(f"Public log from its tiles: {_verified(folder, 'log', 'log')}")


def _verified(folder: Path, *words: str) -> str:
    """What the single file takes for it in a process of its own, with Python's standard library only."""
    command = [sys.executable, "-I", "-S", "-c", CHILD, *words, "--vkey", KEY.vkey]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return f"{time.perf_counter() - begun:.1f} s, {done.stderr.strip()}"


if __name__ == "__main__":
    main()
