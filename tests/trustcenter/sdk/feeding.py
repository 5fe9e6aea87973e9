"""A service on a real port that plays the feed: it can be cut, paused, restarted, and made to lie."""

import base64
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.ports import free_port

LONG = 600.0  # a lease that does not end while a test looks, however long the machine stands still
OFFERS, EMAIL = "personal_offers", "contact.email"
PURPOSES = {OFFERS: [EMAIL, "purchase_history"], "park_news": [EMAIL]}
Answer = tuple[int, bytes, dict[str, str]]


def written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def ndjson(*lines: dict) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def problem(status: int, code: str, *members: dict) -> Answer:
    body = {"type": "about:blank", "code": code, "detail": "…", "errors": list(members)}
    return status, json.dumps(body).encode(), {"Content-Type": "application/problem+json"}


class Feeding:
    """What the service knows and how it behaves.

    told: what happened, a position each. odd: path → answers given in place of the right ones, each once. asked: every
    request as (path, what it asked). away: seconds that its clock is ahead of ours. hung: it takes requests and says
    nothing.
    """

    def __init__(self, lease: float = LONG) -> None:
        self.key = secrets.token_bytes(32)
        self.lease, self.away, self.purposes = lease, 0.0, dict(PURPOSES)
        self.told: list[dict] = []
        self.customers: dict[str, dict] = {}
        self.odd: dict[str, list[Callable[[dict], Answer]]] = {}
        self.asked: list[tuple[str, dict]] = []
        self.reports: dict[str, list[dict]] = {}
        self.rejected: set[str] = set()
        self.hung = threading.Event()
        self.news = threading.Condition()
        self.begun = time.time() - time.monotonic()  # a test that travels takes no service with it
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def position(self) -> int:
        return len(self.told)

    @property
    def uses(self) -> list[dict]:
        return [use for rows in self.reports.values() for use in rows]

    def count(self, path: str) -> int:
        return sum(asked == f"/api/v1/{path}" for asked, _ in self.asked)

    def name(self, customer: str) -> str:
        namespace, _, value = customer.partition(":")
        raw = f"{namespace}\0{value}".encode()
        return written(blake2b(raw, digest_size=16, key=self.key).digest())

    def handle(self, customer: str) -> str:
        return written(blake2b(b"customer\0\0" + customer.encode(), digest_size=16, key=self.key).digest())

    def line(self, customer: str, purposes: dict[str, list[str]], also: tuple[str, ...] = (), **times: str) -> dict:
        grants = [{"purpose": purpose, "categories": cats} | times for purpose, cats in purposes.items()]
        ids = [self.name(each) for each in (customer, *also)]
        identities = [{"ids": ids, "grants": grants}] if grants else []
        return {"type": "customer", "customer": self.handle(customer), "identities": identities}

    def say(
        self, customer: str, *categories: str, purpose: str = OFFERS, also: tuple[str, ...] = (), **times: str
    ) -> None:
        """The customer permits just this from now on; without categories, nothing."""
        self.tell(self.line(customer, {purpose: list(categories)} if categories else {}, also, **times))

    def tell(self, line: dict) -> None:
        with self.news:
            self.told.append(line)
            if line["type"] == "customer":
                self.customers[line["customer"]] = line
            self.news.notify_all()

    def heartbeat(self) -> dict:
        return {"type": "heartbeat", "position": self.position, "mark": self.mark(self.position), "lease": self.lease}

    def mark(self, position: int) -> str:
        """What stands before a position."""
        return blake2b(json.dumps(self.told[:position]).encode(), digest_size=8).hexdigest() if position else ""

    def snapshot(self, _: dict) -> Answer:
        with self.news:
            held = [each for each in self.customers.values() if each["identities"]]
            head = {"type": "snapshot", "position": self.position, "recipient": "mail-engine"}
            head |= {"hash_key": written(self.key), "purposes": self.purposes, "mark": self.mark(self.position)}
            end = {"type": "end", "position": self.position, "customers": len(held)}
            return 200, ndjson(head, *held, end), {}

    def changes(self, asked: dict) -> Answer:
        after = int(asked["after"])
        with self.news:
            server = self._server
            if after > self.position or asked.get("mark", "") != self.mark(after):
                return problem(410, "position_gone")
            self.news.wait_for(lambda: self.position > after or self._server is not server, float(asked["wait"]))
            if self._server is not server:  # what is told now may be the log of another
                return 503, b"", {}
            return 200, ndjson(*self.told[after:], self.heartbeat()), {}

    def ack(self, asked: dict) -> Answer:
        return 200, json.dumps({"position": asked["position"]}).encode(), {}

    def report(self, asked: dict) -> Answer:
        key, rows = asked["Idempotency-Key"], asked["uses"]
        wrong = [place for place, row in enumerate(rows) if row["subject"]["id"] in self.rejected]
        if wrong:
            named = [{"pointer": f"/uses/{place}/subject", "code": "unknown", "detail": "…"} for place in wrong]
            return problem(400, "invalid", *named)
        assert self.reports.setdefault(key, rows) == rows
        return 201, json.dumps({"ids": [key] * len(rows)}).encode(), {}

    def start(self) -> None:
        self._server = _server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        with self.news:
            server, self._server = self._server, None
            self.news.notify_all()
        self.hung.clear()
        if server is not None:
            server.shutdown()
            server.server_close()

    def answer(self, path: str, asked: dict) -> Answer:
        self.asked.append((path, asked))
        odd = self.odd.get(path.rpartition("/")[2])
        if odd:
            return odd.pop(0)(asked)
        ways = {"snapshot": self.snapshot, "changes": self.changes, "ack": self.ack, "uses": self.report}
        return ways[path.rpartition("/")[2]](asked)


def _server(feed: Feeding) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def date_time_string(self, timestamp=None):
            return formatdate(feed.begun + time.monotonic() + feed.away, usegmt=True)

        def do_GET(self):
            url = urlsplit(self.path)
            self._answer(url.path, {name: values[0] for name, values in parse_qs(url.query).items()})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(self.path, body | {"Idempotency-Key": self.headers["Idempotency-Key"]})

        def _answer(self, path, asked):
            while feed.hung.is_set() and feed._server is not None:
                time.sleep(0.02)
            status, body, headers = feed.answer(path, asked)
            length = headers.pop("length", str(len(body)))
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in ({"Content-Length": length, "Connection": "close"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_):
            """Quietly."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """A client that went away is no error here."""

    return Server(("127.0.0.1", feed.port), Handler)


@contextlib.contextmanager
def feeding(lease: float = LONG) -> Iterator[Feeding]:
    """It runs, C-1001 permits offers by e-mail, C-1002 nothing."""
    feed = Feeding(lease)
    feed.say("customer:C-1001", EMAIL, also=("email:alice@example.org",))
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()
