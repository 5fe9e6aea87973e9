"""The addresses of this door. None of them holds a name or an identifier."""

from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from trustcenter.console import audit, customers, findings, on_behalf, sign_in

app_name = "console"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="console:customers")),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("language", set_language, name="language"),
    path("customers", customers.customers, name="customers"),
    path("customers/open", customers.customer, name="customer"),
    path("customers/open/proof", customers.proof, name="proof"),
    path("customers/open/choice", on_behalf.choice, name="choice"),
    path("customers/open/scans/<uuid:number>", on_behalf.scan, name="scan"),
    path("customers/close", customers.close, name="close"),
    path("findings", findings.findings, name="findings"),
    path("audit", audit.audit, name="audit"),
    path("audit/export", audit.carry_away, name="export"),
    path("audit/check", audit.check, name="check"),
    path("audit/<uuid:number>", audit.entry, name="entry"),
]
