"""The head of the log at one moment: C2SP tlog-checkpoint, the text that gets signed."""

import re
from dataclasses import dataclass

from . import encoding
from .errors import ProofError
from .merkle import EMPTY_ROOT, HASH_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Log `origin` holds `size` entries, and `root` is the hash over them all."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the three lines to sign.

        Raises:
            ProofError: `checkpoint-bad` if `parse` would not read them back.
        """
        text = f"{self.origin}\n{self.size}\n{encoding.to_base64(self.root)}\n"
        Checkpoint.parse(text)
        return text

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return the checkpoint in `text`, the opened text of a note.

        Extension lines are allowed by the format, but this log writes none: what nobody checks, nobody
        should be led to believe.

        Raises:
            ProofError: `checkpoint-bad` or `base64-bad`.
        """
        match text.split("\n"):
            case [origin, size, root, ""] if origin and _SIZE.fullmatch(size):
                checkpoint = cls(origin, int(size), encoding.from_base64(root, "The root hash"))
            case _:
                raise ProofError("checkpoint-bad", "A checkpoint is three lines: log, number of entries, root hash.")
        if len(checkpoint.root) != HASH_SIZE or (checkpoint.size == 0) != (checkpoint.root == EMPTY_ROOT):
            raise ProofError("checkpoint-bad", "The root hash of this checkpoint cannot be that of its size.")
        return checkpoint
