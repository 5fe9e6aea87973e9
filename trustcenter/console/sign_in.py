"""In and out."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from consent.errors import TooMany
from consent.services import officers
from trustcenter import access
from trustcenter.console import forms
from trustcenter.console.frames import show


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """A name and a password; the answer to a wrong one never tells what was wrong."""
    form = forms.SignIn(request.POST or None)
    status = 400 if form.is_bound else 200
    if form.is_valid():
        try:
            user = officers.recognise(**form.cleaned_data, address=access.address(request), now=access.clock())
        except TooMany:
            form.add_error(None, _("Too many wrong tries. Wait 15 minutes, then try again."))
            status = 429
        else:
            if user is not None:
                login(request, user)
                return redirect(access.way_on(request, resolve_url("console:customers")))
            form.add_error(None, _("We know no officer with this name and password."))
    answer = show(request, "sign_in", {"form": form, "next": request.GET.get("next", "")}, status=status)
    if status == 429:
        answer["Retry-After"] = str(int(officers.WINDOW.total_seconds()))
    return answer


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; an open file closes with it."""
    logout(request)
    return redirect("console:sign-in")
