"""The registrar API: guarded writes, ends, and requests that are sent again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.api import body

if TYPE_CHECKING:
    from tests.support.api import Api

pytestmark = pytest.mark.db


async def test_preconditions_guard_writes(api: Api) -> None:
    """If-None-Match: * creates only; If-Match replaces and deletes only what it names."""
    assert (await api.put(body(), If_Match="*")).status == 412
    made = await api.put(body(), If_None_Match="*")
    assert made.status == 201
    assert (await api.put(body(), If_None_Match="*")).status == 412
    changed = body(statuses=["clientHold"])
    assert (await api.put(changed, If_Match='"other.1"')).status == 412
    assert (await api.put(changed, If_Match=f"W/{made.headers['ETag']}")).status == 412
    second = await api.put(changed, If_Match=f'"x.1", {made.headers["ETag"]}')
    assert second.status == 200
    path = "/v1/registrations/kaveri.example?reason=error"
    assert (await api.call("DELETE", path, If_Match=made.headers["ETag"])).status == 412
    assert (await api.call("DELETE", path, If_Match="nonsense")).json["code"] == "header"
    assert (await api.call("DELETE", path, If_Match=second.headers["ETag"])).status == 202


@pytest.mark.parametrize("reason", ["registry_deleted", "transferred_out", "error"])
async def test_an_end_unpublishes_at_once_and_leaves_a_tombstone(api: Api, reason: str) -> None:
    """202, gone from the journal and by name, kept by id."""
    made = (await api.put(body())).json
    reply = await api.call("DELETE", f"/v1/registrations/kaveri.example?reason={reason}")
    assert (reply.status, reply.json["state"]) == (202, "ended")
    row = (await api.rows("SELECT value, pos FROM published"))[0]
    assert row["value"] is row["pos"] is None
    assert (await api.call("GET", "/v1/registrations/kaveri.example")).status == 404
    kept = (await api.call("GET", f"/v1/registrations/id/{made['id']}")).json
    assert (kept["state"], kept["end_reason"]) == ("ended", reason)
    again = await api.put(body())
    assert again.status == 201
    assert again.json["id"] != made["id"]


async def test_leaving_the_service_keeps_publication(api: Api) -> None:
    """left_service: state ending, still published; another PUT brings it back."""
    await api.put(body())
    path = "/v1/registrations/kaveri.example?reason=left_service"
    reply = await api.call("DELETE", path)
    assert (reply.status, reply.json["state"]) == (202, "ending")
    assert (await api.rows("SELECT value FROM published"))[0]["value"] is not None
    assert (await api.call("DELETE", path)).json["revision"] == reply.json["revision"]
    back = await api.put(body())
    assert (back.status, back.json["state"]) == (200, "active")


async def test_delete_needs_a_reason_it_knows(api: Api) -> None:
    """A missing or unknown reason is 422, an unknown name 404."""
    await api.put(body())
    path = "/v1/registrations/kaveri.example"
    assert (await api.call("DELETE", path)).faults == {"/reason": "required"}
    assert (await api.call("DELETE", f"{path}?reason=lapsed")).faults == {"/reason": "choice"}
    gone = await api.call("DELETE", "/v1/registrations/other.example?reason=error")
    assert gone.status == 404


async def test_the_same_idempotency_key_gives_the_same_answer(api: Api) -> None:
    """Replays are equal octet for octet; another body is 422; after 24 hours it is a new key."""
    first = await api.put(body(), Idempotency_Key="k1")
    changed = body(statuses=[])
    await api.put(changed)
    again = await api.put(body(), Idempotency_Key="k1")
    assert (again.status, again.content) == (first.status, first.content)
    assert again.headers["ETag"] == first.headers["ETag"]
    reused = await api.put(changed, Idempotency_Key="k1")
    assert (reused.status, reused.json["code"]) == (422, "idempotency_key_reused")
    rows = await api.rows("SELECT * FROM idempotency")
    assert b"people.example" not in repr(rows).encode()
    api.service.vault.clock.moment += timedelta(hours=25)
    api.service.vault.clock.moment -= timedelta(hours=1)
    late = await api.put(body(), Idempotency_Key="k1")
    assert (late.status, late.json["revision"]) == (200, 3)


async def test_a_key_in_flight_is_a_conflict_or_the_same_answer(api: Api) -> None:
    """Two requests at once with one key: one acts, the other is told so, nothing is doubled."""
    replies = await asyncio.gather(*(api.put(body(), Idempotency_Key="k1") for _ in range(6)))
    statuses = {reply.status for reply in replies}
    assert statuses <= {201, 409}
    assert 201 in statuses
    assert len(await api.rows("SELECT 1 FROM registration")) == 1


async def test_a_delete_is_idempotent_by_its_key_and_path(api: Api) -> None:
    """A DELETE replays its 202; the same key for another name is refused."""
    await api.put(body())
    await api.put(body("other.example"))
    path = "/v1/registrations/kaveri.example?reason=error"
    first = await api.call("DELETE", path, Idempotency_Key="d1")
    again = await api.call("DELETE", path, Idempotency_Key="d1")
    assert (again.status, again.content) == (202, first.content)
    other = "/v1/registrations/other.example?reason=error"
    assert (await api.call("DELETE", other, Idempotency_Key="d1")).status == 422
