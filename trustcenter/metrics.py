"""Figures for Prometheus at /metrics: how long requests take, and what the log holds.

What was checked and recorded is counted from the sealed log itself: no process can forget to count, all web
processes say the same, and a restart loses nothing. Only durations are counted by each process, in files that
PROMETHEUS_MULTIPROC_DIR names (`serve` sets it), so that any of them can answer for all.
"""

import os
from collections import Counter
from collections.abc import Iterator
from threading import Lock

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Histogram, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from audit.services import figures, prove, refusals
from consent.rules.actions import BY_ACT
from trustcenter import access, problems

_OWN = CollectorRegistry()
_REQUESTS = Histogram(
    "trustcenter_request_seconds",
    "Time to answer a request, by route.",
    ["method", "route", "status"],
    registry=_OWN,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. Routes, not paths: paths hold identifiers and have no end."""
    known = method if method in _METHODS else "other"  # a caller can write any word as the method
    _REQUESTS.labels(known, route, str(status)).observe(seconds)


@problems.read_only
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures. Open to this machine itself; anyone else needs a key with scope admin."""
    if not _from_here(request):
        access.require(access.system(request, access.clock()), "admin")
    registry = CollectorRegistry()
    registry.register(LOG)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        body = exposition.generate_latest(registry)
    else:
        body = exposition.generate_latest(registry) + exposition.generate_latest(_OWN)
    return HttpResponse(body, content_type=exposition.CONTENT_TYPE_PLAIN_0_0_4)


class LogFigures(Collector):
    """The log at the moment of asking; what was counted before is kept and only added to."""

    def __init__(self) -> None:
        self._counted: Counter[figures.Kind] = Counter()
        self._next = 0
        self._lock = Lock()

    def collect(self) -> Iterator[Metric]:
        counted = self._count()
        checks = CounterMetricFamily("trustcenter_checks", "Checks answered.", labels=["outcome", "reason"])
        consents = CounterMetricFamily("trustcenter_consents", "Choices recorded.", labels=["act"])
        acts = {action: act for act, action in BY_ACT.items()}
        for (action, outcome, reason), number in sorted(counted.items()):
            if action == "decision.made":
                checks.add_metric([outcome, reason], number)
        for action, act in acts.items():
            consents.add_metric([act], sum(number for kind, number in counted.items() if kind[0] == action))
        yield from (checks, consents, *_state())

    def _count(self) -> Counter[figures.Kind]:
        with self._lock:
            size, more = figures.counts(after=self._next)
            if size < self._next:  # another log: a restored backup
                self._counted = Counter()
                size, more = figures.counts(after=0)
            self._counted += more
            self._next = size
            return Counter(self._counted)


LOG = LogFigures()


def _state() -> Iterator[Metric]:
    state, now = prove.state(), access.clock()
    oldest = (now - state.oldest_waiting).total_seconds() if state.oldest_waiting else 0.0
    yield GaugeMetricFamily("trustcenter_log_size", "Sealed entries.", value=state.size)
    yield GaugeMetricFamily("trustcenter_log_waiting", "Entries that wait for the sealer.", value=state.waiting)
    yield GaugeMetricFamily("trustcenter_log_oldest_waiting_seconds", "Age of the oldest of these.", value=oldest)
    refusing = GaugeMetricFamily(
        "trustcenter_log_refusing", "1 while the sealer signs nothing, and why.", labels=["code"]
    )
    for code in refusals.MENDING:
        refusing.add_metric([code], float(state.refusal is not None and state.refusal.code == code))
    yield refusing
    if state.signed_at:
        since = (now - state.signed_at).total_seconds()
        yield GaugeMetricFamily("trustcenter_log_signed_seconds", "Since the newest signed head.", value=since)
    if state.checked:
        good = float(state.checked.good)
        yield GaugeMetricFamily("trustcenter_log_good", "1 when the last check of the log found nothing.", value=good)


def _from_here(request: HttpRequest) -> bool:
    """Loopback, and not by a proxy on loopback that speaks for somebody else."""
    forwarded = {"X-Forwarded-For", "Forwarded", "X-Real-IP"} & set(request.headers)
    return not forwarded and access.address(request) in ("127.0.0.1", "::1")
