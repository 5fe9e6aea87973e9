"""The service of this process as the other end of a follower; it says what time it is, as every web server does."""

from email.utils import formatdate

import httpx
from django.utils import timezone

from trustcenter.wsgi import application


class Transport(httpx.BaseTransport):
    """WSGI, with a Date."""

    def __init__(self):
        self.inner = httpx.WSGITransport(application)

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        response.headers["Date"] = formatdate(timezone.now().timestamp(), usegmt=True)
        return response
