"""A witness: keeps the last head of a log, cosigns the next one only if it grew out of it. C2SP tlog-witness.

For a customer, a partner or a regulator, on a machine of their own. The log calls it (`serve`), or it calls the log
(`pull`); both use one file of heads.
"""

import argparse
import hashlib
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from .. import cosignature, note, tiles, witness
from ..checkpoint import Checkpoint
from ..errors import ProofError
from . import place, speech, witness_key
from .heads_file import Heads
from .trust import Trust

LARGEST = 65_536
_SIZE = "text/x.tlog.size"
_STATUS = {"witness-log": 404, "signature-bad": 403, "signature-unknown": 403, "witness-size": 409}
# What is not even a request: its form, or that of the note in it.
_MALFORMED = ("request-bad", "base64-bad", "unicode-bad", "note-form", "note-control", "note-signatures", "key-name")
_STATUS |= dict.fromkeys(_MALFORMED, 400)


class Answer(NamedTuple):
    """What a request is answered: status, text, and which kind of text."""

    status: int
    text: str
    kind: str = "text/plain; charset=utf-8"


class Witness:
    """A key, the heads it cosigned, and the keys of the logs it watches."""

    def __init__(self, key: witness_key.Key, heads: Heads, vkeys: dict[str, list[str]]) -> None:
        self.key, self.heads, self.vkeys = key, heads, vkeys

    def cosign(self, request: witness.Request, *, now: int) -> str:
        """Return the line in which the head is cosigned, once it is stored; raises as `witness.judge`."""
        origin = witness.origin(request.signed)
        if origin not in self.vkeys:
            raise ProofError("witness-log", "This witness does not watch that log.")
        lines: list[str] = []

        def judge(known: Checkpoint | None) -> tuple[Checkpoint, str, int]:
            head = witness.judge(request, self.vkeys[origin], known)
            text, _ = note.parse(request.signed)
            lines.append(cosignature.sign(text, self.key.public, self.key.sign, time=now))
            return head, _only_log(request.signed, self.vkeys[origin]) + lines[0], now

        self.heads.advance(origin, judge)
        return lines[0]

    def add_checkpoint(self, body: bytes, *, now: int) -> Answer:
        """Answer an `add-checkpoint` request as C2SP tlog-witness says."""
        try:
            request = witness.parse_request(body)
            return Answer(200, self.cosign(request, now=now))
        except ProofError as problem:
            if problem.code == "witness-size":
                return Answer(409, f"{self.size(witness.origin(request.signed))}\n", _SIZE)
            return Answer(_STATUS.get(problem.code, 422), f"{problem} ({problem.code})\n")
        except OSError as problem:
            sys.stderr.write(f"Nothing is cosigned: {problem}\n")
            return Answer(503, "The witness cannot keep heads at the moment.\n")

    def size(self, origin: str) -> int:
        """Return how large the head of a log was that was cosigned last; 0 if there is none."""
        newest = self.heads.newest(origin)
        return Checkpoint.parse(note.parse(newest)[0]).size if newest else 0

    def checkpoint(self, path: str) -> Answer:
        """Answer `GET /<hash of the log's name>/checkpoint`."""
        for origin in self.vkeys:
            if path == f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint" and self.heads.newest(origin):
                return Answer(200, self.heads.newest(origin) or "")
        return Answer(404, "No head of that log was cosigned here.\n")


def _only_log(signed: str, vkeys: list[str]) -> str:
    """Return a signed head with no other lines than those of the log's keys: others were not checked."""
    text, _ = note.parse(signed)
    known = {note.parse_vkey(each)[:2] for each in vkeys}
    lines = signed.removeprefix(f"{text}\n").splitlines(keepends=True)
    return f"{text}\n" + "".join(each for each in lines if note.parse_line(each.rstrip("\n"))[:2] in known)


def server(own: Witness, bind: str) -> ThreadingHTTPServer:
    """Return the server at host:port; `serve_forever` runs it. Raises OSError, ValueError."""
    host, _, port = bind.rpartition(":")

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._say(Answer(404, "There is only /add-checkpoint.\n"), close=True)
            elif not length.isdecimal() or int(length) > LARGEST:
                self._say(Answer(400, "A request names its length, and is not longer than 64 KiB.\n"), close=True)
            else:
                self._say(own.add_checkpoint(self.rfile.read(int(length)), now=int(time.time())))

        def do_GET(self) -> None:
            self._say(own.checkpoint(self.path))

        def _say(self, answer: Answer, *, close: bool = False) -> None:
            body = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            if close:  # a body that was not read would be taken for the next request
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer((host.strip("[]"), int(port)), Door)


def keygen(options: argparse.Namespace) -> int:
    """Make a key and print its public half."""
    vkey = witness_key.make(options.name, Path(options.key))
    return speech.say([vkey], speech.REAL)


def serve(options: argparse.Namespace, trust: Trust) -> int:
    """Wait for logs that call."""
    if not trust.vkeys:
        raise ProofError("key-missing", "Say which logs to watch, with --vkey or --policy.")
    own = Witness(witness_key.read(Path(options.key)), Heads(Path(options.state)), witness_key.by_origin(trust.vkeys))
    with server(own, options.bind) as listening:
        address = f"http://{listening.server_address[0]!s}:{listening.server_port}"
        speech.say([f"Witness {own.key.public.name} takes heads at {address}/add-checkpoint"], speech.REAL)
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            listening.serve_forever()
    return speech.REAL


def pull(options: argparse.Namespace, trust: Trust) -> int:
    """Call one log, cosign its newest head, and print it."""
    read = place.reader(options.place)
    vkeys = trust.vkeys or place.keys(read)
    head, signed = place.head(read, vkeys)
    watched = {head.origin: [each for each in vkeys if note.parse_vkey(each).name == head.origin]}
    own = Witness(witness_key.read(Path(options.key)), Heads(Path(options.state)), watched)
    old, kept = own.size(head.origin), own.heads.newest(head.origin)
    if kept and old > head.size:
        return speech.forked(kept, signed)
    proof = tiles.consistency_proof(place.tile_reader(read, head.size), old, head.size) if old else []
    try:
        line = own.cosign(witness.Request(old, proof, signed), now=int(time.time()))
    except ProofError as problem:
        if problem.code == "root-mismatch" and kept:
            return speech.forked(kept, signed)
        raise
    if trust.vkeys is None:
        speech.say(["The key came from the log itself. Next time pin it with --vkey:", *vkeys], 0, sys.stderr)
    return speech.say(f"{_only_log(signed, watched[head.origin])}{line}".splitlines(), speech.REAL)
