"""The import command against a service that fails: it goes on while it gets on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from proxy.client import uploading
from proxy.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.apps.api.import_answers import OperationAnswer

OPERATION = UUID("01900000-0000-7000-8000-000000000001")


WHOLE: dict[str, Any] = {
    "id": str(OPERATION),
    "total": None,
    "failed": 0,
    "errors_url": f"/v1/operations/{OPERATION}/errors",
    "absent": None,
    "reason": None,
}


class Service:
    """An API that knows the operation's states one after the other; the last one stays."""

    def __init__(self, *states: dict[str, Any] | None, refusals: int = 0) -> None:
        self.states = list(states)
        self.refusals = refusals
        self.uploads: list[str] = []

    async def look(self, _: web.Request) -> web.Response:
        """The operation, or 404 where it has not begun."""
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state is None:
            return web.json_response({"code": "not_found"}, status=404)
        return web.json_response({**WHOLE, **state})

    async def take(self, request: web.Request) -> web.Response:
        """An upload; the first ones are refused like by a service that is starting."""
        self.uploads.append(request.query["after_line"])
        await request.read()
        self.refusals -= 1
        status = 503 if self.refusals >= 0 else 202
        return web.json_response({"id": str(OPERATION)}, status=status)


async def run(service: Service, file: Path) -> OperationAnswer:
    """Uploads to it; the operation at its end."""
    application = web.Application()
    application.router.add_get("/v1/operations/{id}", service.look)
    application.router.add_post("/v1/imports", service.take)
    async with TestServer(application) as server:
        return await uploading.upload(
            uploading.Upload(
                api_url=str(server.make_url("/")),
                api_key="key",
                file=file,
                operation_id=OPERATION,
                progress=lambda _: None,
            )
        )


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of two lines, for a command with little patience."""
    monkeypatch.setattr(uploading, "PATIENCE_S", 0.5)
    monkeypatch.setattr(uploading, "POLL_S", 0.2)
    made = tmp_path / "file.ndjson"
    made.write_text("{}\n{}\n")
    return made


DONE = {"state": "succeeded", "done": 2}


async def test_an_upload_that_never_began_is_sent_again(file: Path) -> None:
    """A service that refused before it knew of the operation gets the file once more."""
    service = Service(None, None, DONE, refusals=1)
    assert (await run(service, file)).state == "succeeded"
    assert service.uploads == ["0", "0"]


async def test_progress_renews_the_patience(file: Path) -> None:
    """An import that gets on may take longer than the patience."""
    going = [{"state": "running", "done": done} for done in range(1, 7)]
    service = Service(None, *going, {"state": "failed", "reason": "interrupted", "done": 7}, DONE)
    assert (await run(service, file)).done == 2
    assert service.uploads == ["0", "7"]


async def test_an_import_that_does_not_get_on_is_given_up(file: Path) -> None:
    """Without progress the command ends, and says what to do."""
    with pytest.raises(Unavailable) as refusal:
        await run(Service({"state": "running", "done": 1}), file)
    assert "run it again" in refusal.value.detail
