"""Django REST framework: a permission that asks before the view runs."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .guards import Checks, passes
from .messages import Customer


class CustomerPermits(BasePermission):
    """Name what is asked in a class of your own, and that class in `permission_classes`:

        class MayRecommend(CustomerPermits):
            client, purpose, categories = client, "personal_offers", ["purchase_history"]

    customer(): whose data the view uses; here, the `customer` of the address, in the namespace.
    A view that is refused answers 403 and does not say why: the reason is the customer's.
    """

    client: ClassVar[Checks]
    purpose: ClassVar[str]
    categories: ClassVar[Sequence[str] | None] = None
    reference: ClassVar[str] = ""
    namespace: ClassVar[str] = "customer"
    message = "The customer has not permitted this use."

    def customer(self, request: Request, view: Any) -> Customer | str:  # noqa: ARG002  for those who need it
        return Customer(self.namespace, str(view.kwargs["customer"]))

    def has_permission(self, request: Request, view: Any) -> bool:
        answer = self.client.check(self.purpose, self.customer(request, view), self.categories, self.reference)
        return passes(answer)
