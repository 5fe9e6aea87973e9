"""A code on its whole way, as people run it: asked for at the web process, sent by the worker, entered."""

import http.cookiejar
import re
import stat
import urllib.parse
import urllib.request

import pytest

from tests.serving import command, prepared, serving, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
ADDRESS = "alice@example.org"


def test_the_worker_sends_the_code_and_it_opens_the_portal(tmp_path):
    folder = prepared(tmp_path)
    key = command(folder, "create-key", "--recipient", "mail-engine", "--scopes", "consents:write").stdout.strip()
    with serving(folder) as tree:
        body = {"identifiers": [{"namespace": "email", "id": ADDRESS}]}
        assert tree.post("/api/v1/subjects", body, key)[0] == 201
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

        def send(path: str, **fields: str) -> str:
            page = browser.open(tree.url + path).read().decode()
            token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.split("<main")[1])[1]
            data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
            return browser.open(tree.url + path, data).read().decode()

        assert "Enter your code" in send("/welcome", email="nobody@example.org")
        assert "Enter your code" in send("/welcome", email=ADDRESS)
        until(lambda: list((folder / "mail").glob("*.log")))
        (letter,) = (folder / "mail").glob("*.log")
        assert stat.S_IMODE((folder / "mail").stat().st_mode) == 0o700
        until(lambda: "\n\n    " in letter.read_text())
        code = re.search(r"^    ([0-9]{6})$", letter.read_text(), re.M)[1]
        assert "You decide how we use your data" in send("/welcome/code", code=code)
        log = (folder / "serve.log").read_text()
        assert ADDRESS not in log
        assert code not in re.findall(r"\w+", log)  # as a word: a moment's millionths may have the same digits
