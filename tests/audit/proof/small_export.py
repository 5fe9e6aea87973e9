"""Exports of a small log, whole and chosen, and files that somebody has meddled with."""

import io
import zipfile

from audit.proof import archive, canonical, export, lines, multiproof, tiles
from audit.proof.doors import single

from .small_log import SALT, payload


def packed(log, chosen, *, complete=True, disclosed=False, chosen_by=None, earlier="", signed=None, **lies):
    """The export of these entries; lies: members to write instead of the true ones."""
    places = list(chosen)
    proof = multiproof.prove(tiles.read_node(log.read_tile), places, log.size)
    files = {
        "README.txt": b"How to check this.\n",
        "verify.py": single.source(),
        "entries.jsonl": b"".join(
            lines.write(place, log.leaves[place], (SALT, payload(place)) if disclosed else None) for place in places
        ),
        "proof": b"".join(export.hash_lines(proof)),
        "checkpoint": (signed or log.checkpoint()).encode(),
        "vkeys": f"{log.key.vkey}\n".encode(),
    }
    if earlier:
        size = int(earlier.split("\n")[1])
        files["earlier"] = earlier.encode()
        files["consistency"] = b"".join(export.hash_lines(tiles.consistency_proof(log.read_tile, size, log.size)))
    said = {
        "kind": export.KIND,
        "origin": log.key.name,
        "size": log.size,
        "entries": len(places),
        "disclosed": len(places) if disclosed else 0,
    }
    if complete:
        said |= {"proves": export.ALL, "first": places[0], "last": places[-1]}
    else:
        said |= {"proves": export.IN, "filter": chosen_by or {"action": ["consent.granted"]}}
    return repacked(files | {name: raw for name, raw in lies.items() if name in files}, said | lies.get("said", {}))


def repacked(files, said):
    """A zip of these files with hashes that fit: what somebody who lies, but packs well, would hand out."""
    kept = io.BytesIO()
    writer = archive.Writer(kept)
    for name, raw in files.items():
        writer.add(name, [raw])
    writer.add("manifest.json", [canonical.dumps(said | {"files": dict(writer.hashes)})])
    writer.add("SHA256SUMS", [export.sums(writer.hashes)])
    writer.close()
    return kept.getvalue()


def members(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        return {name: file.read(name) for name in file.namelist()}


def plainly(files):
    """A zip of these members as they are, spelled as ours are: only their content was changed."""
    kept = io.BytesIO()
    writer = archive.Writer(kept)
    for name, raw in files.items():
        writer.add(name, [raw])
    writer.close()
    return kept.getvalue()


def verify(raw, vkeys=None):
    return export.verify(io.BytesIO(raw), vkeys)
