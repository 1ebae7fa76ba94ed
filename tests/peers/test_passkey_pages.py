"""The approvers' pages in headless Chromium, with a virtual authenticator: enrol, vote, object."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from proxy.apps import approvals, pages
from proxy.apps.passkeys import pages as passkeys
from proxy.metrics import Registry
from proxy.model import approval_key
from proxy.model.roster import Member, Person, RelyingParty
from proxy.vault.grants import Caller
from proxy.wire import documents, frames, order_document
from tests.peers.conftest import HERE, PEERS
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.papers import ANNA, BEN, CHRIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from proxy.wire.frames import Answer, Request
    from tests.support.database import Database

pytestmark = [pytest.mark.db, pytest.mark.peer, pytest.mark.timeout(180)]
ANSWER_S = 60


class Browser:
    """Chromium, told what to do."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, *words: str) -> dict[str, Any]:
        """What it saw after doing so."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), ANSWER_S)
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser with an authenticator that verifies its user."""
    chromium = shutil.which("chromium")
    if chromium is None or not PEERS.exists():
        pytest.skip("no chromium (Debian: apt-get install chromium), or no .venv-peers")
    process = await asyncio.create_subprocess_exec(
        PEERS,
        HERE / "drivers" / "passkey_browser.py",
        chromium,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield Browser(process)
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.wait_for(process.wait(), ANSWER_S)


class Site:
    """The pages of a vault, served on localhost, and a roster with a passkey from a browser."""

    def __init__(self, office: Office, server: BaseTestServer) -> None:
        self.office = office
        self.server = server

    @property
    def origin(self) -> str:
        """Where browsers find it: a name, since addresses are no relying parties."""
        return f"http://localhost:{self.server.port}"

    async def enrol(self, browser: Browser, person: str) -> ApprovalKey:
        """A new passkey of the browser, as the page hands it out."""
        seen = await browser.tell("enrol", f"{self.origin}/approvals/enrol", person)
        assert seen["faults"] == []
        facts = json.loads(seen["enrolment"])
        key = approval_key.parse_passkey(facts["public"], facts["credential"])
        assert key.id in seen["says"]
        return key

    async def found(self, key: ApprovalKey, *, rp_id: str = "localhost") -> Roster:
        """A roster in which anna has that passkey as well."""
        anna = papers.member(ANNA)
        keys = tuple(sorted((*anna.keys, key), key=lambda one: one.id))
        return await self.office.found(
            members=(
                Member(person=Person("anna"), roles=anna.roles, keys=keys),
                papers.member(BEN),
                papers.member(CHRIS),
            ),
            relying_party=RelyingParty(id=rp_id, origins=(self.origin,)),
        )

    def page(self, order: Order) -> str:
        """Where an order is voted on."""
        return f"{self.origin}/approvals/order/{order.id}"


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """The web role's pages before a vault without a roster."""
    async with vaults.service(tmp_path, database) as service:
        office = Office(service)

        async def ask(request: Request) -> Answer:
            return await office.ask(request, Caller.WEB)

        def admit(_: object) -> None:
            """Everybody, however often."""

        rooms = (approvals.routes("/approvals", ask, admit), passkeys.routes(ask, admit))
        application = pages.application(rooms, Registry(), secrets.token_bytes)
        async with TestServer(application, host="localhost") as server:
            yield Site(office, server)


async def test_a_passkey_votes_and_a_key_of_ones_own_completes(
    site: Site, browser: Browser
) -> None:
    """Enrolled in the page, in the roster, a vote that the vault takes: the whole way."""
    roster = await site.found(await site.enrol(browser, "anna"))
    order = site.office.order(roster)
    kept = await site.office.propose(order)
    seen = await browser.tell("vote", site.page(order))
    assert (seen["says"], seen["faults"]) == ("Your vote is taken; so far: anna.", [])
    assert documents.digest(order_document.render(order)) in seen["words"]
    assert "new.escrow.example" in seen["words"]
    answer = await site.office.vote(order, kept, BEN)
    assert answer["lacking"] == []
    await site.office.carry_out(order)
    seen = await browser.tell("vote", site.page(order))
    assert seen["says"] == "This order is carried out."


async def test_a_passkey_alone_does_not_carry(site: Site, browser: Browser) -> None:
    """The page's vote counts for one, and as one that came through a page."""
    roster = await site.found(await site.enrol(browser, "anna"))
    order = site.office.order(roster)
    await site.office.propose(order)
    await browser.tell("vote", site.page(order))
    shown = await site.office.ask(_show(order), Caller.API)
    assert shown["approvals"] == [{"person": "anna", "detached": False}]
    assert shown["lacking"] == ["approvals_lacking", "detached_lacking"]


async def test_a_passkey_objects(site: Site, browser: Browser) -> None:
    """A no from the page stops the order."""
    roster = await site.found(await site.enrol(browser, "anna"))
    order = site.office.order(roster)
    await site.office.propose(order)
    seen = await browser.tell("object", site.page(order))
    assert (seen["says"], seen["faults"]) == ("The order is stopped.", [])
    shown = await site.office.ask(_show(order), Caller.API)
    assert shown["state"] == "stopped"


async def test_the_site_is_the_rosters(site: Site, browser: Browser) -> None:
    """On a host that is not the roster's site the browser gives no signature."""
    roster = await site.found(await site.enrol(browser, "anna"), rp_id="approvals.example")
    order = site.office.order(roster)
    await site.office.propose(order)
    seen = await browser.tell("vote", site.page(order))
    assert "Your vote is taken" not in seen["says"]
    shown = await site.office.ask(_show(order), Caller.API)
    assert shown["approvals"] == []


async def test_a_user_who_was_not_verified_does_not_vote(site: Site, browser: Browser) -> None:
    """Without PIN or finger nothing is signed: the pages ask for it, and the vault wants it."""
    roster = await site.found(await site.enrol(browser, "anna"))
    order = site.office.order(roster)
    await site.office.propose(order)
    await browser.tell("verified", "no")
    seen = await browser.tell("vote", site.page(order))
    assert "Your vote is taken" not in seen["says"]


def _show(order: Order) -> Request:
    return frames.ShowOrder(order=str(order.id))
