"""What a check in process costs beside a bare look-up in a dict: `python -m tests.bench.local`. CPU, in one run.

A dict and a copy hold the same million customers. hot: a thousand of them again and again; random: all, in disorder.
Each figure is the best of some rounds; the loop that asks is part of each.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from tests.bench.__main__ import machine
from trustcenter.sdk import Customer, LocalChecker
from trustcenter.sdk.clock import ticks
from trustcenter.sdk.copies import Copy
from trustcenter.sdk.feed import CustomerTold, GrantTold, Identity
from trustcenter.sdk.follower import Follower, Standing
from trustcenter.sdk.naming import encoded, name

KEY, OFFERS, HOT, ROUNDS = bytes(32), "personal_offers", 1000, 7
CATEGORIES = ("contact.email", "purchase_history")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.local", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    count = parser.parse_args().customers
    texts = [f"customer:C-{place}" for place in range(count)]
    print(f"Machine: {machine()}; {count:,} customers.")
    before = _memory()
    copy = filled(texts)
    print(f"The copy takes {(_memory() - before) / count:,.0f} bytes a customer.\n")
    with patch.object(Follower, "start"):
        checker = LocalChecker("http://127.0.0.1:9", "tc_a_b", recipient="mail-engine", report=False)
    checker._follower.clock.heard("Thu, 01 Jan 2026 00:00:00 GMT", ticks(), ticks())
    checker._follower._stand(Standing(copy, ticks() + 86_400))
    bare = dict.fromkeys(texts, CATEGORIES)
    for kind, some in (("hot", random.sample(texts, HOT) * 100), ("random", random.sample(texts, min(count, 100_000)))):
        compare(kind, checker, bare, some)
    checker.close()


def filled(texts: Sequence[str]) -> Copy:
    """A copy in which each of them permits one purpose until a moment of their own."""
    copy = Copy(KEY, (1, ""), {OFFERS: CATEGORIES})
    for place, text in enumerate(texts):
        grant = GrantTold(OFFERS, CATEGORIES, None, None)
        ids = (encoded(name(KEY, Customer.of(text))),)
        copy.apply(CustomerTold(encoded(place.to_bytes(16)), (Identity(ids, (grant,)),)))
    return copy


def compare(kind: str, checker: LocalChecker, bare: dict, texts: list[str]) -> None:
    """Print each way to ask, beside the bare look-up."""
    resolved = {text: checker.resolve(text) for text in set(texts)}
    known = [resolved[text] for text in texts]
    for each in known:
        checker.check(OFFERS, each)
    base = best(lambda: look_up(bare, texts), len(texts))
    print(f"{kind:<7} {'bare dict':<36} {base:>7,.0f} ns")
    for what, ask, items in (
        ("the same look-up in a function", look_up_by_call, texts),
        ("check, resolved", check, known),
        ("check, resolved, categories named", check_categories, known),
        ("check, by text", check, texts),
    ):
        holder = bare if items is texts and ask is look_up_by_call else checker
        taken = best(lambda: ask(holder, items), len(items))  # noqa: B023  called at once
        print(f"{kind:<7} {what:<36} {taken:>7,.0f} ns {taken / base:>6.1f} ×", flush=True)


def look_up(bare: dict, items: list) -> None:
    for each in items:
        bare[each]


def look_up_by_call(bare: dict, items: list) -> None:
    def one(purpose: str, customer: str) -> object:
        return bare[customer]

    for each in items:
        one(OFFERS, each)


def check(checker: LocalChecker, items: list) -> None:
    for each in items:
        checker.check(OFFERS, each)


def check_categories(checker: LocalChecker, items: list) -> None:
    for each in items:
        checker.check(OFFERS, each, CATEGORIES)


def best(work: Callable[[], None], count: int) -> float:
    """Nanoseconds of processor time for each of so many, in the best of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.thread_time_ns()
        work()
        taken.append(time.thread_time_ns() - begun)
    return min(taken) / count


def _memory() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmRSS:")[1].split()[0])


if __name__ == "__main__":
    main()
