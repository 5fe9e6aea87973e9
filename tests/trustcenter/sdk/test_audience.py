"""A list of customers in one request: as given, whole or not at all, in constant memory."""

import asyncio
import tracemalloc
import zlib
from itertools import islice

import pytest

from tests.ports import free_port
from tests.trustcenter.sdk.faults import answer, close, scripted
from trustcenter.sdk import AsyncClient, Breaker, Client, Question, Rejected, Timeout, Unreachable

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("serve")]
OFFERS = "personal_offers"
TOLD = {"Trust_Audit_Id": "019", "Trust_Token": "t1.00", "Trust_Counts": "asked=3, allowed=2, refused=1, unknown=0"}
TWO = answer(200, b"C-1\nC-3\n", **TOLD)
IDS = ["C-1", "C-2", "C-3"]
PATIENT = Timeout(connect=10, read=30, total=60)


def synchronous(url, ids=IDS, *, client=None, key="tc_a_b", **more):
    with (
        Client(url, key, recipient="mail-engine", timeout=PATIENT, **(client or {})) as asking,
        asking.audience(OFFERS, ids, **more) as audience,
    ):
        return list(audience), audience


def awaited(url, ids=IDS, *, client=None, key="tc_a_b", **more):
    async def ask():
        async with (
            AsyncClient(url, key, recipient="mail-engine", timeout=PATIENT, **(client or {})) as asking,
            await asking.audience(OFFERS, ids, **more) as audience,
        ):
            return [each async for each in audience], audience

    return asyncio.run(ask())


@pytest.fixture(params=[synchronous, awaited])
def ask(request):
    return request.param


def test_what_is_sent_and_what_comes_back(ask):
    with scripted(TWO) as server:
        found, told = ask(server.url, namespace="email", categories=["contact.email", "pets"], reference="May & June")
    assert found == ["C-1", "C-3"]
    assert (told.id, told.token, told.asked, told.allowed, told.refused, told.unknown) == ("019", "t1.00", 3, 2, 1, 0)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode()
    assert line.startswith("POST /api/v1/audience?purpose=personal_offers&namespace=email&reference=May+%26+June")
    assert "&categories=contact.email%2Cpets" in line
    assert server.headers("content-type") == ["text/plain; charset=utf-8"]
    assert (server.headers("accept"), server.headers("content-encoding")) == (["text/plain"], ["gzip"])
    assert zlib.decompress(body, wbits=31) == b"C-1\nC-2\nC-3\n"


def test_a_third_party_is_not_told_who_is_unknown(ask):
    with scripted(answer(200, b"", **TOLD | {"Trust_Counts": "asked=3, allowed=0, refused=3"})) as server:
        found, told = ask(server.url)
    assert (found, told.refused, told.unknown) == ([], 3, None)


def test_only_the_end_of_a_line_ends_an_identifier(ask):
    odd = ["a b", "a,b", "“Zoë”", "a\u2028b", "a\x0bb", "a\x85b", "🎢"]
    counts = {"Trust_Counts": f"asked={len(odd)}, allowed={len(odd)}, refused=0"}
    with scripted(answer(200, "".join(f"{each}\n" for each in odd).encode(), **TOLD | counts)) as server:
        assert ask(server.url, odd)[0] == odd


@pytest.mark.parametrize("wrong", ["", "C-1\nC-2", "C-1\r", None, 7, "\ud800"])
def test_what_is_no_identifier_is_refused_before_anything_is_sent(ask, wrong):
    with scripted(TWO) as server:
        with pytest.raises(ValueError):  # noqa: PT011  Python's own words for half a character
            ask(server.url, ["C-1", wrong])
        for categories in ([], ["a,b"], "contact.email"):
            with pytest.raises(ValueError, match=r"^categories"):
                ask(server.url, categories=categories)
        assert server.requests == []


def unfinished(connection):
    """Two of three, and then nothing, of an answer that said how long it would be."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in TOLD.items())
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n{head}\r\nC-1\nC".encode())


def without_length(connection):
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in TOLD.items())
    connection.sendall(f"HTTP/1.0 200 OK\r\n{head}\r\nC-1\nC-".encode())


@pytest.mark.parametrize(
    "fault",
    [
        *(close, unfinished, without_length, answer(500), answer(503, b""), answer(429, b""), answer(302, b"")),
        answer(200, b"C-1\n", **TOLD),
        answer(200, b"C-1\nC-3\nC-4\n", **TOLD),
        answer(200, b"C-1\nC-3\n"),
        answer(200, b"C-1\nC-3\n", **TOLD | {"Trust_Counts": "asked=3, allowed=many, refused=1"}),
        answer(200, b"C-1\n\xff\n", **TOLD),
        answer(200, b"C-1\nC-3\n", Content_Encoding="gzip", **TOLD),
    ],
    ids=lambda fault: getattr(fault, "__name__", ""),
)
def test_an_answer_that_is_not_whole_is_none(ask, fault):
    with scripted(fault) as server, pytest.raises(Unreachable, match="/api/v1/audience"):
        ask(server.url)
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_opens_the_breaker(ask):
    breaker, url = Breaker(failures=2, rest=600), f"http://127.0.0.1:{free_port()}"
    for word in ("ConnectError", "ConnectError", "in a row"):
        with pytest.raises(Unreachable, match=word):
            ask(url, client={"breaker": breaker})


def test_wrong_use_is_named(ask):
    wrong = {"code": "invalid", "detail": "…", "errors": [{"pointer": "/1", "code": "line", "detail": "is too long"}]}
    with scripted(answer(400, wrong)) as server, pytest.raises(Rejected, match="/1: is too long"):
        ask(server.url)
    with scripted(answer(403, b"no")) as server, pytest.raises(Rejected, match="403"):
        ask(server.url)


def test_a_million_take_no_more_memory_than_a_block():
    """Half a million up and down; the list never stands in memory, and what is sent stands there packed."""
    count = 500_000
    ids = (f"customer-{place:012}" for place in range(count))
    body = b"".join(b"customer-%012d\n" % place for place in range(count))
    told = TOLD | {"Trust_Counts": f"asked={count}, allowed={count}, refused=0"}
    with (
        scripted(answer(200, body, **told)) as server,
        Client(server.url, "tc_a_b", recipient="mail-engine", timeout=PATIENT) as client,
    ):
        tracemalloc.start()
        with client.audience(OFFERS, ids) as audience:
            at_server = len(server.requests[0])
            tracemalloc.reset_peak()
            base = tracemalloc.get_traced_memory()[0]
            assert next(islice(audience, count - 1, None)) == f"customer-{count - 1:012}"
            peak = tracemalloc.get_traced_memory()[1] - base
        tracemalloc.stop()
    assert at_server < len(body) / 3
    assert peak < 3 * 2**20


@pytest.mark.parametrize("ask", [synchronous, awaited])
def test_a_real_service_says_who_of_a_list_is_allowed(served, online, ask):
    """Each as a check says it, in the order given, also twice; and those who are refused are counted."""
    ids = ["C-9999", "C-1001", "C-1002", "C-1001", "a,b 🎢", *(f"X-{place}" for place in range(5000)), "C-1001"]
    found, told = ask(served.url, ids, key=served.key, categories=["contact.email"], reference="August letter")
    assert found == ["C-1001"] * 3
    assert (told.asked, told.allowed, told.refused + told.unknown) == (len(ids), 3, len(ids) - 3)
    assert [each.allowed for each in online.check_many([Question(OFFERS, f"customer:{each}") for each in ids[:4]])] == [
        *(False, True, False, True)
    ]
    assert online.check(OFFERS, "customer:C-1001", at_least=told.token)
    with pytest.raises(Rejected, match="401"):
        ask(served.url, ids)
    with pytest.raises(Rejected, match="line"):
        ask(served.url, ["C-1", "x" * 5000], key=served.key)
    assert ask(served.url, [], key=served.key)[0] == []
