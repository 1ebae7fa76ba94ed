"""Every order of two acts upon one name, call by call: one speaker, one published record."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from proxy.apps.api import reading
from proxy.errors import ProxyError
from proxy.model.identifiers import DomainName, EndReason, RegistrationId
from proxy.rules.identity import Precondition
from proxy.services import end, register, speak
from proxy.services.plan_registration import Desk
from proxy.store import pool as pools
from proxy.store import tenants
from tests.support import turns
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.api import Api

pytestmark = pytest.mark.db

ANY = Precondition()
THEIR_IANA_ID = 7777


@dataclass(frozen=True, slots=True)
class Side:
    """One tenant and what it does."""

    api: Api
    desk: Desk

    async def enrol(self, domain: str, replaces: RegistrationId | None = None) -> object:
        """A PUT of the name."""
        handle = "D1-EXAMPLE" if replaces is None else f"D-{secrets.token_hex(4)}"
        given = body(domain, registry_domain_id=handle)
        if replaces is not None:
            given["replaces"] = str(replaces)
        enrolment = reading.parse_registration(
            json.dumps(given).encode(), self.desk.tenant, domain=DomainName(domain)
        )
        return await register.register(
            self.api.office.pool,
            register.Request(
                desk=self.desk,
                enrolment=enrolment,
                precondition=ANY,
                remember=lambda _: None,
            ),
        )

    async def end(self, domain: str) -> object:
        """A DELETE of the name."""
        asked = end.Request(
            domain=DomainName(domain),
            reason=EndReason.ERROR,
            precondition=ANY,
            remember=lambda _: None,
        )
        return await end.end(self.api.office.pool, self.desk, asked)

    async def settle(self, domain: str) -> object:
        """What the worker does when it has seen the sponsor."""
        async with pools.connected(self.api.service.database.access("worker")) as connection:
            return await speak.settle_alone(
                connection, DomainName(domain), self.desk.random, self.desk.now
            )


async def side(api: Api) -> Side:
    """The tenant at its desk."""
    async with api.office.pool.acquire() as connection:
        tenant = await tenants.find_tenant(connection, api.tenant)
    desk = Desk(
        tenant=tenant,
        sealer=api.office.sealer,
        random=secrets.token_bytes,
        now=api.service.vault.clock.now(),
        reservation_days=7,
        reseller=None,
    )
    return Side(api, desk)


async def see(api: Api, domain: str) -> None:
    """The registry names the second tenant."""
    seen_at = api.service.vault.clock.now()
    await api.rows(
        "INSERT INTO sponsor_look (domain, registry, due_at, iana_id, way, since, seen_at)"
        " VALUES ($1, 'example', $2, $3, 'rdap', $2, $2)"
        " ON CONFLICT (domain) DO UPDATE SET iana_id = excluded.iana_id, way = excluded.way,"
        " since = excluded.since, seen_at = excluded.seen_at",
        *(domain, seen_at, THEIR_IANA_ID),
    )


async def check(api: Api, domain: str, order: str) -> list[str]:
    """States of what is live, after a look that one speaks and the journal shows that one."""
    live = await api.rows(
        "SELECT tenant_id, id, state FROM registration WHERE domain = $1 AND state <> 'ended'",
        domain,
    )
    shown = await api.rows(
        "SELECT registration_id, tenant_id FROM published WHERE domain = $1 AND value IS NOT NULL",
        domain,
    )
    speaks = [row for row in live if row["state"] in {"active", "ending"}]
    assert len(speaks) == min(1, len(live)), (order, [row["state"] for row in live])
    assert [tuple(row) for row in shown] == [(row["id"], row["tenant_id"]) for row in speaks], order
    return [str(row["tenant_id"]) for row in speaks]


async def _live_id(api: Api, domain: str) -> RegistrationId | None:
    rows = await api.rows(
        "SELECT id FROM registration WHERE domain = $1 AND tenant_id = $2 AND state <> 'ended'",
        *(domain, api.tenant),
    )
    return RegistrationId(rows[0]["id"]) if rows else None


# What is there before: who speaks, who claims; then what both sides do at once.
PAIRS = {
    "enrol_enrol": ("", "enrol", "enrol"),
    "end_claim": ("a", "end", "enrol"),
    "end_end": ("ab", "end", "end"),
    "end_change_of_claim": ("ab", "end", "enrol"),
    "replace_claim": ("a", "replace", "enrol"),
    "replace_replace": ("ab", "replace", "replace"),
    "end_replace": ("ab", "end", "replace"),
    "transfer_end": ("ab", "end", "settle"),
    "transfer_claim": ("a", "settle", "enrol"),
    "transfer_change": ("ab", "enrol", "settle"),
    "transfer_replace": ("ab", "replace", "settle"),
    "transfer_end_of_claim": ("ab", "settle", "end"),
    "transfer_transfer": ("ab", "settle", "settle"),
}


@pytest.mark.parametrize("pair", PAIRS)
async def test_every_order_of_two_acts_ends_with_one_speaker(
    api: Api, monkeypatch: pytest.MonkeyPatch, pair: str
) -> None:
    """Whoever is interrupted wherever: one speaks if anybody holds the name; nothing fails."""
    before, first, second = PAIRS[pair]
    other = await api.other_tenant()
    await api.rows("UPDATE accreditation SET iana_id = $1 WHERE tenant_id = $2", THEIR_IANA_ID,
                   other.tenant)  # fmt: skip
    sides = {"a": await side(api), "b": await side(other)}
    turns.install(monkeypatch)
    outcomes = set()
    for number, order in enumerate(turns.orders("a", "b", 7)):
        domain = f"n{number}.example"
        for name in before:
            await sides[name].enrol(domain)
        if "settle" in {first, second}:
            await see(api, domain)
        acts = {
            name: await _act(sides[name], kind, domain)
            for name, kind in (("a", first), ("b", second))
        }
        given = await turns.play(order, acts)
        failed = [one.code for one in given.values() if isinstance(one, ProxyError)]
        assert set(failed) <= {"not_found", "different_registration"}, (order, failed)
        speaks = await check(api, domain, order)
        if "settle" in {first, second} and await _live_id(other, domain) is not None:
            # whenever it was seen, the sponsor speaks after one more look
            await sides["b"].settle(domain)
            speaks = await check(api, domain, order)
            assert speaks == [str(other.tenant)], order
        outcomes.update(speaks)
    assert bool(outcomes) is (pair != "end_end")


async def _act(one: Side, kind: str, domain: str) -> Callable[[], Awaitable[object]]:
    if kind == "replace":
        present = await _live_id(one.api, domain)
        return lambda: one.enrol(domain, present)
    acts = {"enrol": one.enrol, "end": one.end, "settle": one.settle}
    return lambda: acts[kind](domain)
