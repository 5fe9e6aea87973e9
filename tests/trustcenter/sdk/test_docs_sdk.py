"""docs/sdk.md, run as it stands against a real `serve`."""

import re
import sys

import pytest

import trustcenter.sdk
import trustcenter.sdk.dataframes
from tests.serving import ROOT

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]


def test_the_examples_do_what_they_say(served, online, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "trustcenter_sdk", trustcenter.sdk)
    monkeypatch.setitem(sys.modules, "trustcenter_sdk.dataframes", trustcenter.sdk.dataframes)
    monkeypatch.setenv("TRUST_URL", served.url)
    monkeypatch.setenv("TRUST_KEY", served.key)
    shared = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "sdk.md").read_text("utf-8"), re.DOTALL):
        exec(block, shared)
    shared["client"].close()
    said = capsys.readouterr().out
    assert said.startswith("send it ")
    assert "to customer:C-1001 10 % off" in said
    assert "\nconsent_refused\n" in said
    assert "never reached" not in said
    assert "['C-1001'] 3 " in said
    assert "\nlocally yes " in said
    assert "\nlocally refused_by_copy\n" in said
    assert "a@x" in said
    assert "b@x" not in said
