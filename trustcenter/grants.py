"""Who may do what with which table, on PostgreSQL: the roles of a deployment, and what this connection may too much.

Rights and triggers hinder; the signed head, held elsewhere, is the evidence (docs/verify.md).

`_owner` owns the tables and nobody signs in as it but for `migrate`; `_web`, `_worker` and `_sealer` have what these
processes need; `_app` is all three, for `serve` as one tree of processes. A role that signs in is a member of one.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from audit import guards

PARTS = ("web", "worker", "sealer")
_WORDS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
# S reads, I adds, U changes, D deletes; in the order of PARTS. The triggers narrow it down further.
# What erasure deletes, web and worker may delete: it is asked for by API and by command. Pruning deletes as `_worker`.
RIGHTS = {
    "audit_checkpoint": ("S", "S", "SI"),
    "audit_cosignature": ("S", "S", "SI"),
    "audit_entry": ("SI", "SID", "SI"),
    "audit_head": ("S", "S", "SIU"),
    "audit_leaf": ("S", "SD", "SI"),
    "audit_payload": ("SID", "SID", "SI"),
    "audit_pending": ("SI", "SI", "SID"),
    "audit_pruning": ("S", "SI", "S"),
    "audit_refusal": ("S", "S", "SIUD"),
    "audit_subjectsecret": ("SID", "SID", "S"),
    "audit_tile": ("S", "S", "SIU"),
    "audit_verification": ("SI", "SI", "S"),
    "audit_verifierkey": ("S", "S", "SIU"),
    "auth_group": ("S", "SI", ""),
    "auth_group_permissions": ("S", "S", ""),
    "auth_permission": ("S", "S", ""),
    "auth_user": ("SU", "SIU", ""),
    "auth_user_groups": ("S", "SI", ""),
    "auth_user_user_permissions": ("S", "S", ""),
    "consent_acknowledgement": ("SIUD", "S", ""),
    "consent_answer": ("SIUD", "SD", ""),
    "consent_answer_subjects": ("SID", "SD", ""),
    "consent_apikey": ("SIU", "SIU", ""),
    "consent_asked": ("SI", "SID", "S"),
    "consent_askcount": ("SIU", "SIU", ""),
    "consent_category": ("SIU", "SIU", "S"),
    "consent_caseletter": ("SIUD", "SIUD", ""),
    "consent_changeletter": ("SIUD", "SIUD", ""),
    "consent_concern": ("SIU", "SIU", ""),
    "consent_concernstep": ("SI", "SI", ""),
    "consent_confirmation": ("SIUD", "SIUD", ""),
    "consent_consentevent": ("SI", "SI", "S"),
    "consent_consentrequest": ("SIUD", "SD", ""),
    "consent_consentstate": ("SIU", "SIUD", "S"),
    "consent_controller": ("SIU", "SIU", "S"),
    "consent_holder": ("SIUD", "S", "S"),
    "consent_identifier": ("SIUD", "SIUD", "S"),
    "consent_importrun": ("S", "SIU", ""),
    "consent_knock": ("SID", "SD", ""),
    "consent_limit": ("SIU", "SIU", ""),
    "consent_link": ("SIU", "SIU", "S"),
    "consent_link_identifiers": ("SID", "SID", "S"),
    "consent_mandate": ("SIUD", "SIUD", ""),
    "consent_noticetext": ("SI", "SI", "S"),
    "consent_portallink": ("SIUD", "SIUD", ""),
    "consent_portalsession": ("SIUD", "SD", ""),
    "consent_principles": ("SI", "SI", ""),
    "consent_purpose": ("SIU", "SIU", "S"),
    "consent_purposeversion": ("SIU", "SIU", "S"),
    "consent_receipt": ("SD", "SD", "SI"),
    "consent_receiptsdone": ("S", "S", "SIU"),
    "consent_recipient": ("SIU", "SIU", "S"),
    "consent_reminder": ("S", "SI", "S"),
    "consent_revision": ("SI", "SI", "S"),
    "consent_rightsdraft": ("SIUD", "SD", ""),
    "consent_rightsrequest": ("SIU", "SIU", ""),
    "consent_rightsstep": ("SI", "SI", ""),
    "consent_scan": ("SIUD", "SID", "S"),
    "consent_signal": ("SI", "SI", "S"),
    "consent_signincode": ("SIUD", "SIUD", ""),
    "consent_signintry": ("SID", "S", ""),
    "consent_subject": ("SIU", "SIU", "S"),
    "consent_suppression": ("SID", "SID", "S"),
    "consent_versioncategory": ("SI", "SI", "S"),
    "consent_versionrecipient": ("SI", "SI", "S"),
    "django_content_type": ("S", "S", "S"),
    "django_migrations": ("S", "S", "S"),
    "django_session": ("SIUD", "", ""),
}
_GUARDS = (
    "SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
    "AND (proname = 'trust_refuse' OR proname ~ '^guard_.*_check$')"
)
_TOO_MUCH = (
    "SELECT table_name, privilege FROM unnest(%s::text[]) table_name, "
    "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege "
    "WHERE to_regclass(quote_ident(table_name)) IS NOT NULL "
    "AND has_table_privilege(quote_ident(table_name)::regclass, privilege) ORDER BY 1, 2"
)
_STANDING = (
    "SELECT current_user, r.rolsuper, r.rolcreaterole, pg_has_role(current_user, d.datdba, 'MEMBER'), "
    "EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s) "
    "AND pg_has_role(current_user, c.relowner, 'MEMBER')), has_schema_privilege(current_schema(), 'CREATE'), "
    "current_setting('server_version_num')::int "
    "FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()"
)
_REPLICA = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
_PARAMETERS_SINCE = 150000  # before, only a superuser could


def statements(prefix: str) -> Iterator[str]:
    """The SQL that makes the roles, gives the tables to their owner, and grants each role what it needs.

    For a superuser, in the service's database. Safe to repeat.
    """
    yield from roles(prefix)
    yield from ownership(prefix)
    yield from grants(prefix)


def roles(prefix: str) -> Iterator[str]:
    """The roles, none of which signs in."""
    for part in ("owner", *PARTS, "app"):
        name = f"{prefix}_{part}"
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
            f'THEN CREATE ROLE "{name}" NOLOGIN; END IF; END $$'
        )
    yield f'GRANT {_named(prefix, PARTS)} TO "{prefix}_app"'


def ownership(prefix: str) -> Iterator[str]:
    """Tables, and the functions of their guards, belong to the owner, who may make more."""
    owner = f'"{prefix}_owner"'
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {owner}"
    for table in RIGHTS:
        yield f'ALTER TABLE IF EXISTS "{table}" OWNER TO {owner}'
    change = f"EXECUTE format('ALTER FUNCTION %s OWNER TO {owner}', each)"
    yield f"DO $$ DECLARE each regprocedure; BEGIN FOR each IN {_GUARDS} LOOP {change}; END LOOP; END $$"


def grants(prefix: str) -> Iterator[str]:
    """What each role may, and nothing else; the owner may run this too, as `migrate` does for new tables."""
    everyone = _named(prefix, (*PARTS, "app"))
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    for table, rights in RIGHTS.items():
        lines = [f'REVOKE ALL ON "{table}" FROM PUBLIC, {everyone}']
        for part, letters in zip(PARTS, rights, strict=True):
            if letters:
                lines.append(f'GRANT {", ".join(_WORDS[each] for each in letters)} ON "{table}" TO "{prefix}_{part}"')
        # In one statement, so that nobody who works meanwhile is without a right for a moment.
        yield f"DO $$ BEGIN IF to_regclass('{table}') IS NOT NULL THEN {'; '.join(lines)}; END IF; END $$"


def prefix_of(connection: BaseDatabaseWrapper) -> str | None:
    """The name before the roles of this database; None where its tables belong to somebody else, and on SQLite."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left(o.rolname, -6) FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner WHERE c.oid = "
            "to_regclass('audit_entry') AND o.rolname LIKE '%\\_owner' "
            "AND EXISTS (SELECT FROM pg_roles a WHERE a.rolname = left(o.rolname, -6) || '_app')"
        )
        found = cursor.fetchone()
    return found[0] if found else None


def findings(connection: BaseDatabaseWrapper) -> list[str]:
    """What this connection may that the service does not need, one sentence each; [] on SQLite, which has no roles."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [list(RIGHTS)])
        name, superuser, maker, database, owner, creates, version = cursor.fetchone()
        cursor.execute(_REPLICA if version >= _PARAMETERS_SINCE else "SELECT false")
        (replica,) = cursor.fetchone()
        cursor.execute(_TOO_MUCH, [list(RIGHTS)])
        more = [f"{word} on {table}" for table, word in cursor.fetchall() if word not in _needed(table)]
    standing = {
        "is a superuser": superuser,
        "may make roles": maker,
        "owns the database": database,
        "owns tables, and can switch their guards off": owner,
        "may make tables and functions": creates,
        "may set session_replication_role": replica,
        f"may {', '.join(more[:3])}{' …' if len(more) > 3 else ''}, which nothing here needs": more,
    }
    found = [f"The database role {name} {what}." for what, so in standing.items() if so]
    missing = guards.missing(connection)
    return [*found, *(["Guards of append-only tables are missing."] if missing else [])]


def _needed(table: str) -> set[str]:
    return {_WORDS[letter] for letters in RIGHTS[table] for letter in letters}


def _named(prefix: str, parts: tuple[str, ...]) -> str:
    return ", ".join(f'"{prefix}_{part}"' for part in parts)
