"""Named queries, read from the .sql files beside this module (style, rule 25).

A file is a list of queries. Each begins with `-- name --`, then one line of purpose, one line
`-- roles: api worker` (the logins that may run it; the grants test holds both ways), one line
naming `$1 …`, then the statement. Nothing here builds SQL; the text is used as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"-- ([a-z][a-z0-9_]*) --")
_ROLES = re.compile(r"-- roles:((?: [a-z]+)+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\b")
_NOT_QUERIES = frozenset({"roles.sql", "schema.sql"})


class QueryFileError(Exception):
    """A .sql file breaks the format: a fault of the program, never of a caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One named statement, its purpose and the logins it is meant for."""

    name: str
    purpose: str
    roles: frozenset[LoginRole]
    sql: str = field(repr=False)

    @property
    def uses_tables(self) -> bool:
        """Whether rights decide who may run it; locks and settings are anybody's."""
        return _TABLE.search(self.sql) is not None


@dataclass(frozen=True, slots=True)
class Queries:
    """The queries of one file: `QUERIES["find_live"]` is the SQL text."""

    file: str
    by_name: dict[str, Query] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        """The statement called `name`."""
        return self.by_name[name].sql

    def __iter__(self) -> Iterator[Query]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    def roles(self, name: str) -> frozenset[LoginRole]:
        """The logins that may run the statement called `name`."""
        return self.by_name[name].roles


def load(module: str) -> Queries:
    """The queries of store/<module>.sql."""
    file = f"{module}.sql"
    return parse(file, resources.files("proxy.store").joinpath(file).read_text("utf-8"))


def load_all() -> tuple[Queries, ...]:
    """Every query file of the store, by name."""
    names = sorted(
        entry.name
        for entry in resources.files("proxy.store").iterdir()
        if entry.name.endswith(".sql") and entry.name not in _NOT_QUERIES
    )
    return tuple(load(name.removesuffix(".sql")) for name in names)


def parse(file: str, text: str) -> Queries:
    """The queries that `text` holds; raises QueryFileError naming file and query."""
    found: dict[str, Query] = {}
    name, lines = "", list[str]()
    for line in [*text.splitlines(), "-- end_of_file --"]:
        header = _NAME.fullmatch(line.rstrip())
        if header is None:
            lines.append(line)
            continue
        if name:
            found[name] = _query(file, name, lines)
        elif any(part.strip() and not part.startswith("--") for part in lines):
            raise QueryFileError(file, "statement before the first name")
        name, lines = header[1], []
        if name in found:
            raise QueryFileError(file, name, "twice")
    return Queries(file, found)


def _query(file: str, name: str, lines: list[str]) -> Query:
    comments = [line.rstrip() for line in lines if line.lstrip().startswith("--")]
    body = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("--")]
    sql = "\n".join(body)
    named = [match[1].split() for line in comments if (match := _ROLES.fullmatch(line))]
    if len(named) != 1:
        raise QueryFileError(file, name, "needs one line '-- roles: …'")
    unknown = set(named[0]) - {role.value for role in LoginRole}
    if unknown:
        raise QueryFileError(file, name, f"unknown roles {sorted(unknown)}")
    if not sql.endswith(";"):
        raise QueryFileError(file, name, "statement must end in ;")
    purpose = comments[0].removeprefix("-- ")
    if purpose.startswith(("roles:", "$")):
        raise QueryFileError(file, name, "needs a line of purpose first")
    return Query(name=name, purpose=purpose, roles=frozenset(map(LoginRole, named[0])), sql=sql)
