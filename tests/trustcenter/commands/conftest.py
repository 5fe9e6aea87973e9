"""Commands are called the way a terminal does: with words, and an exit code comes back."""

import pytest

from trustcenter import cli


@pytest.fixture
def run(capsys):
    """Run one command; gives the exit code, standard output and standard error."""

    def run(*words):
        code = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
