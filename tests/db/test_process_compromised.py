"""A process in hostile hands, with its database login and its way to the vault: it learns nobody.

Every column that a login may read is read, and every request of the vault is tried over the
process's own socket, with ids of things that are really there and without any signature that the
process could not make itself. No value of a contact may come back, as text or as octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from proxy.model.identifiers import Role
from proxy.model.order import OrderKind
from proxy.store import pool
from proxy.store.logins import LoginRole
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.db.test_vault_grant_table import TABLE
from tests.db.test_vault_process import Running
from tests.support import case_sites as sites
from tests.support.case_orders import ANNA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from proxy.wire.frames import Request
    from tests.support.database import Database

pytestmark = pytest.mark.db

READABLE = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
  AND has_column_privilege(format('public.%I', table_name), column_name, 'SELECT')
ORDER BY table_name, ordinal_position
"""
CANARY = b"marlene"
"""In every field of the person whose registration there is (tests.support.vault)."""


@pytest.fixture
async def there(
    tmp_path: Path, database: Database
) -> AsyncIterator[tuple[Running, Mapping[str, str]]]:
    """A served vault with a person, a case and an order that lacks a vote; ids by their names."""
    async with sites.site(tmp_path, database) as site:
        assert CANARY.decode() in site.item.contacts.given[Role.REGISTRANT].name
        order = await site.approved(OrderKind.DISCLOSE, ANNA, BEN)
        ids = {
            "tenant": str(site.item.tenant_id),
            "registration": str(site.item.registration_id),
            "case": str(site.chain.case_id),
            "order": str(order.id),
        }
    running = Running(tmp_path, database)
    await running.start()
    yield running, ids
    await running.stop()


def of_something_real(request: Request, ids: Mapping[str, str]) -> Request:
    """The same request about what is there."""
    names = {field.name for field in msgspec.structs.fields(request)}
    return msgspec.structs.replace(
        request, **{name: value for name, value in ids.items() if name in names}
    )


async def readable(database: Database, login: str) -> dict[str, bytes]:
    """Everything that a login can read, by table and column."""
    found = {}
    async with pool.connected(database.access(login)) as connection:
        for row in await connection.fetch(READABLE):
            table, column = row["table_name"], row["column_name"]
            values = await connection.fetch(f'SELECT "{column}" FROM "{table}"')  # noqa: S608 - names of the schema
            found[f"{table}.{column}"] = b"\n".join(
                one[0] if isinstance(one[0], bytes) else str(one[0]).encode() for one in values
            )
    return found


@pytest.mark.parametrize("login", [one for one in LoginRole if one is not LoginRole.OWNER])
async def test_a_login_reads_nobody(
    there: tuple[Running, Mapping[str, str]], login: LoginRole
) -> None:
    """Whatever a stolen password opens holds no value of a contact."""
    running, _ = there
    found = await readable(running.database, login)
    assert found
    assert [where for where, octets in found.items() if CANARY in octets.lower()] == []


@pytest.mark.parametrize("caller", list(Caller))
async def test_a_socket_gives_nobody(
    there: tuple[Running, Mapping[str, str]], caller: Caller
) -> None:
    """Whatever a stolen socket is asked, no value of a contact comes back and no order is done."""
    running, ids = there
    for request, _ in TABLE:
        if isinstance(request, frames.Rotate):
            continue  # the operator's, and long; it gives nothing
        for asked in (request, of_something_real(request, ids)):
            octets = await running.exchange(frames.render(asked), caller)
            assert CANARY not in octets.lower()
    shown = await running.exchange(
        frames.render(frames.ShowOrder(order=ids["order"])), Caller.OPERATOR
    )
    answer = frames.parse_answer(shown[4:])
    assert answer["state"] == "open"
    async with pool.connected(running.database.superuser()) as connection:
        assert await connection.fetchval("SELECT count(*) FROM disclosure_package") == 0
