"""docs/enforce.md, as it stands: its mapping put in force, its query asked, every change of it told of."""

import re

import pytest
import yaml

from tests.serving import ROOT
from trustcenter.sdk.protect import Mapping, apply, verify

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("protect")]


def blocks(language):
    text = (ROOT / "docs" / "enforce.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def mapping():
    (document,) = blocks("yaml")
    return Mapping.of(yaml.safe_load(document))


def test_its_mapping_and_its_query_do_what_they_say(follow, feed, shop, mapping):
    apply(shop.admin, mapping)
    feed.grant("C-1", ["contact.email"])
    follow().step()
    (query,) = blocks("sql")
    with shop.admin.transaction(force_rollback=True):
        for part in query.strip().split(";\n"):
            found = shop.admin.execute(part)
        assert found.fetchall() == [("C-1", "c1@example.org", None)]
    assert verify(shop.admin, mapping).findings == []
