"""The SQL that puts a mapping in force. Names and texts go in by psycopg's quoting; the rest is read as it stands.

A policy compares a constant with the mask, and asks the gate once for each query (PostgreSQL runs the sub-select that
depends on no row as an InitPlan): never a function for each row, never `IN (SELECT …)`.
"""

import hashlib
from collections.abc import Iterable, Iterator

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from . import same_database, tables
from .mapping import FOLLOWER, Mapping, Name, Table

Bits = dict[tuple[str, str], int]
MARK = "TrustCenter: "

ROLE = """\
CREATE ROLE {role} NOLOGIN;
COMMENT ON ROLE {role} IS {mark};
"""
TIGHTEN = "ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOLOGIN NOREPLICATION;\n"
UNJOIN = "REVOKE {role} FROM {member};\n"
COLUMNS = """\
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS trust_mask bigint NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS trust_key bytea;
CREATE INDEX IF NOT EXISTS {by_key} ON {table} (trust_key) WHERE trust_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS {new} ON {table} ({id})
  WHERE trust_key IS NULL AND {id} IS NOT NULL;
"""
# A new row is hidden until the follower has seen it, and so is a row that changes hands. What others write into the
# mask is put back, without a word: an application may write whole rows. The names sort last, after others' triggers.
FUNCTIONS = """\
CREATE OR REPLACE FUNCTION trust.hide() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.trust_mask := 0;
  NEW.trust_key := NULL;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION trust.keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.trust_mask := OLD.trust_mask;
  NEW.trust_key := OLD.trust_key;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION trust.hide(), trust.keep() FROM PUBLIC;
"""
GUARD = """\
CREATE TRIGGER zzz_trust_1_insert BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION trust.hide();
CREATE TRIGGER zzz_trust_2_keep BEFORE UPDATE ON {table} FOR EACH ROW
  WHEN (current_user <> {follower}
        AND (NEW.trust_mask <> OLD.trust_mask OR NEW.trust_key IS DISTINCT FROM OLD.trust_key))
  EXECUTE FUNCTION trust.keep();
CREATE TRIGGER zzz_trust_3_hide BEFORE UPDATE ON {table} FOR EACH ROW
  WHEN (NEW.{id} IS DISTINCT FROM OLD.{id}) EXECUTE FUNCTION trust.hide();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zzz_trust_1_insert, ENABLE ALWAYS TRIGGER zzz_trust_2_keep,
  ENABLE ALWAYS TRIGGER zzz_trust_3_hide;
GRANT SELECT (ctid, {id}, trust_mask, trust_key), UPDATE (trust_mask, trust_key) ON {table} TO {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
CREATE POLICY trust_follower ON {table} TO {role} USING (true) WITH CHECK (true);
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
MAINTAINERS = "CREATE POLICY trust_maintainers ON {table} TO {roles} USING (true) WITH CHECK (true);\n"
READS = """\
GRANT USAGE ON SCHEMA trust, {schema} TO {reader};
GRANT SELECT ({columns}) ON {table} TO {reader};
CREATE POLICY {reader} ON {table} FOR SELECT TO {reader} USING (
  (trust_mask & {bits}) <> 0
  AND {open});
"""
OPEN = "(SELECT clock_timestamp() >= since AND clock_timestamp() < until FROM trust.gate WHERE purpose = {purpose})"
CHOSEN = "current_setting('trust.purpose', true)"
# What one category is for the purpose that the setting names; nothing for none.
BITS_CHOSEN = (
    "(SELECT bit_or(1::bigint << number) FROM trust.bit WHERE purpose = {chosen} AND category IN ({categories}))"
)
# A pair that has no bit yet may be granted already, so everything is read anew before a gate opens.
STALE = "UPDATE trust.gate SET stale = true;\n"
GATE = """\
INSERT INTO trust.gate (purpose) VALUES ({purpose}) ON CONFLICT DO NOTHING;
"""
BIT = "INSERT INTO trust.bit VALUES ({number}, {purpose}, {category}) ON CONFLICT DO NOTHING;\n"
TRUST_READ = (
    "GRANT SELECT ON {name} TO {reader};\nCREATE POLICY {reader} ON {name} FOR SELECT TO {reader} USING (true);\n"
)
SPACE = """\
CREATE SCHEMA IF NOT EXISTS {space} AUTHORIZATION {reader};
COMMENT ON SCHEMA {space} IS {mark};
"""
VIEW = """\
CREATE OR REPLACE VIEW {view} WITH (security_barrier) AS
SELECT {columns}
FROM {table};
ALTER VIEW {view} OWNER TO {reader};
REVOKE ALL ON {view} FROM PUBLIC;
"""
CONSUMERS = """\
GRANT USAGE ON SCHEMA {space} TO {roles};
GRANT SELECT ON {view} TO {roles};
"""


def role(name: str) -> Composed:
    """Make a role of ours. Roles belong to the whole server: the mark says whose it is."""
    return SQL(ROLE).format(role=Identifier(name), mark=Literal(f"{MARK}see the schema trust"))


def tightened(loose: Iterable[str], joined: Iterable[tuple[str, str]]) -> Iterator[Composed]:
    """Our roles as they were made: bound, and without members."""
    for name in loose:
        yield SQL(TIGHTEN).format(role=Identifier(name))
    for name, member in joined:
        yield SQL(UNJOIN).format(role=Identifier(name), member=Identifier(member))


def build(mapping: Mapping, bits: Bits) -> list[Composed]:
    """Everything a mapping needs but its roles, in order; after `removal.derived` of what stood before."""
    made = tables.create()
    made += [SQL(GATE).format(purpose=Literal(purpose)) for purpose in mapping.purposes]
    made += [
        SQL(BIT).format(number=Literal(bits[pair]), purpose=Literal(pair[0]), category=Literal(pair[1]))
        for pair in mapping.pairs
    ]
    made.append(Composed([SQL(FUNCTIONS)]))
    for reader in mapping.readers:
        # Which bit means what is asked only where a setting chooses the purpose.
        made += [_on_trust(reader, name) for name in (["gate"] if mapping.policy == "role" else ["gate", "bit"])]
        made.append(
            SQL(SPACE).format(space=Identifier(reader), reader=Identifier(reader), mark=Literal(MARK + "views"))
        )
    for table in mapping.tables:
        made += _table(mapping, table, bits)
    if mapping.same_database:
        made += same_database.create(mapping)
    if mapping.follower:
        made.append(SQL("GRANT {} TO {};\n").format(Identifier(FOLLOWER), Identifier(mapping.follower)))
    return made


def index(name: Name, what: str) -> str:
    """The name of one of our indexes: a digest, since the table's own name may already be as long as a name can be."""
    return f"trust_{hashlib.sha256(str(name).encode()).hexdigest()[:12]}_{what}"


def mask(table: Table, purposes: list[str], bits: Bits, categories: list[str] | None = None) -> int:
    """The bits of some purposes for the categories of a table, or of some of them."""
    wanted = table.categories if categories is None else categories
    return sum(1 << bits[purpose, category] for purpose in purposes for category in wanted)


def _on_trust(reader: str, name: str) -> Composed:
    return SQL(TRUST_READ).format(reader=Identifier(reader), name=Identifier("trust", name))


def _table(mapping: Mapping, table: Table, bits: Bits) -> Iterator[Composed]:
    names = {"table": Identifier(*table.name), "id": Identifier(table.id), "schema": Identifier(table.name.schema)}
    by_key, new = (Identifier(index(table.name, what)) for what in ("key", "new"))
    yield SQL(COLUMNS).format(by_key=by_key, new=new, table=names["table"], id=names["id"])
    yield SQL(GUARD).format(**names, follower=Literal(FOLLOWER), role=Identifier(FOLLOWER))
    if table.maintainers:
        yield SQL(MAINTAINERS).format(table=names["table"], roles=_listed(table.maintainers))
    for reader, purposes in mapping.readers.items():
        yield _reads(mapping, table, reader, purposes, bits)
        yield from _view(mapping, table, reader, purposes, bits)


def _reads(mapping: Mapping, table: Table, reader: str, purposes: list[str], bits: Bits) -> Composed:
    constant = mapping.policy == "role"
    return SQL(READS).format(
        reader=Identifier(reader),
        table=Identifier(*table.name),
        schema=Identifier(table.name.schema),
        columns=_listed([*table.kept, "trust_mask"]),
        bits=Literal(mask(table, purposes, bits)) if constant else _bits_chosen(table.categories),
        open=SQL(OPEN).format(purpose=Literal(purposes[0]) if constant else SQL(CHOSEN)),
    )


def _bits_chosen(categories: list[str]) -> Composed:
    return SQL(BITS_CHOSEN).format(chosen=SQL(CHOSEN), categories=SQL(", ").join(map(Literal, categories)))


def _view(mapping: Mapping, table: Table, reader: str, purposes: list[str], bits: Bits) -> Iterator[Composed]:
    view = Identifier(reader, table.shown_as)
    columns = [_shown(mapping, table, column, purposes, bits) for column in table.kept]
    yield SQL(VIEW).format(
        view=view, columns=SQL(",\n  ").join(columns), table=Identifier(*table.name), reader=Identifier(reader)
    )
    if consumers := mapping.consumers(reader):
        yield SQL(CONSUMERS).format(space=Identifier(reader), view=view, roles=_listed(consumers))


def _shown(mapping: Mapping, table: Table, column: str, purposes: list[str], bits: Bits) -> Composed:
    """A column, blank where its category is not permitted."""
    category = table.kept[column]
    if category is None or table.categories == [category]:  # the policy has asked for it already
        return Composed([Identifier(column)])
    constant = mapping.policy == "role"
    test = Literal(mask(table, purposes, bits, [category])) if constant else _bits_chosen([category])
    return SQL("CASE WHEN trust_mask & {} <> 0 THEN {} END AS {}").format(test, Identifier(column), Identifier(column))


def _listed(names: "list[str] | tuple[str, ...]") -> Composable:
    return SQL(", ").join(map(Identifier, names))
