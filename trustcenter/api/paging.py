"""Lists page by opaque cursor: `{items, next}`; `next` is null at the end."""

import base64
import binascii
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from consent.errors import Field as Wrong
from consent.errors import Invalid, NotAllowed
from consent.services.subjects import Handle
from trustcenter import access
from trustcenter.api.doors import Input, PlainText, read
from trustcenter.api.fields import KEY_LENGTH

LIMIT, LIMIT_MOST = 50, 200


class PageInput(Input):
    """Which part of a list."""

    limit = serializers.IntegerField(min_value=1, max_value=LIMIT_MOST, default=LIMIT, help_text="How many at most.")
    cursor = PlainText(max_length=64, required=False, help_text="`next` of the page before.")
    purpose = PlainText(max_length=KEY_LENGTH, required=False, help_text="Only this purpose.")


class Page:
    """One page of one customer's list, as the service wants it and as it is answered."""

    def __init__(self, request: Request, customer: Handle) -> None:
        """Read the query. Raises Invalid, and NotAllowed when a key limited to purposes names none of them."""
        found = read(PageInput, request.query_params.dict())
        key: Any = request.user
        self.limit: int = found["limit"]
        self.search = {
            "customer": customer,
            "purpose": found.get("purpose", ""),
            "before": before(found["cursor"]) if "cursor" in found else None,
            "limit": self.limit + 1,
        }
        access.limit(key, purpose=found.get("purpose", ""), namespace=customer.namespace)
        if key.purposes is not None and "purpose" not in found:
            raise NotAllowed("This key is limited to some purposes; name one of them: ?purpose=…")

    def answer(self, rows: list[Any], output: type[serializers.Serializer[Any]], number: Any) -> dict[str, Any]:
        """The page. number: gives the UUID of a row, by which the next page begins."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return {"items": output(shown, many=True).data, "next": cursor(number(shown[-1])) if more else None}


def cursor(number: UUID) -> str:
    """Where a page ended, in letters that mean nothing to anybody else."""
    return base64.urlsafe_b64encode(number.bytes).decode().rstrip("=")


def before(cursor: str) -> UUID:
    """The entry that a cursor stands for. Raises Invalid."""
    try:
        return UUID(bytes=base64.b64decode(f"{cursor}==".encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise Invalid(Wrong("/cursor", "format", "The `next` of a page of ours.")) from None
