"""How long a receipt takes: `python -m tests.bench.receipts`. In memory, on one core; the rest is the database's.

A receipt is issued by writing it from its facts, signing it, and verifying it once before it is handed out.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from audit.proof import canonical, ed25519, jws, receipt
from consent.rules import receipt as rules
from consent.rules.catalogue import text_digest
from tests.audit.proof.small_log import SmallLog
from tests.audit.proof.small_receipt import RECEIPT_KEY
from tests.consent.rules.test_receipt import FACTS, NOW

ROUNDS = 300
FACTS = replace(FACTS, notice=text_digest(FACTS.purpose, FACTS.version, FACTS.language, FACTS.words))


def leaf() -> dict:
    """The entry that says what FACTS say."""
    details = {
        "channel": FACTS.channel,
        "actor": FACTS.actor,
        "collected_at": rules.moment(NOW),
        "categories": [each.key for each in FACTS.categories],
        "recipients": [each.key for each in FACTS.recipients],
        "notice": FACTS.notice,
        "language": FACTS.language,
    }
    told = {"id": FACTS.number, "at": rules.moment(NOW), "action": FACTS.action, "subject": FACTS.pseudonym}
    return told | {"purpose": FACTS.purpose, "version": FACTS.version, "details": details}


def main() -> None:
    log = SmallLog(size=1000)
    log.append([leaf()])
    proof = log.bundle([1000], disclosed=False)

    def issue() -> bytes:
        said = rules.document(FACTS, issued_at=NOW)
        said |= {"iss": RECEIPT_KEY.name, "tc:key": RECEIPT_KEY.vkey, "tc:log": proof}
        token = jws.sign(canonical.dumps(said), RECEIPT_KEY.public, RECEIPT_KEY.sign).encode()
        receipt.verify_receipt(token, None)
        return token

    token = issue()
    print(f"One receipt: {len(token):,} bytes, in a log of {log.size:,}.")
    _say("issue", issue)
    _say("verify", lambda: receipt.verify_receipt(token, None))
    ed25519.HAVE_CRYPTOGRAPHY = False
    _say("verify with Python alone", lambda: receipt.verify_receipt(token, None), rounds=20)


def _say(what: str, work: Callable[[], object], *, rounds: int = ROUNDS) -> None:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    cuts = statistics.quantiles(taken, n=100)
    print(f"{what:<26} {statistics.median(taken) * 1e6:>8,.0f} µs median {cuts[98] * 1e6:>8,.0f} µs p99")


if __name__ == "__main__":
    main()
