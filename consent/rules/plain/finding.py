"""What a rule says about a text."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"

RULES = {
    "L0": "the language has rules",
    "L1": "sentence length",
    "L2": "average sentence length",
    "L3": "clause length",
    "L4": "reading score",
    "L5": "long words",
    "L6": "jargon",
    "L7": "vague words",
    "L8": "rare characters",
    "L9": "double negatives and hidden actors",
    "L10": "guilt, urgency and praise",
    "L11": "unnamed receivers",
    "L12": "what each field must hold",
    "L13": "the same facts everywhere",
    "L14": "you and we",
}


@dataclass(frozen=True)
class Finding:
    """One remark. `span` is where in the field's text, from and to; `purpose` is set when a whole catalogue is read."""

    rule: str
    severity: str
    language: str
    field: str
    span: tuple[int, int]
    message: str
    suggestion: str = ""
    purpose: str = ""

    @property
    def sentence(self) -> str:
        """The remark, and what to write instead where the rule knows it."""
        return f"{self.message} Instead: “{self.suggestion}”." if self.suggestion else self.message
