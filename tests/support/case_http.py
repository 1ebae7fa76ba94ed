"""The staff API on the real web role, beside a vault on its real socket; people sign in as needed.

A case, its registration and everybody's roles are there; the clock stands until a test moves it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from proxy.apps.vault import VaultServer
from proxy.hosting import directory
from proxy.model.identifiers import DomainName
from proxy.run import case_types
from proxy.run import staff as composition
from proxy.run.vault_answers import Answers
from proxy.run.vault_case_watch import CaseWatch
from proxy.run.vault_openings import Openings
from proxy.run.vault_packages import Packaging
from proxy.store import calendars
from proxy.store import pool as pools
from proxy.vault import casebook
from proxy.vault.grants import Caller
from tests.support import openings, staff
from tests.support import vault as vaults
from tests.support import web as webs
from tests.support.case_orders import EVERYBODY, FACTS
from tests.support.deadlines import CALENDAR
from tests.support.decisions import AGES_S, Office
from tests.support.staff import CHEAP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from proxy.model.roster import Roster
    from proxy.model.sealed import ToSeal
    from tests.support.database import Database
    from tests.support.staff import House
    from tests.support.web import Web

HOST: Final = "desk.privacy.example"
SENDER: Final = "ada.marker@kanzlei.example"
ITEMS: Final = (
    "threat", "aimed_at_us", "anonymity", "claim", "authority", "contact_route", "good_faith",
    "use_undertaking",
)  # fmt: skip
NOBODY: Final = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and object of an answer."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The problem's code, "" of none."""
        return str(self.body.get("code", ""))

    @property
    def pointers(self) -> list[str]:
        """Where the problem's faults are."""
        return sorted(one["pointer"] for one in self.body.get("errors", ()))


@dataclass(slots=True, kw_only=True)
class Desk:
    """A served staff API."""

    web: Web
    house: House
    item: ToSeal
    office: Office
    roster: Roster
    watch: CaseWatch
    _tokens: dict[str, str] = field(default_factory=dict)
    _hired: set[str] = field(default_factory=set)

    @property
    def domain(self) -> DomainName:
        """The name about which cases are."""
        return DomainName(f"{self.item.registration_id}.example")

    async def token(self, who: str) -> str:
        """The session of somebody; who is named as a role has that role alone."""
        name = who.replace("-", "")
        if who not in self._hired:
            await self.house.hire(name, who)
            self._hired.add(who)
        if who not in self._tokens:
            self._tokens[who] = await self.house.sign_in(name)
        return self._tokens[who]

    def pass_(self, **span: float) -> None:
        """Time passes for everybody; sessions may be over by then."""
        self.house.later(**span)
        self.web.service.vault.clock.moment = self.house.now
        self._tokens.clear()

    async def call(
        self, who: str, method: str, path: str, body: object = None, **headers: str
    ) -> Answer:
        """What the API answers somebody; "" is nobody. Octets are sent as they are."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent.setdefault("Authorization", f"Bearer {await self.token(who)}")
        data = body if isinstance(body, bytes) else None
        if data is None and body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.web.session.request(
            method, f"{self.web.origin}{path}", data=data, headers=sent
        ) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
            assert "Access-Control-Allow-Origin" not in answer.headers
            content = await answer.read()
            assert SENDER.encode() not in content
            return Answer(answer.status, json.loads(content or b"{}"))

    async def post(self, who: str, path: str, body: object = None, **headers: str) -> Answer:
        """A POST."""
        return await self.call(who, "POST", path, {} if body is None else body, **headers)

    async def get(self, who: str, path: str) -> Answer:
        """A GET."""
        return await self.call(who, "GET", path)

    def request(self, **changes: object) -> dict[str, object]:
        """A request that is complete."""
        return {
            "type": "third_party_claim",
            "domain": self.domain,
            "received_at": self.house.now.isoformat(),
            "channel": "letter",
            "country": "DE",
            "requester_class": "company",
            "fields": ["registrant.name"],
            "items": ITEMS,
            "requester": {"name": "Ada Marker", "email": SENDER, "language": "de"},
            **changes,
        }

    async def open(self, who: str = "intake", **changes: object) -> str:
        """A case, by its id."""
        made = await self.post(who, "/staff/cases", self.request(**changes))
        assert made.status == 201, made.body
        return str(made.body["id"])

    async def act(self, who: str, case: str, act: str, **facts: object) -> Answer:
        """An act."""
        return await self.post(who, f"/staff/cases/{case}/acts/{act}", {"facts": facts})

    async def write(self, who: str, case: str, kind: str = "reasons") -> str:
        """Evidence, by its id."""
        body = {"kind": kind, "text": "Of weight."}
        made = await self.post(who, f"/staff/cases/{case}/texts", body)
        assert made.status == 201, made.body
        return str(made.body["evidence"])

    async def rows(self, case: str) -> list[tuple[Any, ...]]:
        """Everything that a case is, as the database has it."""
        found: list[tuple[Any, ...]] = []
        for table, key in (
            ("case_file", "id"), ("case_event", "case_id"), ("case_task", "case_id"),
            ("case_deadline", "case_id"), ("notice", "case_id"), ("evidence", "case_id"),
        ):  # fmt: skip
            own = f"SELECT t::text AS row FROM {table} t WHERE {key} = $1 ORDER BY 1"  # noqa: S608 - names of ours
            found += [(table, row["row"]) for row in await self.house.rows(own, case)]
        return found


@contextlib.asynccontextmanager
async def serving(
    folder: Path, database: Database, patch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API for the length of the block."""
    cheap = composition.reception
    patch.setattr(
        composition, "reception", lambda process, pool, admit: cheap(process, pool, admit, CHEAP)
    )
    async with pools.connected(database.access("operator")) as connection:
        await calendars.add(connection, CALENDAR, vaults.START)
    async with (
        webs.serving(
            folder, database, web_base_url=staff.BASE_URL, casework_calendar=CALENDAR.id,
            casework_zone="Europe/Berlin", approvals_rate_limit=None,
        ) as web,
        staff.house(database) as house,
    ):  # fmt: skip
        service, item = web.service, vaults.to_seal()
        await openings.enrol(service, item)
        rooms = replace(service.rooms, ledger_interval_s=AGES_S)
        packaging = Packaging(rooms, contact=staff.BASE_URL)
        office = Office(service, types=case_types.load(), packager=packaging)
        watch = CaseWatch(rooms)
        roster = await office.found(*EVERYBODY, **FACTS)
        room = Openings(
            rooms,
            authenticate=office.approvals.authenticate,
            deployment=office.approvals.deployment,
            agent=office.approvals.agent,
            book=casebook.CaseBook,
        )
        answers = Answers(office.approvals.commands(), room.commands(), watch.commands())
        run_dir = Path(tempfile.mkdtemp(prefix="pp-desk-"))  # a socket's path has a limit
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(run_dir / "vault.web"))
            listener.listen()
            listener.setblocking(False)
            server = VaultServer(
                listeners={Caller.WEB: (listener,)},
                users={Caller.WEB: os.getuid()},
                answer=answers.answer,
            )
            await server.start()
            directory.tell_running(service.vault.data_dir, {"run_dir": str(run_dir)})
            try:
                yield Desk(
                    web=web, house=house, item=item, office=office, roster=roster, watch=watch
                )
            finally:
                server.close()
                shutil.rmtree(run_dir)
