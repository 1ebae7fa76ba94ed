"""The page of a package: for its own link alone, terms first, the ciphertext once as a file."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer

from proxy.apps import packages, pages
from proxy.errors import NotFound
from proxy.metrics import Registry
from proxy.rules import use_terms
from proxy.run.package_counter import PackageCounter
from proxy.services import release_package
from proxy.store import packages as store
from proxy.store import pool as pools
from proxy.wire import frames
from tests.support import cases as case_support
from tests.support import packages as support
from tests.support import vault as vaults
from tests.support.case_rows import OFFICE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp
    from aiohttp import web

    from proxy.wire.frames import Answer, Request
    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db

CONTENT = secrets.token_bytes(20_000)


@dataclass(slots=True)
class Links:
    """What the vault would say of sessions."""

    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Answer:
        """The session, if it is known."""
        assert isinstance(request, frames.ShowSession)
        if request.session not in self.known:
            raise NotFound("session_unknown")
        return self.known[request.session]


@dataclass(slots=True)
class Desk:
    """A served page and a package that was released."""

    client: TestClient[web.Request, web.Application]
    links: Links
    case: Opened
    package: UUID

    async def get(self, session: str, **headers: str) -> aiohttp.ClientResponse:
        """The page."""
        return await self.client.get(
            packages.PATH, headers={"Authorization": f"Bearer {session}", **headers}
        )

    async def post(self, session: str, accept: str, **headers: str) -> aiohttp.ClientResponse:
        """The package."""
        return await self.client.post(
            packages.PATH,
            json={"accept": accept},
            headers={"Authorization": f"Bearer {session}", **headers},
        )


@pytest.fixture
async def desk(tmp_path: Path, database: Database) -> AsyncIterator[Desk]:
    """A package that was released, and its page."""
    async with vaults.service(tmp_path, database) as service:
        case = await case_support.opened(service)
        package_id = uuid4()
        now = service.vault.clock.now()
        made = store.NewPackage(
            id=package_id,
            order_id=support.order().id,
            case_id=case.id,
            tenant_id=case.item.tenant_id,
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            content=CONTENT,
            copy_id="ABCD-EFGH",
            recipient_openpgp="",
            recipient_sha256=bytes(32),
            releaser=support.order().releaser,
            fields=support.FIELDS,
            terms=use_terms.NEWEST,
            delete_by=now.date(),
            made_at=now,
            expires_at=now + release_package.LINK_LIFE,
        )
        async with service.pool.acquire() as connection:
            await store.keep(connection, made)
        await case.tell(
            "package_sealed",
            order=str(made.order_id),
            package=str(package_id),
            sha256=made.sha256,
            fields=support.FIELDS,
            copy=made.copy_id,
        )
        pool = await pools.open_pool(database.access("web"), max_size=4)
        async with pool.acquire() as connection, connection.transaction():
            await release_package.release(
                connection, package_id, made.releaser, now=now, random=secrets.token_bytes
            )
        session = {"purpose": "package", "party": "requester", "case": str(case.id)}
        links = Links({"own": {**session, "subject": str(package_id)}})
        rooms = packages.routes(
            links,
            lambda _request: None,
            PackageCounter(pool, service.vault.clock, OFFICE, case.desk),
            is_secure=True,
        )
        application = pages.application([rooms], Registry(), secrets.token_bytes)
        async with TestClient(TestServer(application)) as client:
            yield Desk(client, links, case, package_id)
        await pool.close()


async def test_terms_first_then_the_package_once(desk: Desk) -> None:
    """GET shows the terms and uses up nothing; POST gives the file; a second POST is refused."""
    await desk.get("own")
    shown = await (await desk.get("own", Accept="application/json")).json()
    assert shown["state"] == "released"
    assert shown["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert tuple(shown["terms"]) == use_terms.TERMS[shown["terms_sha256"]]
    page = await desk.get("own")
    text = await page.text()
    assert "script" not in text
    assert shown["terms_sha256"] in text
    answer = await desk.post("own", shown["terms_sha256"])
    assert await answer.read() == CONTENT
    again = await desk.post("own", shown["terms_sha256"])
    assert (again.status, (await again.json())["code"]) == (409, "package_collected")
    assert "fetched before" in await (await desk.get("own")).text()


async def test_the_file_is_never_shown_inline(desk: Desk) -> None:
    """Always an attachment of unknown kind, kept by nobody on the way, with a name of ids alone."""
    answer = await desk.post("own", use_terms.NEWEST)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="package-{desk.package}.zip.gpg"'
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("accept", ["", "yes", "00" * 32, use_terms.NEWEST.upper()])
async def test_nothing_without_the_very_terms(desk: Desk, accept: str) -> None:
    """What is accepted is the text that was shown, by its digest."""
    answer = await desk.post("own", accept)
    assert (answer.status, (await answer.json())["code"]) == (403, "terms_not_accepted")
    assert (await desk.post("own", use_terms.NEWEST)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "answer"},
        {"purpose": "request"},
        {"party": "registrant"},
        {"subject": ""},
        {"subject": str(uuid4())},
        {"case": str(uuid4())},
    ],
)
async def test_no_other_link_leads_to_a_package(desk: Desk, changes: dict[str, str]) -> None:
    """Another purpose, party, case or package: neither terms nor file."""
    desk.links.known["other"] = {**desk.links.known["own"], **changes}
    for answer in (await desk.get("other"), await desk.post("other", use_terms.NEWEST)):
        assert answer.status in {403, 404}
        assert CONTENT not in await answer.read()
    assert (await desk.get("nobody")).status == 404


async def test_no_other_site_can_use_it_up(desk: Desk) -> None:
    """A form that another site sends with the recipient's cookie is refused."""
    answer = await desk.post("own", use_terms.NEWEST, **{"Sec-Fetch-Site": "cross-site"})
    assert (await answer.json())["code"] == "cross_site"
    assert (await desk.post("own", use_terms.NEWEST)).status == 200


async def test_the_form_of_the_page_works(desk: Desk) -> None:
    """A browser without script accepts by the button."""
    answer = await desk.client.post(
        packages.PATH,
        data={"accept": use_terms.NEWEST},
        headers={"Cookie": "__Host-session=own", "Sec-Fetch-Site": "same-origin"},
    )
    assert await answer.read() == CONTENT


@pytest.mark.parametrize("body", [b"", b"[]", b'{"accept": 5}', b"x" * 5_000, b"\xff"])
async def test_bodies_that_are_none_are_refused(desk: Desk, body: bytes) -> None:
    """Anything but the small object is refused, and uses up nothing."""
    answer = await desk.client.post(
        packages.PATH,
        data=body,
        headers={"Authorization": "Bearer own", "Content-Type": "application/json"},
    )
    assert answer.status in {400, 413}
    assert (await desk.post("own", use_terms.NEWEST)).status == 200
