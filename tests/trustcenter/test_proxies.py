"""A proxy says how a request came to us. Real requests: 127.0.0.2 is our proxy, and whoever else calls is not."""

import http.client

import pytest

from tests.serving import PATIENCE, command, prepared, serving

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
PROXY, STRANGER, OFFICE = "127.0.0.2", "127.0.0.1", "203.0.113.9"
SECURE = "Strict-Transport-Security"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The service under https, with a key that may call from the office only."""
    folder = prepared(tmp_path_factory.mktemp("proxied") / "data")
    only = ("--scopes", "consents:read", "--networks", "203.0.113.0/24")
    key = command(folder, "create-key", "--recipient", "mail-engine", *only).stdout.split()[0]
    given = {"PUBLIC_URL": "https://consent.example.org", "TRUSTED_PROXIES": f"{PROXY}/32,198.51.100.0/24"}
    with serving(folder, **given) as served:
        yield served, key


@pytest.fixture
def call(tree):
    """Calls from an address, with headers; the answer."""

    def called(source, path="/health/live", **headers):
        served, key = tree
        line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE, source_address=(source, 0))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request("GET", path, headers={"Authorization": f"Bearer {key}"} | named)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer

    return called


@pytest.mark.parametrize(
    ("source", "headers", "secure"),
    [
        (PROXY, {"X_Forwarded_Proto": "https"}, True),
        (PROXY, {"X_Forwarded_Proto": "http"}, False),
        (PROXY, {}, False),
        (STRANGER, {"X_Forwarded_Proto": "https"}, False),
        (STRANGER, {"X_Forwarded_Proto": "https", "X_Forwarded_For": PROXY}, False),
        (STRANGER, {}, False),
    ],
)
def test_that_a_request_came_by_https_is_believed_of_our_proxy_only(call, source, headers, secure):
    assert (call(source, **headers).headers[SECURE] is not None) == secure


@pytest.mark.parametrize(
    ("source", "forwarded", "status"),
    [
        (PROXY, OFFICE, 200),
        (PROXY, f"192.0.2.1, {OFFICE}", 200),
        (PROXY, f"{OFFICE}, 198.51.100.7", 200),
        (PROXY, f"{OFFICE}, 192.0.2.1", 401),
        (PROXY, "192.0.2.1", 401),
        (STRANGER, OFFICE, 401),
        (STRANGER, f"{OFFICE}, {PROXY}", 401),
    ],
)
def test_where_a_request_came_from_is_believed_of_our_proxies_only(call, source, forwarded, status):
    assert call(source, "/api/v1/purposes", X_Forwarded_For=forwarded).status == status


@pytest.mark.parametrize("source", [PROXY, STRANGER])
def test_another_host_is_believed_of_nobody(call, source):
    """Were it believed, a host that is none of ours would be refused, as it is where it stands in Host."""
    assert call(source, "/welcome", X_Forwarded_Host="evil.example").status == 200
    assert call(source, "/welcome", Host="evil.example").status == 400
