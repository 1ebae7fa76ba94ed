"""The client against a service that fails, asks to wait, lies or is hostile."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from proxy.client.calling import Access, Caller
from proxy.client.registrar import Client, Once
from proxy.errors import Conflict, InvalidInput, NotFound, ProxyError, RateLimited, Unavailable
from proxy.model.identifiers import EndReason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

KEY = "pp_0011223344556677_zqsecretzq"
NAME = "kaveri.example"
ID = "01900000-0000-7000-8000-000000000001"
ANSWER: dict[str, Any] = {
    "id": ID,
    "domain": NAME,
    "state": "active",
    "mode": "proxy",
    "reference": "0123456789ABC",
    "public_contacts": {},
    "warnings": [],
    "links": {"self": "/", "status": "/", "rdap": "/", "contact_form": "/"},
    "revision": 1,
}


def problem(status: int, code: str, **more: Any) -> web.Response:
    """A problem as the service answers it."""
    headers = more.pop("headers", {})
    body = {"type": "about:blank", "title": "No", "status": status, "code": code, **more}
    return web.json_response(body, status=status, headers=headers)


def done(status: int = 200) -> web.Response:
    """The answer to a write that was done."""
    return web.json_response(ANSWER, status=status, headers={"ETag": f'"{ID}.1"'})


class Service:
    """Answers one after the other, the last one for ever; None hangs up without any."""

    def __init__(self, *answers: Callable[[], web.Response] | None) -> None:
        self.answers = list(answers)
        self.asked: list[web.Request] = []
        self.waited: list[float] = []

    async def take(self, request: web.Request) -> web.Response:
        """Keeps what was asked; the next answer."""
        self.asked.append(request)
        await request.read()
        one = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if one is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return one()

    async def sleep(self, seconds: float) -> None:
        """Waits no time, and keeps how much it was."""
        self.waited.append(seconds)


@contextlib.asynccontextmanager
async def client(service: Service, **changes: Any) -> AsyncIterator[Client]:
    """The client of it; tries three times."""
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", service.take)
    async with TestServer(application) as server, aiohttp.ClientSession() as session:
        access = replace(
            Access(url=str(server.make_url("/")), key=KEY, tries=3, answer_wait_s=5), **changes
        )
        yield Client(Caller(session, access, service.sleep))


async def refusal(service: Service, **changes: Any) -> ProxyError:
    """What a GET raises."""
    async with client(service, **changes) as one:
        with pytest.raises(ProxyError) as raised:
            await one.get(NAME)
    return raised.value


async def test_a_write_is_sent_again_under_the_same_key() -> None:
    """A lost answer, a service that is away and one that is busy: it happens once all the same."""
    service = Service(None, lambda: problem(503, "database"), lambda: done(201))
    async with client(service) as one:
        made = await one.put({"domain": "KAVERI.example"}, Once(if_match='"x.1"', create_only=True))
    assert (made.is_new, made.etag, made.value.revision) == (True, f'"{ID}.1"', 1)
    sent = [request.headers["Idempotency-Key"] for request in service.asked]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    first = service.asked[0]
    assert first.path == f"/v1/registrations/{NAME}"
    assert first.headers["Authorization"] == f"Bearer {KEY}"
    assert (first.headers["If-Match"], first.headers["If-None-Match"]) == ('"x.1"', "*")


async def test_writes_have_keys_of_their_own() -> None:
    """Two writes never meet each other's answers, and a caller's own key is taken as it is."""
    service = Service(done)
    async with client(service) as one:
        await one.rotate(NAME)
        await one.delete(NAME, EndReason.ERROR)
        await one.patch(NAME, {"customer_ref": None}, Once(idempotency_key="mine"))
    keys = [request.headers["Idempotency-Key"] for request in service.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"
    assert service.asked[1].query_string == "reason=error"
    assert service.asked[2].content_type == "application/merge-patch+json"


async def test_it_waits_as_long_as_the_service_asks() -> None:
    """Retry-After in seconds and as a date; the date counts from the sender's own."""
    dated = {
        "Date": "Thu, 26 Nov 2026 10:00:00 GMT",
        "Retry-After": "Thu, 26 Nov 2026 10:00:07 GMT",
    }
    service = Service(
        lambda: problem(429, "rate_limited", headers={"Retry-After": "3"}),
        lambda: problem(503, "database", headers=dated),
        done,
    )
    async with client(service) as one:
        await one.rotate(NAME)
    assert service.waited == [3.0, 7.0]


async def test_it_does_not_wait_longer_than_it_may() -> None:
    """A service that asks for an hour is answered by an error that says so."""
    service = Service(lambda: problem(429, "rate_limited", headers={"Retry-After": "3600"}))
    error = await refusal(service)
    assert isinstance(error, RateLimited)
    assert (error.retry_after_s, service.waited) == (3600, [])


async def test_tries_end() -> None:
    """A service that stays away is asked three times, with longer waits between."""
    service = Service(None)
    error = await refusal(service)
    assert (type(error), error.code) == (Unavailable, "api")
    first_s, second_s = service.waited  # between the tries; aiohttp asks anew by itself as well
    assert 0.2 <= first_s <= 0.3
    assert 0.4 <= second_s <= 0.6


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "header", InvalidInput),
        (401, "unauthorized", InvalidInput),
        (404, "not_found", NotFound),
        (409, "different_registration", Conflict),
        (409, "in_flight", Conflict),
        (412, "precondition_failed", Conflict),
        (500, "internal", Unavailable),
    ],
)
async def test_a_no_is_raised_at_once(status: int, code: str, kind: type[ProxyError]) -> None:
    """What another try would not change is not tried again."""
    service = Service(lambda: problem(status, code, detail="Because."))
    error = await refusal(service)
    assert (type(error), error.code, error.detail) == (kind, code, "Because.")
    assert len(service.asked) == 1


async def test_a_write_under_way_is_waited_for() -> None:
    """The first answer was lost while the service worked: the second try meets its own first."""
    service = Service(None, lambda: problem(409, "in_flight"), done)
    async with client(service) as one:
        assert (await one.rotate(NAME)).value.id == ID


async def test_every_fault_comes_with_its_pointer() -> None:
    """The faults of a body, as the service lists them."""
    errors = [
        {"pointer": "/mode", "code": "choice", "detail": "Not one."},
        {"pointer": "/contacts", "code": "required", "detail": "Required."},
    ]
    error = await refusal(Service(lambda: problem(422, "invalid_body", errors=errors)))
    assert isinstance(error, InvalidInput)
    assert [(one.pointer, one.code) for one in error.faults] == [
        ("/mode", "choice"), ("/contacts", "required"),
    ]  # fmt: skip


async def test_a_redirect_is_not_followed() -> None:
    """The key is shown to the one host it is for."""
    service = Service(lambda: web.Response(status=307, headers={"Location": "/elsewhere"}))
    assert (await refusal(service)).code == "http_307"
    assert [request.path for request in service.asked] == [f"/v1/registrations/{NAME}"]


@pytest.mark.parametrize(
    "body",
    [b"<html>zqbody</html>", b"[]", b'{"code": 5}', b'{"detail": "\\u001b[2J"}', b"\xff" * 9],
)
async def test_an_answer_of_a_stranger_is_kept_out_of_errors(body: bytes) -> None:
    """What is no problem of ours leaves a status, and nothing that could move a cursor."""
    error = await refusal(Service(lambda: web.Response(status=418, body=body)))
    assert error.code == "http_418"
    assert error.detail.isprintable()
    assert "zqbody" not in f"{error!r}{error.detail}"


async def test_an_answer_that_can_not_be_read_is_no_answer() -> None:
    """A success with another form than the document's is Unavailable, without its content."""
    error = await refusal(Service(lambda: web.json_response({"id": "zqbody"})))
    assert (type(error), error.code) == (Unavailable, "answer")
    assert error.__cause__ is None
    assert "zqbody" not in error.detail


async def test_an_endless_answer_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile service can not fill the caller's memory."""
    monkeypatch.setattr("proxy.client.calling.ANSWER_LIMIT_OCTETS", 1000)
    error = await refusal(Service(lambda: web.Response(body=b" " * 100_000)))
    assert (error.code, error.detail) == ("answer", "The service's answer is too large.")


@pytest.mark.parametrize("name", ["", "..", "../account", "a/b.example", "id", "x.example?limit=1"])
async def test_a_name_can_not_leave_its_path(name: str) -> None:
    """What is no domain name is refused before anything is sent."""
    service = Service(done)
    async with client(service) as one:
        with pytest.raises(InvalidInput, match="domain_name"):
            await one.get(name)
    assert service.asked == []


async def test_pages_that_do_not_get_on_end() -> None:
    """A service whose cursor or last line stays the same is not asked for ever."""
    same = {"registrations": [], "next_cursor": "same"}
    lines = {"problems": [{"line": 1, "code": "json", "errors": []}], "next": "/more"}
    async with client(Service(lambda: web.json_response(same))) as one:
        with pytest.raises(Unavailable, match="answer"):
            _ = [page async for page in one.pages()]
    async with client(Service(lambda: web.json_response(lines))) as one:
        with pytest.raises(Unavailable, match="answer"):
            _ = [line async for line in one.line_problems(UUID(ID))]


def test_the_key_is_shown_nowhere(tmp_path: Path) -> None:
    """It is read from a file, and no repr holds it."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    access = Access.from_file("https://api.example", file)
    assert access.key == KEY
    assert KEY not in repr(access)
    with pytest.raises(InvalidInput) as raised:
        Access(url="https://api.example", key=f"{KEY}\r\nX: y")
    assert KEY not in f"{raised.value!r}{raised.value.detail}"


@pytest.mark.parametrize(
    "url",
    ["", "api.example", "ftp://api.example", "https://", "https://u:p@api.example", "http://["],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """And a password in an address, which would be logged somewhere."""
    with pytest.raises(InvalidInput, match="api_url"):
        Access(url=url, key=KEY)


def test_a_key_file_that_is_none_is_named(tmp_path: Path) -> None:
    """By its path alone."""
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe")
    for path in (file, tmp_path / "absent"):
        with pytest.raises(InvalidInput, match="api_key_file"):
            Access.from_file("https://api.example", path)
