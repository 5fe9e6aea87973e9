"""The roles of a deployment on PostgreSQL: each may do its work, and nothing that would undo the log."""

import contextlib
import json
import uuid

import psycopg
import pytest
from django.apps import apps
from django.db import connection

from audit import guards
from audit.services import verify
from consent.services import evidence, keys, pruning
from tests.serving import command, serving, until
from tests.test_evidence import ROWS, VERBS
from tests.world import ALICE, DEMO, NOW, OPERATOR, cast, seal_all, sign_all
from trustcenter import grants

DAY_BEFORE = NOW.replace(year=NOW.year - 1)
# What only the sealer's commands do, with the keys that sign; and what only commands and the worker do.
SEALER = {"recovery.accept_clock", "recovery.accept_database", "rotation.begin", "rotation.disown"}
WORKER = {"rebuild.mend", "officers.create", "import_runs.finish", "expiry.sweep", "expiry.remind"}
WEB = {
    *("feed.snapshot", "portal_links.enter", "visits.act_for", "consent_requests.create", "consent_requests.answer"),
    "sign_in_codes.deliver",  # the code is entered, too
}
IN_TURNS = {"pruning.declare"}  # worker and sealer in turn: test_the_worker_prunes_what_the_sealer_published
APPEND_ONLY = sorted(table for table, guard in guards.guarded() if guard.update == guard.delete == "1=1")


def test_every_table_has_its_rights():
    there = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    assert set(grants.RIGHTS) == there, (
        "a table that is new has no rights yet: say in trustcenter/grants.py who may what"
    )


def test_nobody_is_granted_what_a_guard_refuses_whole():
    for table, guard in guards.guarded():
        letters = "".join(grants.RIGHTS[table])
        assert not (guard.update == "1=1" and "U" in letters), table
        assert not (guard.delete == "1=1" and "D" in letters), table


def test_sqlite_has_no_roles(db):
    if connection.vendor == "sqlite":
        assert grants.findings(connection) == []
        assert grants.prefix_of(connection) is None


def server(**more):
    """Somebody else's connection to this test's database."""
    given = connection.get_connection_params()
    place = {name: given[name] for name in ("host", "port", "password", "dbname")}
    return psycopg.connect(psycopg.conninfo.make_conninfo(**(place | {"user": "postgres"} | more)), autocommit=True)


@contextlib.contextmanager
def roles_of_its_own(admin):
    """Roles are the whole server's, so each run has names of its own."""
    prefix = f"run_{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}_{part}" for part in ("owner", *grants.PARTS, "app")]
    try:
        yield prefix
    finally:
        for name in names:
            admin.execute(f"DROP OWNED BY {name}")
        for name in reversed(names):
            admin.execute(f"DROP ROLE {name}")


@pytest.fixture(scope="module")
def prefix(django_db_setup):
    """The roles and their rights in the test's own database, whose tables stay whose they are."""
    with server() as admin, roles_of_its_own(admin) as found:
        for statement in (*grants.roles(found), *grants.grants(found)):
            admin.execute(statement)
        admin.execute(f"GRANT {found}_web, {found}_worker, {found}_sealer, {found}_app TO CURRENT_USER")
        admin.execute(f"GRANT {found}_web, {found}_worker, {found}_sealer, {found}_app TO trustcenter")
        yield found


@contextlib.contextmanager
def acting(role):
    """Everything in this block, of the test's one transaction, is done with the rights of a role."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")


PARTS = [
    (part, verb, place)
    for verb, place in ROWS
    if verb not in IN_TURNS
    for part in grants.PARTS
    if part == ("sealer" if verb in SEALER else part) and not (part == "sealer" and verb not in SEALER)
    if not (part == "web" and verb in WORKER) and not (part == "worker" and verb in WEB)
]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("part", "verb", "place"), PARTS, ids=[f"{part}-{verb}-{place}" for part, verb, place in PARTS]
)
def test_each_verb_can_be_done_with_the_rights_of_its_process(prefix, park, part, verb, place):
    cast()
    keys.create(recipient="mail-engine", scopes=["decide"], by=OPERATOR, now=DAY_BEFORE)
    if part != "sealer":
        seal_all()  # some of the verbs look for what is sealed, and seal it themselves in other tests
    with acting(f"{prefix}_{part}"):
        VERBS[verb][place][0]()


@pytest.mark.postgres
def test_the_button_of_the_console_checks_the_log_with_the_rights_of_the_web_process(prefix, cast):
    seal_all()
    with acting(f"{prefix}_web"):
        assert verify.whole_log(now=NOW).good


@pytest.mark.postgres
def test_the_worker_prunes_what_the_sealer_published(prefix, cast):
    evidence.view(handle=ALICE, why="concern", note="K-311", by=OPERATOR, now=NOW)
    later = NOW.replace(year=NOW.year + 3)
    for part, step in (
        ("sealer", seal_all),
        ("worker", lambda: pruning.run(keep_days=50, by=OPERATOR, now=later)),
        ("sealer", lambda: seal_all(later)),
        ("worker", pruning.finish),
    ):
        with acting(f"{prefix}_{part}"):
            gone = step()
    assert gone == 1


@pytest.mark.postgres
def test_the_sealer_seals_and_signs_receipts_with_its_own_rights(prefix, cast):
    with acting(f"{prefix}_sealer"):
        seal_all()
        assert sign_all() > 0


class House:
    """A database of its own, deployed as docs/operate.md says: who owns it, who migrates, who serves."""

    def __init__(self, name, prefix, password):
        self.name, self.prefix, self.password = name, prefix, password

    def url(self, role):
        place = connection.get_connection_params()
        login = f"{role}:{self.password}" if role != "postgres" else f"postgres:{place['password']}"
        return f"postgres://{login}@{place['host']}:{place['port']}/{self.name}"

    def environment(self, role):
        return {"DATABASE_URL": self.url(f"{self.prefix}_{role}")}

    def connect(self, role):
        return psycopg.connect(self.url(role if role == "postgres" else f"{self.prefix}_{role}"), autocommit=True)


@pytest.fixture
def house(db, tmp_path):
    """Migrated by a role that acts as the owner; the rights come from what `database-roles` prints."""
    password = uuid.uuid4().hex
    with server(dbname="postgres") as admin:
        name = f"house_{uuid.uuid4().hex[:8]}"
        admin.execute(f"CREATE DATABASE {name}")
        found = None
        try:
            with server(dbname=name) as inside, roles_of_its_own(inside) as prefix:
                found = House(name, prefix, password)
                printed = command(tmp_path, "database-roles", "--prefix", prefix).stdout
                inside.execute(printed)
                for login, group in (("serve", "app"), ("migrate", "owner"), ("only_web", "web")):
                    role = f"{prefix}_{login}"
                    inside.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE {prefix}_{group}")
                inside.execute(f"ALTER ROLE {prefix}_migrate SET role = '{prefix}_owner'")
                try:
                    command(tmp_path, "migrate", **found.environment("migrate"))
                    yield found
                finally:
                    for login in ("serve", "migrate", "only_web"):
                        inside.execute(f"DROP OWNED BY {prefix}_{login}")
                        inside.execute(f"DROP ROLE {prefix}_{login}")
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


FORBIDDEN = {
    **{f"change {table}": f"UPDATE {table} SET {{column}} = {{column}}" for table in APPEND_ONLY},
    **{f"delete from {table}": f"DELETE FROM {table}" for table in APPEND_ONLY},
    **{f"empty {table}": f"TRUNCATE {table} CASCADE" for table, _ in guards.guarded()},
    "disable the triggers": "ALTER TABLE audit_entry DISABLE TRIGGER USER",
    "drop a trigger": "DROP TRIGGER guard_audit_entry_update ON audit_entry",
    "change what a guard does": "CREATE OR REPLACE FUNCTION trust_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RETURN NULL; END $$",
    "make a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "make a table": "CREATE TABLE mine (id int)",
    "drop a table": "DROP TABLE audit_tile",
    "own a table": "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
    "grant itself a right": "GRANT UPDATE ON audit_entry TO CURRENT_USER; UPDATE audit_entry SET id = id",
    "rewrite a table": "ALTER TABLE audit_entry ADD COLUMN mine int",
    "become the owner": "SET ROLE {owner}",
    "read migrations away": "DELETE FROM django_migrations",
}


@pytest.mark.postgres
@pytest.mark.xdist_group("serve")
def test_F30_the_main_job_runs_under_the_role_of_the_service_which_can_undo_nothing(house, tmp_path):
    """And first: that the owner could do each of these things, so that it is the rights which forbid them."""
    env = house.environment("serve")
    works_and_is_proven(tmp_path, env)
    out = command(tmp_path, "doctor", **env).stdout
    assert "good   rights in the database" in out
    command(tmp_path, "serve", code=1, STRICT_ROLES="true", **house.environment("migrate"))
    with house.connect("migrate") as owner, house.connect("serve") as served, house.connect("only_web") as web:
        for what, statement in FORBIDDEN.items():
            sql = statement.format(column=column(owner, what), owner=f"{house.prefix}_owner")
            assert refused(owner, sql, lift=True) == "", f"the owner can {what}"
            for role in (served, web):
                assert refused(role, sql) in ("42501", "42809"), f"{what}: {refused(role, sql)}"
    with house.connect("postgres") as admin, house.connect("serve") as served:
        replica = "SET session_replication_role = replica"
        assert refused(admin, replica) == ""
        assert refused(served, replica) == "42501"


def works_and_is_proven(folder, env):
    """A yes, a check, a no, a check: by the three processes of `serve`, up to the signed receipt."""
    command(folder, "catalogue", "apply", str(DEMO / "kestrel-park.yaml"), **env)
    scopes = ("--scopes", "decide,consents:read,consents:write,rights", "--json")
    key = json.loads(command(folder, "create-key", "--recipient", "mail-engine", *scopes, **env).stdout)["key"]
    who = {"namespace": "customer", "id": "C-1001"}
    choice = {"subject": who, "purpose": "personal_offers", "language": "en", "channel": "web", "method": "button"}
    question = {
        "subject": {"type": "system", "id": "mail-engine"},
        "action": {"name": "personal_offers"},
        "resource": {"type": "customer", "id": "C-1001", "properties": {"categories": ["contact.email"]}},
    }
    with serving(folder, STRICT_ROLES="true", **env) as tree:
        for act, allowed in (("give", True), ("withdraw", False)):
            status, made = tree.post("/api/v1/consents", choice | {"act": act}, key)
            assert status == 201, made
            assert tree.post("/access/v1/evaluation", question, key)[1]["decision"] is allowed
        receipt = f"/api/v1/receipts/{made['receipt']['id']}"
        until(lambda: tree.get(receipt, key)[0] == 200)
        assert tree.get("/log/checkpoint")[0] == 200
        status, erased = tree.post("/api/v1/subjects/erase", {"subject": who, "why": "withdrawn"}, key)
        assert status == 200, erased
        assert tree.get(receipt, key)[0] == 410
    assert not [line for line in tree.lines() if line.get("level") in ("error", "critical")]
    command(folder, "export-audit", "--output", str(folder / "log.zip"), **env)
    command(folder, "verify", str(folder / "log.zip"))


def column(owner, what):
    """The first column of the table a statement is about."""
    table = what.rsplit(" ", 1)[-1]
    found = owner.execute("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum = 1", [table])
    return (found.fetchone() or ("id",))[0]


def refused(role, sql, *, lift=False):
    """The code with which a statement is refused, "" if it is done; it is taken back in any case.

    lift: without the triggers, which are the second hurdle and refuse the owner too.
    """
    try:
        with role.transaction(force_rollback=True):
            if lift:
                for table, _ in guards.guarded():
                    role.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            role.execute(sql)
    except psycopg.Error as problem:
        return problem.sqlstate
    return ""


@pytest.mark.postgres
def test_the_doctor_names_what_a_role_may_too_much(house, tmp_path):
    done = command(tmp_path, "doctor", code=1, **house.environment("migrate")).stdout
    assert "owns tables, and can switch their guards off" in done
    for role in ("serve", "only_web"):
        command(tmp_path, "doctor", code=0, **house.environment(role))
    done = command(tmp_path, "doctor", code=1, DATABASE_URL=house.url("postgres")).stdout
    assert "is a superuser" in done
    with house.connect("postgres") as admin:
        admin.execute(f"GRANT UPDATE, TRUNCATE ON audit_entry TO {house.prefix}_web")
        done = command(tmp_path, "doctor", code=1, **house.environment("only_web")).stdout
        assert "may TRUNCATE on audit_entry, UPDATE on audit_entry, which nothing here needs" in done
        admin.execute("ALTER TABLE audit_entry ENABLE TRIGGER guard_audit_entry_update")
        done = command(tmp_path, "doctor", code=1, **house.environment("serve")).stdout
        assert "Guards of append-only tables are missing" in done, "ALWAYS is part of it"
    command(tmp_path, "migrate", **house.environment("migrate"))  # puts rights and guards back
    command(tmp_path, "doctor", code=0, **house.environment("only_web"))
