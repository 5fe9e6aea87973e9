"""plan, apply, remove: what a mapping makes in a real PostgreSQL, and what it refuses."""

import subprocess

import psycopg
import pytest

from tests.postgres_programs import programs
from tests.shop import MAPPING
from trustcenter.sdk.protect import Mapping, Refused, apply, plan, remove

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
TABLE = MAPPING["tables"][0]


def dump(shop):
    """The whole schema, and the roles of the server."""
    told = ""
    for program in ("pg_dump", "pg_dumpall"):
        more = ["--roles-only", "--no-role-passwords"] if program == "pg_dumpall" else ["--schema-only"]
        call = [programs()[0] / program, *more, "--dbname", shop.url]
        told += subprocess.run(call, capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if "restrict" not in line]


def test_a_plan_changes_nothing_and_a_second_apply_does_nothing(shop, mapping):
    before = dump(shop)
    script = plan(shop.admin, mapping).script
    assert "FORCE ROW LEVEL SECURITY" in script
    assert dump(shop) == before
    assert not apply(shop.admin, mapping).done
    after = dump(shop)
    assert apply(shop.admin, mapping).done
    assert plan(shop.admin, mapping).script == ""
    assert dump(shop) == after


def test_what_is_removed_is_as_it_was_to_the_letter(shop, mapping):
    shop.admin.execute("ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY")
    before = dump(shop)
    apply(shop.admin, mapping)
    assert dump(shop) != before
    assert remove(shop.admin)
    assert dump(shop) == before
    assert remove(shop.admin) == ""


def test_an_owner_who_may_make_roles_needs_no_superuser(shop, mapping):
    shop.admin.execute(
        "ALTER ROLE crm_owner LOGIN CREATEROLE PASSWORD 'secret'; GRANT CREATE ON DATABASE shop TO crm_owner"
    )
    before = dump(shop)
    with psycopg.connect(shop.as_("crm_owner"), autocommit=True) as owner:
        apply(owner, mapping)
        assert apply(owner, mapping).done
        query = (
            "SELECT m.rolname FROM pg_auth_members JOIN pg_roles m ON m.oid = member JOIN pg_roles r ON r.oid = roleid"
        )
        assert shop.admin.execute(query + " WHERE r.rolname LIKE 'trust%'").fetchall() == [("crm_follower",)]
        assert owner.execute("SELECT count(*) FROM crm.customers").fetchone() == (0,)
        remove(owner)
    assert dump(shop) == before


def test_what_somebody_changed_is_put_right(shop, mapping):
    apply(shop.admin, mapping)
    after = dump(shop)
    for damage in (
        "ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY trust_personal_offers ON crm.customers USING (true)",
        "ALTER TABLE crm.customers DISABLE TRIGGER zzz_trust_2_keep",
        "DROP TRIGGER zzz_trust_1_insert ON crm.customers",
        "GRANT SELECT ON trust_personal_offers.customers TO crm_report",
        "GRANT SELECT ON crm.customers TO trust_personal_offers",
        "GRANT trust_personal_offers TO crm_report",
        "ALTER VIEW trust_personal_offers.customers SET (security_barrier = false)",
        "CREATE OR REPLACE VIEW trust_newsletter.customers WITH (security_barrier) AS"
        " SELECT customer_no, email, basket, loyalty FROM crm.customers",
        "DROP VIEW trust_newsletter.customers",
        "ALTER ROLE trust_newsletter BYPASSRLS",
        "ALTER TABLE trust.gate DISABLE ROW LEVEL SECURITY",
    ):
        shop.admin.execute(damage)
        assert not plan(shop.admin, mapping).done, damage
        apply(shop.admin, mapping)
        assert dump(shop) == after, damage


def test_a_policy_that_somebody_added_is_theirs_to_drop(shop, mapping):
    apply(shop.admin, mapping)
    shop.admin.execute("CREATE POLICY more ON crm.customers USING (true)")
    with pytest.raises(Refused, match=r"has policies of its own, whose rows would show. Drop more\."):
        apply(shop.admin, mapping)


def test_a_changed_mapping_replaces_the_old_one_and_bits_keep_their_meaning(shop, mapping):
    apply(shop.admin, mapping)
    shop.admin.execute("CREATE TABLE crm.letters (who text, words text); ALTER TABLE crm.letters OWNER TO crm_owner")
    letters = {"table": "crm.letters", "id": "who", "namespace": "customer", "columns": {"words": "contact.post"}}
    purposes = {"newsletter": {"roles": ["crm_report"]}, "surveys": {}}
    changed = Mapping.of(MAPPING | {"tables": [letters, TABLE], "purposes": purposes})
    apply(shop.admin, changed)
    bits = dict(shop.admin.execute("SELECT purpose || ' ' || category, number FROM trust.bit").fetchall())
    assert bits["newsletter purchase_history"] == 3
    assert sorted(bits.values()) == list(range(8))
    roles = shop.admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'trust\\_%' ORDER BY 1").fetchall()
    assert roles == [("trust_newsletter",), ("trust_surveys",)]
    apply(shop.admin, Mapping.of(MAPPING | {"tables": [letters]}))
    assert shop.admin.execute("SELECT count(*) FROM crm.customers").fetchone() == (5,)
    assert "trust_mask" not in [each.name for each in shop.admin.execute("SELECT * FROM crm.customers").description]
    remove(shop.admin)


def test_two_databases_of_one_server_share_their_roles(shop, mapping, cluster):
    apply(shop.admin, mapping)
    shop.admin.execute("CREATE DATABASE other")
    with psycopg.connect(f"{cluster}/other", autocommit=True) as other:
        other.execute(
            "CREATE SCHEMA crm; CREATE TABLE crm.customers (customer_no text, email text, basket text, loyalty int)"
        )
        apply(other, mapping)
        remove(shop.admin)
        assert apply(other, mapping).done
        remove(other)
    shop.admin.execute("DROP DATABASE other WITH (FORCE)")
    assert shop.admin.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'trust\\_%'").fetchone() == (0,)


HOSTILE = "a\"b, 'c; DROP TABLE x --%s {0} 😀"


def test_hostile_names_are_names(shop):
    name = psycopg.sql.Identifier
    make = "CREATE SCHEMA {0}; CREATE TABLE {0}.{0} ({0} text PRIMARY KEY, {1} text, {2} int);"
    make += "CREATE ROLE {0}; CREATE ROLE {2}"
    shop.admin.execute(psycopg.sql.SQL(make).format(name(HOSTILE), name("mail\\"), name("n%")))
    shop.admin.execute(psycopg.sql.SQL("ALTER TABLE {0}.{0} OWNER TO {0}").format(name(HOSTILE)))
    columns = {"mail\\": "contact.e'mail %s", "n%": None}
    table = {
        "table": [HOSTILE, HOSTILE],
        "id": HOSTILE,
        "namespace": "x'y",
        "columns": columns,
        "maintainers": [HOSTILE],
    }
    before = dump(shop)
    for policy in ("role", "setting"):
        mapping = Mapping.of({"tables": [table], "purposes": {"o'ff\"ers": {"roles": ["n%"]}}, "policy": policy})
        with pytest.raises(Refused, match="maintains a table"):
            apply(shop.admin, Mapping.of({"tables": [table], "purposes": {"o'ff\"ers": {"roles": [HOSTILE]}}}))
        apply(shop.admin, mapping)
        assert apply(shop.admin, mapping).done
        remove(shop.admin)
        assert dump(shop) == before


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "the mapping: Object missing required field `tables`"),
        (MAPPING | {"tabels": []}, "unknown field `tabels`"),
        (MAPPING | {"tables": []}, "tables: at least one"),
        (MAPPING | {"purposes": {}}, "purposes: at least one"),
        (MAPPING | {"tables": [TABLE, TABLE]}, r"tables\[1\].table: crm.customers stands here twice"),
        (MAPPING | {"tables": [TABLE | {"table": "customers"}]}, r"tables\[0\].table: write it with its schema"),
        (
            MAPPING | {"tables": [TABLE | {"columns": {"email": None}}]},
            r"tables\[0\].columns: no column has a category",
        ),
        (
            MAPPING | {"tables": [TABLE | {"columns": {"email": 7}}]},
            r"tables\[0\].columns\[...\]: Expected `str \| null`",
        ),
        (MAPPING | {"purposes": {"x" * 58: {}}}, "a name of 1 to 57 bytes"),
        (MAPPING | {"purposes": {"x": {"roles": ["public"]}}}, r"purposes.x.roles\[0\]: “public” is everybody"),
        (MAPPING | {"tables": [TABLE | {"id": "a\0"}]}, r"tables\[0\].id: a name of 1 to 63 bytes"),
        (MAPPING | {"policy": "guess"}, "policy: Invalid enum value"),
        (MAPPING | {"tables": [TABLE | {"namespace": "email"}]}, "name customer_no too: as an identifier"),
    ],
)
def test_a_mapping_that_is_none_names_its_member(document, said):
    with pytest.raises(Refused, match=said):
        Mapping.of(document)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("ALTER TABLE crm.customers ADD COLUMN shoe_size int", r"tables\[0\].columns: shoe_size is not named"),
        ("ALTER TABLE crm.customers DROP COLUMN basket", r"tables\[0\].columns: crm.customers has no column basket"),
        ("ALTER TABLE crm.customers RENAME TO people", r"tables\[0\].table: there is no table crm.customers"),
        ("CREATE TABLE crm.more () INHERITS (crm.customers)", r"tables\[0\].table: crm.customers is no plain table"),
        (
            "CREATE POLICY mine ON crm.customers USING (true)",
            r"tables\[0\].table: crm.customers has policies of its own",
        ),
        ("ALTER TABLE crm.customers ADD COLUMN trust_mask int", r"has a column trust_mask or trust_key of its own"),
        (
            "ALTER TABLE crm.customers ALTER customer_no TYPE numeric USING loyalty",
            r"tables\[0\].id: customer_no is numeric",
        ),
        ("ALTER ROLE crm_news RENAME TO crm_old", r"purposes.newsletter.roles\[0\]: there is no role crm_news"),
        ("ALTER ROLE crm_offers BYPASSRLS", r"purposes.personal_offers.roles\[0\]: crm_offers is a superuser or has"),
        ("GRANT crm_app TO crm_offers", r"crm_offers is crm_app or may act as it, which maintains a table"),
        ("GRANT crm_owner TO crm_offers", r"crm_offers is crm_owner or may act as it, which owns a table"),
        ("CREATE ROLE trust_newsletter", "the role trust_newsletter is there already and is not ours"),
        ("CREATE SCHEMA trust", "the schema trust is there already and is not ours"),
    ],
)
def test_what_stands_in_the_way_is_named(shop, mapping, damage, said):
    shop.admin.execute(damage)
    before = dump(shop)
    with pytest.raises(Refused, match=said):
        plan(shop.admin, mapping)
    with pytest.raises(Refused, match=said):
        apply(shop.admin, mapping)
    assert dump(shop) == before


def test_more_pairs_than_a_mask_has_bits_are_refused(shop, mapping):
    purposes = {f"p{number}": {} for number in range(32)}
    with pytest.raises(Refused, match="32 purposes and their categories need more than the 63 bits"):
        apply(shop.admin, Mapping.of(MAPPING | {"purposes": purposes}))
    del purposes["p31"]
    apply(shop.admin, Mapping.of(MAPPING | {"purposes": purposes}))


def test_a_table_that_is_not_ours_is_refused(shop, mapping):
    said = r"tables\[0\].table: crm.customers belongs to crm_owner"
    with (
        psycopg.connect(shop.as_("crm_follower"), autocommit=True) as stranger,
        pytest.raises(Refused, match=said),
    ):
        apply(stranger, mapping)
