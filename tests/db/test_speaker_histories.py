"""Random histories of two tenants and one name after another, against a page of plain Python.

They enrol, reserve, replace, rotate, leave, end and come back, while the registry names one of
them, or nobody of ours, and tokens come and go in DNS; and the database of an earlier moment is put
back beside the vault's state as it is. The oracle (tests/support/speaker_oracle.py) knows nothing
of tables or transactions. Each tenant's persons carry a mark of their own: neither ever sees the
other's, and who was erased is read by nobody again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from typing_extensions import override

from proxy.metrics import Registry
from proxy.run.vault_rounds import Rounds
from proxy.services import find_sponsors
from proxy.services.find_sponsors import Finding
from proxy.store import pool as pools
from proxy.store import published, registrations, sealed
from proxy.vault import upkeep
from tests.support import anchors
from tests.support import api as apis
from tests.support.api import body
from tests.support.speaker_oracle import DAY, IANA, RETENTION, Hold, Oracle, Outside

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from tests.support.api import Api
    from tests.support.database import Database

pytestmark = [pytest.mark.db, pytest.mark.timeout(300)]

WHO = st.sampled_from("ab")
MARKS = {"a": "Qzamber Person", "b": "Qzbasalt Person"}
NAMES = itertools.count()
_T = TypeVar("_T")


class History(RuleBasedStateMachine):
    """One name, two tenants."""

    runner: asyncio.Runner
    tenants: dict[str, Api]
    finding: Finding
    outside: Outside

    def __init__(self) -> None:
        super().__init__()
        self.name = f"n{next(NAMES)}.example"
        self.path = f"/v1/registrations/{self.name}"
        self.oracle = Oracle()
        self.kept: Oracle | None = None
        self.aliases: dict[str, str] = {}
        self.service = self.tenants["a"].service
        self.handles = itertools.count(1)
        self.outside.says = None
        self.outside.texts = set()

    @override
    def teardown(self) -> None:
        """Nobody holds the name any more, so that it is not looked at again."""
        for one in self.tenants.values():
            self.do(one.call("DELETE", f"{self.path}?reason=error"))

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of `work`."""
        return self.runner.run(work)

    def tick(self, by: timedelta = timedelta(seconds=1)) -> datetime:
        """The next moment."""
        service = self.service
        service.vault.clock.moment += by
        now: datetime = service.vault.clock.now()
        if by > timedelta(seconds=1):  # the vault renews what API hosts seal with, as it does daily
            self.do(service.rounds.renew_intake())
            vault = service.vault
            vault.intake = upkeep.current_intake(vault.ring, now, secrets.token_bytes)
        return now

    def given(self, who: str, handle: str, **changes: Any) -> dict[str, Any]:
        """A body with the tenant's own mark."""
        made = body(self.name, mode="privacy", registry_domain_id=handle, **changes)
        made["contacts"]["registrant"]["name"] = MARKS[who]
        return made

    @rule(who=WHO)
    def enrol(self, who: str) -> None:
        """A PUT: new, or of what is there, which may come to speak by it."""
        now = self.tick()
        hold = self.oracle.holds.get(who)
        handle = hold.handle if hold else f"D{next(self.handles)}"
        state = self.oracle.begins(who)
        reply = self.do(self.tenants[who].put(self.given(who, handle)))
        assert (reply.status, reply.json["state"]) == (200 if hold else 201, state)
        if hold is None:
            self.oracle.holds[who] = Hold(reply.json["id"], state, now, handle)
        else:
            hold.state = state

    @rule(who=WHO, is_sure=st.sampled_from([False, False, True]))
    def reserve(self, who: str, *, is_sure: bool) -> None:
        """A PUT without a date: only where nothing is there that exists."""
        if not is_sure:  # a history of reservations alone would be of nothing
            self.enrol(who)
            return
        now = self.tick()
        hold = self.oracle.holds.get(who)
        handle = hold.handle if hold else f"D{next(self.handles)}"
        made = self.given(who, handle)
        del made["created_at"]
        reply = self.do(self.tenants[who].put(made))
        if hold is None:
            self.oracle.holds[who] = Hold(reply.json["id"], "reserved", now, handle)
        assert reply.status == (201 if hold is None else 200 if hold.state == "reserved" else 422)

    @rule(who=WHO, exists=st.booleans())
    def replace(self, who: str, *, exists: bool) -> None:
        """Dropped and registered again, or about to be."""
        hold = self.oracle.holds.get(who)
        if hold is None:
            self.enrol(who)
            return
        now = self.tick()
        before = self.do(self.tenants[who].call("GET", self.path)).json["id"]
        handle = f"D{next(self.handles)}"
        made = self.given(who, handle, replaces=before)
        if not exists:
            del made["created_at"]
        state = self.oracle.begins(who) if exists else "reserved"
        was_speaker = self.oracle.speaker() == who
        reply = self.do(self.tenants[who].put(made))
        assert (reply.status, reply.json["state"]) == (201, state)
        if hold.state != "reserved":  # a reservation that is replaced leaves nothing behind
            self.oracle.drop(who, now)
        self.oracle.holds[who] = Hold(reply.json["id"], state, now, handle)
        if was_speaker and not exists:
            self.oracle.settle(now)

    @rule(who=WHO, reason=st.sampled_from(["error", "transferred_out", "left_service"]))
    def end(self, who: str, reason: str) -> None:
        """A DELETE; whoever leaves goes on speaking."""
        hold = self.oracle.holds.get(who)
        now = self.tick()
        reply = self.do(self.tenants[who].call("DELETE", f"{self.path}?reason={reason}"))
        assert reply.status == (202 if hold else 404)
        if hold is None:
            self.enrol(who)
            return
        is_again = hold.state == "ending" and reason == "left_service"
        if reason == "left_service" and hold.state in {"active", "ending"}:
            hold.state = "ending"
        else:
            self.oracle.drop(who, now)
        if not is_again:
            self.oracle.settle(now)

    @rule(who=WHO)
    def rotate(self, who: str) -> None:
        """Another address of the mask: nothing else moves."""
        self.tick()
        reply = self.do(self.tenants[who].call("POST", f"{self.path}/rotate"))
        assert reply.status in ({200, 409} if who in self.oracle.holds else {404})
        self.enrol(who)

    @rule(who=WHO)
    def show(self, who: str) -> None:
        """A tenant has its token put into DNS, beside what stands there."""
        if who in self.oracle.holds and self.oracle.holds[who].state != "reserved":
            status = self.do(self.tenants[who].call("GET", f"{self.path}/status")).json
            self.outside.texts.add(f"{who} {status['speaker']['dns_token']}")

    @initialize(order=st.permutations("ab"))
    def begin(self, order: list[str]) -> None:
        """Both hold the name."""
        for who in order:
            self.enrol(who)

    @rule()
    def clear(self) -> None:
        """Nothing stands in DNS any more."""
        self.outside.texts = set()

    @rule(
        whom=st.sampled_from(["a", "b", "nobody", ""]),
        of=WHO,
        hours=st.sampled_from([1, 20, 80, 200]),
    )
    def look(self, whom: str, of: str, hours: int) -> None:
        """The worker's round after a while; the registry has the registration of one of them."""
        now = self.tick(timedelta(hours=hours))
        hold = self.oracle.holds.get(of)
        handle = hold.handle if hold else "D0"
        texts = {one.split()[0]: one.split()[1] for one in self.outside.texts}
        self.outside.says = (whom, handle) if whom else None
        self.outside.texts, kept = set(texts.values()), self.outside.texts
        self.do(self._round())
        self.outside.texts = kept
        self.oracle.forget(now)
        self._decide(whom, handle, texts, now)
        self.do(self.service.rounds.adopt())
        self.do(self.service.rounds.shred())

    def _decide(self, whom: str, handle: str, texts: dict[str, str], now: datetime) -> None:
        """What the oracle makes of it."""
        live = {t: h for t, h in self.oracle.holds.items() if h.state != "reserved"}
        if not live:
            self.oracle.seen = None
            return
        if whom:
            last = self.oracle.seen
            goes_on = last is not None and last[0] == whom and now - last[3] < 7 * DAY
            first = last[2] if last is not None and goes_on else now
            self.oracle.seen = (whom, handle, first, now)
        for tenant, one in live.items():
            if tenant in self.asked():
                one.shown = now if tenant in texts else None
        self.oracle.settle(now)
        if not any(one.state != "reserved" for one in self.oracle.holds.values()):
            self.oracle.seen = None  # the row goes with the last holder

    def asked(self) -> set[str]:
        """Tenants that have ever asked for a token: DNS is looked at for them alone."""
        rows = self.do(self.tenants["a"].rows("SELECT tenant_id FROM sponsor_secret"))
        known = {row["tenant_id"] for row in rows}
        return {name for name, one in self.tenants.items() if one.tenant in known}

    async def _round(self) -> None:
        """All that is held is due, whatever was to be waited for."""
        await self.tenants["a"].rows("UPDATE sponsor_look SET due_at = '2020-01-01T00:00:00Z'")
        await find_sponsors.round_of(self.finding, "")

    @rule(is_copied=st.booleans())
    def restore(self, *, is_copied: bool) -> None:
        """A copy is made, or put back under a vault that went on; then all starts as it does."""
        if self.kept is None or is_copied:
            self.kept = self.oracle.copied()
            self.do(anchors.back_up(self.service))
            return
        self.tick()
        self.do(self._restore())
        self.oracle = self.oracle.restored(self.kept)
        known = self.asked()  # whoever has asked since the copy has another token now
        self.outside.texts = {one for one in self.outside.texts if one.split()[0] in known}
        self.do(self._reads_who_is_kept())

    async def _restore(self) -> None:
        before = await self.tenants["a"].rows("SELECT max(epoch) AS newest FROM journal_epoch")
        await anchors.restore(self.service)
        self.service.reopen()
        await self._refuses_erased()
        await self.service.rounds.prepare()
        async with published.leading(self.service.database.access("worker")) as lead:
            assert await lead.take()
            await lead.begin_epoch(self.service.vault.clock.now(), uuid4())
            assert lead.epoch > (before[0]["newest"] or 0)

    async def _refuses_erased(self) -> None:
        """Rows of the erased have come back with the copy: no key of ours opens them."""
        async with self.service.pool.acquire() as connection:
            rows = await sealed.page(connection, None, 10_000)
        erased = [one for one in rows if str(one.name.registration_id) in self.oracle.erased]
        examiner = self.service.rooms.open_walls().examiner
        assert None not in examiner.examine(erased)

    async def _reads_who_is_kept(self) -> None:
        """The vault adopts what waits, and reads the persons of all that is kept and no other."""
        await self.service.rounds.adopt()
        async with self.service.pool.acquire() as connection:
            rows = await sealed.page(connection, None, 10_000)
        assert not {str(one.name.registration_id) for one in rows} & self.oracle.erased
        assert set(self.service.rooms.open_walls().examiner.examine(rows)) <= {None}
        waiting = await self.tenants["a"].rows(
            "SELECT FROM sealed_record WHERE kek_epoch IS NULL AND wrapped_dek IS NOT NULL"
        )
        assert not waiting

    @invariant()
    def every_tenant_has_what_the_oracle_says(self) -> None:
        """States, who is published, and that no answer holds anything of the other tenant."""
        rows = self.do(
            self.tenants["a"].rows(
                "SELECT kept.tenant_id, kept.state, kept.alias, shown.value FROM registration kept"
                " LEFT JOIN published shown ON shown.domain = kept.domain"
                "  AND shown.registration_id = kept.id AND shown.tenant_id = kept.tenant_id"
                " WHERE kept.domain = $1 AND kept.state <> 'ended'",
                self.name,
            )
        )
        names = {one.tenant: name for name, one in self.tenants.items()}
        found = {names[row["tenant_id"]]: row["state"] for row in rows}
        assert found == {tenant: hold.state for tenant, hold in self.oracle.holds.items()}
        shown = [names[row["tenant_id"]] for row in rows if row["value"] is not None]
        assert shown == [one for one in (self.oracle.speaker(),) if one is not None]
        values = self.do(
            self.tenants["a"].rows(
                "SELECT value FROM published WHERE domain = $1 AND value IS NOT NULL", self.name
            )
        )
        assert len(values) == len(shown)
        aliases = {names[row["tenant_id"]]: row["alias"] for row in rows}
        for tenant, alias in aliases.items():  # whatever was restored: mail of one never to another
            assert self.aliases.setdefault(alias, tenant) == tenant
        for mine, theirs in (("a", "b"), ("b", "a")):
            answers = [
                self.do(self.tenants[mine].call("GET", self.path + tail)).content
                for tail in ("", "/status")
            ]
            if shown == [mine]:
                answers += [row["value"] for row in values]
            for foreign in (MARKS[theirs], aliases.get(theirs, MARKS[theirs])):
                assert all(foreign.encode() not in answer for answer in answers)


def test_two_tenants_and_a_registry_agree_with_plain_python(
    tmp_path: Path, database: Database
) -> None:
    """Whatever the order of events, who speaks is who the oracle says, and persons never cross."""

    async def open_all(stack: contextlib.AsyncExitStack) -> None:
        api = await stack.enter_async_context(apis.serving(tmp_path, database))
        other = await api.other_tenant()
        await api.rows(
            "UPDATE accreditation SET iana_id = $1 WHERE tenant_id = $2", IANA["b"], other.tenant
        )
        pool = await pools.open_pool(
            database.access("worker"), max_size=4, session=registrations.SESSION
        )
        stack.callback(pool.terminate)
        service = api.service
        service.rooms = replace(
            service.rooms, terms=replace(service.rooms.terms, retention=RETENTION)
        )
        service.rounds = Rounds(service.rooms)
        History.tenants = {"a": api, "b": other}
        History.outside = Outside()
        History.finding = Finding(
            pool=pool,
            sponsors=History.outside,
            budgets={"example": 1_000_000},
            clock=api.service.vault.clock,
            random=secrets.token_bytes,
            metrics=Registry(),
        )

    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        History.runner = runner
        runner.run(open_all(stack))
        try:
            run_machine(
                History, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
            )
        finally:
            runner.run(stack.aclose())
