"""The table of doors."""

from django.urls import include, path

from trustcenter import health, metrics, pdp, searches, theme

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("theme.<str:digest>.css", theme.stylesheet, name="theme"),
    path("logo.<str:digest>.<str:kind>", theme.logo, name="logo"),
    path("access/v1/evaluation", pdp.evaluation),
    path("access/v1/evaluations", pdp.evaluations),
    path("access/v1/search/subject", searches.subjects),
    path("access/v1/search/resource", searches.resources),
    path("access/v1/search/action", searches.actions),
    path(".well-known/authzen-configuration", pdp.configuration),
    path("", include("trustcenter.api.urls")),
    path("console/", include("trustcenter.console.urls")),
    path("", include("trustcenter.portal.urls")),
]
handler400 = "trustcenter.problems.bad"
handler404 = "trustcenter.problems.not_found"
handler500 = "trustcenter.problems.broken"
