"""verify finds every leak that we can think of, and says how to mend it. Each is planted."""

import pytest

from tests.shop import MAPPING
from trustcenter.sdk.protect import Mapping, Refused, apply, verify

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
BOTH = ["contact.email", "purchase_history"]


@pytest.fixture
def followed(follow, feed, shop):
    feed.grant("C-1", BOTH)
    feed.grant("C-2", ["contact.email"])
    feed.grant("C-2", ["contact.email"], purpose="newsletter")
    follow().step()
    return shop


def test_a_database_as_it_should_be_is_proved_to_be_so(followed, mapping):
    report = verify(followed.admin, mapping)
    assert report.findings == []
    assert len(report.proved) == 3
    assert "nothing binds superusers and roles with BYPASSRLS: postgres." in report.notes
    assert "maintainers see all rows: crm_app." in report.notes


def test_it_is_proved_while_the_lease_is_over_too(followed, mapping):
    followed.admin.execute("UPDATE trust.gate SET until = '-infinity'")
    assert verify(followed.admin, mapping).findings == []
    assert followed.offers() == []


LEAKS = [
    ("ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY", "row security of crm.customers: it was t t, and is t f"),
    ("ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY", "crm_owner sees rows of crm.customers by itself"),
    ("ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY", "crm_owner gets rows of crm.customers by COPY"),
    ("ALTER TABLE crm.customers NO FORCE ROW LEVEL SECURITY", "a function that runs as crm_owner shows rows"),
    ("ALTER TABLE crm.customers DISABLE ROW LEVEL SECURITY", "crm_report sees rows of crm.customers by itself"),
    ("ALTER TABLE crm.customers ADD COLUMN shoe_size int", "shoe_size is not named. Give it its category"),
    ("CREATE POLICY more ON crm.customers USING (true)", "policy more on crm.customers: it was not there"),
    ("ALTER POLICY trust_newsletter ON crm.customers USING (true)", "shows crm_news 5 rows, and 1 are permitted"),
    ("ALTER POLICY trust_newsletter ON crm.customers USING (true)", "shows rows to crm_news when the lease is over"),
    (
        "ALTER POLICY trust_newsletter ON crm.customers USING"
        " (customer_no IN (SELECT c.customer_no FROM crm.customers c WHERE trust_mask <> 0))",
        "it could not be tried: infinite recursion",
    ),
    (
        "ALTER POLICY trust_newsletter ON crm.customers USING ((trust_mask & 4) <> 0 AND customer_no IN"
        " (SELECT purpose FROM trust.gate) IS NOT NULL)",
        "its plan asks something for each row",
    ),
    (
        "CREATE OR REPLACE VIEW trust_newsletter.customers WITH (security_barrier) AS"
        " SELECT customer_no, email, basket, loyalty FROM crm.customers",
        "shows crm_news 1 basket, and 0 are permitted",
    ),
    (
        "ALTER VIEW trust_newsletter.customers SET (security_barrier = false)",
        "a function of whoever asks sees rows before they are hidden",
    ),
    ("GRANT trust_newsletter TO crm_report", "members of trust_newsletter: it was not there: crm_report"),
    ("GRANT trust_newsletter TO crm_report", "crm_report may read"),
    ("GRANT trust_newsletter TO crm_report", "crm_report sees rows of crm.customers by itself"),
    ("GRANT pg_read_all_data TO crm_report", "crm_report may read"),
    ("GRANT crm_app TO crm_offers", "crm_offers is crm_app or may act as it"),
    ("ALTER ROLE crm_offers BYPASSRLS", "crm_offers is a superuser or has BYPASSRLS"),
    ("ALTER ROLE trust_newsletter BYPASSRLS", "role trust_newsletter: it was f f f f, and is f t f f"),
    (
        "CREATE VIEW crm.all_of_it AS TABLE crm.customers; GRANT SELECT ON crm.all_of_it TO crm_report",
        "the view crm.all_of_it",
    ),
    ("CREATE MATERIALIZED VIEW crm.kept AS TABLE crm.customers", "the materialized view crm.kept keeps a copy"),
    (
        "CREATE FUNCTION crm.all_of_it() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS"
        " 'SELECT email FROM crm.customers'",
        "the function crm.all_of_it() names customers and runs as postgres",
    ),
    (
        "ALTER TABLE crm.customers DISABLE TRIGGER zzz_trust_2_keep; UPDATE crm.customers SET trust_mask = 15",
        "5 rows of crm.customers show more than the feed said",
    ),
    (
        "ALTER TABLE crm.customers DISABLE TRIGGER zzz_trust_2_keep;"
        " UPDATE crm.customers c"
        " SET trust_key = o.trust_key, trust_mask = o.trust_mask FROM crm.customers o"
        " WHERE o.customer_no = 'C-1' AND c.customer_no = 'C-5'",
        "1 rows of crm.customers stand under another identifier's key",
    ),
]


@pytest.mark.parametrize(("damage", "said"), LEAKS, ids=[f"{damage[:40]}: {said[:30]}" for damage, said in LEAKS])
def test_a_leak_is_found(followed, mapping, damage, said):
    followed.admin.execute(damage)
    findings = verify(followed.admin, mapping).findings
    assert any(said in each for each in findings), findings


def test_an_index_that_cannot_be_used_behind_the_barrier_is_found(shop, mapping):
    """The comparison of citext may tell of rows that are hidden, so PostgreSQL asks it only of those that show."""
    shop.admin.execute("CREATE EXTENSION citext; ALTER TABLE crm.customers ALTER customer_no TYPE citext")
    apply(shop.admin, mapping)
    findings = verify(shop.admin, mapping).findings
    assert len(findings) == 2
    assert all("one customer's row is not found by the index on customer_no." in each for each in findings)


def test_what_cannot_be_stopped_is_named(followed, mapping):
    followed.admin.execute("CREATE PUBLICATION everything FOR ALL TABLES; ALTER ROLE crm_report BYPASSRLS")
    notes = verify(followed.admin, mapping).notes
    assert "the publication everything sends all rows of crm.customers elsewhere." in notes
    assert "nothing binds superusers and roles with BYPASSRLS: crm_report, postgres." in notes


def test_another_mapping_and_none_at_all_are_told(shop, mapping):
    with pytest.raises(Refused, match="nothing is in force here"):
        verify(shop.admin, mapping)
    apply(shop.admin, mapping)
    other = Mapping.of(MAPPING | {"purposes": {"newsletter": {}}})
    assert "the mapping is not the one in force. Run `trustcenter protect apply`." in verify(shop.admin, other).findings


def test_verify_leaves_nothing_behind(followed, mapping):
    def everything():
        return followed.admin.execute(
            "SELECT (SELECT count(*) FROM pg_proc), (SELECT json_agg(g ORDER BY purpose) FROM trust.gate g)::text, "
            "(SELECT json_agg(c ORDER BY customer_no) FROM crm.customers c)::text"
        ).fetchall()

    before = everything()
    verify(followed.admin, mapping)
    assert everything() == before
