"""The table of doors."""

from django.urls import include, path

urlpatterns = [
    path("", include("trustcenter.api.urls")),
    path("console/", include("trustcenter.console.urls")),
    path("", include("trustcenter.portal.urls")),
]
handler400 = "trustcenter.problems.bad"
handler404 = "trustcenter.problems.not_found"
handler500 = "trustcenter.problems.broken"
