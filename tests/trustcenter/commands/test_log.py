"""verify, seal."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction

from audit.models import Pending
from audit.proof import note, paths, tiles
from audit.proof.errors import ProofError
from audit.proof.receipt import verify_receipt
from audit.services import prove
from audit.services import receipts as signing
from consent.models import ConsentEvent
from consent.services import ledger, signed_receipts
from tests.world import ALICE, NOW, OPERATOR, say, seal_all, sign_all


@pytest.fixture
def sealed(cast):
    say(ALICE, "withdraw", evidence={"form": "pink"})
    seal_all()


def test_seal_once_takes_what_waits(run, cast):
    waiting = Pending.objects.count()
    code, out, _ = run("seal", "--once")
    assert (code, out) == (0, f"Sealed {waiting} entries.\n")
    assert not Pending.objects.exists()
    assert run("seal", "--once")[1] == "Sealed 0 entries.\n"


@pytest.fixture
def receipt(cast, tmp_path):
    """The signed receipt of a yes, as it is carried away."""
    sign_all()
    path = tmp_path / "receipt.jws"
    event = ConsentEvent.objects.get(act="give")
    path.write_text(signed_receipts.read(subject=None, number=event.entry_id).jws)
    return path


def test_a_signed_receipt_is_known_by_its_content(run, receipt, tmp_path):
    pinned = [part for vkey in (*signing.vkeys(), *prove.vkeys()) for part in ("--vkey", vkey)]
    code, out, _ = run("verify", receipt, *pinned)
    assert code == 0
    assert out.startswith("This receipt is real.")
    assert "a key you gave" in out
    stranger = note.vkey("other.example/receipts", note.parse_vkey(signing.vkeys()[0]).public_key)
    assert run("verify", receipt, "--vkey", stranger)[0] == 2
    assert run("verify", tmp_path / "nothing.jws")[0] == 2
    assert "(.jws)" in run("verify", "--help")[1]


def test_any_changed_byte_of_a_real_receipt_fails(run, receipt):
    """Of 700 places over its whole length; tests/audit/proof takes every byte of a small one."""
    good = receipt.read_bytes()
    for place in range(0, len(good), len(good) // 700):
        bent = bytearray(good)
        bent[place] ^= 1 << place % 8
        with pytest.raises(ProofError):
            verify_receipt(bytes(bent), None)
    receipt.write_bytes(bytes(bent))
    code, _, err = run("verify", receipt)
    assert code == 1
    assert "does NOT hold" in err


@pytest.fixture
def public_log(sealed):
    """The log as a service shows it, long enough for a second level of tiles, and a place to plant lies."""
    with transaction.atomic():
        for _ in range(256):
            ledger.record(ledger.Fact("key.revoked"), by=OPERATOR, now=NOW)
    seal_all()
    size = prove.state().size
    pages = {"/log/checkpoint": prove.checkpoint().encode(), "/log/vkeys": "\n".join(prove.vkeys()).encode()}
    for level, index, width in tiles.tiles_of(size):
        pages[f"/log/tile/{paths.tile_path(level, index, width)}"] = prove.tile(level, index, width)

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_public_log_is_checked_and_trusted_on_first_use(run, public_log):
    url, _ = public_log
    code, out, _ = run("verify", "--log", url)
    assert code == 0
    assert "give the root that was signed" in out
    assert "first use" in out
    assert prove.vkeys()[0] in out
    code, out, _ = run("verify", "--log", url, "--vkey", prove.vkeys()[0])
    assert code == 0
    assert "first use" not in out


def bent(page):
    """With another last byte, whichever it was."""
    return page[:-1] + bytes([page[-1] ^ 1])


def test_a_lie_in_a_public_log_is_found(run, public_log):
    url, pages = public_log
    for path, lie in [
        (next(path for path in pages if path.startswith("/log/tile/0/")), bent),
        ("/log/checkpoint", lambda page: b"x" + page),
        (next(path for path in pages if path.startswith("/log/tile/0/")), lambda page: page[:-32]),
        (next(path for path in pages if path.startswith("/log/tile/1/")), bent),
    ]:
        true = pages[path]
        pages[path] = lie(true)
        code, _, err = run("verify", "--log", url)
        pages[path] = true
        assert code == 1, path
        assert "does NOT hold" in err


def test_a_log_that_does_not_answer_is_a_sentence(run, public_log):
    url, pages = public_log
    assert run("verify", "--log", "http://127.0.0.1:1")[0] == 2
    assert "must begin with http" in run("verify", "--log", "file:///etc/hostname")[2]
    pages.clear()
    assert "404" in run("verify", "--log", url)[2]
