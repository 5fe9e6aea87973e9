"""Which categories and recipients a yes covers."""

from collections.abc import Collection, Sequence


def chosen(
    offered: Sequence[str], named: Sequence[str] | None, *, separate: Collection[str] = ()
) -> tuple[tuple[str, ...], list[str]]:
    """The scope of one yes, and what was named but not offered.

    offered: what the version names. named: what the customer chose, or None for all that is offered except
    `separate` (third parties: always chosen one by one, by name).
    """
    if named is None:
        return tuple(each for each in offered if each not in separate), []
    return tuple(each for each in offered if each in named), [each for each in named if each not in offered]


def within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    """Whether nothing is in the first that is not in the second."""
    return set(narrow) <= set(wide)
