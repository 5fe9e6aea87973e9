"""Django: a queryset that keeps the rows whose customers permit the purpose."""

from collections.abc import Sequence
from typing import Any, Self

from django.db import models

from .guards import Checks, passes
from .messages import Customer, Question


class AllowedQuerySet(models.QuerySet[Any]):
    """`objects = AllowedQuerySet.as_manager()`, or a base of your own queryset."""

    def allowed_for(
        self,
        purpose: str,
        *,
        client: Checks,
        column: str,
        namespace: str = "customer",
        categories: Sequence[str] | None = None,
        reference: str = "",
    ) -> Self:
        """The rows of customers who permit it; each customer is asked about once, and the check is in their log.

        column: where their id stands, in that namespace. Reads the ids first, asks in batches of a thousand, and then
        filters by the ids that were permitted: fit for thousands of customers, and as fresh as this call. Rows without
        an id are left out. Ask again for the next run: a queryset that was kept knows of no withdrawal.
        Raises Rejected, as Client.check.
        """
        ids = [each for each in self.order_by().values_list(column, flat=True).distinct() if each not in (None, "")]
        questions = [Question(purpose, Customer(namespace, str(each)), categories, reference) for each in ids]
        answers = client.check_many(questions)
        permitted = [each for each, answer in zip(ids, answers, strict=True) if passes(answer)]
        return self.filter(**{f"{column}__in": permitted})
