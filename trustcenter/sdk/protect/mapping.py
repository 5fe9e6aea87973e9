"""What is protected: which column of which table holds which category of data, and which roles read it for what.

The command reads it from a file (docs/enforce.md shows one); a program gives it as the same members.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

LENGTH = 63  # bytes of a name in PostgreSQL; a longer one would be cut, and two could become one
PREFIX = "trust_"
FOLLOWER = "trustcenter_follower"
READER = "trustcenter_reader"
OURS = ("trust_mask", "trust_key")
CONTACT = "contact."


class Refused(Exception):
    """This mapping cannot be put in force here. findings: each names the member and says what to do."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class Name(NamedTuple):
    """A table or view."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


# Below, forbid_unknown_fields: a misspelt member must not be lost in silence.


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One protected table.

    table: "schema.name", or both apart where a name has a dot. id: the column that says whose row it is. namespace:
    what kind of identifier that is. columns: the category of each column, None for what is no personal data.
    maintainers: roles that keep the table and see all of it. view: the name of the masked view (the table's own).
    """

    table: str | tuple[str, str]
    id: str
    namespace: str
    columns: dict[str, str | None]
    maintainers: tuple[str, ...] = ()
    view: str = ""

    @property
    def name(self) -> Name:
        schema, _, name = (
            self.table.partition(".") if isinstance(self.table, str) else (self.table[0], "", self.table[1])
        )
        return Name(schema, name)

    @property
    def shown_as(self) -> str:
        """The name of its masked view."""
        return self.view or self.name.name

    @property
    def categories(self) -> list[str]:
        """Those of its columns, once each, in order."""
        return list(dict.fromkeys(category for category in self.columns.values() if category))

    @property
    def kept(self) -> dict[str, str | None]:
        """Every column by its category; the id, where it is not named, is shown with its row."""
        return {self.id: None} | self.columns


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One purpose of the catalogue. roles: who reads the masked views for it."""

    roles: tuple[str, ...] = ()


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of it.

    policy: `role` gives each purpose a role of its own; `setting` reads the purpose from the setting trust.purpose,
    which whoever runs SQL can set. follower: the role that `protect follow` signs in as. same_database: the schema of
    TrustCenter's own tables ("public"), where they stand in this database too.
    """

    tables: tuple[Table, ...]
    purposes: dict[str, Purpose]
    policy: Literal["role", "setting"] = "role"
    follower: str = ""
    same_database: str = ""

    @classmethod
    def of(cls, document: Any) -> "Mapping":
        """The mapping in a document. Raises Refused, naming each member that is wrong."""
        try:
            found = msgspec.convert(document, cls)
        except msgspec.ValidationError as problem:
            said, _, place = str(problem).partition(" - at `$")
            raise Refused([f"{place.strip('.`') or 'the mapping'}: {said}."]) from None
        if problems := list(_problems(found)):
            raise Refused(problems)
        return found

    def reader(self, purpose: str) -> str:
        """The role that owns the masked views for a purpose, and the name of their schema."""
        return PREFIX + purpose if self.policy == "role" else READER

    @property
    def readers(self) -> dict[str, list[str]]:
        """Each such role, with the purposes that are read through it."""
        found: dict[str, list[str]] = {}
        for purpose in self.purposes:
            found.setdefault(self.reader(purpose), []).append(purpose)
        return found

    def consumers(self, reader: str) -> list[str]:
        """The roles that may read the views of a reader."""
        return list(dict.fromkeys(role for each in self.readers[reader] for role in self.purposes[each].roles))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every purpose with every category: each is one bit of the mask."""
        categories = dict.fromkeys(category for table in self.tables for category in table.categories)
        return [(purpose, category) for purpose in self.purposes for category in categories]


def _problems(mapping: Mapping) -> Iterator[str]:
    if not mapping.tables:
        yield "tables: at least one."
    if not mapping.purposes:
        yield "purposes: at least one."
    for purpose in mapping.purposes:
        yield from _name(PREFIX + purpose, f"purposes.{purpose}", longest=LENGTH - len(PREFIX))
    for member, role in roles(mapping):
        yield from _name(role, member)
        if role.lower() == "public":
            yield f"{member}: “public” is everybody, not a role; name one."
    for place, table in enumerate(mapping.tables):
        yield from _table(table, f"tables[{place}]")
    for what, every in (
        ("table", [each.name for each in mapping.tables]),
        ("view", [each.shown_as for each in mapping.tables]),
    ):
        for place, each in enumerate(every):
            if each in every[:place]:
                mend = "" if what == "table" else "; name its `view`"
                yield f"tables[{place}].{what}: {each} stands here twice{mend}."


def roles(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """Every role that it names, with the member that names it."""
    if mapping.follower:
        yield "follower", mapping.follower
    for purpose, each in mapping.purposes.items():
        for place, role in enumerate(each.roles):
            yield f"purposes.{purpose}.roles[{place}]", role
    for number, table in enumerate(mapping.tables):
        for place, role in enumerate(table.maintainers):
            yield f"tables[{number}].maintainers[{place}]", role


def _table(table: Table, at: str) -> Iterator[str]:
    if not table.name.schema or not table.name.name:
        yield f"{at}.table: write it with its schema, as “crm.customers”."
    for part in (*table.name, table.shown_as):
        yield from _name(part, f"{at}.table")
    yield from _name(table.id, f"{at}.id")
    if not table.namespace or "\0" in table.namespace:
        yield f"{at}.namespace: what kind of identifier the column holds, e.g. customer."
    for column, category in table.columns.items():
        yield from _name(column, f"{at}.columns")
        if category is not None and (not category or "\0" in category):
            yield f"{at}.columns.{column}: a category of the catalogue, or null for what is no personal data."
    if not table.categories:
        yield f"{at}.columns: no column has a category, so nothing here is protected."
    if table.id not in table.columns and f"{CONTACT}{table.namespace}" in table.categories:
        yield f"{at}.columns: name {table.id} too: as an identifier it is {CONTACT}{table.namespace}, or null."


def _name(name: str, at: str, longest: int = LENGTH) -> Iterator[str]:
    if not name or "\0" in name or len(name.encode("utf-8", "replace")) > LENGTH:
        yield f"{at}: a name of 1 to {longest} bytes without NUL."
