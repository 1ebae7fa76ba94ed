"""The page behind a link: a GET uses up nothing, a POST once, and the session is the browser's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from typing_extensions import override

from proxy.apps import links
from proxy.errors import NotFound, RateLimited, Refused, Unavailable
from proxy.wire import frames

if TYPE_CHECKING:
    from proxy.wire.frames import Answer, Request

TOKEN = "t" * 43
SESSION = "s" * 43
TENANT, REGISTRATION = (
    "01890000-0000-7000-8000-00000000000d",
    "01890000-0000-7000-8000-00000000000c",
)
CASE, NOTICE = "01890000-0000-7000-8000-00000000000f", "01890000-0000-7000-8000-00000000000e"


class Vault:
    """Answers as the vault does, once for a token."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.arrived: list[tuple[str, str]] = []
        self.done: list[tuple[str, str, str]] = []
        self.fails: Exception | None = None

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        assert isinstance(request, frames.UseToken)
        if request.deed and request.token == TOKEN and len(self.asked) == 1:
            return {
                "done": True, "purpose": request.deed, "party": "registrant", "notice": NOTICE,
                "tenant": TENANT, "registration": REGISTRATION, "subject": "1",
            }  # fmt: skip
        if request.token != TOKEN or len(self.asked) > 1:
            raise NotFound("token_unknown")
        return {
            "done": True, "session": SESSION, "purpose": "answer", "party": "registrant",
            "case": CASE, "notice": NOTICE, "subject": "", "level": "link", "until": "later",
        }  # fmt: skip

    async def note(self, case: str, notice: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.arrived.append((case, notice))

    async def did(self, tenant: str, registration: str, notice: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.done.append((tenant, registration, notice))


async def call(
    vault: Vault,
    method: str,
    *,
    is_secure: bool = True,
    onward: str = "",
    token: str = TOKEN,
    deed: str = "",
    **headers: str,
) -> web.Response:
    """What a browser gets."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    info = {"token": token} | ({"deed": deed} if deed else {})
    request = make_mocked_request(method, f"/n/{token}", sent, match_info=info)
    several = links.routes(
        vault.ask, lambda _: None, vault.note, vault.did, is_secure=is_secure, onward=onward
    )
    (route,) = (
        one for one in several if one.method == method and ("{deed" in one.path) == bool(deed)
    )
    handler: Any = route.handler  # all of ours are coroutine functions
    answer: web.Response = await handler(request)
    return answer


def text(answer: web.Response) -> str:
    """The page."""
    assert answer.text is not None
    return answer.text


async def test_a_get_uses_up_nothing() -> None:
    """A mail scanner sees a button; the vault is not asked, and no token is on the page."""
    vault = Vault()
    pages = {text(await call(vault, "GET", token=one)) for one in (TOKEN, "x" * 43)}
    assert len(pages) == 1
    (page,) = pages
    assert TOKEN not in page
    assert '<form method="post"><button>' in page
    assert vault.asked == []


async def test_a_page_can_load_and_run_nothing() -> None:
    """By its policy, and by what it holds."""
    for method in ("GET", "POST"):
        answer = await call(Vault(), method)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        wrong = ("<script", "<style", "style=", "src=", "onclick", "http:", "https:")
        assert not any(one in text(answer) for one in wrong)


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("hi-IN,hi;q=0.9,en;q=0.8", "hi"),
        ("DE", "de"),
        ("xx,fr;q=0.5", "fr"),
        ("es-419", "es"),
        ("", "en"),
        ("*", "en"),
        ("<script>", "en"),
    ],
)
async def test_the_page_speaks_five_languages(asked: str, language: str) -> None:
    """The reader's first that we have."""
    answer = await call(Vault(), "GET", Accept_Language=asked)
    assert f'<html lang="{language}">' in text(answer)


async def test_a_post_gives_a_session_and_notes_the_arrival() -> None:
    """In a cookie that only this host gets, over TLS, and no script can read."""
    vault = Vault()
    answer = await call(vault, "POST")
    assert answer.status == 200
    cookie = answer.cookies["__Host-session"]
    assert cookie.value == SESSION
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True, True, "Strict", "/",
    )  # fmt: skip
    assert cookie["domain"] == ""
    assert cookie["max-age"] == "3600"
    assert vault.arrived == [(CASE, NOTICE)]
    assert SESSION not in text(answer)


async def test_over_plain_http_the_cookie_has_a_plain_name() -> None:
    """Where the service is tried out."""
    answer = await call(Vault(), "POST", is_secure=False)
    assert not answer.cookies["session"]["secure"]
    assert "__Host-session" not in answer.cookies


async def test_a_session_leads_onward() -> None:
    """To where the pages of a case are."""
    answer = await call(Vault(), "POST", onward="/case")
    assert (answer.status, answer.headers["Location"]) == (303, "/case")


async def test_a_program_gets_json() -> None:
    """By its Accept header; no cookie comes with it."""
    answer = await call(Vault(), "POST", Accept="application/json")
    assert isinstance(answer.body, bytes)
    found = json.loads(answer.body)
    assert (found["session"], found["case"], found["level"]) == (SESSION, CASE, "link")
    assert not answer.cookies
    assert SESSION not in repr(links.Given(**found))


async def test_a_link_that_is_over_says_so() -> None:
    """In words to a person, as a problem to a program; nothing is noted."""
    vault = Vault()
    await call(vault, "POST")
    answer = await call(vault, "POST")
    assert answer.status == 404
    assert not answer.cookies
    with pytest.raises(NotFound, match="token_unknown"):
        await call(vault, "POST", Accept="application/json")
    assert len(vault.arrived) == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_form_signs_nobody_in(site: str) -> None:
    """Else a stranger's page could have a visitor act under its own link."""
    vault = Vault()
    with pytest.raises(Refused, match="cross_site"):
        await call(vault, "POST", Sec_Fetch_Site=site)
    assert vault.asked == []
    await call(vault, "POST", Sec_Fetch_Site="same-origin")


@pytest.mark.parametrize(
    "given", [{"Cookie": f"__Host-session={SESSION}"}, {"Authorization": f"Bearer {SESSION}"}]
)
async def test_a_step_up_brings_its_session_along(given: dict[str, Any]) -> None:
    """From the cookie, or as a program sends it; a plain cookie counts over plain HTTP alone."""
    vault = Vault()
    await call(vault, "POST", **given)
    assert vault.asked == [frames.UseToken(token=TOKEN, session=SESSION)]
    other = Vault()
    await call(other, "POST", Cookie=f"session={SESSION}")
    assert other.asked == [frames.UseToken(token=TOKEN, session="")]


async def test_a_session_survives_an_arrival_that_can_not_be_noted() -> None:
    """The token is used by then: the reader must not pay for our database."""
    vault = Vault()
    vault.fails = Unavailable("database")
    assert (await call(vault, "POST")).cookies["__Host-session"].value == SESSION


async def test_every_route_asks_first() -> None:
    """How often a client may try is limited before anything else."""

    def refuse(_: web.Request) -> None:
        raise RateLimited("rate_limited")

    vault = Vault()
    for one in links.routes(vault.ask, refuse, vault.note, vault.did, is_secure=True):
        handler: Any = one.handler  # all of ours are coroutine functions
        request = make_mocked_request(
            one.method, "/n/x", match_info={"token": TOKEN, "deed": "verify"}
        )
        with pytest.raises(RateLimited):
            await handler(request)
    assert vault.asked == []


async def test_a_vault_that_is_away_is_not_a_used_link() -> None:
    """The reader tries again; the page does not say that the link is over."""

    class Away(Vault):
        @override
        async def ask(self, request: Request) -> Answer:
            self.asked.append(request)
            raise Unavailable("vault")

    with pytest.raises(Unavailable):
        await call(Away(), "POST")


@pytest.mark.parametrize("deed", ["verify", "object"])
@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "hi"])
async def test_a_deeds_page_says_what_its_button_does(deed: str, language: str) -> None:
    """In five languages, of either deed its own words; no page of theirs is the one of sessions."""
    pages = [
        text(await call(Vault(), "GET", deed=one, Accept_Language=language))
        for one in ("", "verify", "object")
    ]
    assert len(set(pages)) == 3
    vault = Vault()
    page = text(await call(vault, "GET", deed=deed, Accept_Language=language))
    assert vault.asked == []
    assert f'<html lang="{language}">' in page
    done = text(await call(vault, "POST", deed=deed, Accept_Language=language))
    again = await call(vault, "POST", deed=deed, Accept_Language=language)
    assert again.status == 404
    assert len({page, done, text(again)}) == 3


async def test_a_deed_is_done_once_and_gives_no_session() -> None:
    """What the page promised goes with the token; whose letter it was is noted; no cookie comes."""
    vault = Vault()
    answer = await call(vault, "POST", deed="verify", Cookie=f"__Host-session={SESSION}")
    assert answer.status == 200
    assert not answer.cookies
    assert vault.asked == [frames.UseToken(token=TOKEN, deed="verify")]
    assert vault.done == [(TENANT, REGISTRATION, NOTICE)]
    assert vault.arrived == []


async def test_a_program_learns_what_it_did() -> None:
    """As JSON, by its Accept header; a link that is over is a problem to it."""
    vault = Vault()
    answer = await call(vault, "POST", deed="object", Accept="application/json")
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {
        "purpose": "object", "party": "registrant", "registration": REGISTRATION,
    }  # fmt: skip
    with pytest.raises(NotFound, match="token_unknown"):
        await call(vault, "POST", deed="object", Accept="application/json")


async def test_another_sites_form_does_no_deed() -> None:
    """Nor does a failing note take back what was done."""
    vault = Vault()
    with pytest.raises(Refused, match="cross_site"):
        await call(vault, "POST", deed="verify", Sec_Fetch_Site="cross-site")
    assert vault.asked == []
    vault.fails = Unavailable("database")
    assert (await call(vault, "POST", deed="verify")).status == 200


@pytest.mark.parametrize(
    ("path", "deed"),
    [
        (f"/n/{TOKEN}", None),
        (f"/n/verify/{TOKEN}", "verify"),
        (f"/n/object/{TOKEN}", "object"),
        (f"/n/answer/{TOKEN}", ""),
        ("/n/verify/short", ""),
    ],
)
async def test_a_links_address_says_its_page(path: str, deed: str | None) -> None:
    """A session's has none of the deeds' words in it; what names no deed of ours is not there."""
    vault = Vault()
    app = web.Application()
    app.add_routes(links.routes(vault.ask, lambda _: None, vault.note, vault.did, is_secure=True))
    found = await app.router.resolve(make_mocked_request("POST", path))
    if deed == "":
        assert found.http_exception is not None
        return
    assert found.http_exception is None
    assert found.get("token") == TOKEN
    assert found.get("deed") == deed
