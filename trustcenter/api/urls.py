"""The addresses of this door."""

from django.urls import path

from trustcenter.api import (
    catalogue,
    consents,
    counts,
    docs,
    feed,
    links,
    log,
    portal_links,
    receipts,
    scans,
    signals,
    subjects,
    suppressions,
    uses,
)

app_name = "api"
_CUSTOMER = "api/v1/subjects/<str:namespace>/<path:id>"
urlpatterns = [
    path("api/v1/subjects", subjects.MakeKnown.as_view()),
    path("api/v1/subjects/link", links.JoinRecords.as_view()),
    path("api/v1/subjects/unlink", links.PartRecords.as_view()),
    path("api/v1/subjects/suppress", suppressions.LeaveAlone.as_view()),
    path(f"{_CUSTOMER}/history", subjects.ReadHistory.as_view()),
    path(f"{_CUSTOMER}/uses", subjects.ReadUses.as_view()),
    path(f"{_CUSTOMER}/scans", scans.StoreScan.as_view()),
    path(_CUSTOMER, subjects.ReadSubject.as_view()),
    path("api/v1/consents", consents.RecordConsent.as_view()),
    path("api/v1/consents/batch", consents.RecordConsents.as_view()),
    path("api/v1/purposes", catalogue.ReadPurposes.as_view()),
    path("api/v1/purposes/<str:key>", catalogue.ReadPurpose.as_view()),
    path("api/v1/purposes/<str:key>/counts", counts.CountPurpose.as_view()),
    path("api/v1/purposes/<str:key>/versions/<int:number>", catalogue.ReadVersion.as_view()),
    path("api/v1/uses", uses.ReportUses.as_view()),
    path("api/v1/benefits", uses.ReportBenefits.as_view()),
    path("api/v1/snapshot", feed.ReadSnapshot.as_view()),
    path("api/v1/changes", feed.ReadChanges.as_view()),
    path("api/v1/changes/ack", feed.ConfirmChanges.as_view()),
    path("api/v1/signals", signals.ReportSignal.as_view()),
    path("api/v1/portal-links", portal_links.MakeLink.as_view()),
    path("api/v1/receipts/<uuid:id>", receipts.ReadReceipt.as_view()),
    path("log/checkpoint", log.ReadCheckpoint.as_view()),
    path("log/tile/<path:path>", log.ReadTile.as_view()),
    path("log/vkeys", log.ReadKeys.as_view()),
    path("log/entries/<int:seq>", log.ReadEntry.as_view()),
    path("log/entries/<int:seq>/proof", log.ReadProof.as_view()),
    path(".well-known/jwks.json", log.ReadJwks.as_view()),
    path(".well-known/gpc.json", signals.ReadSupport.as_view()),
    path(".well-known/security.txt", log.security),
    path("api/openapi.yaml", docs.openapi),
    path("api/docs/", docs.pages, name="docs"),
    path("api/docs/errors", docs.errors, name="errors"),
]
