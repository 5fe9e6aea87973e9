"""A feed on a real port that tells what a test put in, by the contract of docs/api.md."""

import hashlib
import json
import threading
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from trustcenter.sdk import Customer, naming

KEY = bytes(range(32))


def handle(who):
    return naming.encoded(naming.name(KEY, Customer("customer\0", who)))


class CannedFeed:
    """log: the lines of changes, in order. customers: what a snapshot tells, by handle. lease: seconds."""

    def __init__(self):
        self.key, self.lease, self.log, self.customers, self.acks = KEY, 600.0, [], {}, []
        self.purposes = {"personal_offers": ["contact.email", "purchase_history"], "newsletter": ["contact.email"]}
        self.cut = None  # "snapshot" or "changes": answered without its last line
        self.snapshots = 0
        self.before = lambda path: None  # a test's hook, called while a request is held
        self.clock = lambda: datetime.now(UTC)

    def grant(self, who, categories, purpose="personal_offers", **times):
        """One more grant of `customer:who`, told as a change."""
        line = self.customers.get(who) or {"type": "customer", "customer": handle(who), "identities": []}
        name = naming.encoded(naming.name(self.key, Customer("customer", who)))
        grants = [g for each in line["identities"] for g in each["grants"]]
        grants = [*grants, {"purpose": purpose, "categories": list(categories), **times}]
        self.tell(who, [{"ids": [name], "grants": grants}])

    def withdraw(self, who):
        self.tell(who, [])

    def tell(self, who, identities):
        line = {"type": "customer", "customer": handle(who), "identities": identities}
        self.customers[who] = line
        self.log.append(line)

    def reload(self, *purposes):
        self.log.append({"type": "reload", "purposes": list(purposes)})

    def mark(self, place):
        """What stands before a place, in a few letters."""
        return hashlib.sha256(json.dumps(self.log[:place]).encode()).hexdigest()[:16]

    def lines(self, path, asked):
        place = len(self.log)
        if path.endswith("snapshot"):
            self.snapshots += 1
            key = naming.encoded(self.key)
            yield {
                "type": "snapshot",
                "position": place,
                "mark": self.mark(place),
                "recipient": "mail-engine",
                "hash_key": key,
                "purposes": self.purposes,
            }
            told = [line for line in self.customers.values() if line["identities"]]
            yield from told
            if self.cut != "snapshot":
                yield {"type": "end", "position": place, "customers": len(told)}
            return
        yield from self.log[int(asked["after"][0]) :]
        if self.cut != "changes":
            yield {"type": "heartbeat", "position": place, "mark": self.mark(place), "lease": self.lease}

    def __enter__(self):
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
                feed.before(path)
                if path.endswith("changes") and asked["mark"][0] != feed.mark(int(asked["after"][0])):
                    self.answer(410, json.dumps({"code": "position_gone", "detail": "gone", "status": 410}).encode())
                    return
                lines = [json.dumps(line).encode() + b"\n" for line in feed.lines(path, asked)]
                self.answer(200, b"".join(lines))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                feed.acks.append(body["position"])
                self.answer(200, json.dumps({"position": body["position"]}).encode())

            def answer(self, status, body):
                self.send_response_only(status)
                self.send_header("Date", format_datetime(feed.clock(), usegmt=True))
                self.send_header(
                    "Content-Type", "application/x-ndjson" if status == 200 else "application/problem+json"
                )
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
