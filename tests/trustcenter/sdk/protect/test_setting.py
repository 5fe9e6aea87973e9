"""policy: setting. One role; the purpose is what `trust.purpose` says, and no setting shows nothing."""

import pytest

from tests.shop import MAPPING
from trustcenter.sdk.protect import Mapping, apply, verify

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]
VIEW = "SELECT customer_no, email, basket FROM trustcenter_reader.customers ORDER BY 1"


@pytest.fixture
def mapping():
    return Mapping.of(MAPPING | {"policy": "setting"})


def test_the_setting_chooses_the_purpose_and_none_shows_nothing(follow, feed, shop, mapping):
    apply(shop.admin, mapping)
    feed.grant("C-1", ["contact.email", "purchase_history"])
    feed.grant("C-2", ["contact.email"], purpose="newsletter")
    follow().step()

    def shown(purpose):
        with shop.admin.transaction():
            shop.admin.execute("SELECT set_config('trust.purpose', %s, true)", [purpose])
            return shop.ask("crm_offers", VIEW)

    assert shop.ask("crm_offers", VIEW) == []
    assert shown("") == shown("unheard_of") == shown("' OR true --") == []
    assert shown("personal_offers") == [("C-1", "c1@example.org", ["shoes"])]
    assert shown("newsletter") == [("C-2", "c2@example.org", None)]
    report = verify(shop.admin, mapping)
    assert report.findings == []
    assert "policy: setting. Whoever runs SQL as a consumer can choose any purpose." in report.notes
    shop.admin.execute("UPDATE trust.gate SET until = '-infinity' WHERE purpose = 'newsletter'")
    assert shown("newsletter") == []
    assert shown("personal_offers") != []
