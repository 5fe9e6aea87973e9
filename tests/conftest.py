"""What every test may rely on: keys of its own, a guarded database, and the named cast."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.test.client import ClientHandler
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as generated

from audit import guards
from consent.rules import plain
from tests import copies, world

pytest_plugins = ["tests.browser", "tests.shop"]

# A slow machine is no fault of the code: a test that fails by the clock of whoever runs it says nothing.
generated.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
generated.load_profile("any machine")


# The floors that import no framework (`make shape` sees to it): no database is under them that could differ.
PURE = tuple(Path(__file__).parent / place for place in ("audit/proof", "consent/rules"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is pure is tried once, and what only PostgreSQL can is not asked of SQLite."""
    for item in items:
        if any(place in item.path.parents for place in PURE) and "db" not in item.fixturenames:
            item.add_marker(pytest.mark.once)
    if connection.vendor == "postgresql":
        return
    others = [item for item in items if item.get_closest_marker("postgres")]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(autouse=True, scope="session")
def _keys(tmp_path_factory, worker_id):
    """Random keys in a folder of the test run, and never the developer's own."""
    from django.conf import settings

    from audit import keys

    settings.DATA_DIR = tmp_path_factory.mktemp("data")
    settings.OUTSIDE_DIR = settings.DATA_DIR / "outside"
    keys.key.cache_clear()
    keys.derived.cache_clear()
    keys.make()


@pytest.fixture(autouse=True)
def _no_mark():
    """A test's database is taken back when it ends, and what it published with it."""
    from audit.services import mark

    yield
    mark.file().unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _no_language():
    """A request leaves its language behind in the thread, and the next test would be answered in it."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory):
    """SQLite in a file, as in production: in memory all threads share one connection, and nobody ever waits."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        # Tests that pull the plug have a server of their own; here nobody waits for the disk.
        options = database["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(autouse=True, scope="session")
def _flush_lifts_the_guards():
    """A test that commits empties its tables afterwards; the guards are put back by the migrate signal it sends."""
    usual = TransactionTestCase._fixture_teardown

    def teardown(self):
        guards.remove(connection)
        usual(self)

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = usual


@pytest.fixture(autouse=True, scope="session")
def _middleware_is_loaded_once():
    """Each `Client()` would load its own, and WhiteNoise look for every static file anew."""
    usual, first = ClientHandler.load_middleware, ClientHandler()
    usual(first)
    loaded = {name: value for name, value in vars(first).items() if "middleware" in name}
    ClientHandler.load_middleware = lambda self: vars(self).update(loaded)
    yield
    ClientHandler.load_middleware = usual


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords():
    """The usual hash takes half a second by design."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True, scope="session")
def _words_are_read_once():
    """Nearly every test publishes the park, and the same words get the same remarks each time."""
    usual, known = plain.check, {}

    def check(texts, **more):
        key = repr((texts, sorted(more.items())))
        if key not in known:
            known[key] = usual(texts, **more)
        return list(known[key])

    plain.check = check
    yield
    plain.check = usual


@pytest.fixture(scope="session")
def _made(django_db_setup, django_db_blocker):
    """The rows of the park, and those of its people: services make them once, as every further test would find them."""
    with django_db_blocker.unblock():
        return copies.made_by(world.publish, world.cast)


@pytest.fixture
def park(db, _made):
    """Kestrel Park's catalogue, published a year ago."""
    copies.write(_made[0])


@pytest.fixture
def cast(park, _made):
    """The park with its people."""
    copies.write(_made[1])
