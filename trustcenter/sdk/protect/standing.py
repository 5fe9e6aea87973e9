"""How everything that a mapping made looks now, as PostgreSQL itself tells it: compared with how it looked then."""

from collections.abc import Iterator

from .connection import Connection, scalars
from .mapping import FOLLOWER, Mapping

# Each gives (what, how it looks). tables: the protected ones; spaces: our schemas; roles: ours.
_QUERIES = (
    """SELECT concat('row security of ', c.oid::regclass), concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity)
       FROM pg_class c WHERE c.oid = ANY(%(tables)s::oid[])""",
    """SELECT concat('column ', a.attname, ' of ', c.oid::regclass),
              concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('trust_mask', 'trust_key')
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.oid = ANY(%(tables)s::oid[]) AND NOT a.attisdropped""",
    """SELECT concat('policy ', p.polname, ' on ', c.oid::regclass),
              concat_ws(' ', CASE WHEN NOT p.polpermissive THEN 'restrictive' END, p.polcmd,
                'TO', ARRAY(SELECT r::regrole::text FROM unnest(p.polroles) r ORDER BY 1),
                'USING', pg_get_expr(p.polqual, p.polrelid), 'CHECK', pg_get_expr(p.polwithcheck, p.polrelid))
       FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
       WHERE c.oid = ANY(%(tables)s::oid[]) OR c.relnamespace = 'trust'::regnamespace""",
    """SELECT concat('trigger ', t.tgname, ' on ', c.oid::regclass),
              concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'zzz\\_trust\\_%%'""",
    """SELECT concat('index ', i.indexrelid::regclass), concat_ws(' ', i.indisvalid, pg_get_indexdef(i.indexrelid))
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE i.indrelid = ANY(%(tables)s::oid[]) AND c.relname ~ '^trust_[0-9a-f]{12}_'""",
    """SELECT concat(CASE c.relkind WHEN 'v' THEN 'view ' ELSE 'table ' END, c.oid::regclass),
              concat_ws(' ', c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity,
                CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END)
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = ANY(%(spaces)s) AND c.relkind IN ('r', 'v')""",
    """SELECT concat('function ', p.oid::regprocedure),
              concat_ws(' ', p.proowner::regrole, p.proacl, p.prosecdef, md5(p.prosrc))
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%(spaces)s)""",
    """SELECT concat('schema ', n.nspname), concat_ws(' ', n.nspowner::regrole, n.nspacl)
       FROM pg_namespace n WHERE n.nspname = ANY(%(spaces)s)""",
    """SELECT concat('rights of ', g.grantee::regrole, ' on ', c.oid::regclass),
              string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type)
       FROM pg_class c CROSS JOIN aclexplode(c.relacl) g JOIN pg_roles r ON r.oid = g.grantee
       WHERE c.oid = ANY(%(tables)s::oid[]) AND r.rolname = ANY(%(roles)s) GROUP BY 1""",
    """SELECT concat('rights of ', g.grantee::regrole, ' on columns of ', c.oid::regclass),
              string_agg(concat_ws(' ', g.privilege_type, a.attname), ', ' ORDER BY a.attname, g.privilege_type)
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN aclexplode(a.attacl) g
       JOIN pg_roles r ON r.oid = g.grantee
       WHERE c.oid = ANY(%(tables)s::oid[]) AND r.rolname = ANY(%(roles)s) GROUP BY 1""",
    """SELECT concat('role ', r.rolname), concat_ws(' ', r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolreplication)
       FROM pg_roles r WHERE r.rolname = ANY(%(roles)s)""",
    """SELECT concat('members of ', m.roleid::regrole), string_agg(m.member::regrole::text, ', ' ORDER BY 1)
       FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = ANY(%(readers)s) GROUP BY 1""",
)
_TABLES = """
SELECT coalesce(array_agg(c.oid::int8), '{}') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN unnest(%s::text[], %s::text[]) AS wanted(schema, name) ON (n.nspname, c.relname) = (wanted.schema, wanted.name)
"""


def read(connection: Connection, mapping: Mapping) -> dict[str, str]:
    """What a mapping made, by name. What is not there is not in it."""
    return dict(_rows(connection, mapping))


def changes(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """What is not as it was, in words."""
    for what in sorted(then.keys() | now.keys()):
        if what not in now:
            yield f"{what}: it is gone."
        elif what not in then:
            yield f"{what}: it was not there: {now[what]}."
        elif then[what] != now[what]:
            yield f"{what}: it was {then[what]}, and is {now[what]}."


def _rows(connection: Connection, mapping: Mapping) -> Iterator[tuple[str, str]]:
    names = [table.name for table in mapping.tables]
    values = {
        "tables": scalars(connection, _TABLES, [[each.schema for each in names], [each.name for each in names]])[0],
        "spaces": ["trust", *mapping.readers],
        "roles": [*mapping.readers, FOLLOWER],
        "readers": list(mapping.readers),
    }
    for query in _QUERIES:
        yield from connection.execute(query, values).fetchall()
