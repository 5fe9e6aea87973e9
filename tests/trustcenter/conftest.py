"""Doors read the real clock; in these tests it starts at the cast's own moment."""

import pytest
import time_machine

from tests.world import NOW


@pytest.fixture(autouse=True)
def _cast_time():
    with time_machine.travel(NOW, tick=True):
        yield
