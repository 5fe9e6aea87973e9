"""Data frames of pandas and Polars, through narwhals: rows and columns that customers do not permit are not there."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
from narwhals.typing import IntoDataFrameT

from .guards import Checks, passes
from .messages import Customer, Question


def allowed(
    df: IntoDataFrameT,
    *,
    client: Checks,
    purpose: str,
    id_column: str,
    columns: Mapping[str, str | None] | None = None,
    namespace: str = "customer",
    reference: str = "",
) -> IntoDataFrameT:
    """A frame with the rows of the customers who permit the purpose, and in them the columns that they permit.

    id_column: where the customer's id stands, in that namespace. columns: the category of each other column, None for
    one that holds no data of theirs; a column is blank in the rows of those who did not permit its category. Without
    `columns`, rows are dropped and no column is looked at.

    Each customer is asked about once, and once more where they permit some of the categories: only what a check said
    yes to stays, and each check is in their log. Raises ValueError for a column that `columns` does not name, so that
    one added later is not let through; Rejected, as Client.check.
    """
    frame = nw.from_native(df, eager_only=True)
    _check_columns(frame.columns, id_column, columns)
    ids = frame[id_column].drop_nulls().unique().to_list()
    categories = None if columns is None else sorted({each for each in columns.values() if each})
    permitted = _permitted(
        client,
        purpose,
        {each: Customer(namespace, str(each)) for each in ids if each != ""},
        categories or None,
        reference,
    )
    found = frame.filter(nw.col(id_column).is_in(list(permitted)))
    for column, category in (columns or {}).items():
        if category:
            may = [each for each, chosen in permitted.items() if category in chosen]
            kept = nw.when(nw.col(id_column).is_in(may)).then(nw.col(column))
            found = found.with_columns(kept.alias(column))
    return found.to_native()


def _permitted(
    client: Checks,
    purpose: str,
    customers: Mapping[Hashable, Customer],
    categories: Sequence[str] | None,
    reference: str,
) -> dict[Any, frozenset[str]]:
    """Who permits it, and which of the categories; nobody whom no check said yes to, or only watched."""
    asked = {each: Question(purpose, who, categories, reference) for each, who in customers.items()}
    answers = dict(zip(asked, client.check_many(list(asked.values())), strict=True))
    some = {
        each: replace(asked[each], categories=answer.categories_allowed)
        for each, answer in answers.items()
        if categories and answer.enforced and not answer.allowed and answer.categories_allowed
    }
    answers |= dict(zip(some, client.check_many(list(some.values())), strict=True))
    return {
        each: frozenset(answer.categories_allowed if answer.allowed or answer.enforced else categories or ())
        for each, answer in answers.items()
        if passes(answer)
    }


def _check_columns(present: Sequence[str], id_column: str, columns: Mapping[str, str | None] | None) -> None:
    """Raises ValueError naming each column that is missing here or there."""
    if id_column not in present:
        raise ValueError(f"id_column: there is no column {id_column}.")
    if columns is None:
        return
    unknown = sorted(set(columns) - set(present))
    unnamed = sorted(set(present) - set(columns) - {id_column})
    if unknown:
        raise ValueError(f"columns: not in this frame: {', '.join(unknown)}.")
    if unnamed:
        raise ValueError(f"columns: name the category, or None, of: {', '.join(unnamed)}.")
