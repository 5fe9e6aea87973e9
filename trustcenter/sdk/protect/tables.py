"""The schema `trust`: what the follower keeps in a protected database. Only the follower writes in it.

Row security holds here too, so that a role which may write every table (pg_write_all_data) opens no gate.
"""

from psycopg.sql import SQL, Composed, Identifier

from .mapping import FOLLOWER

SCHEMA = SQL("""\
CREATE SCHEMA IF NOT EXISTS trust;
COMMENT ON SCHEMA trust IS 'TrustCenter: masks, and what they are made from';
REVOKE ALL ON SCHEMA trust FROM PUBLIC;
GRANT USAGE ON SCHEMA trust TO {follower};
""").format(follower=Identifier(FOLLOWER))

# bit       what each bit of the masks means. A number is never given to another pair: old masks stand in the rows.
# gate      the lease, one for each purpose. Rows show only between `since` and `until` by this server's clock; the
#           lower end is there for a clock that is set back. stale: it opens only after a new snapshot was read.
# position  how far the log was followed, and what stands there; of whom, and the key that hashes are made with. filled:
#           the masks are whole.
# identity  a hash of an identifier, and whose it is: the customer, and which of their parts (what is granted by
#           verified identifiers stands apart).
# span      what a part of a customer permits for one purpose, and when. begun: its masks are set.
# applied   the mapping in force, and how everything it made looked then.
TABLES = (
    (
        "bit",
        "number smallint PRIMARY KEY CHECK (number BETWEEN 0 AND 62), purpose text NOT NULL, category text NOT NULL,"
        "\n  UNIQUE (purpose, category)",
    ),
    (
        "gate",
        "purpose text PRIMARY KEY, since timestamptz NOT NULL DEFAULT 'infinity',"
        "\n  until timestamptz NOT NULL DEFAULT '-infinity', stale boolean NOT NULL DEFAULT true",
    ),
    (
        "position",
        "one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint, mark text, recipient text, hash_key bytea,"
        "\n  filled boolean NOT NULL DEFAULT false",
    ),
    ("identity", "key bytea PRIMARY KEY, customer bytea NOT NULL, part smallint NOT NULL"),
    (
        "span",
        "customer bytea NOT NULL, part smallint NOT NULL, purpose text NOT NULL, mask bigint NOT NULL,"
        "\n  start timestamptz, until timestamptz, begun boolean NOT NULL",
    ),
    (
        "applied",
        "one boolean PRIMARY KEY DEFAULT true CHECK (one), mapping jsonb NOT NULL, script text NOT NULL,"
        "\n  before jsonb NOT NULL, state jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now()",
    ),
)
INDEXES = SQL("""\
CREATE INDEX IF NOT EXISTS identity_customer ON trust.identity (customer);
CREATE INDEX IF NOT EXISTS span_customer ON trust.span (customer);
CREATE INDEX IF NOT EXISTS span_until ON trust.span (until) WHERE until IS NOT NULL;
CREATE INDEX IF NOT EXISTS span_waiting ON trust.span (start) WHERE NOT begun;
INSERT INTO trust.position DEFAULT VALUES ON CONFLICT DO NOTHING;
""")
KEPT_BY_FOLLOWER = ("gate", "position", "identity", "span")

_TABLE = """\
CREATE TABLE IF NOT EXISTS {name} (
  {columns}
);
REVOKE ALL ON {name} FROM PUBLIC;
GRANT {rights} ON {name} TO {follower};
"""
_GUARD = """\
ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS follower ON {name};
CREATE POLICY follower ON {name} TO {follower} USING (true) WITH CHECK (true);
"""


def create() -> list[Composed]:
    """Make what is not there yet."""
    follower = Identifier(FOLLOWER)
    made = [SCHEMA]
    for name, columns in TABLES:
        rights = SQL("SELECT, INSERT, UPDATE, DELETE" if name in KEPT_BY_FOLLOWER else "SELECT")
        made.append(
            SQL(_TABLE).format(name=Identifier("trust", name), columns=SQL(columns), rights=rights, follower=follower)
        )
    made.append(Composed([INDEXES]))
    for name, _ in TABLES:
        made.append(SQL(_GUARD).format(name=Identifier("trust", name), follower=follower))
    return made
