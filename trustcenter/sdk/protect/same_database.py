"""Where the tables stand in TrustCenter's own database: a reduction takes masks away in its own transaction.

Nothing is decided here. Whatever changes about a customer's answers takes away all that it may concern, and the
follower gives back, a moment later, what the service says still stands. So a no counts at once, and a yes comes late.

The follower sets masks only while it holds a lock that each such change needs, and passes over a line of whose
customer something changed after the line was asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg.sql import SQL, Composed, Identifier

from .. import naming
from ..messages import Customer
from .connection import Connection, scalars
from .mapping import FOLLOWER, Mapping

TABLES = ("consent_subject", "consent_identifier", "consent_consentstate", "consent_purpose")
# subject   which of the service's customers a handle is. changed: the transaction that last took something away.
KEPT = """\
CREATE TABLE IF NOT EXISTS trust.subject (
  subject_id bigint PRIMARY KEY, customer bytea, changed xid8
);
CREATE INDEX IF NOT EXISTS subject_customer ON trust.subject (customer);
CREATE INDEX IF NOT EXISTS subject_new ON trust.subject (subject_id) WHERE customer IS NULL;
REVOKE ALL ON trust.subject FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON trust.subject TO {follower};
ALTER TABLE trust.subject ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS follower ON trust.subject;
CREATE POLICY follower ON trust.subject TO {follower} USING (true) WITH CHECK (true);
ALTER TABLE trust.gate ADD COLUMN IF NOT EXISTS closed xid8;
GRANT USAGE ON SCHEMA {schema} TO {follower};
GRANT SELECT (id, pseudonym) ON {subject} TO {follower};
GRANT SELECT (id, key) ON {purpose} TO {follower};
INSERT INTO trust.subject (subject_id) SELECT id FROM {subject} ON CONFLICT DO NOTHING;
"""
# A withdrawal is never refused because of us: where its masks cannot be taken away, everything is closed.
REDUCE = """\
CREATE OR REPLACE FUNCTION trust.reduce(who bigint[], what text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bits bigint := (SELECT bit_or(1::bigint << number) FROM trust.bit WHERE what IS NULL OR purpose = what);
BEGIN
  IF bits IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO trust.subject (subject_id, changed) SELECT DISTINCT unnest(who), pg_current_xact_id() ORDER BY 1
    ON CONFLICT (subject_id) DO UPDATE SET changed = excluded.changed;
  DELETE FROM trust.span s USING trust.subject j
    WHERE j.subject_id = ANY(who) AND s.customer = j.customer AND (what IS NULL OR s.purpose = what);
{updates}\
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'TrustCenter: masks could not be taken away (%), so every gate is closed', SQLERRM;
  UPDATE trust.gate SET until = '-infinity', stale = true, closed = pg_current_xact_id();
END $$;
"""
UPDATE = """\
  UPDATE {table} t SET trust_mask = t.trust_mask & ~bits FROM trust.identity i JOIN trust.subject j USING (customer)
    WHERE j.subject_id = ANY(who) AND t.trust_key = i.key AND t.trust_mask & bits <> 0;
"""
FUNCTIONS = """\
CREATE OR REPLACE FUNCTION trust.about_subject() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO trust.subject (subject_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  ELSE
    PERFORM trust.reduce(ARRAY[OLD.id], NULL);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION trust.about_identifier() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM trust.reduce(CASE TG_OP WHEN 'DELETE' THEN ARRAY[OLD.subject_id]
    ELSE ARRAY[OLD.subject_id, NEW.subject_id] END, NULL);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION trust.about_answer() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM trust.reduce(ARRAY[OLD.subject_id], (SELECT key FROM {purpose} WHERE id = OLD.purpose_id));
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM trust.reduce(ARRAY[NEW.subject_id], (SELECT key FROM {purpose} WHERE id = NEW.purpose_id));
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION trust.about_purpose() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE trust.gate SET until = '-infinity', stale = true, closed = pg_current_xact_id() WHERE purpose = OLD.key;
  RETURN NULL;
END $$;
"""
OWNED = """\
ALTER FUNCTION {function} OWNER TO {follower};
REVOKE ALL ON FUNCTION {function} FROM PUBLIC;
"""
TRIGGERS = """\
CREATE TRIGGER zzz_trust_subject AFTER INSERT OR UPDATE OR DELETE ON {subject}
  FOR EACH ROW EXECUTE FUNCTION trust.about_subject();
CREATE TRIGGER zzz_trust_identifier AFTER UPDATE OR DELETE ON {identifier}
  FOR EACH ROW EXECUTE FUNCTION trust.about_identifier();
CREATE TRIGGER zzz_trust_answer AFTER INSERT OR UPDATE OR DELETE ON {state}
  FOR EACH ROW EXECUTE FUNCTION trust.about_answer();
CREATE TRIGGER zzz_trust_purpose AFTER UPDATE ON {purpose} FOR EACH ROW
  WHEN (NEW.current_id IS DISTINCT FROM OLD.current_id OR NEW.retired_at IS DISTINCT FROM OLD.retired_at)
  EXECUTE FUNCTION trust.about_purpose();
"""
UNMADE = """\
DROP TRIGGER IF EXISTS zzz_trust_subject ON {subject};
DROP TRIGGER IF EXISTS zzz_trust_identifier ON {identifier};
DROP TRIGGER IF EXISTS zzz_trust_answer ON {state};
DROP TRIGGER IF EXISTS zzz_trust_purpose ON {purpose};
"""
NAMES = ("about_subject", "about_identifier", "about_answer", "about_purpose")
LOCK = "LOCK TABLE trust.subject IN SHARE MODE"
NEW = "SELECT subject_id, pseudonym FROM trust.subject JOIN {subject} s ON s.id = subject_id WHERE customer IS NULL"
FORGET = "UPDATE trust.subject SET customer = NULL"
SET_NEW = """
UPDATE trust.subject SET customer = seen.customer FROM unnest(%s::bigint[], %s::bytea[]) AS seen(id, customer)
WHERE subject_id = seen.id
"""
# Of whom something changed after a line was asked for, or whom nobody knows yet: what was told of them is too old.
REOPEN = "UPDATE trust.gate SET stale = false"
REOPEN_BUT = REOPEN + " WHERE closed IS NULL OR pg_visible_in_snapshot(closed, %s::pg_snapshot)"
SEEN = "SELECT pg_current_snapshot()::text"
OLD = """
SELECT told.customer FROM unnest(%s::bytea[]) AS told(customer) LEFT JOIN trust.subject j USING (customer)
WHERE j.subject_id IS NULL OR (j.changed IS NOT NULL AND NOT pg_visible_in_snapshot(j.changed, %s::pg_snapshot))
"""


def create(mapping: Mapping) -> Iterator[Composed]:
    """What is made besides."""
    schema = mapping.same_database
    names = _names(schema)
    yield SQL(KEPT).format(**names, schema=Identifier(schema), follower=Identifier(FOLLOWER))
    updates = SQL("").join(SQL(UPDATE).format(table=Identifier(*table.name)) for table in mapping.tables)
    yield SQL(REDUCE).format(updates=updates)
    yield SQL(FUNCTIONS).format(**names)
    yield SQL("GRANT CREATE ON SCHEMA trust TO {};\n").format(Identifier(FOLLOWER))  # or it could own nothing there
    for function in ("trust.reduce(bigint[], text)", *(f"trust.{name}()" for name in NAMES)):
        yield SQL(OWNED).format(function=SQL(function), follower=Identifier(FOLLOWER))
    yield SQL("REVOKE CREATE ON SCHEMA trust FROM {};\n").format(Identifier(FOLLOWER))
    yield SQL(TRIGGERS).format(**names)


def remove(schema: str) -> Composed:
    """The triggers; functions are the follower's and go with what it owns."""
    return SQL(UNMADE).format(**_names(schema))


@dataclass
class Together:
    """The follower's side of it, on its connection. Where the database is another, nothing of this is needed."""

    connection: Connection
    schema: str

    def lock(self) -> None:
        """Nothing is taken away from here to the end of the transaction, and all that was is seen."""
        if self.schema:
            self.connection.execute(LOCK)

    def seen(self) -> str:
        """What has been taken away by now, for whoever asks the service after this."""
        return str(scalars(self.connection, SEEN)[0]) if self.schema else ""

    def know(self, key: bytes) -> None:
        """Name the customers that came since, as the feed names them."""
        if self.schema:
            query = SQL(NEW).format(subject=Identifier(self.schema, TABLES[0]))
            rows = self.connection.execute(query).fetchall()
            names = [naming.name(key, Customer("customer\0", pseudonym)) for _, pseudonym in rows]
            self.connection.execute(SET_NEW, [[number for number, _ in rows], names])

    def forget(self) -> None:
        """Their names are made with another key from now on."""
        if self.schema:
            self.connection.execute(FORGET)

    def too_old(self, customers: list[bytes], seen: str) -> set[bytes]:
        """Those of whom what was asked for after `seen` may be too old; under the lock."""
        return set(scalars(self.connection, OLD, [customers, seen])) if self.schema else set()

    def reopened(self, seen: str) -> None:
        """Every gate may open again, unless it was closed after `seen`."""
        if self.schema:
            self.connection.execute(REOPEN_BUT, [seen])
        else:
            self.connection.execute(REOPEN)


def _names(schema: str) -> dict[str, Identifier]:
    members = zip(("subject", "identifier", "state", "purpose"), TABLES, strict=True)
    return {member: Identifier(schema, table) for member, table in members}
