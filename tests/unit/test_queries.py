"""The format of named SQL files."""

from __future__ import annotations

import pytest

from proxy.store import queries
from proxy.store.logins import LoginRole

TEXT = """-- What the file is about.
-- find_live --
-- The live registration of a tenant under a name.
-- roles: api worker
-- $1 tenant_id, $2 domain
SELECT id
FROM registration
-- the index needs this
WHERE state <> 'ended';

-- tidy --
-- Removes what is old.
-- roles: worker
DELETE FROM idempotency;
"""


def test_a_query_is_its_statement_without_comments() -> None:
    """A name leads to the bare statement and to the logins that may run it."""
    found = queries.parse("x.sql", TEXT)
    assert found["find_live"] == "SELECT id\nFROM registration\nWHERE state <> 'ended';"
    assert found.roles("find_live") == {LoginRole.API, LoginRole.WORKER}
    assert [query.name for query in found] == ["find_live", "tidy"]
    assert [query.purpose for query in found][1] == "Removes what is old."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- roles: worker\n", "", "needs one line"),
        ("-- roles: worker\n", "-- roles: everybody\n", "unknown roles"),
        ("-- roles: worker\n", "-- roles: worker\n-- roles: api\n", "needs one line"),
        ("-- Removes what is old.\n", "", "purpose"),
        ("idempotency;", "idempotency", "end in ;"),
        ("-- tidy --", "-- find_live --", "twice"),
        ("-- What the file is about.", "SELECT 1;", "before the first name"),
    ],
)
def test_a_file_that_breaks_the_format_is_refused(old: str, new: str, said: str) -> None:
    """A fault of the file is found when it is loaded, and says which query."""
    assert old in TEXT
    with pytest.raises(queries.QueryFileError) as caught:
        queries.parse("x.sql", TEXT.replace(old, new))
    assert any(said in part for part in caught.value.args)
    assert "x.sql" in caught.value.args
