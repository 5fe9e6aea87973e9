"""F15, in the time that the issue names, on the database of this pass."""

import pytest
from django.db import connection

from tests import hammer

pytestmark = pytest.mark.long


def test_F15_everything_is_killed_under_load_and_no_answer_is_lost_or_doubled(db):
    name = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    connection.close()
    assert "nothing lost" in hammer.hammer(name, seconds=60, kills=20)
