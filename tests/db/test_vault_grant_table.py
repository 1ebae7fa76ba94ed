"""Who may ask the vault what, over the sockets themselves: every caller, every request.

The table here is written out by hand, apart from proxy.vault.grants: a grant that slips in there
shows here.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

import pytest

from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.db.test_vault_process import Running
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.wire.frames import Request
    from tests.support.database import Database

pytestmark = pytest.mark.db

NOBODY = frames.Signature(person="nobody", key="SHA256:none", signature="none")
OPERATOR = {Caller.OPERATOR}
APPROVERS = {Caller.API, Caller.WEB}
ID = "01890000-0000-7000-8000-00000000000f"

# One request of each kind, and who may ask it. What they ask for does not exist.
TABLE: list[tuple[Request, set[Caller]]] = [
    (frames.Status(), OPERATOR),
    (frames.Rotate(), OPERATOR),
    (frames.Retry(), OPERATOR),
    (frames.Check(), OPERATOR),
    (frames.Check(everything=True), OPERATOR),
    (frames.Prove(entry=ID), OPERATOR),
    (frames.ShowRoster(), OPERATOR | APPROVERS | {Caller.WORKER}),
    (frames.SubmitRoster(document="{}", signatures=()), OPERATOR),
    (frames.ObjectToRoster(sha256="00" * 32, signature=NOBODY), APPROVERS),
    (frames.SubmitOrder(document="{}"), OPERATOR | {Caller.WEB}),
    (frames.ListOrders(), OPERATOR),
    (frames.ShowOrder(order=ID), OPERATOR | APPROVERS | {Caller.WORKER}),
    (frames.Vote(order=ID, signature=NOBODY), APPROVERS),
    (frames.ObjectToOrder(order=ID, signature=NOBODY), APPROVERS),
    (frames.ShowRegistrarKeys(tenant=ID), OPERATOR),
    (frames.RevokeKey(order=ID, signature=NOBODY), APPROVERS),
    (frames.CarryOut(order=ID), OPERATOR | {Caller.WORKER, Caller.WEB}),
    (frames.ProposeAnchor(reason="none"), OPERATOR),
    (frames.SubmitAnchor(document="{}", signatures=()), OPERATOR),
    (frames.Relay(alias="nobody", message="message-1"), {Caller.RELAY}),
    (frames.Search(document="{}", signature=NOBODY), {Caller.WEB}),
    (frames.ShowAgent(agent="nobody"), {Caller.ESCROW}),
    (
        frames.BeginDeposit(
            run=ID, tenant=ID, agent="nobody", fingerprint="AB" * 20, records=1, root="00" * 32
        ),
        {Caller.ESCROW},
    ),
    (frames.DepositKeys(run=ID, names=("none",)), {Caller.ESCROW}),
    (frames.EndDeposit(run=ID), {Caller.ESCROW}),
    (frames.CountPeople(tenant="nobody"), {Caller.ESCROW}),
    (frames.AreErased(tenant=ID, registrations=()), {Caller.ESCROW}),
    (frames.ReadEvidence(document="{}", signature=NOBODY), {Caller.WEB}),
    (frames.Match(document="{}", signature=NOBODY), {Caller.WEB}),
    (frames.DescribeCase(case=ID), OPERATOR | {Caller.WEB}),
    (frames.PlaceHold(tenant=ID, registration=ID, case=ID), {Caller.WEB, Caller.WORKER}),
    (frames.Notice(case=ID, notice=ID, to="registrant"), {Caller.RELAY}),
    (
        frames.Letter(tenant=ID, registration=ID, kind="email_verification", notice=ID),
        {Caller.RELAY},
    ),
    (frames.UseToken(token="x"), {Caller.WEB}),
    (frames.ShowSession(session="x"), {Caller.WEB}),
    (frames.ShowOwn(session="x"), {Caller.WEB}),
    (frames.ShowClaim(session="x"), {Caller.WEB}),
    (frames.ReadBack(document="{}", signature="none"), {Caller.API}),
    (frames.Find(document="{}", signature="none"), {Caller.API}),
    (frames.Instruct(document="{}", signature="none"), {Caller.API}),
    (frames.Publish(tenant=ID, registration=ID, instruction=ID), {Caller.WORKER}),
    (
        frames.EndPublication(tenant=ID, registration=ID, instruction=ID, standing="withdrawn"),
        {Caller.API, Caller.WORKER},
    ),
    (frames.ShowPublication(tenant=ID, registration=ID, instruction=ID), {Caller.WORKER}),
    (frames.ShowObjections(), {Caller.WORKER}),
    (frames.PassPhrase(document="{}", signature=NOBODY), {Caller.WEB}),
]


@pytest.fixture
async def running(tmp_path: Path, database: Database) -> AsyncIterator[Running]:
    """A served vault over one registration."""
    async with vaults.service(tmp_path, database) as service:
        await service.enrol(vaults.to_seal())
    made = Running(tmp_path, database)
    await made.start()
    yield made
    await made.stop()


def test_the_table_names_every_request() -> None:
    """A request that is not in the table would be granted to somebody unseen."""
    named = {type(request) for request, _ in TABLE}
    assert named == set(typing.get_args(frames.Request))


async def test_every_caller_gets_what_the_table_gives_and_nothing_else(running: Running) -> None:
    """Over every caller's own socket each request is answered or `not_granted`, as written here."""
    found: list[tuple[str, set[Caller]]] = []
    for request, _ in TABLE:
        allowed = set()
        for caller in Caller:
            octets = await running.exchange(frames.render(request), caller)
            answer = frames.parse_answer(octets[4 : 4 + int.from_bytes(octets[:4])])
            assert answer.get("error") != "internal"
            if answer.get("error") != "not_granted":
                allowed.add(caller)
        found.append((type(request).__name__, allowed))
    assert found == [(type(request).__name__, callers) for request, callers in TABLE]


async def test_the_openings_answer_over_their_sockets(running: Running) -> None:
    """Where the table allows it, a request that asks for nothing real ends in its own code."""
    codes = {}
    for request, callers in TABLE:
        for caller in callers & {Caller.RELAY, Caller.ESCROW, Caller.WEB}:
            octets = await running.exchange(frames.render(request), caller)
            answer = frames.parse_answer(octets[4:])
            codes[type(request).__name__] = answer.get("error", "answered")
    assert codes["Relay"] == "relay_nobody"
    assert codes["ShowAgent"] == "deposit_agent"
    assert codes["DepositKeys"] == "deposit_unknown"
    assert codes["EndDeposit"] == "deposit_unknown"
    assert codes["BeginDeposit"] != "not_granted"
    assert codes["Notice"] == codes["PlaceHold"] == "case_unknown"
    assert codes["Letter"] == "letter_unknown"
    assert codes["ReadEvidence"] == codes["Match"] == "document_malformed"
    assert codes["PassPhrase"] == "document_malformed"
    assert codes["UseToken"] == "token_unknown"
    assert codes["ShowSession"] == codes["ShowOwn"] == codes["ShowClaim"] == "session_unknown"
    assert codes["CountPeople"] == codes["AreErased"] == "deposit_malformed"
