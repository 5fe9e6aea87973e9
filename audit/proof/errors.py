"""The one exception a verifier raises."""


class ProofError(ValueError):
    """What was shown does not prove what it claims to prove.

    `code` is stable and for programs; the text is for people, and says how to mend it where that is possible.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
