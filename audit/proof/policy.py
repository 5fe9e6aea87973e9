"""Whom to believe: C2SP tlog-policy. Which logs, and which of their witnesses must have seen a head.

    log <vkey> [<address>]
    witness <name> <vkey> [<address>]
    group <name> <how many, any or all> <name>…
    quorum <name, or none>

Whoever asks for a quorum cannot be shown a head of its own: the witnesses would have had to see it too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from . import cosignature, note
from .errors import ProofError
from .note import VKey

_NUMBER = re.compile(rb"[1-9][0-9]{0,3}")
_FOREIGN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


class Witness(NamedTuple):
    """A witness by the name the policy gives it; `url` is where it takes heads, or empty."""

    name: str
    key: VKey
    url: str


class Group(NamedTuple):
    """At least `needed` of the members, each a witness or a group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a policy file says."""

    logs: list[str] = field(default_factory=list)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    def check(self, signed: str) -> list[Witness]:
        """Return the witnesses that cosigned a signed head, if they are as many as the policy asks for.

        The log's own signature is the caller's to check, with `logs` as the keys to trust.

        Raises:
            ProofError: `quorum-missing` if they are not; `signature-bad` if a known witness's line is not its own.
        """
        seen = {name for name, each in self.witnesses.items() if cosignature.times(signed, each.key)}
        if self.quorum != "none" and not self._holds(self.quorum, seen):
            names = ", ".join(sorted(seen)) or "none"
            raise ProofError("quorum-missing", f"Too few witnesses have seen this head; of those asked for: {names}.")
        return [each for name, each in self.witnesses.items() if name in seen]

    def _holds(self, name: str, seen: set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in seen
        return sum(self._holds(member, seen) for member in group.members) >= group.needed


def parse(raw: bytes) -> Policy:
    """Return what a policy file says.

    Raises:
        ProofError: `policy-bad`, naming the line; `vkey-bad`, `key-name`, `base64-bad` for a key in it.
    """
    if not raw.endswith(b"\n") or _FOREIGN.search(raw):
        raise ProofError("policy-bad", "A policy is lines of text, each with its end; this is not, or is cut short.")
    reader = _Reader()
    for number, words in _lines(raw):
        try:
            reader.read(words)
        except ProofError as problem:
            raise ProofError(problem.code, f"Line {number} of the policy: {problem}") from None
    if not reader.quorum:
        raise ProofError("policy-bad", "The policy has no quorum line. `quorum none` asks for no witness.")
    return Policy(list(reader.logs), reader.witnesses, reader.groups, reader.quorum)


def _lines(raw: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """The lines that say something, as words; only blanks and tabs part words, and a name is bytes."""
    for number, line in enumerate(raw.split(b"\n"), 1):
        words = [word for word in re.split(rb"[ \t]+", line) if word]
        if words and not words[0].startswith(b"#"):
            yield number, words


class _Reader:
    """What was read so far: a line may only name what stands above it."""

    def __init__(self) -> None:
        self.logs: dict[str, bytes] = {}
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self.grouped: set[str] = set()

    def read(self, words: list[bytes]) -> None:
        match words:
            case [b"log", key, *url] if len(url) <= 1:
                self._log(_text(key))
            case [b"witness", name, key, *url] if len(url) <= 1:
                self._witness(_text(name), _text(key), _text(url[0]) if url else "")
            case [b"group", name, needed, *members] if members:
                self._group(_text(name), needed, [_text(each) for each in members])
            case [b"quorum", name] if not self.quorum:
                self.quorum = name.decode() if name == b"none" else self._known(_text(name))
            case _:
                raise ProofError("policy-bad", "not `log`, `witness`, `group` or one `quorum` with what belongs to it.")

    def _log(self, vkey: str) -> None:
        key = note.parse_vkey(vkey).public_key
        if key in self.logs.values():
            raise ProofError("policy-bad", "this log's key stands there twice.")
        self.logs[vkey] = key

    def _witness(self, name: str, vkey: str, url: str) -> None:
        key = cosignature.parse_vkey(vkey)
        if any(key.public_key == each.key.public_key for each in self.witnesses.values()):
            raise ProofError("policy-bad", "this witness's key stands there twice.")
        self.witnesses[self._new(name)] = Witness(name, key, url)

    def _group(self, name: str, needed: bytes, members: list[str]) -> None:
        for member in members:
            if self._known(member) in self.grouped:
                raise ProofError("policy-bad", "a member that is in a group already: each counts once.")
            self.grouped.add(member)
        at_least = {b"any": 1, b"all": len(members)}.get(needed) or (int(needed) if _NUMBER.fullmatch(needed) else 0)
        if not 1 <= at_least <= len(members):
            raise ProofError("policy-bad", "a group needs `any`, `all` or a number of its members.")
        self.groups[self._new(name)] = Group(at_least, tuple(members))

    def _new(self, name: str) -> str:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise ProofError("policy-bad", "this name is taken.")
        return name

    def _known(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise ProofError("policy-bad", "a name that no line above has given.")
        return name


def _text(word: bytes) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError:
        raise ProofError("policy-bad", "text that is not UTF-8.") from None
